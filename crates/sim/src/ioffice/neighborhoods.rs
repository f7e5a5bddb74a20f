//! Neighbourhoods and their sections (§8.3): PUT creates, POST edits.

use serde_json::Value;

use super::{
    call::Call,
    doc::body_id,
    noun::Noun,
    wire::{Answer, Fields, Outcome, Refusal},
};

pub(crate) fn list(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&["centerId"])?;
    let center =
        call.query.id("centerId")?.ok_or_else(|| Refusal::invalid("parameter centerId is required"))?;
    call.list_docs(Noun::Neighborhood, true, |_, _, neighborhood| neighborhood.reference("center") == center)
}

pub(crate) fn create(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    if body.contains_key("id") {
        return Err(Refusal::invalid("PUT creates: leave id out"));
    }
    let doc = call.merged(Noun::Neighborhood, None, &body)?;
    if call.state.center_module(doc.reference("center")) != "space" {
        return Err(Refusal::invalid("center must be a space center"));
    }
    let id = call.insert(Noun::Neighborhood, doc)?;
    Answer::created(call.shown(Noun::Neighborhood, id)?)
}

pub(crate) fn edit(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let id = body_id(&body)?;
    call.update_doc(Noun::Neighborhood, id, &body)?;
    Answer::ok(call.shown(Noun::Neighborhood, id)?)
}

/// A neighbourhood with sections stays (as A-29).
pub(crate) fn remove(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Neighborhood)?;
    call.need_staff()?;
    if !call.state.children(Noun::Section, id).is_empty() {
        return Err(Refusal::invalid("the neighborhood still has sections"));
    }
    call.remove_doc(Noun::Neighborhood, id)
}

pub(crate) fn sections(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    call.list_docs(Noun::Section, false, |_, _, _| true)
}

fn check_rooms(call: &Call<'_>, section: &super::doc::Doc) -> Result<(), Refusal> {
    let floor = section.reference("floor");
    let elsewhere =
        |room| call.state.doc(Noun::Room, room).is_none_or(|room| room.reference("floor") != floor);
    if section.references("rooms").any(elsewhere) {
        return Err(Refusal::invalid("rooms must lie on the section's floor"));
    }
    Ok(())
}

pub(crate) fn create_section(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    if body.contains_key("id") {
        return Err(Refusal::invalid("PUT creates: leave id out"));
    }
    let doc = call.merged(Noun::Section, None, &body)?;
    check_rooms(call, &doc)?;
    let id = call.insert(Noun::Section, doc)?;
    Answer::created(call.shown(Noun::Section, id)?)
}

/// Not sparse: name, coordinates, rooms, floor and neighborhood must all be there. `allUsers` is read-only.
pub(crate) fn edit_section(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body: Fields = call.fields()?;
    let id = body_id(&body)?;
    for name in ["name", "coordinates", "rooms", "floor", "neighborhood"] {
        if body.get(name).is_none_or(Value::is_null) {
            return Err(Refusal::invalid(format!("{name} is required")));
        }
    }
    let old = call.state.doc(Noun::Section, id).ok_or_else(|| Refusal::not_found("neighborhood section"))?;
    let doc = call.merged(Noun::Section, Some(old), &body)?;
    check_rooms(call, &doc)?;
    call.replace(Noun::Section, id, doc)?;
    Answer::ok(call.shown(Noun::Section, id)?)
}

pub(crate) fn remove_section(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Section)?;
    call.need_staff()?;
    if !call.state.users.in_section(id).is_empty() {
        return Err(Refusal::invalid("the section is in use"));
    }
    call.remove_doc(Noun::Section, id)
}

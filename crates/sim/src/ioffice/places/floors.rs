//! Floors (§6).

use crate::ioffice::{
    call::Call,
    noun::Noun,
    wire::{Answer, Fields, Outcome, Refusal},
};

pub(crate) fn list(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&["buildingId"])?;
    let building = call.query.id("buildingId")?;
    match building {
        Some(building) => {
            let among = call.state.children(Noun::Floor, building).to_vec();
            call.list_among(Noun::Floor, among, |_, _, _| true)
        }
        None => call.list_docs(Noun::Floor, false, |_, _, _| true),
    }
}

pub(crate) fn get(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Floor)?;
    Answer::ok(call.shown(Noun::Floor, id)?)
}

/// A floor's name is not numeric.
fn check_name(body: &Fields) -> Result<(), Refusal> {
    match body.get("name") {
        Some(name) if !name.is_string() && !name.is_null() => Err(Refusal::invalid("name must be a text")),
        _ => Ok(()),
    }
}

pub(crate) fn create(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    check_name(&body)?;
    let mut doc = call.merged(Noun::Floor, None, &body)?;
    doc.set("drawingAvailable", false.into());
    let id = call.insert(Noun::Floor, doc)?;
    Answer::created(call.shown(Noun::Floor, id)?)
}

pub(crate) fn update(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Floor)?;
    call.need_staff()?;
    let body = call.fields_for(id)?;
    check_name(&body)?;
    call.update_doc(Noun::Floor, id, &body)?;
    Answer::ok(call.shown(Noun::Floor, id)?)
}

/// A floor with rooms or sections stays.
pub(crate) fn remove(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Floor)?;
    call.need_staff()?;
    let sections = call.state.docs(Noun::Section).iter().any(|(_, section)| section.reference("floor") == id);
    if sections || !call.state.children(Noun::Room, id).is_empty() {
        return Err(Refusal::invalid("the floor still has rooms"));
    }
    call.remove_doc(Noun::Floor, id)
}

//! Room types (§7): created by POST, changed by PUT on the collection with every field.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::ioffice::{
    call::Call,
    doc::body_id,
    noun::Noun,
    table::Id,
    wire::{Answer, Fields, Outcome, Refusal},
};

use super::rooms;

const REQUIRED: &[&str] = &["name", "contentFlag", "typeCode", "defaultRoomType", "cost", "spaceTypeGroup"];

pub(crate) fn list(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(rooms::FILTERS)?;
    let filter = rooms::Filter::parse(call)?;
    let filtered = !filter.is_open();
    call.list(Noun::RoomType, filtered, |call| {
        // The types of the rooms that the filters leave.
        let state = &*call.state;
        let rooms = state.docs(Noun::Room).iter_listed().filter(|(id, room)| filter.admits(state, *id, room));
        let found: BTreeSet<Id> =
            if filtered { rooms.map(|(_, room)| room.reference("type")).collect() } else { BTreeSet::new() };
        let types = state.docs(Noun::RoomType).iter_listed().map(|(id, _)| id);
        Ok(types.filter(|id| !filtered || found.contains(id)).collect::<Vec<_>>().into())
    })
}

pub(crate) fn get(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::RoomType)?;
    Answer::ok(call.shown(Noun::RoomType, id)?)
}

fn all_there(body: &Fields) -> Result<(), Refusal> {
    match REQUIRED.iter().find(|name| body.get(**name).is_none_or(Value::is_null)) {
        Some(name) => Err(Refusal::invalid(format!("{name} is required"))),
        None => Ok(()),
    }
}

pub(crate) fn create(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    all_there(&body)?;
    let mut kind = call.merged(Noun::RoomType, None, &body)?;
    if kind.get("sortOrder").is_none() {
        kind.set("sortOrder", call.state.docs(Noun::RoomType).listed_len().into());
    }
    let id = call.insert(Noun::RoomType, kind)?;
    Answer::created(call.shown(Noun::RoomType, id)?)
}

pub(crate) fn update(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let id = body_id(&body)?;
    all_there(&body)?;
    call.update_doc(Noun::RoomType, id, &body)?;
    Answer::ok(call.shown(Noun::RoomType, id)?)
}

pub(crate) fn remove(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::RoomType)?;
    call.need_staff()?;
    if call.state.docs(Noun::Room).iter().any(|(_, room)| room.reference("type") == id) {
        return Err(Refusal::invalid("rooms of this type exist"));
    }
    call.remove_doc(Noun::RoomType, id)
}

pub(crate) fn reset_sort_orders(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let mut named: Vec<_> =
        call.state.docs(Noun::RoomType).iter().map(|(id, kind)| (kind.name().to_lowercase(), id)).collect();
    named.sort();
    for (order, (_, id)) in named.into_iter().enumerate() {
        if let Some(mut kind) = call.state.doc(Noun::RoomType, id).cloned() {
            kind.set("sortOrder", order.into());
            kind.updated = call.now();
            call.replace(Noun::RoomType, id, kind)?;
        }
    }
    call.query = crate::ioffice::wire::Query::default();
    call.list_docs(Noun::RoomType, false, |_, _, _| true)
}

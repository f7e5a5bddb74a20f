//! Move requests, their items, statuses and types (§11). A seat changes when the request is archived.

use serde_json::{Value, json};

use super::{
    call::Call,
    doc::{Doc, body_id},
    noun::Noun,
    table::Id,
    users,
    wire::{Answer, Fields, Outcome, Refusal, Sent, sent_ref},
};

const ITEMS_MAX: usize = 500;
/// The status of the sample that means Rejected.
const REJECTED: &str = "0";

pub(crate) fn list(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&["statusId", "statusCode", "maintenanceRequestId"])?;
    list_requests(call, false)
}

pub(crate) fn list_archived(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    list_requests(call, true)
}

fn list_requests(call: &mut Call<'_>, archived: bool) -> Outcome {
    let (status, maintenance) = (call.query.id("statusId")?, call.query.int("maintenanceRequestId")?);
    let code = call.query.text("statusCode").map(str::to_owned);
    let filtered = archived || status.is_some() || code.is_some() || maintenance.is_some();
    call.list(Noun::MoveRequest, filtered, |call| {
        let rows = call.state.docs(Noun::MoveRequest).iter().filter(|(_, request)| {
            request.hidden == archived
                && status.is_none_or(|status| request.reference("status") == status)
                && code.as_deref().is_none_or(|code| status_code(call, request) == code)
                && maintenance.is_none_or(|id| request.number("maintenanceRequestId") == Some(id))
        });
        Ok(rows.map(|(id, _)| id).collect::<Vec<_>>().into())
    })
}

fn status_code<'a>(call: &'a Call<'_>, request: &Doc) -> &'a str {
    call.state.doc(Noun::MoveStatus, request.reference("status")).map_or("", |status| status.text("code"))
}

/// The request in the path, in the list that the path names.
fn in_list(call: &Call<'_>, noun: Noun, archived: bool) -> Result<Id, Refusal> {
    let id = call.existing(noun)?;
    let hidden = call.state.doc(noun, id).is_some_and(|doc| doc.hidden);
    if hidden == archived { Ok(id) } else { Err(Refusal::not_found(noun.word())) }
}

pub(crate) fn get(call: &mut Call<'_>) -> Outcome {
    let id = in_list(call, Noun::MoveRequest, false)?;
    Answer::ok(call.shown(Noun::MoveRequest, id)?)
}

pub(crate) fn get_archived(call: &mut Call<'_>) -> Outcome {
    let id = in_list(call, Noun::MoveRequest, true)?;
    Answer::ok(call.shown(Noun::MoveRequest, id)?)
}

pub(crate) fn create(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let mut request = call.merged(Noun::MoveRequest, None, &body)?;
    let caller = call.caller();
    for name in ["requester", "enteredBy"] {
        request.set(name, caller.into());
    }
    request.set("completed", false.into());
    number_comments(call, &mut request);
    if request.flag("approved") == Some(true) && request.get("approvedBy").is_none() {
        request.set("approvedBy", caller.into());
    }
    // All items are checked before anything is stored: a refused request leaves nothing behind.
    let id = call.state.docs(Noun::MoveRequest).next_id();
    let items = inline_items(call, &body, id)?;
    call.insert(Noun::MoveRequest, request)?;
    for item in items {
        call.insert(Noun::MoveItem, item)?;
    }
    Answer::created(call.shown(Noun::MoveRequest, id)?)
}

fn inline_items(call: &Call<'_>, body: &Fields, request: Id) -> Result<Vec<Doc>, Refusal> {
    let sent = match body.get("items") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() <= ITEMS_MAX => items,
        Some(_) => return Err(Refusal::invalid("items must be a list")),
    };
    sent.iter()
        .map(|item| {
            let fields = item.as_object().ok_or_else(|| Refusal::invalid("items must hold objects"))?;
            draft_item(call, fields, Some(request))
        })
        .collect()
}

fn number_comments(call: &Call<'_>, request: &mut Doc) {
    if let Some(comments) = request.get("comments").and_then(Value::as_array) {
        let first = call.journal.written() * 100;
        let numbered = comments.iter().zip(1..).map(|(comment, n)| {
            let id = comment.get("id").cloned().unwrap_or_else(|| json!(first + n));
            json!({"id": id, "content": comment.get("content")})
        });
        let numbered: Value = numbered.collect();
        request.set("comments", numbered);
    }
}

/// PUT on the collection: the id is in the body only.
pub(crate) fn update(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let id = body_id(&body)?;
    let old = call.state.doc(Noun::MoveRequest, id).filter(|request| !request.hidden);
    let old = old.ok_or_else(|| Refusal::not_found("move request"))?;
    let mut request = call.merged(Noun::MoveRequest, Some(old), &body)?;
    number_comments(call, &mut request);
    if request.flag("approved") == Some(true) && request.get("approvedBy").is_none() {
        request.set("approvedBy", call.caller().into());
    }
    call.replace(Noun::MoveRequest, id, request)?;
    Answer::ok(call.shown(Noun::MoveRequest, id)?)
}

pub(crate) fn remove(call: &mut Call<'_>) -> Outcome {
    let id = in_list(call, Noun::MoveRequest, false)?;
    call.need_staff()?;
    for item in call.state.children(Noun::MoveItem, id).to_vec() {
        call.remove_doc(Noun::MoveItem, item)?;
    }
    call.remove_doc(Noun::MoveRequest, id)
}

/// Carries a request out and puts it among the archived ones.
pub(crate) fn archive(call: &mut Call<'_>) -> Outcome {
    let id = in_list(call, Noun::MoveRequest, false)?;
    call.need_staff()?;
    let Some(mut request) = call.state.doc(Noun::MoveRequest, id).cloned() else {
        return Err(Refusal::not_found("move request"));
    };
    let effective = request.flag("approved") == Some(true) && status_code(call, &request) != REJECTED;
    let items = call.state.children(Noun::MoveItem, id).to_vec();
    if effective {
        for item in &items {
            carry_out(call, *item)?;
        }
    }
    request.hidden = true;
    request.set("completed", effective.into());
    request.updated = call.now();
    request.updated_by = call.caller();
    call.replace(Noun::MoveRequest, id, request)?;
    let now = call.now();
    for item in items {
        call.state.docs_mut(Noun::MoveItem).edit(item, |item| {
            // What an item is about is told of archived ones.
            let kind = if item.reference("user") == 0 { "ASSET" } else { "USER" };
            item.set("itemType", kind.into());
            item.hidden = true;
            item.updated = now;
        });
    }
    Answer::ok(call.shown(Noun::MoveRequest, id)?)
}

fn carry_out(call: &mut Call<'_>, item: Id) -> Result<(), Refusal> {
    let Some(item) = call.state.doc(Noun::MoveItem, item) else { return Ok(()) };
    let (user, room) = (item.reference("user"), item.reference("toRoom"));
    let kind = call
        .state
        .doc(Noun::MoveType, item.reference("type"))
        .map_or("", |kind| kind.text("typeCode"))
        .to_owned();
    if !call.state.users.is_active(user) {
        return Ok(());
    }
    let room = match kind.as_str() {
        "move" | "new" if room != 0 => room,
        "terminate" => 0,
        _ => return Ok(()),
    };
    let (now, caller) = (call.now(), call.caller());
    call.change(Noun::User, user, |call| {
        call.state.users.edit(user, |user| {
            user.room = room;
            user.updated = now;
            user.updated_by = caller;
        });
        Ok(())
    })?;
    if kind == "terminate" { users::lifecycle::deactivate(call, user) } else { Ok(()) }
}

/// An item from a body; what its type needs must be there.
fn draft_item(call: &Call<'_>, fields: &Fields, request: Option<Id>) -> Result<Doc, Refusal> {
    let mut fields = fields.clone();
    if let Some(request) = request {
        // The request does not exist yet, so its reference is set after the check of all others.
        fields.shift_remove("request");
        let kind = sent_ref(&fields, "type")?;
        if !matches!(kind, Sent::Value(_)) {
            return Err(Refusal::invalid("items: type is required"));
        }
        let mut doc = Doc::new(call.now());
        let rules = super::doc::Rules {
            creating: false,
            null_clears: call.settings.null_clears,
            published_only: false,
        };
        for (noun, id, name) in super::doc::merge(Noun::MoveItem, &mut doc, &fields, rules)? {
            if !call.state.exists(noun, id) {
                return Err(Refusal::invalid(format!("items: {name}: there is no {} {id}", noun.word())));
            }
        }
        doc.set("request", request.into());
        doc.updated_by = call.caller();
        return finish_item(call, doc);
    }
    let doc = call.merged(Noun::MoveItem, None, &fields)?;
    finish_item(call, doc)
}

fn finish_item(call: &Call<'_>, mut item: Doc) -> Result<Doc, Refusal> {
    let kind = call.state.doc(Noun::MoveType, item.reference("type"));
    let code = kind.map_or("", |kind| kind.text("typeCode"));
    let (user, asset) = (item.reference("user"), item.reference("asset"));
    if call.state.doc(Noun::MoveRequest, item.reference("request")).is_some_and(|request| request.hidden) {
        return Err(Refusal::invalid("request: the move request is archived"));
    }
    if user == 0 && asset == 0 {
        return Err(Refusal::invalid("an item needs a user or an asset"));
    }
    if matches!(code, "move" | "new") && item.reference("toRoom") == 0 {
        return Err(Refusal::invalid("toRoom is required"));
    }
    let label = kind.map_or("", |kind| kind.name()).to_owned();
    if let Some(person) = call.state.users.get(user) {
        item.set("name", format!("{label}: {}", person.name()).into());
        if person.room != 0 {
            item.set("fromRoom", person.room.into());
        }
    } else {
        item.set("name", label.into());
    }
    Ok(item)
}

pub(crate) fn items(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&["requestId"])?;
    list_items(call, false)
}

pub(crate) fn archived_items(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&["requestId"])?;
    list_items(call, true)
}

fn list_items(call: &mut Call<'_>, archived: bool) -> Outcome {
    let request = call.query.id("requestId")?;
    call.list(Noun::MoveItem, archived || request.is_some(), |call| {
        let rows = call.state.docs(Noun::MoveItem).iter().filter(|(_, item)| {
            item.hidden == archived && request.is_none_or(|request| item.reference("request") == request)
        });
        Ok(rows.map(|(id, _)| id).collect::<Vec<_>>().into())
    })
}

pub(crate) fn item(call: &mut Call<'_>) -> Outcome {
    let id = in_list(call, Noun::MoveItem, false)?;
    Answer::ok(call.shown(Noun::MoveItem, id)?)
}

pub(crate) fn archived_item(call: &mut Call<'_>) -> Outcome {
    let id = in_list(call, Noun::MoveItem, true)?;
    Answer::ok(call.shown(Noun::MoveItem, id)?)
}

pub(crate) fn create_item(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let item = draft_item(call, &body, None)?;
    let id = call.insert(Noun::MoveItem, item)?;
    Answer::created(call.shown(Noun::MoveItem, id)?)
}

pub(crate) fn update_item(call: &mut Call<'_>) -> Outcome {
    let id = in_list(call, Noun::MoveItem, false)?;
    call.need_staff()?;
    let body = call.fields_for(id)?;
    let merged = call.merged(Noun::MoveItem, call.state.doc(Noun::MoveItem, id), &body)?;
    let item = finish_item(call, merged)?;
    call.replace(Noun::MoveItem, id, item)?;
    Answer::ok(call.shown(Noun::MoveItem, id)?)
}

pub(crate) fn remove_item(call: &mut Call<'_>) -> Outcome {
    let id = in_list(call, Noun::MoveItem, false)?;
    call.need_staff()?;
    call.remove_doc(Noun::MoveItem, id)
}

pub(crate) fn statuses(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    call.list_docs(Noun::MoveStatus, false, |_, _, _| true)
}

pub(crate) fn types(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    call.list_docs(Noun::MoveType, false, |_, _, _| true)
}

pub(crate) fn tasks(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    call.list_docs(Noun::MoveTask, false, |_, _, _| true)
}

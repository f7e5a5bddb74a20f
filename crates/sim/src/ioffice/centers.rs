//! Centers, promo content, holidays (§8.1). Centers cannot be created, changed or removed through the API.

use serde_json::{Value, json};

use super::{
    call::Call,
    doc::body_id,
    noun::Noun,
    wire::{Answer, Outcome, Refusal},
};

/// modules on the wire.
const MODULES: &[&str] = &[
    "reservation",
    "space",
    "move",
    "maintenance",
    "visitor",
    "mail",
    "asset",
    "copy",
    "inventory",
    "directory",
];

fn module(call: &Call<'_>) -> Result<String, Refusal> {
    let module = call.query.text("module").ok_or_else(|| Refusal::invalid("parameter module is required"))?;
    if !MODULES.contains(&module) {
        return Err(Refusal::invalid("unknown module"));
    }
    Ok(module.to_owned())
}

pub(crate) fn list(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&["module"])?;
    let module = module(call)?;
    call.list_docs(Noun::Center, true, |_, _, center| center.text("module") == module)
}

pub(crate) fn get(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Center)?;
    Answer::ok(call.shown(Noun::Center, id)?)
}

pub(crate) fn put_promo(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let id = body_id(&body)?;
    let mut center = call.state.doc(Noun::Center, id).cloned().ok_or_else(|| Refusal::not_found("center"))?;
    let text = body.get("promoContent").and_then(Value::as_str).unwrap_or_default();
    center.set("promoContent", text.into());
    center.updated = call.now();
    call.replace(Noun::Center, id, center)?;
    Answer::ok(json!({"id": id, "promoContent": text}))
}

pub(crate) fn holidays(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    call.list_docs(Noun::Holiday, false, |_, _, _| true)
}

pub(crate) fn holiday(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Holiday)?;
    Answer::ok(call.shown(Noun::Holiday, id)?)
}

/// Holidays are days of the calendar, not moments (§1.3).
fn has_a_date(item: &Value) -> bool {
    let date = item.get("date").and_then(Value::as_str).unwrap_or_default();
    date.len() == 10 && date.parse::<jiff::civil::Date>().is_ok()
}

/// Items are replaced and numbered anew by every write.
fn numbered(call: &Call<'_>, id: Option<u32>) -> Result<super::doc::Doc, Refusal> {
    let body = call.fields()?;
    let old = id.and_then(|id| call.state.doc(Noun::Holiday, id));
    let mut doc = call.merged(Noun::Holiday, old, &body)?;
    let items = body.get("holidayItems").filter(|items| !items.is_null());
    if !items.is_none_or(|items| items.as_array().is_some_and(|items| items.iter().all(has_a_date))) {
        return Err(Refusal::invalid("holidayItems must be a list of objects with a date like 2026-12-25"));
    }
    if let Some(items) = doc.get("holidayItems").and_then(Value::as_array) {
        let first = call.journal.written() * 1_000;
        let renumbered =
            items.iter().zip(1..).map(|(item, n)| json!({"id": first + n, "date": item.get("date")}));
        let renumbered: Value = renumbered.collect();
        doc.set("holidayItems", renumbered);
    }
    Ok(doc)
}

pub(crate) fn create_holiday(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let doc = numbered(call, None)?;
    let id = call.insert(Noun::Holiday, doc)?;
    Answer::created(call.shown(Noun::Holiday, id)?)
}

pub(crate) fn update_holiday(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let id = body_id(&call.fields()?)?;
    if !call.state.exists(Noun::Holiday, id) {
        return Err(Refusal::not_found("holiday calendar"));
    }
    let doc = numbered(call, Some(id))?;
    call.replace(Noun::Holiday, id, doc)?;
    Answer::ok(call.shown(Noun::Holiday, id)?)
}

pub(crate) fn remove_holiday(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Holiday)?;
    call.need_staff()?;
    call.remove_doc(Noun::Holiday, id)
}

//! Visitors: a separate service with its own envelope, wrapped ids and texts for times (§10).

use serde_json::{Map, Value, json};

use super::{
    call::Call,
    table::{Id, Row, Table},
    users::Role,
    wire::{Answer, Fields, Outcome, Refusal, Sent, as_id, ref_id, sent_millis, sent_ref},
};

const BATCH_MAX: usize = 500;
const LIST_MAX: usize = 100;
/// Positions in `visit_status_ids`.
const EXPECTED: usize = 0;
const CHECKED_IN: usize = 1;
const CHECKED_OUT: usize = 2;

#[derive(Debug, Default)]
pub(crate) struct Visitors {
    pub(crate) visitors: Table<Visitor>,
    pub(crate) registrations: Table<Registration>,
    pub(crate) types: Table<VisitorType>,
}

#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    info: Fields,
    address: Value,
    identification: Value,
    custom: Value,
    active: bool,
    created: i64,
    created_by: Id,
    updated: i64,
    updated_by: Id,
}

#[derive(Debug, Clone)]
pub(crate) struct Registration {
    visitor: Id,
    host: Id,
    center: Id,
    arrival: i64,
    /// A position in `visit_status_ids`.
    status: usize,
    notes: String,
    device: String,
    created: i64,
    created_by: Id,
}

#[derive(Debug, Clone)]
pub(crate) struct VisitorType {
    pub(crate) name: String,
    pub(crate) active: bool,
    pub(crate) icon: String,
}

impl Row for Visitor {}
impl Row for Registration {}
impl Row for VisitorType {
    fn listed(&self) -> bool {
        self.active
    }
}

/// Local text without a zone: `2022-09-20T04:13:43`.
fn local(millis: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn shown_visitor(id: Id, visitor: &Visitor) -> Value {
    let mut info = visitor.info.clone();
    for (name, value) in [
        ("active", json!(visitor.active)),
        ("dateCreated", json!(local(visitor.created))),
        ("createdBy", json!(visitor.created_by)),
        ("dateUpdated", json!(local(visitor.updated))),
        ("lastUpdatedBy", json!(visitor.updated_by)),
    ] {
        info.insert(name.into(), value);
    }
    json!({
        "visitorId": {"id": id}, "visitorInfo": info, "visitorAddress": visitor.address,
        "visitorIdentification": visitor.identification, "visitorCustomFields": visitor.custom,
    })
}

fn shown_registration(call: &Call<'_>, id: Id, visit: &Registration) -> Value {
    let mut shown = json!({
        "id": {"id": id}, "visitorId": {"id": visit.visitor}, "userId": visit.host, "centerId": visit.center,
        "arrivalDateTime": visit.arrival.to_string(), "statusId": call.settings.visit_status_ids[visit.status],
        "notes": visit.notes, "badgePrinted": "No", "isTouchless": false, "dateCreated": local(visit.created),
        "createdBy": visit.created_by, "deviceName": visit.device,
    });
    if let (true, Some(fields)) = (visit.status >= CHECKED_IN, shown.as_object_mut()) {
        fields.insert("alertFlag".into(), 0.into());
        fields.insert("signatureId".into(), json!({"id": format!("00000000-0000-4000-8000-{id:012x}")}));
    }
    shown
}

/// Everything, for inspection.
pub(crate) fn dump(
    call_settings: &super::settings::IofficeSettings,
    visitors: &Visitors,
) -> [(&'static str, Value); 3] {
    let people = visitors.visitors.iter().map(|(id, visitor)| shown_visitor(id, visitor)).collect();
    let visits = visitors.registrations.iter().map(|(id, visit)| {
        json!({
            "id": id, "visitorId": visit.visitor, "userId": visit.host, "centerId": visit.center,
            "arrivalDate": visit.arrival, "statusId": call_settings.visit_status_ids[visit.status],
            "notes": visit.notes, "dateCreated": visit.created, "createdBy": visit.created_by,
        })
    });
    let visits = visits.collect();
    let types =
        visitors.types.iter().map(|(id, kind)| json!({"id": id, "name": kind.name, "active": kind.active}));
    [("visitors", people), ("registrations", visits), ("visitorTypes", types.collect())]
}

pub(crate) fn get(call: &mut Call<'_>) -> Outcome {
    let id = call.path_number("visitor")?;
    match call.state.visitors.visitors.get(id) {
        Some(visitor) => Answer::visitor(shown_visitor(id, visitor)),
        None => Err(Refusal::not_found("visitor")),
    }
}

/// Who may register and check in: staff of the visitor center, and hosts for their own guests.
fn need_rights(call: &Call<'_>, host: Id, center: Id) -> Result<(), Refusal> {
    let staff = || {
        call.state
            .users
            .get(call.caller())
            .and_then(|caller| caller.role_in(center))
            .is_some_and(Role::is_staff)
    };
    if call.is_site_admin() || call.caller() == host || staff() {
        return Ok(());
    }
    Err(Refusal::denied("the caller may not act for this visitor center"))
}

pub(crate) fn preregister(call: &mut Call<'_>) -> Outcome {
    let body = call.fields()?;
    let sent = body.get("visitor").and_then(Value::as_object).cloned().unwrap_or_default();
    let info = sent.get("visitorInfo").and_then(Value::as_object).cloned().unwrap_or_default();
    let known = match sent_ref(&sent, "visitorId")? {
        Sent::Value(id) => Some(id),
        Sent::Absent | Sent::Null => None,
    };
    let visit = draft(call, &body, &info, known)?;
    need_rights(call, visit.host, visit.center)?;
    let visitor = save_visitor(call, &sent, info, known, &body)?;
    let id = call.state.visitors.registrations.next_id();
    let visit = Registration { visitor, ..visit };
    call.state.visitors.registrations.insert(id, visit.clone());
    let shown = shown_registration(call, id, &visit);
    call.record("registration", id.into(), &Value::Null, &shown);
    Answer::visitor(shown)
}

/// Checks the required parts.
fn draft(call: &Call<'_>, body: &Fields, info: &Fields, known: Option<Id>) -> Result<Registration, Refusal> {
    let checked = call.settings.visit_required_checked;
    let required = |name: &str| Refusal::invalid(format!("{name} is required"));
    let arrival = match sent_millis(body, "arrivalDate")? {
        Sent::Value(millis) => millis,
        _ if checked => return Err(required("arrivalDate")),
        _ => call.now(),
    };
    let host = body.get("userId").and_then(as_id);
    match host {
        Some(host) if call.state.users.is_active(host) || !checked => {}
        Some(_) => return Err(Refusal::invalid("userId must be an active user")),
        None if checked => return Err(required("userId")),
        None => {}
    }
    let center = body.get("centerId").and_then(as_id);
    match center {
        Some(center) if call.state.center_module(center) == "visitor" => {}
        Some(_) => return Err(Refusal::invalid("centerId must be a visitor center")),
        None if checked => return Err(required("centerId")),
        None => {}
    }
    for name in ["firstName", "lastName"] {
        let given = info.get(name).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
        if checked && !given && known.is_none() {
            return Err(required(&format!("visitor.visitorInfo.{name}")));
        }
    }
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Registration {
        visitor: 0,
        host: host.unwrap_or_else(|| call.caller()),
        center: center.unwrap_or(0),
        arrival,
        status: EXPECTED,
        notes: text(info.get("notes")),
        device: text(body.get("deviceName")),
        created: call.now(),
        created_by: call.caller(),
    })
}

/// Updates the visitor that the body names, or adds a new one.
fn save_visitor(
    call: &mut Call<'_>,
    sent: &Fields,
    mut info: Fields,
    known: Option<Id>,
    body: &Fields,
) -> Result<Id, Refusal> {
    let active = info.get("active").and_then(Value::as_bool);
    for server_set in ["active", "dateCreated", "createdBy", "dateUpdated", "lastUpdatedBy"] {
        info.shift_remove(server_set);
    }
    if let (false, Some(kind)) = (info.contains_key("visitorType"), body.get("visitorTypeName")) {
        info.insert("visitorType".into(), kind.clone());
    }
    let (now, caller) = (call.now(), call.caller());
    let mut visitor = match known {
        // A reference of the body that leads nowhere is a wrong value, not a wrong address.
        Some(id) => (call.state.visitors.visitors.get(id).cloned())
            .ok_or_else(|| Refusal::invalid(format!("visitorId: there is no visitor {id}")))?,
        None => Visitor {
            info: Map::from_iter([("visitorAlertId".to_owned(), json!(0))]),
            address: json!({}),
            identification: json!({}),
            custom: json!({}),
            active: true,
            created: now,
            created_by: caller,
            updated: now,
            updated_by: caller,
        },
    };
    let before = known.map_or(Value::Null, |id| shown_visitor(id, &visitor));
    visitor.info.extend(info);
    for (name, slot) in [
        ("visitorAddress", &mut visitor.address),
        ("visitorIdentification", &mut visitor.identification),
        ("visitorCustomFields", &mut visitor.custom),
    ] {
        if let Some(value @ Value::Object(_)) = sent.get(name) {
            *slot = value.clone();
        }
    }
    match (known, active) {
        // undocumented, and off unless the site is set so.
        (Some(_), Some(active)) if call.settings.visitor_flip_by_preregister => visitor.active = active,
        _ => {}
    }
    visitor.updated = now;
    visitor.updated_by = caller;
    let id = known.unwrap_or_else(|| call.state.visitors.visitors.next_id());
    let after = shown_visitor(id, &visitor);
    call.state.visitors.visitors.insert(id, visitor);
    call.record("visitor", id.into(), &before, &after);
    Ok(id)
}

/// Moves a registration on.
fn advance(call: &mut Call<'_>, id: Id, to: usize) -> Result<Value, Refusal> {
    let mut visit = call
        .state
        .visitors
        .registrations
        .get(id)
        .cloned()
        .ok_or_else(|| Refusal::not_found("registration"))?;
    need_rights(call, visit.host, visit.center)?;
    if visit.status > to {
        return Err(Refusal::invalid("the registration is already past that"));
    }
    let before = shown_registration(call, id, &visit);
    if visit.status == to {
        return Ok(before); // Said twice: nothing more happens.
    }
    visit.status = to;
    let after = shown_registration(call, id, &visit);
    call.state.visitors.registrations.insert(id, visit);
    call.record("registration", id.into(), &before, &after);
    Ok(after)
}

pub(crate) fn check_in(call: &mut Call<'_>) -> Outcome {
    let id = call.path_number("registration")?;
    Answer::visitor(advance(call, id, CHECKED_IN)?)
}

/// All or nothing is not promised: registrations before a bad one stay checked in.
pub(crate) fn batch_check_in(call: &mut Call<'_>) -> Outcome {
    let body = call.fields()?;
    let list = body
        .get("visitors")
        .and_then(Value::as_array)
        .ok_or_else(|| Refusal::invalid("visitors is required"))?;
    if list.len() > BATCH_MAX {
        return Err(Refusal::invalid("too many visitors"));
    }
    let mut shown = Vec::with_capacity(list.len());
    for entry in list {
        let id = entry
            .get("registrationId")
            .and_then(as_id)
            .ok_or_else(|| Refusal::invalid("registrationId is required"))?;
        shown.push(advance(call, id, CHECKED_IN)?);
    }
    Answer::visitor(shown.into())
}

pub(crate) fn types(call: &mut Call<'_>) -> Outcome {
    let types = call.state.visitors.types.iter_listed();
    Answer::visitor(types.map(|(id, kind)| shown_type(id, kind)).collect())
}

fn shown_type(id: Id, kind: &VisitorType) -> Value {
    json!({"id": {"id": id}, "name": kind.name, "active": kind.active, "iconUid": kind.icon})
}

fn sent_type(body: &Fields, old: Option<&VisitorType>) -> Result<VisitorType, Refusal> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let name = text("name").or_else(|| old.map(|kind| kind.name.clone())).filter(|name| !name.is_empty());
    Ok(VisitorType {
        name: name.ok_or_else(|| Refusal::invalid("name is required"))?,
        active: body
            .get("active")
            .and_then(Value::as_bool)
            .unwrap_or_else(|| old.is_none_or(|kind| kind.active)),
        icon: text("iconUid").or_else(|| old.map(|kind| kind.icon.clone())).unwrap_or_default(),
    })
}

pub(crate) fn create_type(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let kind = sent_type(&call.fields()?, None)?;
    let id = call.state.visitors.types.push(kind.clone());
    call.record("visitor type", id.into(), &Value::Null, &shown_type(id, &kind));
    Answer::visitor(json!({ "id": id }))
}

/// Answers the bare number 1, as the documentation prints it.
pub(crate) fn update_type(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let id = body.get("id").and_then(ref_id).ok_or_else(|| Refusal::invalid("id is required"))?;
    let old = call.state.visitors.types.get(id).cloned().ok_or_else(|| Refusal::not_found("visitor type"))?;
    let kind = sent_type(&body, Some(&old))?;
    call.state.visitors.types.insert(id, kind.clone());
    call.record("visitor type", id.into(), &shown_type(id, &old), &shown_type(id, &kind));
    Answer::visitor(1.into())
}

/// Without the extensions, a call is refused as the published interface refuses what it does not have.
fn need_extension(call: &Call<'_>, otherwise: Refusal) -> Result<(), Refusal> {
    if call.settings.visitor_extensions { Ok(()) } else { Err(otherwise) }
}

///
pub(crate) fn check_out(call: &mut Call<'_>) -> Outcome {
    need_extension(call, Refusal::not_found("resource"))?;
    let id = call.path_number("registration")?;
    Answer::visitor(advance(call, id, CHECKED_OUT)?)
}

/// `visitorInfo.active`, and with it the other parts of `visitorInfo`.
pub(crate) fn update(call: &mut Call<'_>) -> Outcome {
    // The path is known: it can be read.
    need_extension(call, Refusal::bad_method())?;
    call.need_staff()?;
    let id = call.path_number("visitor")?;
    let mut visitor =
        call.state.visitors.visitors.get(id).cloned().ok_or_else(|| Refusal::not_found("visitor"))?;
    let before = shown_visitor(id, &visitor);
    let body = call.fields()?;
    if let Some(info) = body.get("visitorInfo").and_then(Value::as_object) {
        for (name, value) in info {
            match (name.as_str(), value) {
                ("active", Value::Bool(active)) => visitor.active = *active,
                ("dateCreated" | "createdBy" | "dateUpdated" | "lastUpdatedBy", _) => {}
                _ => {
                    visitor.info.insert(name.clone(), value.clone());
                }
            }
        }
    }
    visitor.updated = call.now();
    visitor.updated_by = call.caller();
    let after = shown_visitor(id, &visitor);
    call.state.visitors.visitors.insert(id, visitor);
    call.record("visitor", id.into(), &before, &after);
    Answer::visitor(after)
}

///
pub(crate) fn list(call: &mut Call<'_>) -> Outcome {
    need_extension(call, Refusal::not_found("resource"))?;
    let limit =
        call.query.int("limit")?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(50).min(LIST_MAX);
    let start = call.query.int("startAt")?.and_then(|start| usize::try_from(start).ok()).unwrap_or(0);
    let visitors = &call.state.visitors.visitors;
    let ids = visitors.page(start, limit, false);
    Answer::visitor(ids.into_iter().filter_map(|id| Some(shown_visitor(id, visitors.get(id)?))).collect())
}

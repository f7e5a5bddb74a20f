//! Visits: a separate service with its own envelope (§10). A registration can be made and checked in, no more.

use jiff::Timestamp;
use lanyard_model::{desired::VisitWish, id::AccountId, signal::Lane};
use serde_json::{Map, Value, json};

use crate::{
    client::IofficeClient,
    fields::{Fields, as_id},
    outcome::WriteOutcome,
    session::Call,
};

/// Body of a pre-registration by `sender`, the service account.
pub(crate) fn write_visit(wish: &VisitWish, sender: AccountId, now: Timestamp) -> Value {
    let mut info = Map::new();
    let mut put = |name: &str, value: Value| info.insert(name.to_owned(), value);
    put("visitorAlertId", json!(0));
    put("firstName", json!(wish.first_name));
    put("lastName", json!(wish.last_name));
    for (name, value) in
        [("company", &wish.company), ("email", &wish.email), ("visitorType", &wish.visitor_type)]
    {
        if let Some(text) = value {
            put(name, json!(text));
        }
    }
    put("notes", json!(wish.notes));
    put("dateCreated", json!(now.as_millisecond().to_string()));
    put("createdBy", json!(sender.0));
    put("active", json!(true));
    let mut body = Map::new();
    body.insert("arrivalDate".into(), json!(wish.arrival.as_millisecond()));
    body.insert("userId".into(), json!(wish.host.0));
    if let Some(kind) = &wish.visitor_type {
        body.insert("visitorTypeName".into(), json!(kind));
    }
    body.insert("centerId".into(), json!(wish.center.0));
    body.insert("deviceName".into(), json!("Desktop"));
    body.insert("submittedByUser".into(), json!({"id": sender.0}));
    body.insert(
        "visitor".into(),
        json!({"visitorInfo": info, "visitorAddress": {}, "visitorIdentification": {}, "visitorCustomFields": {}}),
    );
    Value::Object(body)
}

/// The registration's number, out of the envelope.
pub(crate) fn registration_id(answer: &Value) -> Option<i64> {
    let response = Fields::of(answer).get("response").unwrap_or(answer);
    as_id(response)
}

impl IofficeClient {
    /// Pre-registers a visit. Never repeated after an unknown outcome: registrations cannot be looked up.
    pub(crate) async fn announce(&self, wish: &VisitWish, lane: Lane) -> WriteOutcome<i64> {
        let known = self.learnt().own.id;
        let sender = match known {
            Some(id) => id,
            None => match self.me(lane).await {
                Ok(me) => me.account.id(),
                Err(e) => return e.into(),
            },
        };
        let body = write_visit(wish, sender, self.session().clock.now());
        let endpoint = "POST /visitors/registrations/preregister";
        let call = Call::post(endpoint, &["visitors", "registrations", "preregister"], body, lane);
        match self.session().write(&call).await {
            WriteOutcome::Done(answer) => match registration_id(&answer) {
                Some(id) => WriteOutcome::Done(id),
                None => {
                    WriteOutcome::Unknown { reason: "the site accepted the visit but gave no number".into() }
                }
            },
            other => other.map(|_| 0),
        }
    }

    /// Checks a visitor in by the number that [`Self::announce`] gave.
    pub async fn check_in_visit(&self, registration: i64, lane: Lane) -> WriteOutcome<()> {
        let endpoint = "POST /visitors/registrations/{id}/checkin";
        let id = registration.to_string();
        let call = Call::post(endpoint, &["visitors", "registrations", &id, "checkin"], json!({}), lane);
        self.session().write(&call).await.map(|_| ())
    }

    /// Checks a visitor out. The public contract has no such call; only where the site is set to offer it.
    pub async fn check_out_visit(&self, registration: i64, lane: Lane) -> WriteOutcome<()> {
        if self.session().settings.capabilities.visitor_ext != crate::settings::Flag::Yes {
            return WriteOutcome::impossible(
                "visitor_ext",
                format!(
                    "In iOffice, open the visitor center's log, find registration {registration} and check it out."
                ),
            );
        }
        let endpoint = "POST /visitors/registrations/{id}/checkout";
        let id = registration.to_string();
        let call = Call::post(endpoint, &["visitors", "registrations", &id, "checkout"], json!({}), lane);
        self.session().write(&call).await.map(|_| ())
    }
}

//! Move requests: the ticketed way to change a seat (§11). The seat changes when the request is archived.

use jiff::Timestamp;
use lanyard_model::{
    id::{AccountId, RoomId},
    signal::Lane,
};
use serde_json::{Value, json};

use crate::{
    client::IofficeClient,
    fields::{Fields, as_id},
    outcome::{ReadError, WriteOutcome},
    session::Call,
};

/// What a tenant calls a status or a type of request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveKind {
    pub id: i64,
    /// `apr`, `pen`; or `move`, `new`, `terminate`. Not unique among types.
    pub code: String,
    pub name: String,
}

/// A request to move one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveTicket {
    pub account: AccountId,
    pub to: RoomId,
    pub date: Timestamp,
    pub description: String,
    /// From [`IofficeClient::move_statuses`]: tenant data.
    pub status: i64,
    /// From [`IofficeClient::move_types`]: tenant data.
    pub kind: i64,
}

fn read_kind(row: &Value, code: &str) -> Option<MoveKind> {
    let f = Fields::of(row);
    Some(MoveKind {
        id: f.id()?,
        code: f.text(code).unwrap_or_default(),
        name: f.text("name").unwrap_or_default(),
    })
}

impl IofficeClient {
    /// # Errors
    /// Any read error.
    pub async fn move_statuses(&self, lane: Lane) -> Result<Vec<MoveKind>, ReadError> {
        let value =
            self.session().read(&Call::get("GET /move/statuses", &["move", "statuses"], lane)).await?;
        Ok(value.as_array().into_iter().flatten().filter_map(|row| read_kind(row, "code")).collect())
    }

    /// # Errors
    /// Any read error.
    pub async fn move_types(&self, lane: Lane) -> Result<Vec<MoveKind>, ReadError> {
        let value = self
            .session()
            .read(&Call::get("GET /move/requestTypes", &["move", "requestTypes"], lane))
            .await?;
        Ok(value.as_array().into_iter().flatten().filter_map(|row| read_kind(row, "typeCode")).collect())
    }

    /// Opens an approved request; its number is the outcome's value.
    pub async fn open_move(&self, ticket: &MoveTicket, lane: Lane) -> WriteOutcome<i64> {
        let body = json!({
            "date": ticket.date.as_millisecond(), "description": ticket.description, "approved": true,
            "status": {"id": ticket.status},
            "items": [{"type": {"id": ticket.kind}, "user": {"id": ticket.account.0}, "toRoom": {"id": ticket.to.0}}],
        });
        let call = Call::post("POST /move/requests", &["move", "requests"], body, lane);
        match self.session().write(&call).await {
            WriteOutcome::Done(answer) => match as_id(&answer) {
                Some(id) => WriteOutcome::Done(id),
                None => WriteOutcome::Unknown {
                    reason: "the site accepted the request but gave no number".into(),
                },
            },
            other => other.map(|_| 0),
        }
    }

    /// Archives a request. The caller reads the seat afterwards: an unapproved request changes nothing.
    pub async fn archive_move(&self, request: i64, lane: Lane) -> WriteOutcome<()> {
        let segments = ["move", "requests", &request.to_string(), "archive"];
        let call = Call::post("POST /move/requests/{id}/archive", &segments, json!({}), lane);
        self.session().write(&call).await.map(|_| ())
    }
}

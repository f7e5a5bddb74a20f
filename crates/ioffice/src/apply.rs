//! Operations of a plan as calls, and how they ended in the engine's words.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use lanyard_model::{
    account::Role,
    desired::ToDo,
    id::{AccountId, CenterId, ReservationId},
    plan::{AccountPatch, Operation, Outcome},
    signal::Lane,
};
use serde_json::{Value, json};

use crate::{
    bookings::write_booking,
    client::IofficeClient,
    fields::as_id,
    outcome::{ReadError, WriteOutcome},
    session::Call,
    settings::Credential,
};

/// What a settled write made or found.
#[derive(Debug, Default, Clone, Copy)]
struct Made {
    account: Option<AccountId>,
    record: Option<i64>,
}

impl IofficeClient {
    pub(crate) async fn apply_operation(
        &self,
        operation: &Operation,
        account: Option<AccountId>,
        lane: Lane,
    ) -> Outcome {
        let outcome = match (operation, account) {
            (Operation::Create { patch }, _) => self.create_account(patch, lane).await,
            (_, None) => WriteOutcome::refused("no_account", "the operation names no account"),
            (operation, Some(id)) => match self.untouchable(operation, id) {
                Some(why) => {
                    WriteOutcome::refused("protected", format!("account {id} is never written to: {why}"))
                }
                None => self.apply_to(operation, id, lane).await,
            },
        };
        self.told(outcome, operation, account)
    }

    /// Own, vendor's, devices' and site administrators' accounts are never written to (§14.5), whatever a plan says.
    /// Their bookings may be cancelled, handed over and made.
    fn untouchable(&self, operation: &Operation, id: AccountId) -> Option<&'static str> {
        match operation {
            Operation::Update { .. }
            | Operation::SetRoles { .. }
            | Operation::Deactivate
            | Operation::Reactivate => {}
            _ => return None,
        }
        if id.0 == 1 {
            return Some("it is the vendor's own account");
        }
        self.learnt().untouchable.get(&id).copied()
    }

    async fn apply_to(&self, operation: &Operation, id: AccountId, lane: Lane) -> WriteOutcome<Made> {
        let nothing = |()| Made::default();
        match operation {
            // Handled by the caller, who has no account for it.
            Operation::Create { patch } => self.create_account(patch, lane).await,
            Operation::Update { patch } => self.update(id, patch, lane).await.map(nothing),
            Operation::SetRoles { roles } => self.set_roles(id, roles, lane).await.map(nothing),
            Operation::Deactivate => self.deactivate(id, lane).await.map(nothing),
            Operation::Reactivate => self.reactivate(id, lane).await.map(nothing),
            Operation::CancelBooking { booking } => self.cancel_booking(*booking, lane).await.map(nothing),
            Operation::HandOver { booking, from, to, .. } => {
                self.hand_over(*booking, *from, *to, lane).await.map(nothing)
            }
            Operation::Book { title, room, center, start, end, .. } => {
                let body = write_booking(id, *room, *center, title, *start, *end);
                let call = Call::post("POST /reservations", &["reservations"], body, lane);
                self.session().write(&call).await.map(|v| Made { account: None, record: as_id(&v) })
            }
            Operation::SetDoors { .. } => WriteOutcome::refused(
                "no_doors",
                "iOffice grants no physical access: the badge system is told",
            ),
            Operation::Announce { visit } => {
                self.announce(visit, lane).await.map(|n| Made { account: None, record: Some(n) })
            }
        }
    }

    async fn create_account(&self, patch: &AccountPatch, lane: Lane) -> WriteOutcome<Made> {
        self.create(patch, lane).await.map(|id| Made { account: Some(id), record: None })
    }

    /// Writes the whole list (§3.5). Entries whose role the model has no word for stay as last read, unless
    /// everything is taken away.
    async fn set_roles(
        &self,
        id: AccountId,
        roles: &BTreeMap<CenterId, Role>,
        lane: Lane,
    ) -> WriteOutcome<()> {
        let entry = |center: &CenterId, role: &str| json!({"role": role, "center": {"id": center.0}});
        let mut list: Vec<Value> = roles.iter().map(|(center, role)| entry(center, role.as_str())).collect();
        let mut held: BTreeSet<CenterId> = roles.keys().copied().collect();
        if !roles.is_empty() {
            let learnt = self.learnt();
            for (center, role) in learnt.foreign_roles.get(&id).into_iter().flatten() {
                if held.insert(*center) {
                    list.push(entry(center, role));
                }
            }
        }
        if self.merges_lists()
            && let Ok(Some(now_held)) = self.read_roles(id, lane).await
            && roles.iter().all(|(center, role)| now_held.get(center) == Some(role))
        {
            let left: BTreeSet<CenterId> =
                now_held.keys().filter(|center| !held.contains(center)).copied().collect();
            if left.is_empty() {
                return WriteOutcome::Already;
            }
            // Leaving something out of a list that is merged changes nothing: it is not sent again and again.
            if self.learnt().keeps_roles(id, &left, &self.session().settings.capabilities) {
                return survivors(id, left.into_iter().collect()).unwrap_or(WriteOutcome::Already);
            }
        }
        let call = Call::put(
            "PUT /users/{id}/permissions",
            &["users", &id.to_string(), "permissions"],
            Value::Array(list),
            lane,
        );
        let outcome = self.session().write(&call).await.map(|_| ());
        if !outcome.is_settled() {
            return outcome;
        }
        self.learnt().expect_roles(id, held);
        if self.merges_lists() { self.name_survivors(id, lane).await } else { outcome }
    }

    fn merges_lists(&self) -> bool {
        self.learnt().permissions_replace(&self.session().settings.capabilities) == Some(false)
    }

    /// On a site that merges lists, a revocation is not done because the call was accepted (§3.5).
    async fn name_survivors(&self, id: AccountId, lane: Lane) -> WriteOutcome<()> {
        let held = match self.read_roles(id, lane).await {
            Ok(Some(held)) => held,
            Ok(None) | Err(_) => {
                return WriteOutcome::Unknown {
                    reason: "the site accepted the permissions, but they could not be read afterwards".into(),
                };
            }
        };
        let survived = self.learnt().compare_roles(id, held.keys());
        survivors(id, survived).unwrap_or(WriteOutcome::Done(()))
    }

    async fn cancel_booking(&self, booking: ReservationId, lane: Lane) -> WriteOutcome<()> {
        let id = booking.to_string();
        let call =
            Call::bare(Method::PUT, "PUT /reservations/{id}/cancel", &["reservations", &id, "cancel"], lane);
        match self.session().write(&call).await {
            WriteOutcome::Refused(refusal) => match self.read_reservation(booking, lane).await {
                Err(ReadError::NotFound) => WriteOutcome::Already,
                Ok(now) if now.cancelled || now.end <= self.session().clock.now() => WriteOutcome::Already,
                _ => WriteOutcome::Refused(refusal),
            },
            other => other.map(|_| ()),
        }
    }

    /// Sets another user (§9.2), as long as the booking is whose it was.
    async fn hand_over(
        &self,
        booking: ReservationId,
        from: AccountId,
        to: AccountId,
        lane: Lane,
    ) -> WriteOutcome<()> {
        match self.read_reservation(booking, lane).await {
            Err(ReadError::NotFound) => return WriteOutcome::Already,
            Err(error) => return error.into(),
            Ok(now) if now.cancelled || now.end <= self.session().clock.now() || now.host == to => {
                return WriteOutcome::Already;
            }
            Ok(now) if now.host != from => {
                return WriteOutcome::refused(
                    "moved",
                    format!("reservation {booking} is account {}'s by now", now.host),
                );
            }
            Ok(_) => {}
        }
        let body = json!({"id": booking.0, "user": {"id": to.0}});
        let call = Call::put("PUT /reservations/{id}", &["reservations", &booking.to_string()], body, lane);
        self.session().write(&call).await.map(|_| ())
    }

    /// Puts an ending into the engine's words, with the way out.
    fn told(
        &self,
        outcome: WriteOutcome<Made>,
        operation: &Operation,
        account: Option<AccountId>,
    ) -> Outcome {
        match outcome {
            WriteOutcome::Done(made) => Outcome::Done { account: made.account, made: made.record },
            WriteOutcome::Already => {
                Outcome::Already { note: format!("{} was not needed", operation.name()), account }
            }
            WriteOutcome::Refused(refusal) => {
                let fix = fix_for(&refusal.code, operation).to_owned();
                Outcome::Refused { code: refusal.code, text: refusal.text, fix }
            }
            WriteOutcome::Throttled { retry_at } => Outcome::Throttled { until: retry_at },
            WriteOutcome::Unknown { reason } => Outcome::Unknown { reason },
            WriteOutcome::NotSent { reason } => Outcome::NotDone { reason },
            WriteOutcome::Impossible(what) => {
                let whom = account.map_or_else(|| "a new account".to_owned(), |id| format!("account {id}"));
                Outcome::Impossible {
                    capability: what.capability.to_owned(),
                    todo: ToDo {
                        key: format!("ioffice:{}:{}", operation.name(), what.capability),
                        what: format!(
                            "{} of {whom} on site {} cannot be done via the API",
                            operation.name(),
                            self.site_id()
                        ),
                        how: what.by_hand,
                    },
                }
            }
            WriteOutcome::Unauthorized { reason } => Outcome::Denied {
                reason,
                fix: credential_fix(&self.session().settings.credential).to_owned(),
            },
            WriteOutcome::Forbidden { reason } => Outcome::Denied { reason, fix: RIGHTS_FIX.to_owned() },
        }
    }
}

pub(crate) const RIGHTS_FIX: &str = "make the service account a site administrator in iOffice, or ADMINISTRATOR of \
every center that policy manages";

/// What to do about a 401.
pub(crate) fn credential_fix(credential: &Credential) -> &'static str {
    match credential {
        Credential::HeaderPair { .. } => {
            "check user name and password of the service account; it must be active and have a local password, \
             because SSO accounts cannot sign in to the API"
        }
        Credential::OAuth(_) => "sign in again to get a new refresh token",
    }
}

/// What must be done by hand about roles that a merging site kept; `None` if it kept none.
fn survivors(id: AccountId, survived: Vec<CenterId>) -> Option<WriteOutcome<()>> {
    if survived.is_empty() {
        return None;
    }
    let centers: Vec<String> = survived.iter().map(ToString::to_string).collect();
    Some(WriteOutcome::impossible(
        "permissions_semantics",
        format!(
            "In iOffice, open the user form of account {id}, go to Permissions and take away the roles in center {}.",
            centers.join(", ")
        ),
    ))
}

fn fix_for(code: &str, operation: &Operation) -> &'static str {
    match (code, operation) {
        ("protected", _) => {
            "take the person out of the policy's scope, or the administrator flag off the account"
        }
        ("user_name_taken", _) => {
            "an inactive or other account holds the user name: link that account, or map another name"
        }
        ("missing_field", _) => "map the missing field in the policy, or fill it in the directory",
        ("not_found", _) => "the record is gone: look again",
        ("redirect", _) => "set the site's own address, not a sign-in page",
        (_, Operation::Book { .. }) => {
            "choose another space or time, or change the reservation rules of the center"
        }
        (_, Operation::HandOver { .. }) => {
            "give the new host a role in the booking's center, or set another user in iOffice"
        }
        (_, Operation::SetRoles { .. }) => {
            "check that the centers still exist and that the service account administers them"
        }
        (_, Operation::Announce { .. }) => "check the host, the visitor center and the visitor type",
        _ => "see the site's words; correct the value in the policy or the directory",
    }
}

//! Creating and changing account records: sparse bodies, and what the site may turn out not to take.

use lanyard_model::{id::AccountId, plan::AccountPatch, signal::Lane};
use serde_json::{Value, json};

use crate::{
    accounts::{created_id, read_available, write_patch},
    capabilities::Cleared,
    client::IofficeClient,
    outcome::{Refusal, WriteOutcome},
    session::Call,
    settings::Flag,
};

const SECTION_BY_HAND: &str = "In iOffice, open the person's user form, set Seat Classification and Neighborhood by \
hand. If this site does accept them through the API, set neighborhood_write = true for it.";
const CLEAR_BY_HAND: &str =
    "In iOffice, open the person's user form and clear the seat, neighborhood or cost center there.";
const CREATE_NEEDS: &[&str] = &["firstName", "lastName", "email", "userName"];

impl IofficeClient {
    pub(crate) async fn create(&self, patch: &AccountPatch, lane: Lane) -> WriteOutcome<AccountId> {
        let body = write_patch(patch);
        for name in CREATE_NEEDS {
            if body.get(*name).and_then(Value::as_str).is_none_or(|text| text.trim().is_empty()) {
                return WriteOutcome::refused("missing_field", format!("a new account needs {name}"));
            }
        }
        let user_name = body.get("userName").and_then(Value::as_str).unwrap_or_default().to_owned();
        let patch = if wants_section(patch) && !self.may_write_section() {
            without_section(patch)
        } else {
            patch.clone()
        };
        let refusal = match self.post_user(&patch, lane).await {
            WriteOutcome::Refused(refusal) if refusal.status == 400 => refusal,
            other => return other,
        };
        let refusal = self.name_the_clash(refusal, &user_name, lane).await;
        if refusal.code == "user_name_taken" || !self.section_is_in_doubt(&patch) {
            return WriteOutcome::Refused(refusal);
        }
        let outcome = self.post_user(&without_section(&patch), lane).await;
        if outcome.is_settled() {
            self.learnt().section_write = Some(false);
        }
        outcome
    }

    async fn post_user(&self, patch: &AccountPatch, lane: Lane) -> WriteOutcome<AccountId> {
        let call = Call::post("POST /users", &["users"], Value::Object(write_patch(patch)), lane);
        match self.session().write(&call).await {
            WriteOutcome::Done(answer) => match created_id(&answer) {
                Some(id) => {
                    if let Some(Some(section)) = patch.section {
                        self.learnt().expect_section(id, section);
                    }
                    WriteOutcome::Done(id)
                }
                None => {
                    WriteOutcome::Unknown { reason: "the site accepted the account but gave no id".into() }
                }
            },
            other => other.map(|_| AccountId(0)),
        }
    }

    /// Clashes are plain 400s: asks whether the user name was the reason.
    async fn name_the_clash(&self, refusal: Refusal, user_name: &str, lane: Lane) -> Refusal {
        let call = Call::get("GET /users/username/{username}", &["users", "username", user_name], lane);
        match self.session().read(&call).await.ok().as_ref().and_then(read_available) {
            Some(false) => Refusal { code: "user_name_taken".into(), ..refusal },
            _ => refusal,
        }
    }

    pub(crate) async fn update(&self, id: AccountId, patch: &AccountPatch, lane: Lane) -> WriteOutcome<()> {
        if patch.is_empty() {
            return WriteOutcome::Already;
        }
        if wants_section(patch) && !self.may_write_section() {
            // The rest goes out now; the next look finds only the section wanting, and ends here.
            let rest = without_section(patch);
            return match rest.is_empty() {
                true => WriteOutcome::impossible("neighborhood_write", SECTION_BY_HAND),
                false => self.put_user(id, &rest, lane).await,
            };
        }
        let refusal = match self.put_user(id, patch, lane).await {
            WriteOutcome::Refused(refusal) if refusal.status == 400 && self.section_is_in_doubt(patch) => {
                refusal
            }
            other => return other,
        };
        let rest = without_section(patch);
        if rest.is_empty() {
            let how = format!("{SECTION_BY_HAND} The site said: {}.", refusal.text);
            return WriteOutcome::impossible("neighborhood_write", how);
        }
        let outcome = self.put_user(id, &rest, lane).await;
        if outcome.is_settled() {
            self.learnt().section_write = Some(false);
        }
        outcome
    }

    async fn put_user(&self, id: AccountId, patch: &AccountPatch, lane: Lane) -> WriteOutcome<()> {
        let mut body = write_patch(patch);
        body.insert("id".into(), json!(id.0));
        let call = Call::put("PUT /users/{id}", &["users", &id.to_string()], Value::Object(body), lane);
        let outcome = self.session().write(&call).await.map(|_| ());
        if !outcome.is_settled() {
            return outcome;
        }
        let cleared = Cleared {
            seat: patch.seat == Some(None),
            section: patch.section == Some(None),
            cost_center: patch.cost_center == Some(None),
        };
        let doubtful = {
            let mut learnt = self.learnt();
            if let Some(Some(section)) = patch.section {
                learnt.expect_section(id, section);
            }
            learnt.expect_cleared(id, cleared);
            cleared.any() && learnt.null_clears == Some(false)
        };
        // `null` did nothing the last time: accepted is not enough here.
        if doubtful && self.read_account(id, lane).await.is_ok() && self.learnt().null_clears == Some(false) {
            return WriteOutcome::impossible("null_clears", CLEAR_BY_HAND);
        }
        outcome
    }

    fn may_write_section(&self) -> bool {
        let flags = self.session().settings.capabilities;
        self.learnt().may_write_section(&flags)
    }

    /// The patch holds a section, and nothing has proven yet that this site takes one.
    fn section_is_in_doubt(&self, patch: &AccountPatch) -> bool {
        let flag = self.session().settings.capabilities.neighborhood_write;
        wants_section(patch) && flag == Flag::Auto && self.learnt().section_write != Some(true)
    }
}

fn wants_section(patch: &AccountPatch) -> bool {
    patch.section.is_some() || patch.seat_class.is_some()
}

fn without_section(patch: &AccountPatch) -> AccountPatch {
    AccountPatch { section: None, seat_class: None, ..patch.clone() }
}

//! Taking an account out of service and back (§3.6). The only documented way is `DELETE`, which may be final;
//! `active` is undocumented, so it is tried, looked at, and remembered.

use http::Method;
use lanyard_model::{account::AccountRead, id::AccountId, signal::Lane};
use serde_json::json;

use crate::{
    client::IofficeClient,
    outcome::{ReadError, WriteOutcome},
    session::Call,
    settings::{DeactivationMethod, Flag},
};

const DEACTIVATE_BY_HAND: &str = "In iOffice, open the person's user form, go to Permissions, set Active to No and \
save. Or allow deletes for this site in the settings (delete_allowed = true), once a delete on this tenant has been tried.";
const REACTIVATE_BY_HAND: &str = "In iOffice, find the person among the inactive users, open the user form, go to \
Permissions, set Active to Yes and save.";
const DELETED_FOR_GOOD: &str =
    "The account was deleted for good. Create a new one for the person, under a new user name.";

/// What a look after a write said.
enum Seen {
    Active,
    Inactive,
}

impl IofficeClient {
    pub(crate) async fn deactivate(&self, id: AccountId, lane: Lane) -> WriteOutcome<()> {
        let settings = &self.session().settings;
        match settings.deactivation {
            DeactivationMethod::Delete => self.delete(id, lane).await,
            DeactivationMethod::PutActive => self.put_active(id, false, lane).await,
            DeactivationMethod::Auto => self.deactivate_by_what_works(id, lane).await,
        }
    }

    async fn deactivate_by_what_works(&self, id: AccountId, lane: Lane) -> WriteOutcome<()> {
        let flag = self.session().settings.capabilities.user_active_write;
        if flag == Flag::No {
            return self.delete(id, lane).await;
        }
        // Tried afresh each time, even where it did nothing before: the other way may be final.
        let proven = flag == Flag::Yes || self.learnt().active_write == Some(true);
        match self.put_active(id, false, lane).await {
            // The engine's own read-back is enough once this site has shown that it works.
            WriteOutcome::Done(()) if proven => WriteOutcome::Done(()),
            WriteOutcome::Done(()) => match self.look(id, lane).await {
                Ok(Seen::Inactive) => {
                    self.learnt().active_write = Some(true);
                    WriteOutcome::Done(())
                }
                Ok(Seen::Active) => {
                    self.learnt().active_write = Some(false);
                    self.delete(id, lane).await
                }
                Err(_) => WriteOutcome::Unknown {
                    reason: "the site accepted active:false, but the account could not be read afterwards"
                        .into(),
                },
            },
            WriteOutcome::Refused(refusal) => match self.look(id, lane).await {
                // Edits to an inactive account are refused.
                Ok(Seen::Inactive) => WriteOutcome::Already,
                Ok(Seen::Active) if refusal.status == 400 => {
                    self.learnt().active_write = Some(false);
                    self.delete(id, lane).await
                }
                _ => WriteOutcome::Refused(refusal),
            },
            other => other,
        }
    }

    pub(crate) async fn reactivate(&self, id: AccountId, lane: Lane) -> WriteOutcome<()> {
        let outcome = match self.put_active(id, true, lane).await {
            WriteOutcome::Refused(refusal) if refusal.status == 404 => {
                return WriteOutcome::impossible("user_active_write", DELETED_FOR_GOOD);
            }
            WriteOutcome::Refused(refusal) if refusal.status == 400 => {
                return WriteOutcome::impossible("user_active_write", REACTIVATE_BY_HAND);
            }
            other => other,
        };
        let doubtful = outcome.is_settled() && self.learnt().active_write == Some(false);
        if doubtful && let Ok(Seen::Inactive) = self.look(id, lane).await {
            return WriteOutcome::impossible("user_active_write", REACTIVATE_BY_HAND);
        }
        outcome
    }

    async fn put_active(&self, id: AccountId, active: bool, lane: Lane) -> WriteOutcome<()> {
        let flags = self.session().settings.capabilities;
        if flags.user_active_write == Flag::No {
            let how = if active { REACTIVATE_BY_HAND } else { DEACTIVATE_BY_HAND };
            return WriteOutcome::impossible("user_active_write", how);
        }
        let body = json!({"id": id.0, "active": active});
        let call = Call::put("PUT /users/{id}", &["users", &id.to_string()], body, lane);
        let outcome = self.session().write(&call).await.map(|_| ());
        if outcome.is_settled() {
            self.learnt().expect_active(id, active);
        }
        outcome
    }

    async fn delete(&self, id: AccountId, lane: Lane) -> WriteOutcome<()> {
        if self.session().settings.capabilities.delete_allowed != Flag::Yes {
            return WriteOutcome::impossible("delete_allowed", DEACTIVATE_BY_HAND);
        }
        let call = Call::bare(Method::DELETE, "DELETE /users/{id}", &["users", &id.to_string()], lane);
        match self.session().write(&call).await {
            WriteOutcome::Refused(refusal) if refusal.status == 404 => WriteOutcome::Already,
            other => other.map(|_| ()),
        }
    }

    /// Whether the account is live, by id and, where `active` is not shown, by the list.
    async fn look(&self, id: AccountId, lane: Lane) -> Result<Seen, ReadError> {
        let account = match self.read_account(id, lane).await? {
            AccountRead::NotFound { .. } => return Ok(Seen::Inactive),
            AccountRead::Present(account) => account,
        };
        let live = match account.active {
            Some(active) => active,
            None => self.is_listed(&account, lane).await?,
        };
        Ok(if live { Seen::Active } else { Seen::Inactive })
    }
}

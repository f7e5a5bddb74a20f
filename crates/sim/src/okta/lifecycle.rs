//! The status machine of users: which call is allowed from which status, what it leads to, which events it writes.

use serde_json::json;

use super::{
    errors::{ApiError, ApiResult},
    event::{self, Cause, EventKind, Party},
    request::{Answer, Call},
    state::{Job, Org, Provider, Status, User, UserKey, folded},
};

/// A lifecycle call. Deletion is separate, because it means two things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Activate,
    Reactivate,
    Deactivate,
    Suspend,
    Unsuspend,
    Unlock,
    ExpirePassword,
    ResetPassword,
}

impl Verb {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "activate" => Self::Activate,
            "reactivate" => Self::Reactivate,
            "deactivate" => Self::Deactivate,
            "suspend" => Self::Suspend,
            "unsuspend" => Self::Unsuspend,
            "unlock" => Self::Unlock,
            "expire_password" => Self::ExpirePassword,
            "reset_password" => Self::ResetPassword,
            _ => return None,
        })
    }

    fn event(self) -> &'static EventKind {
        match self {
            Self::Activate => &event::USER_ACTIVATE,
            Self::Reactivate => &event::USER_REACTIVATE,
            Self::Deactivate => &event::USER_DEACTIVATE,
            Self::Suspend => &event::USER_SUSPEND,
            Self::Unsuspend => &event::USER_UNSUSPEND,
            Self::Unlock => &event::USER_UNLOCK_BY_ADMIN,
            Self::ExpirePassword => &event::USER_EXPIRE_PASSWORD,
            Self::ResetPassword => &event::USER_RESET_PASSWORD,
        }
    }
}

/// Where `verb` leads from `status`.
///
/// # Errors
/// 400 E0000001 for suspension calls in the wrong status, 403 E0000016 for activating who is ACTIVE, else 403 E0000038.
pub fn next_status(verb: Verb, user: &User, reactivation_provisions: bool) -> ApiResult<Status> {
    use Status::{
        Active, Deprovisioned, LockedOut, PasswordExpired, Provisioned, Recovery, Staged, Suspended,
    };
    let wrong = || Err(ApiError::of("E0000038"));
    match (verb, user.status) {
        (Verb::Activate, Staged) if user.password || user.provider != Provider::Okta => Ok(Active),
        (Verb::Activate, Staged) => Ok(Provisioned),
        (Verb::Activate, Deprovisioned) => Ok(if reactivation_provisions { Provisioned } else { Active }),
        (Verb::Activate, Active) => Err(ApiError::of("E0000016")),
        (Verb::Reactivate, Provisioned) => Ok(Provisioned),
        (Verb::Reactivate, Recovery) => Ok(Recovery),
        (Verb::Deactivate, Deprovisioned) => wrong(),
        (Verb::Deactivate, _) => Ok(Deprovisioned),
        (Verb::Suspend, Active) => Ok(Suspended),
        (Verb::Suspend, _) => {
            Err(ApiError::refused("suspendUser", "Cannot suspend a user that is not active"))
        }
        (Verb::Unsuspend, Suspended) => Ok(Active),
        (Verb::Unsuspend, _) => {
            Err(ApiError::refused("unsuspendUser", "Cannot unsuspend a user that is not suspended"))
        }
        // The directory that masters a person unlocks them too.
        (Verb::Unlock, LockedOut) if user.provider == Provider::ActiveDirectory => {
            Err(ApiError::of("E0000036"))
        }
        (Verb::Unlock, LockedOut) => Ok(Active),
        (Verb::ExpirePassword, Active) => Ok(PasswordExpired),
        // Whose password lives elsewhere, it is reset there.
        (Verb::ResetPassword, Active)
            if matches!(user.provider, Provider::Federation | Provider::ActiveDirectory) =>
        {
            Err(ApiError::of("E0000034"))
        }
        (Verb::ResetPassword, Active | Provisioned | PasswordExpired | Recovery | LockedOut) => Ok(Recovery),
        (
            Verb::Activate | Verb::Reactivate | Verb::Unlock | Verb::ExpirePassword | Verb::ResetPassword,
            _,
        ) => wrong(),
    }
}

impl Org {
    /// `POST /api/v1/users/{id}/lifecycle/{verb}`
    pub fn lifecycle(&mut self, call: &Call<'_>, name: &str, verb: Verb) -> ApiResult<Answer> {
        let key = self.user_for(call, name)?;
        let mails = match (verb, call.param("sendEmail")) {
            (Verb::ResetPassword, None) => {
                return Err(ApiError::of("E0000028").because("sendEmail: required"));
            }
            (Verb::Reactivate, None) => false,
            _ => call.flag("sendEmail", true)?,
        };
        let signs_out = verb == Verb::ResetPassword && call.flag("revokeSessions", false)?;
        self.turn_user(key, verb, &call.cause.clone())?;
        if signs_out {
            self.sign_out(key, false, &call.cause.clone());
        }
        let token = |org: &mut Org| org.dice.text(20);
        Ok(match verb {
            Verb::Activate | Verb::Reactivate if !mails => {
                let token = token(self);
                Answer::value(&json!({
                    // As Identity Engine has it, which the org's metadata says it is.
                    "activationUrl": format!("{}/tokens/{token}/verify", call.base),
                    "activationToken": token,
                }))
            }
            Verb::ResetPassword if !mails => {
                let url = format!("{}/reset_password/{}", call.base, token(self));
                Answer::value(&json!({ "resetPasswordUrl": url }))
            }
            Verb::ExpirePassword => return self.user_answer(call, key),
            // An empty body would be as good by the reference, but the vendor's Python client cannot read one.
            _ => Answer::json("{}"),
        })
    }

    /// One turn of the status machine, with its events. Activation and deactivation may stay in transition.
    pub fn turn_user(&mut self, key: UserKey, verb: Verb, cause: &Cause) -> ApiResult<()> {
        let user = self.user_at(key).ok_or_else(|| ApiError::missing("", "User"))?;
        match user.transition {
            Some(Status::Deprovisioned) => return Err(ApiError::of("E0000038")),
            Some(_) => return Err(ApiError::of("E0000112")),
            None if user.deleting => return Err(ApiError::of("E0000038")),
            None => {}
        }
        let from = user.status;
        let to = next_status(verb, user, self.settings.reactivation_provisions)?;
        let target = vec![user.party()];
        let id = user.id;
        let before = self.user_text(key);
        let told_first = verb == Verb::Deactivate && self.settings.deactivation_told_first;
        if told_first {
            self.emit(verb.event(), cause, target.clone(), Vec::new());
        }
        if verb == Verb::Deactivate {
            self.drop_all_app_users(key, cause);
            if self.settings.deactivation_moves_membership {
                for group in self.user_at(key).map(|user| user.groups.clone()).unwrap_or_default() {
                    self.touch_membership(group);
                }
            }
        }
        let window = match verb {
            Verb::Activate | Verb::Deactivate => self.draw(|s| s.transition),
            _ => 0,
        };
        if window > 0 {
            self.begin_user_change(key);
            if let Some(user) = self.user_mut(key) {
                user.transition = Some(to);
                user.version += 1;
            }
            self.end_user_change(key);
            self.later(window, Job::FinishTransition(key, cause.clone()));
        } else {
            self.set_status(key, to, verb, from);
        }
        let after = self.user_text(key);
        self.record(cause, "user", id.as_str(), before, after);
        if !told_first {
            self.emit(verb.event(), cause, target, Vec::new());
        }
        if verb == Verb::Activate && from == Status::Deprovisioned {
            self.regain_apps(key);
        }
        if window == 0 {
            self.rules_after_change(key);
        }
        Ok(())
    }

    fn set_status(&mut self, key: UserKey, to: Status, verb: Verb, from: Status) {
        self.begin_user_change(key);
        let now = self.now;
        if let Some(user) = self.user_mut(key) {
            if user.status != to {
                user.status_changed = now;
                user.last_updated = now;
            }
            user.status = to;
            user.transition = None;
            user.version += 1;
            match verb {
                Verb::Activate => {
                    user.activated = now;
                    if from == Status::Deprovisioned {
                        user.password = false;
                    }
                }
                Verb::ResetPassword => user.password = false,
                _ => {}
            }
        }
        self.end_user_change(key);
    }

    pub fn finish_transition(&mut self, key: UserKey, cause: &Cause) {
        let Some(user) = self.user_at(key) else { return };
        let Some(to) = user.transition else { return };
        let from = user.status;
        let verb = if to == Status::Deprovisioned { Verb::Deactivate } else { Verb::Activate };
        self.set_status(key, to, verb, from);
        if to == Status::Deprovisioned {
            // What was assigned while the deactivation was under way goes with the rest.
            self.drop_all_app_users(key, cause);
        }
        self.rules_after_change(key);
    }

    /// `DELETE /api/v1/users/{id}`: deactivates, and only when repeated deletes.
    pub fn delete_user(&mut self, call: &Call<'_>, name: &str) -> ApiResult<Answer> {
        let key = self.user_for(call, name)?;
        call.flag("sendEmail", false)?;
        self.remove_user(key, &call.cause.clone())?;
        Ok(Answer::no_content())
    }

    pub fn remove_user(&mut self, key: UserKey, cause: &Cause) -> ApiResult<()> {
        let missing = || ApiError::missing("", "User");
        if self.user_at(key).ok_or_else(missing)?.transition == Some(Status::Deprovisioned) {
            // A second delete does not wait for the end of the first.
            self.finish_transition(key, cause);
        }
        let user = self.user_at(key).ok_or_else(missing)?;
        if user.status != Status::Deprovisioned {
            return self.turn_user(key, Verb::Deactivate, cause);
        }
        if user.deleting {
            return Ok(());
        }
        let party = user.party();
        self.emit(&event::USER_DELETE_INITIATED, cause, vec![party], Vec::new());
        let lag = self.draw(|s| s.delete_lag);
        if lag == 0 {
            self.erase_user(key, cause);
            return Ok(());
        }
        if let Some(user) = self.user_mut(key) {
            user.deleting = true;
        }
        self.later(lag, Job::EraseUser(key, cause.clone()));
        Ok(())
    }

    /// The user is gone from every list and every look-up.
    pub fn erase_user(&mut self, key: UserKey, cause: &Cause) {
        let Some(user) = self.user_at(key) else { return };
        let party = user.party();
        let id = user.id;
        let login = folded(user.login());
        let groups = user.groups.clone();
        let before = self.user_text(key);
        if self.settings.everyone_logs_members {
            self.log_everyone(key, &event::MEMBER_REMOVE, cause);
        }
        if self.settings.delete_logs_memberships {
            for group in &groups {
                let Some(head) = self.group_at(*group).map(|group| group.head.party()) else { continue };
                self.emit(&event::MEMBER_REMOVE, cause, vec![party.clone(), head], Vec::new());
            }
        }
        let (now, moves) = (self.now, self.settings.deletion_moves_membership);
        for group in groups {
            if let Some(group) = self.group_mut(group) {
                group.members.remove(&key);
                if moves {
                    group.head.last_membership_updated = now;
                }
            }
        }
        self.begin_user_change(key);
        self.user_ids.remove(&id);
        self.user_logins.remove(login.as_str());
        self.users[key as usize] = None;
        self.live_users -= 1;
        self.end_user_change(key);
        self.record(cause, "user", id.as_str(), before, None);
        let delay = self.draw(|s| s.delete_completion);
        let job = Cause::system(cause.0.transaction_id.clone());
        self.later(delay, Job::DeleteCompleted(party, job));
    }

    /// `DELETE /api/v1/users/{id}/sessions`
    pub fn clear_sessions(&mut self, call: &Call<'_>, name: &str) -> ApiResult<Answer> {
        let key = self.user_for(call, name)?;
        let tokens = call.flag("oauthTokens", false)?;
        self.sign_out(key, tokens, &call.cause.clone());
        Ok(Answer::no_content())
    }

    /// Ends somebody's sessions, and with `tokens` what was issued to them.
    fn sign_out(&mut self, key: UserKey, tokens: bool, cause: &Cause) {
        let Some(party) = self.user_at(key).map(User::party) else { return };
        if tokens {
            self.access.access_tokens.retain(|_, token| token.user != Some(key));
        }
        self.sign_ins.forget(key);
        let after = json!({ "cleared": true, "oauthTokens": tokens }).to_string();
        self.record(cause, "user_session", &party.id, None, Some(after));
        self.emit(&event::USER_SESSION_CLEAR, cause, vec![party], Vec::new());
    }

    /// Password states that no API call leads to: too many failures, and the end of a password change.
    pub fn console_status(&mut self, key: UserKey, to: Status, cause: &Cause) -> ApiResult<()> {
        let user = self.user_at(key).ok_or_else(|| ApiError::missing("", "User"))?;
        let (id, target, from) = (user.id, vec![user.party()], user.status);
        let before = self.user_text(key);
        let kind = match to {
            Status::LockedOut => &event::USER_LOCK,
            Status::Active if from == Status::LockedOut => &event::USER_UNLOCK,
            _ => &event::USER_UPDATE_PASSWORD,
        };
        self.begin_user_change(key);
        let now = self.now;
        if let Some(user) = self.user_mut(key) {
            user.status = to;
            user.status_changed = now;
            user.last_updated = now;
            user.version += 1;
            if to == Status::Active && from != Status::LockedOut {
                user.password = true;
                user.password_changed = now;
            }
        }
        self.end_user_change(key);
        let after = self.user_text(key);
        self.record(cause, "user", id.as_str(), before, after);
        self.emit(kind, cause, target, Vec::new());
        Ok(())
    }

    /// Somebody signed in.
    pub fn signed_in(&mut self, key: UserKey, cause: &Cause) {
        let (now, moves) = (self.now, self.settings.sign_in_moves_last_updated);
        self.begin_user_change(key);
        if let Some(user) = self.user_mut(key) {
            user.last_login = now;
            if moves {
                user.last_updated = now;
            }
        }
        self.end_user_change(key);
        let target: Vec<Party> = self.user_at(key).map(User::party).into_iter().collect();
        self.emit(&event::USER_SESSION_START, cause, target, Vec::new());
    }
}

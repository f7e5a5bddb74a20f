//! Whoever may decide about a request is told of it: by e-mail with a link of their own, and on the channels of the
//! settings. Told again, to others, when it escalates.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    clearance::{Approver, Clearance, ClearanceKind, ClearanceState},
    id::IdentityId,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    Engine,
    approvals::Principal,
    ports::{Message, Route, StoreFailure, Write},
};

/// More people than this are not written to one by one: they are told on the channels of the settings, or, where there
/// are none, the first of them.
const MAILS_MAX: usize = 20;
/// Requests that are looked through for escalation.
const REQUESTS_MAX: usize = 1_000;
/// A link to a request that never runs out is good for this long.
const LINK_MAX: SignedDuration = SignedDuration::from_hours(14 * 24);
/// Route of a message to one mailbox.
pub(crate) const TO_MAILBOX: &str = "approval:";
/// Route of a message to the channels of the settings.
pub(crate) const TO_CHANNELS: &str = "approvals";

/// Addresses at which one person decides about one request, signed by us.
pub trait DecisionLinks: Send + Sync + std::fmt::Debug {
    /// The address for `mail`, good until `until`; `None` where nobody outside can reach this server.
    fn decide(&self, request: &str, mail: &str, until: Timestamp) -> Option<String>;

    /// Request and mailbox that an address's token was made for; `None` for a token that is not ours or too old.
    fn read(&self, token: &str, now: Timestamp) -> Option<(String, String)>;

    /// Where the console shows what waits.
    fn console(&self) -> Option<String>;
}

/// How people are asked.
#[derive(Debug, Clone, Default)]
pub struct Asking {
    pub links: Option<Arc<dyn DecisionLinks>>,
    /// Told of every request, beside the people who are named.
    pub channels: Vec<Route>,
}

impl Engine {
    /// Messages about a request, to whoever may decide about it by now. The same message twice is one.
    pub(crate) async fn ask_about(
        &self,
        clearance: &Clearance,
        now: Timestamp,
    ) -> Result<Vec<Write>, StoreFailure> {
        if !is_asked_about(clearance) {
            return Ok(Vec::new());
        }
        let asking = &self.settings().alerts.asking;
        let mails = self.mails_asked(clearance, now).await?;
        let mut batch = Vec::new();
        for (mail, instead_of) in &mails {
            batch.push(self.asked_by_mail(clearance, mail, instead_of.as_deref(), now));
        }
        if !asking.channels.is_empty() {
            let console = asking.links.as_ref().and_then(|links| links.console());
            batch.push(message(clearance, TO_CHANNELS, TO_CHANNELS, None, console.as_deref(), now));
        }
        Ok(batch)
    }

    fn asked_by_mail(
        &self,
        clearance: &Clearance,
        mail: &str,
        instead_of: Option<&str>,
        now: Timestamp,
    ) -> Write {
        let links = self.settings().alerts.asking.links.as_ref();
        let until = clearance.until.unwrap_or(now + LINK_MAX);
        let link = links.and_then(|links| links.decide(&clearance.id, mail, until));
        message(clearance, &format!("{TO_MAILBOX}{mail}"), mail, instead_of, link.as_deref(), now)
    }

    /// Mailboxes of whoever may decide by now and is written to one by one, and for those who stand in for somebody, in
    /// whose place they may.
    async fn mails_asked(
        &self,
        clearance: &Clearance,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Option<String>>, StoreFailure> {
        let mut named = BTreeSet::new();
        for approver in asked(clearance, now) {
            self.mailboxes(approver, clearance, &mut named).await?;
        }
        // Nobody decides about themselves, so nobody is asked about themselves.
        let own = self.mailboxes_of(&clearance.identity).await?;
        named.retain(|mail| !own.contains(mail));
        let mut mails: BTreeMap<String, Option<String>> =
            named.iter().map(|mail| (mail.clone(), None)).collect();
        for mail in named.iter().take(MAILS_MAX) {
            for given in self.given_by(mail, now).await? {
                let to = given.to.to_lowercase();
                if !own.contains(&to) {
                    mails.entry(to).or_insert(Some(given.from));
                }
            }
        }
        let by_channel = !self.settings().alerts.asking.channels.is_empty();
        Ok(match mails.len() {
            few if few <= MAILS_MAX => mails,
            _ if by_channel => BTreeMap::new(),
            _ => mails.into_iter().take(MAILS_MAX).collect(),
        })
    }

    /// Tells whoever may vote in somebody's place from now on of what waits for them. Called now and then.
    pub async fn tell_stand_ins(&self) {
        let now = self.clock.now();
        let Ok(all) = self.delegations().await else { return };
        let in_force: BTreeSet<String> =
            all.into_iter().filter(|given| given.is_in_force(now)).map(|given| given.id).collect();
        let told = || self.stood_in.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        told().retain(|id| in_force.contains(id));
        if *told() == in_force {
            return;
        }
        let Ok(waiting) = self.requests(REQUESTS_MAX).await else { return };
        let mut batch = Vec::new();
        for clearance in waiting.iter().filter(|clearance| is_asked_about(clearance)) {
            let Ok(mails) = self.mails_asked(clearance, now).await else { return };
            for (mail, instead_of) in mails.iter().filter(|(_, instead_of)| instead_of.is_some()) {
                batch.push(self.asked_by_mail(clearance, mail, instead_of.as_deref(), now));
            }
        }
        if let Err(error) = self.write(batch).await {
            tracing::warn!(%error, "stand-ins could not be told");
            return;
        }
        *told() = in_force;
    }

    /// Tells the next ones about requests that nobody decided in time. Called now and then.
    pub async fn tell_escalated(&self) {
        let now = self.clock.now();
        let Ok(waiting) = self.requests(REQUESTS_MAX).await else { return };
        let told = || self.escalated.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        told().retain(|id| waiting.iter().any(|clearance| clearance.id == *id));
        for clearance in waiting.iter().filter(|clearance| escalated(clearance, now)) {
            if told().contains(&clearance.id) {
                continue;
            }
            let Ok(batch) = self.ask_about(clearance, now).await else { return };
            if let Err(error) = self.write(batch).await {
                tracing::warn!(%error, "approvers could not be told");
                return;
            }
            told().insert(clearance.id.clone());
        }
    }

    async fn mailboxes(
        &self,
        approver: &Approver,
        clearance: &Clearance,
        mails: &mut BTreeSet<String>,
    ) -> Result<(), StoreFailure> {
        match approver {
            Approver::Person(mail) => drop(mails.insert(mail.to_lowercase())),
            Approver::Manager => {
                if let Some(manager) = &clearance.manager {
                    mails.extend(self.mailbox_of(manager).await?);
                }
            }
            Approver::Group(group) => {
                for member in self.store.members(&clearance.identity.tenant, group).await? {
                    mails.extend(self.mailbox_of(&member).await?);
                }
            }
            // Who has a role is known when they sign in; the channels of the settings reach them.
            Approver::Role(_) => {}
        }
        Ok(())
    }

    /// All mailboxes of somebody, who may have a user in several tenants.
    async fn mailboxes_of(&self, id: &IdentityId) -> Result<BTreeSet<String>, StoreFailure> {
        let who = Principal { identities: vec![id.clone()], ..Principal::default() };
        let known = self.known_as(&who).await?;
        Ok(known.emails.iter().map(|mail| mail.to_lowercase()).collect())
    }

    async fn mailbox_of(&self, id: &IdentityId) -> Result<Option<String>, StoreFailure> {
        let known = self.store.identity(id).await?;
        let known = known.filter(|known| known.gone_at.is_none() && known.identity.status.is_employed());
        Ok(known.and_then(|known| known.identity.profile.text("email").map(str::to_lowercase)))
    }
}

/// Whether it waits for somebody who is to be told.
fn is_asked_about(clearance: &Clearance) -> bool {
    !clearance.over
        && clearance.state == ClearanceState::Waiting
        && matches!(clearance.kind, ClearanceKind::Approval | ClearanceKind::Cap)
}

/// Who may decide by now.
fn asked(clearance: &Clearance, now: Timestamp) -> impl Iterator<Item = &Approver> {
    let others = escalated(clearance, now);
    clearance
        .demand
        .iter()
        .flat_map(move |demand| demand.by.iter().chain(demand.escalate_to.iter().filter(move |_| others)))
}

/// Whether somebody may decide by now who is known by an address alone. A role is given by a sign-in only.
fn by_address(clearance: &Clearance, now: Timestamp) -> bool {
    asked(clearance, now).any(|approver| !matches!(approver, Approver::Role(_)))
}

fn escalated(clearance: &Clearance, now: Timestamp) -> bool {
    let after = clearance.demand.as_ref().and_then(|demand| demand.escalate_seconds);
    let after = after.and_then(|seconds| i64::try_from(seconds).ok());
    let at = after.and_then(|after| clearance.asked_at.checked_add(SignedDuration::from_secs(after)).ok());
    at.is_some_and(|at| at <= now)
}

/// Tells mailboxes apart without naming anybody.
fn short(to: &str) -> String {
    match to {
        TO_CHANNELS => to.to_owned(),
        mail => Sha256::digest(mail).iter().take(8).map(|byte| format!("{byte:02x}")).collect(),
    }
}

fn message(
    clearance: &Clearance,
    route: &str,
    to: &str,
    instead_of: Option<&str>,
    link: Option<&str>,
    now: Timestamp,
) -> Write {
    let named = clearance.demand.as_ref().is_some_and(|demand| !demand.escalate_to.is_empty());
    // Whoever was asked first is not asked again, but for the channels: there the next ones read it too.
    let next = to == TO_CHANNELS && named && escalated(clearance, now);
    let mut text = String::new();
    let _ = match clearance.kind {
        ClearanceKind::Cap => writeln!(
            text,
            "A limit of the policy was reached. For {} in {} these changes wait for a decision:",
            clearance.person, clearance.site
        ),
        _ => writeln!(
            text,
            "The rule {} asks for approval before this is done for {} in {}:",
            clearance.rule, clearance.person, clearance.site
        ),
    };
    for line in &clearance.lines {
        let _ = writeln!(text, "  {}", line.what);
    }
    if next {
        let _ = writeln!(text, "\nIt was not decided in time: those who are named next may decide, too.");
    }
    if let Some(until) = clearance.until {
        let _ = writeln!(
            text,
            "\nWithout a decision by {} nothing is done.",
            until.strftime("%Y-%m-%d %H:%M UTC")
        );
    }
    if let Some(other) = instead_of {
        let _ = writeln!(text, "\nYou may decide in the place of {other}.");
    }
    let _ = match link {
        Some(link) => writeln!(text, "\nDecide here: {link}"),
        None => writeln!(
            text,
            "\nDecide in the console under Approvals, or: lanyard approvals approve {}",
            clearance.id
        ),
    };
    if to != TO_CHANNELS && link.is_some() {
        let _ = writeln!(text, "The link is yours alone: whoever opens it decides in your name.");
    }
    let again = if next { ":escalated" } else { "" };
    Write::Message(Box::new(Message {
        // Begins with the person, so that it goes when they are erased; whose mailbox it is for goes with its record, too.
        id: format!("{}:{}:{}:{}", clearance.identity, clearance.site, clearance.id, short(to)) + again,
        route: route.to_owned(),
        subject: format!("Lanyard asks: {} ({})", clearance.person, clearance.rule),
        text,
        at: now,
        attempts: 0,
        data: Some(json!({
            "approval": clearance.id,
            "person": clearance.person,
            "site": clearance.site,
            "rule": clearance.rule,
            "lines": clearance.lines.iter().map(|line| &line.what).collect::<Vec<_>>(),
            "until": clearance.until,
            "link": link,
            "by_address": by_address(clearance, now),
        })),
    }))
}

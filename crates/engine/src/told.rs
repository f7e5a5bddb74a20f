//! Why, why not, and what would change it: now, or as of a past moment, from memory alone.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lanyard_model::{
    desired::{Because, Desired},
    id::{AccountId, GroupId, IdentityId, PlanId, SiteId},
    identity::Identity,
    plan::Outcome,
};
use lanyard_policy::{Facts, Policy, Way};
use serde::Serialize;

use crate::{
    Engine,
    engine::Active,
    explain::PreviewError,
    ports::{ActivityFilter, Kept, Memberships, Mirrored, StoreFailure},
};

/// Plans looked through for writes.
const PLANS_MAX: usize = 200;
/// Journal lines looked through for read-backs.
const LINES_MAX: usize = 2000;
/// Versions of the policy read at once.
const VERSIONS_READ: usize = 8;
/// Plans of the last looks that may have ended before their read.
const UNREAD_MAX: usize = 10;

/// A change that was made, and when a read confirmed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    pub site: SiteId,
    pub line: String,
    pub what: String,
    pub plan: PlanId,
    pub at: Timestamp,
    pub read_back_at: Option<Timestamp>,
}

/// One person at one moment, as far as memory goes.
#[derive(Debug)]
pub struct Told {
    pub at: Timestamp,
    pub known: Mirrored,
    /// On what was known then, by the policy in force then as far as its versions tell.
    pub desired: Desired,
    /// Rules that could give what was asked about.
    pub ways: Vec<Way>,
    /// The newest write of each thing until then.
    pub made: Vec<Made>,
}

impl Engine {
    /// What is known of somebody at `at` (now, if none), what policy makes of it, and which rules could give `thing`. No
    /// call is made.
    ///
    /// # Errors
    /// [`PreviewError::Nobody`] if nothing was known of them then.
    pub async fn tell(
        &self,
        id: &IdentityId,
        at: Option<Timestamp>,
        thing: Option<&str>,
    ) -> Result<Told, PreviewError> {
        let now = self.clock.now();
        let moment = at.unwrap_or(now);
        let known = match at {
            None => self.store.identity(id).await,
            Some(at) => self.store.identity_as_of(id, at).await,
        };
        let known = known.map_err(PreviewError::Store)?.ok_or_else(|| PreviewError::Nobody(id.clone()))?;
        let links = self.store.links_of(id).await.map_err(PreviewError::Store)?;
        let link =
            links.iter().find(|link| link.since <= moment && link.ended_at.is_none_or(|end| end > moment));
        // What an account showed then is the evidence's to say; what policy makes of it now needs it as it is.
        let account = match link.filter(|_| at.is_none()) {
            Some(link) => self.store.account(&link.account).await.map_err(PreviewError::Store)?,
            None => None,
        };
        // What was brought about, and what a site refused, outlives the link.
        let last = || links.iter().filter(|_| at.is_none()).max_by_key(|link| link.ended_at);
        let applied = match link.or_else(last) {
            Some(link) => self.store.applied(id, &link.account.site).await.map_err(PreviewError::Store)?,
            None => None,
        };
        let active = self.active();
        let facts = Facts {
            account: account.as_ref(),
            applied: applied.as_ref(),
            gone: known.gone_at,
            since: known.since,
            manager_account: self
                .manager_account_at(&known.identity, moment)
                .await
                .map_err(PreviewError::Store)?,
            delegate_account: self
                .delegate_account_at(&known.identity, moment)
                .await
                .map_err(PreviewError::Store)?,
            linked: link.is_some(),
            over: false,
        };
        let then = match at {
            Some(at) => {
                let there = known.identity.groups.ids();
                self.policy_then(at, there).await.map_err(PreviewError::Store)?
            }
            None => None,
        };
        let active = then.as_ref().map_or(&*active, |(_, then)| then);
        let mut desired = active.bound.evaluate(&known.identity, &facts, moment);
        if let Some((Some(number), _)) = &then {
            let text = format!("by version {number}, which was in force then");
            desired.because.push(Because { rule: "policy".into(), row: None, text });
        }
        let mut ways =
            thing.map_or_else(Vec::new, |thing| active.bound.ways(&known.identity, &facts, moment, thing));
        let memberships = self.store.memberships(id).await.map_err(PreviewError::Store)?;
        let joined = |rule: &str| {
            let groups = active.bound.groups_behind(&known.identity, moment, rule);
            groups
                .iter()
                .map(|(name, group)| who_added(&memberships, name, group, moment))
                .collect::<String>()
        };
        each_reason(&mut desired, &mut |because| because.text += &joined(&because.rule));
        ways.iter_mut().filter(|way| way.gives).for_each(|way| way.why += &joined(&way.rule));
        let made = self.made_until(id, moment).await?;
        Ok(Told { at: moment, known, desired, ways, made })
    }

    /// The version of the policy that was in force at a moment, as it judged then; with its number, if it is another than the
    /// one in force now. `there` are groups that there were then.
    async fn policy_then(
        &self,
        moment: Timestamp,
        there: &[GroupId],
    ) -> Result<Option<(Option<i64>, Active)>, StoreFailure> {
        for skip in (0..).step_by(VERSIONS_READ) {
            let (versions, _) = self.policy_versions(skip, VERSIONS_READ).await?;
            if versions.is_empty() {
                break;
            }
            let Some(version) = versions.into_iter().find(|version| version.at <= moment) else { continue };
            // A text that this program does not take any more decides nothing.
            let Ok(policy) = Policy::parse(&version.source) else { return Ok(None) };
            let other = version.seal != self.active().policy.seal();
            let then = self.judged_then(&policy, there, moment).await?;
            return Ok(Some((other.then_some(version.number), then)));
        }
        Ok(None)
    }

    /// The account that the person's manager had where they belong, as far as memory goes.
    async fn manager_account_at(
        &self,
        identity: &Identity,
        moment: Timestamp,
    ) -> Result<Option<AccountId>, StoreFailure> {
        let Some(site) = self.active().bound.site_of(identity, moment) else { return Ok(None) };
        let Some(manager) = self.manager_of(identity).await? else { return Ok(None) };
        self.account_at(&manager, &site, moment).await
    }

    /// The same of whoever stood in for the person.
    async fn delegate_account_at(
        &self,
        identity: &Identity,
        moment: Timestamp,
    ) -> Result<Option<AccountId>, StoreFailure> {
        let Some(site) = self.active().bound.site_of(identity, moment) else { return Ok(None) };
        for other in self.stand_ins_of(&identity.id, moment).await? {
            if let Some(account) = self.account_at(&other, &site, moment).await? {
                return Ok(Some(account));
            }
        }
        Ok(None)
    }

    async fn account_at(
        &self,
        id: &IdentityId,
        site: &SiteId,
        moment: Timestamp,
    ) -> Result<Option<AccountId>, StoreFailure> {
        let links = self.store.links_of(id).await?;
        let mut held = links.into_iter().filter(|link| {
            link.account.site == *site && link.since <= moment && link.ended_at.is_none_or(|end| end > moment)
        });
        Ok(held.next().map(|link| link.account.id))
    }

    /// Plans of which something was sent to the site, and whose effect no look has read yet; oldest first.
    pub(crate) async fn unread_plans(
        &self,
        id: &IdentityId,
        site: &SiteId,
    ) -> Result<Vec<PlanId>, StoreFailure> {
        let mut sent = Vec::new();
        for plan in self.store.plans(Some(id), UNREAD_MAX).await? {
            if plan.site == *site
                && self.store.intents(&plan.id).await?.iter().any(|(_, outcome)| may_be_done(outcome))
            {
                sent.push(plan);
            }
        }
        if sent.is_empty() {
            return Ok(Vec::new());
        }
        let filter =
            ActivityFilter { identity: Some(id.clone()), limit: LINES_MAX, ..ActivityFilter::default() };
        let journal = self.store.activity(&filter).await?;
        sent.retain(|plan| read_back(&journal, &plan.id, plan.made_at).is_none());
        Ok(sent.into_iter().rev().map(|plan| plan.id).collect())
    }

    /// The newest accepted write of each thing until a moment, newest first.
    async fn made_until(&self, id: &IdentityId, moment: Timestamp) -> Result<Vec<Made>, PreviewError> {
        let filter =
            ActivityFilter { identity: Some(id.clone()), limit: LINES_MAX, ..ActivityFilter::default() };
        let journal = self.store.activity(&filter).await.map_err(PreviewError::Store)?;
        let mut sent = Vec::new();
        for plan in self.store.plans(Some(id), PLANS_MAX).await.map_err(PreviewError::Store)? {
            for (intent, outcome) in self.store.intents(&plan.id).await.map_err(PreviewError::Store)? {
                let done = outcome.as_ref().is_some_and(Outcome::is_success);
                if let Some(inverse) = intent.inverse.filter(|_| done && intent.at <= moment) {
                    sent.push((intent.at, intent.site, intent.plan, inverse.lines));
                }
            }
        }
        sent.sort_by_key(|line| std::cmp::Reverse(line.0));
        let mut seen = BTreeSet::new();
        let mut made = Vec::new();
        for (at, site, plan, lines) in sent {
            for line in lines {
                // The thing is what the verb is about, and its place: the newest word on it counts.
                let mut parts = line.key.splitn(3, ':');
                let verb = parts.next().unwrap_or_default().trim_end_matches(['+', '-']).to_owned();
                let place = match verb.as_str() {
                    "role" | "item" | "booking" | "visit" => parts.next().unwrap_or_default(),
                    "field" => parts.next().unwrap_or_default().split(['=', '-']).next().unwrap_or_default(),
                    _ => "",
                };
                if seen.insert((site.clone(), verb, place.to_owned())) {
                    made.push(Made {
                        site: site.clone(),
                        what: line.what,
                        line: line.key,
                        plan: plan.clone(),
                        at,
                        read_back_at: read_back(&journal, &plan, at),
                    });
                }
            }
        }
        Ok(made)
    }
}

/// Who let the person into a group, as part of a reason.
fn who_added(memberships: &Memberships, name: &str, group: &GroupId, moment: Timestamp) -> String {
    let minute = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let mut known = memberships.changes.iter().filter(|change| change.group == *group && change.at <= moment);
    // Whoever left since and is there again came by an event that is not on record.
    match (known.next().filter(|change| change.joined), memberships.since) {
        (Some(change), _) => {
            let kind = match &*change.by.kind {
                "User" | "" => String::new(),
                kind => format!(" ({kind})"),
            };
            format!("; {}{kind} added them to {name} on {}", change.by.name, minute(change.at))
        }
        (None, Some(since)) => format!(
            "; who added them to {name} is not on record: that is kept from Okta's log since {}",
            minute(since)
        ),
        (None, None) => {
            format!(
                "; who added them to {name} is not on record: nothing is kept of what Okta's log told of memberships"
            )
        }
    }
}

/// Every reason for something that a flow gives.
fn each_reason(desired: &mut Desired, each: &mut dyn FnMut(&mut Because)) {
    let lists: [&mut dyn Iterator<Item = &mut Vec<Because>>; 9] = [
        &mut desired.seat.iter_mut().map(|want| &mut want.because),
        &mut desired.place_note.iter_mut().map(|want| &mut want.because),
        &mut desired.cost_center.iter_mut().map(|want| &mut want.because),
        &mut desired.roles.values_mut().map(|want| &mut want.because),
        &mut desired.items.values_mut().map(|want| &mut want.because),
        &mut desired.doors.values_mut().map(|want| &mut want.because),
        &mut desired.bookings.iter_mut().map(|want| &mut want.because),
        &mut desired.visits.iter_mut().map(|want| &mut want.because),
        &mut desired.todos.iter_mut().map(|want| &mut want.because),
    ];
    lists.into_iter().flatten().flatten().for_each(each);
}

/// When a read showed what was sent of a plan at `sent` or later, by the person's journal, newest line first.
fn read_back(journal: &[Kept], plan: &PlanId, sent: Timestamp) -> Option<Timestamp> {
    let of = |kept: &&Kept| {
        kept.entry.kind == "verified"
            && kept.entry.at >= sent
            && kept.entry.data["plan"].as_str() == Some(plan.as_str())
    };
    journal.iter().rev().find(of).map(|kept| kept.entry.at)
}

/// Whether a write may have reached the site. No outcome: an interruption left it open.
pub(crate) fn may_be_done(outcome: &Option<Outcome>) -> bool {
    match outcome {
        None | Some(Outcome::Unknown { .. }) => true,
        Some(outcome) => outcome.is_success(),
    }
}

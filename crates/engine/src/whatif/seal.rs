//! A what-if that was looked at and found right, applied exactly: its policy is put in force, and for the people it
//! names only the lines it named go by themselves. Where the world moved, a line is refused, named, and waits.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use lanyard_model::{
    clearance::is_about_bookings,
    id::{IdentityId, SiteId, TenantId},
    plan::{Outcome, Step},
    signal::Source,
};
use lanyard_policy::{Policy, PolicyFiles};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{WhatIf, waves::Waves};
use crate::{
    Engine,
    engine::ROLLOUT,
    journal::line,
    look::key_set,
    policies::{PolicyRefusal, Wish},
    ports::{Document, Planned, StoreFailure, Write},
};

pub(super) const SEALS: &str = "whatif";
pub(super) const LINES: &str = "whatif:lines";
/// People per kept list: a look reads one list.
const BUCKET: usize = 200;
pub(super) const BATCH: usize = 500;
/// Looks to be tried again that are asked about.
const RETRYING_MAX: usize = 10_000;

/// A kept what-if.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Sealed {
    pub(super) name: String,
    rules: String,
    tables: BTreeMap<String, String>,
    pub(super) in_force: String,
    pub(super) draft: String,
    pub(super) at: Timestamp,
    /// The seal of which this one leaves something out.
    #[serde(default)]
    pub(super) of: Option<String>,
    pub(super) buckets: usize,
    /// With at least one line.
    pub(super) people: usize,
    /// Not everybody at once.
    #[serde(default)]
    pub(super) waves: Option<Waves>,
    #[serde(default)]
    pub(super) lines: usize,
    /// Named with no line: looked at, and given nothing of it.
    #[serde(default)]
    pub(super) left_out: usize,
    #[serde(default)]
    pub(super) started_at: Option<Timestamp>,
    #[serde(default)]
    pub(super) ended_at: Option<Timestamp>,
}

/// A seal that was applied, or is under way.
pub(crate) struct AppliedSeal {
    pub(crate) since: Timestamp,
    /// `None`: it is under way.
    pub(crate) until: Option<Timestamp>,
    /// The lines it named, by person and site; none for whoever was left out.
    pub(crate) named: BTreeMap<(IdentityId, SiteId), BTreeSet<String>>,
}

/// Why a seal is not applied. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SealRefused {
    #[error("there is no sealed what-if {0}")]
    Unknown(String),
    #[error("{0} was applied already")]
    Applied(String),
    #[error("{seal} was made against policy {wanted}, but {found} is in force")]
    PolicyMoved { seal: String, wanted: String, found: String },
    #[error("{0} is being applied: one at a time")]
    Busy(String),
    #[error("{seal} has waves that have not begun: to end it now would do all of it at once")]
    WavesLeft { seal: String },
    #[error("this installation only observes: nothing is written")]
    ObserveOnly,
    #[error("the kept policy cannot be used: {0}")]
    Policy(String),
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// What became of one sealed line, or of one that was not sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineFate {
    pub identity: IdentityId,
    pub site: SiteId,
    pub line: String,
    /// `done`, or why not.
    pub fate: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealReport {
    pub seal: String,
    /// With at least one sealed line.
    pub people: usize,
    /// Named, with no line.
    pub left_out: usize,
    pub lines: usize,
    pub done: usize,
    pub refused: Vec<LineFate>,
    /// Lines that were wanted and not sealed: each waits for somebody.
    pub moved: Vec<LineFate>,
}

/// What shall not be applied: everything of somebody in a site (no name given), or the named changes.
pub type LeftOut = BTreeMap<(IdentityId, SiteId), BTreeSet<String>>;

/// How far the application of a seal is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SealProgress {
    pub seal: String,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub people: usize,
    pub left_out: usize,
    pub lines: usize,
    /// Of all whom the seal names: who was not looked at since it was applied, or is to be looked at again because of it.
    /// Nobody is left: the report can be asked for.
    pub to_look: usize,
    /// Looks that failed and are tried again later.
    pub to_try_again: usize,
}

/// What a seal says of one person in one site.
#[derive(Debug, Clone)]
pub(crate) struct SealedLines {
    pub(crate) seal: String,
    /// When the what-if was made.
    pub(crate) at: Timestamp,
    pub(crate) keys: BTreeSet<String>,
    /// Their wave has not begun: until when they wait, and why.
    pub(crate) later: Option<(Timestamp, String)>,
}

fn unusable(refusal: PolicyRefusal) -> SealRefused {
    match refusal {
        PolicyRefusal::Store(failure) => failure.into(),
        PolicyRefusal::Mistakes(problems) => SealRefused::Policy(problems.to_string()),
        other => SealRefused::Policy(other.to_string()),
    }
}

fn short(seal: &str) -> String {
    seal.chars().take(12).collect()
}

pub(super) fn name_of(identity: &IdentityId, site: &SiteId) -> String {
    format!("{identity}@{site}")
}

pub(super) fn bucket_of(name: &str, buckets: usize) -> usize {
    let sum = name.bytes().fold(0usize, |sum, b| sum.wrapping_mul(31).wrapping_add(usize::from(b)));
    sum % buckets.max(1)
}

/// The form of seals. In the first, nothing said who takes bookings over: those of a seal of that form wait for somebody,
/// whoever gets them.
const FORM: &str = "lanyard what-if 2";

/// Names exactly these lines of these people, under this draft, in place of the policy that was in force.
fn seal_of<K: Borrow<BTreeSet<String>>>(sealed: &Sealed, people: &[(String, K)]) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    part(FORM);
    part(&sealed.draft);
    part(&sealed.in_force);
    for (name, keys) in people {
        part(name);
        keys.borrow().iter().for_each(|key| part(key));
    }
    let hex: String = hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("wif_{hex}")
}

/// What an answer is to be kept as; nothing is counted yet.
fn of(files: &PolicyFiles, answer: &WhatIf) -> Sealed {
    Sealed {
        name: files.toml.0.clone(),
        rules: files.toml.1.clone(),
        tables: files.tables.clone(),
        in_force: answer.in_force_seal.clone(),
        draft: answer.draft_seal.clone(),
        at: answer.at,
        of: None,
        buckets: 0,
        people: 0,
        lines: 0,
        left_out: 0,
        waves: None,
        started_at: None,
        ended_at: None,
    }
}

/// People of an answer with the names of their lines.
fn with_lines(answer: &WhatIf) -> Vec<(String, &BTreeSet<String>)> {
    let some = answer.people.iter().filter(|one| !one.keys.is_empty());
    some.map(|one| (name_of(&one.identity, &one.site), &one.keys)).collect()
}

/// The hash that an answer is named by.
pub(super) fn name(files: &PolicyFiles, answer: &WhatIf) -> String {
    seal_of(&of(files, answer), &with_lines(answer))
}

impl Engine {
    /// Keeps what is sealed, if it has a name: it can be applied then.
    pub(super) async fn keep_seal(&self, files: &PolicyFiles, answer: &WhatIf) -> Result<(), StoreFailure> {
        let Some(seal) = &answer.seal else { return Ok(()) };
        self.keep_sealed(seal, of(files, answer), &with_lines(answer)).await
    }

    /// Keeps what a seal shows, and forgets old ones.
    pub(super) async fn keep_pages(&self, answer: &WhatIf) -> Result<(), StoreFailure> {
        let Some(seal) = &answer.seal else { return Ok(()) };
        self.keep_shown(seal, answer).await?;
        self.forget_old_seals().await
    }

    /// Seals the same draft without these changes: people are looked at like everybody, and what it would do for them
    /// beyond the seal waits, each by its own request, also when the application is over. Answers the seal of what is
    /// left.
    ///
    /// # Errors
    /// See [`SealRefused`].
    pub async fn leave_out(&self, seal: &str, out: &LeftOut) -> Result<String, SealRefused> {
        let (sealed, _) = self.sealed(seal).await?;
        let mut people: Vec<_> = self
            .all_sealed(seal, &sealed)
            .await?
            .into_iter()
            .map(|(identity, site, mut keys)| {
                let name = name_of(&identity, &site);
                match out.get(&(identity, site)) {
                    // Named with no line, not left unnamed: whoever is not in a seal is not bound by it.
                    Some(lines) if lines.is_empty() => keys.clear(),
                    Some(lines) => keys.retain(|key| !lines.contains(key)),
                    None => {}
                }
                (name, keys)
            })
            .collect();
        people.sort();
        let of = sealed.of.clone().or_else(|| Some(seal.to_owned()));
        let sealed = Sealed { of, waves: None, started_at: None, ended_at: None, ..sealed };
        let seal = seal_of(&sealed, &people);
        self.keep_sealed(&seal, sealed, &people).await?;
        Ok(seal)
    }

    /// How far it is applied.
    ///
    /// # Errors
    /// See [`SealRefused`].
    pub async fn seal_progress(&self, seal: &str) -> Result<SealProgress, SealRefused> {
        let (sealed, _) = self.sealed(seal).await?;
        let mut progress = SealProgress {
            seal: seal.to_owned(),
            started_at: sealed.started_at,
            ended_at: sealed.ended_at,
            people: sealed.people,
            left_out: sealed.left_out,
            lines: sealed.lines,
            to_look: 0,
            to_try_again: 0,
        };
        let Some(since) = sealed.started_at.filter(|_| sealed.ended_at.is_none()) else {
            return Ok(progress);
        };
        let since = sealed.waves.as_ref().map_or(since, |waves| waves.began_at);
        let who = self.named_in(seal, &sealed).await?;
        (progress.to_look, progress.to_try_again) = self.open_looks(&who, since).await?;
        Ok(progress)
    }

    /// How many of these people, for whom attention was raised at `since`, are still to be looked at because of that, and how
    /// many looks failed and are tried again. That a comparison or an event asks for them once more, when that is done, is
    /// nothing that anybody waits for: among many people there is always somebody.
    pub(super) async fn open_looks(
        &self,
        who: &BTreeSet<IdentityId>,
        since: Timestamp,
    ) -> Result<(usize, usize), StoreFailure> {
        let soon = self.clock.now() + self.settings.coalesce;
        let failed = self.store.retrying(soon, Timestamp::MAX, RETRYING_MAX).await?;
        let to_try_again = failed.iter().filter(|(_, id)| who.contains(id)).count();
        let mut to_look = 0;
        let who: Vec<_> = who.iter().cloned().collect();
        for chunk in who.chunks(BATCH) {
            let planned = self.store.planned(chunk).await?;
            // What comes later of itself (a hold's end, a first day) is no part of the application; what a look leaves to be
            // done at once is.
            let is_open = |look: &Planned| {
                look.due <= soon && (look.raised_at <= since || look.source == Source::Timer)
            };
            to_look += planned.iter().flatten().filter(|look| is_open(look)).count();
        }
        Ok((to_look, to_try_again))
    }

    async fn keep_sealed<K: Borrow<BTreeSet<String>> + Sync>(
        &self,
        seal: &str,
        sealed: Sealed,
        people: &[(String, K)],
    ) -> Result<(), StoreFailure> {
        if !self.store.documents(SEALS, &[seal.to_owned()]).await?.is_empty() {
            return Ok(());
        }
        let buckets = people.len().div_ceil(BUCKET).max(1);
        let mut lists: BTreeMap<usize, serde_json::Map<String, serde_json::Value>> = BTreeMap::new();
        for (name, keys) in people {
            let keys: Vec<serde_json::Value> = keys.borrow().iter().map(|key| key.as_str().into()).collect();
            lists.entry(bucket_of(name, buckets)).or_default().insert(name.clone(), keys.into());
        }
        let document = |collection: &str, key: String, body: serde_json::Value| {
            let collection = collection.to_owned();
            Write::Document(Box::new(Document { collection, key, version: 0, keys: Vec::new(), body }))
        };
        let mut lists = lists.into_iter().peekable();
        while lists.peek().is_some() {
            let some = lists.by_ref().take(BATCH);
            let batch = some.map(|(at, list)| document(LINES, format!("{seal}:{at}"), list.into())).collect();
            match self.write(batch).await {
                // Left by an interrupted attempt at the same seal: the same text.
                Ok(_) | Err(StoreFailure::DocumentChanged { .. }) => {}
                Err(failure) => return Err(failure),
            }
        }
        let with_lines = people.iter().filter(|(_, keys)| !keys.borrow().is_empty()).count();
        let kept = Sealed {
            buckets,
            people: with_lines,
            left_out: people.len() - with_lines,
            lines: people.iter().map(|(_, keys)| keys.borrow().len()).sum(),
            ..sealed
        };
        let body = serde_json::to_value(&kept).unwrap_or_default();
        self.write(vec![document(SEALS, seal.to_owned(), body)]).await?;
        Ok(())
    }

    pub(super) async fn sealed(&self, seal: &str) -> Result<(Sealed, Document), SealRefused> {
        let found = self.store.documents(SEALS, &[seal.to_owned()]).await?.pop();
        let document = found.ok_or_else(|| SealRefused::Unknown(seal.to_owned()))?;
        let sealed = serde_json::from_value(document.body.clone())
            .map_err(|error| StoreFailure::Damaged(format!("the sealed what-if {seal}: {error}")))?;
        Ok((sealed, document))
    }

    /// The lines a seal names for one person in one site. It binds whoever is decided about by its own policy: what another
    /// one says, such as the one before it after a rollback, was never in the seal.
    pub(crate) async fn sealed_lines(
        &self,
        seal: &str,
        in_force: &str,
        identity: &IdentityId,
        site: &SiteId,
    ) -> Result<Option<SealedLines>, StoreFailure> {
        // What cannot be read binds all the same: the look is made again.
        let sealed = match self.sealed(seal).await {
            Ok((sealed, _)) => sealed,
            Err(SealRefused::Unknown(_)) => return Ok(None),
            Err(SealRefused::Store(failure)) => return Err(failure),
            Err(other) => return Err(StoreFailure::Damaged(other.to_string())),
        };
        if sealed.draft != in_force {
            return Ok(None);
        }
        let now = self.clock.now();
        let later = sealed.waves.as_ref().and_then(|waves| waves.waits(seal, identity, site, now));
        let name = name_of(identity, site);
        let key = format!("{seal}:{}", bucket_of(&name, sealed.buckets));
        let list = self.store.documents(LINES, &[key]).await?.pop();
        let keys = list.and_then(|list| list.body.get(&name).map(key_set));
        Ok(keys.map(|keys| SealedLines { seal: seal.to_owned(), at: sealed.at, keys, later }))
    }

    /// Whether the policy that a seal was made against is in force again.
    pub(crate) async fn is_taken_back(&self, seal: &str, in_force: &str) -> Result<bool, StoreFailure> {
        match self.sealed(seal).await {
            Ok((sealed, _)) => Ok(sealed.in_force == in_force),
            Err(SealRefused::Store(failure)) => Err(failure),
            Err(_) => Ok(false),
        }
    }

    /// Puts the sealed policy in force and raises attention for everybody it names. Answers the policy's files, so that
    /// the caller can keep them where policies live. When everybody was looked at, [`Engine::finish_seal`] says what
    /// became of each line. Safe to repeat after an interruption.
    ///
    /// # Errors
    /// See [`SealRefused`].
    pub async fn start_seal(&self, seal: &str, by: &str) -> Result<PolicyFiles, SealRefused> {
        self.start_seal_in_waves(seal, by, None).await
    }

    /// The same, not for everybody at once: see [`Engine::advance_roll_out`].
    ///
    /// # Errors
    /// See [`SealRefused`].
    pub async fn start_seal_in_waves(
        &self,
        seal: &str,
        by: &str,
        waves: Option<Waves>,
    ) -> Result<PolicyFiles, SealRefused> {
        if self.settings.observe_only {
            return Err(SealRefused::ObserveOnly);
        }
        let (mut sealed, document) = self.sealed(seal).await?;
        if self.active().policy.guardrails().second_person {
            let why = "a second person must agree to a publication: publish it as a draft".to_owned();
            return Err(SealRefused::Policy(why));
        }
        if sealed.ended_at.is_some() {
            return Err(SealRefused::Applied(seal.to_owned()));
        }
        let busy = self.rollout();
        if let Some(other) = busy.as_ref().filter(|other| *other != seal) {
            return Err(SealRefused::Busy(other.clone()));
        }
        let files =
            PolicyFiles { toml: (sealed.name.clone(), sealed.rules.clone()), tables: sealed.tables.clone() };
        let found = self.active().policy.seal().to_owned();
        let goes_on = busy.is_some() && found == sealed.draft;
        if found != sealed.in_force && !goes_on {
            let (wanted, found) = (short(&sealed.in_force), short(&found));
            return Err(SealRefused::PolicyMoved { seal: seal.to_owned(), wanted, found });
        }
        // The world may have learnt of a mistake since: a group that was deleted, a schema that could not be read then.
        let policy = match goes_on {
            true => Policy::parse(&files).map_err(|problems| SealRefused::Policy(problems.render()))?,
            false => self.usable(&files).await.map_err(unusable)?,
        };
        let now = self.clock.now();
        let since = *sealed.started_at.get_or_insert(now);
        if !goes_on {
            sealed.waves = waves;
            let dead = self.store.work_counts(None, now).await?.dead;
            sealed.waves.iter_mut().for_each(|waves| waves.begin(now, dead));
        }
        let mut batch = vec![
            Write::Meta { key: ROLLOUT.into(), value: seal.to_owned() },
            Write::Document(Box::new(Document {
                body: serde_json::to_value(&sealed).unwrap_or_default(),
                ..document
            })),
        ];
        for tenant in self.directories().keys() {
            batch.push(self.seal_line(tenant, now, format!("{seal} is being applied"), by, &sealed));
        }
        self.write(batch).await?;
        // The lines bind before the policy does.
        self.set_rollout(Some(seal.to_owned()));
        let reason = format!("the sealed what-if {seal}");
        let wish = Wish { by, reason: &reason, expected: None };
        match self.put_in_force(policy, wish, None, None, Vec::new()).await {
            // Put in force before an interruption.
            Ok(_) | Err(PolicyRefusal::Same(_)) => {}
            Err(PolicyRefusal::Store(failure)) => return Err(failure.into()),
            Err(refusal) => return Err(SealRefused::Policy(refusal.to_string())),
        }
        let who: Vec<_> = self.all_sealed(seal, &sealed).await?.into_iter().map(|(who, ..)| who).collect();
        self.attend_sealed(seal, &who, since).await?;
        Ok(files)
    }

    fn seal_line(
        &self,
        tenant: &TenantId,
        now: Timestamp,
        title: String,
        by: &str,
        sealed: &Sealed,
    ) -> Write {
        line(tenant, now, "whatif", title)
            .detail(format!("by {by}; {} people", sealed.people))
            .data(serde_json::json!({ "draft": sealed.draft, "in_force": sealed.in_force, "by": by }))
            .write()
    }

    /// Whom a seal names. It never changes, and is asked for again and again while a seal is applied: read once.
    async fn named_in(&self, seal: &str, sealed: &Sealed) -> Result<Arc<BTreeSet<IdentityId>>, StoreFailure> {
        let known = || self.sealed_people.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, people)) = known().as_ref().filter(|(name, _)| name == seal) {
            return Ok(Arc::clone(people));
        }
        let people = self.all_sealed(seal, sealed).await?.into_iter().map(|(who, ..)| who).collect();
        let people = Arc::new(people);
        *known() = Some((seal.to_owned(), Arc::clone(&people)));
        Ok(people)
    }

    pub(super) async fn all_sealed(
        &self,
        seal: &str,
        sealed: &Sealed,
    ) -> Result<Vec<(IdentityId, SiteId, BTreeSet<String>)>, StoreFailure> {
        let mut all = Vec::new();
        for bucket in 0..sealed.buckets {
            let list = self.store.documents(LINES, &[format!("{seal}:{bucket}")]).await?;
            for (name, keys) in list.iter().filter_map(|list| list.body.as_object()).flatten() {
                let Some((identity, site)) = name.rsplit_once('@') else { continue };
                let Some((tenant, user)) = identity.split_once('/') else { continue };
                let identity = IdentityId::new(TenantId::new(tenant), user);
                all.push((identity, SiteId::new(site), key_set(keys)));
            }
        }
        all.sort();
        Ok(all)
    }

    /// When a seal was applied, and what it named; `None`: it never was.
    pub(crate) async fn applied_seal(&self, seal: &str) -> Result<Option<AppliedSeal>, SealRefused> {
        let (sealed, _) = self.sealed(seal).await?;
        let Some(since) = sealed.started_at else { return Ok(None) };
        let all = self.all_sealed(seal, &sealed).await?;
        let named = all.into_iter().map(|(who, site, lines)| ((who, site), lines)).collect();
        Ok(Some(AppliedSeal { since, until: sealed.ended_at, named }))
    }

    /// Says what became of each line, and ends the application. Lines that were wanted and not sealed go on waiting for
    /// somebody, each by its own request.
    ///
    /// # Errors
    /// See [`SealRefused`].
    pub async fn finish_seal(&self, seal: &str, by: &str) -> Result<SealReport, SealRefused> {
        let (mut sealed, document) = self.sealed(seal).await?;
        let since = sealed.started_at.ok_or_else(|| SealRefused::Unknown(seal.to_owned()))?;
        let now = self.clock.now();
        // What later waves wait for is held by the seal alone: without it the policy in force would do it everywhere.
        let in_force = self.active().policy.seal() == sealed.draft;
        if in_force && sealed.waves.as_ref().is_some_and(|waves| waves.begun < waves.count()) {
            return Err(SealRefused::WavesLeft { seal: seal.to_owned() });
        }
        let mut done: BTreeMap<(IdentityId, SiteId), BTreeSet<String>> = BTreeMap::new();
        let until = now + std::time::Duration::from_secs(1);
        for (intent, outcome) in self.store.intents_between(since, until, usize::MAX).await? {
            if outcome.as_ref().is_some_and(Outcome::is_success)
                && let Some(inverse) = intent.inverse
            {
                let lines = done.entry((intent.identity, intent.site)).or_default();
                lines.extend(inverse.lines.into_iter().map(|line| line.key));
            }
        }
        let mut report = SealReport {
            seal: seal.to_owned(),
            people: 0,
            left_out: 0,
            lines: 0,
            done: 0,
            refused: Vec::new(),
            moved: Vec::new(),
        };
        for (identity, site, lines) in self.all_sealed(seal, &sealed).await? {
            report.people += usize::from(!lines.is_empty());
            report.left_out += usize::from(lines.is_empty());
            report.lines += lines.len();
            let went = done.remove(&(identity.clone(), site.clone())).unwrap_or_default();
            let newest = self.store.plans(Some(&identity), 5).await?;
            let plan = newest.iter().find(|plan| plan.site == site && plan.made_at >= since);
            let later = self.store.planned(std::slice::from_ref(&identity)).await?.pop().flatten();
            let later = later.map(|look| look.due);
            // What a step takes away is told by what is there before; what was held is there still.
            let before = match plan.and_then(|plan| plan.account.as_ref()) {
                Some(account) if !lines.is_subset(&went) => self.store.account(account).await?,
                _ => None,
            };
            for line in lines {
                if went.contains(&line) {
                    report.done += 1;
                    continue;
                }
                let gate = plan.and_then(|plan| {
                    let is_it =
                        |step: &&Step| lanyard_plan::lines::keys(&step.op, before.as_ref()).contains(&line);
                    plan.steps.iter().filter(is_it).find_map(|step| step.gate.why()).map(str::to_owned)
                });
                let fate = match (gate, plan, later) {
                    (Some(gate), ..) => gate,
                    (None, None, Some(due)) if due > now => {
                        format!("not done yet; it is tried again at {due}")
                    }
                    (None, None, Some(_)) => "not looked at yet".to_owned(),
                    // Whether there were any was not known when it was sealed: nothing was booked.
                    _ if is_about_bookings(&line) => {
                        report.done += 1;
                        continue;
                    }
                    _ => "the world moved: it is not wanted any more".to_owned(),
                };
                report.refused.push(LineFate { identity: identity.clone(), site: site.clone(), line, fate });
            }
            let rule = format!("{}{seal}", lanyard_plan::clearing::WHATIF);
            for waiting in self.store.clearances_of(&identity, Some(&site)).await? {
                if waiting.rule == rule && !waiting.over && waiting.state.is_open() {
                    report.moved.extend(waiting.lines.iter().map(|line| LineFate {
                        identity: identity.clone(),
                        site: site.clone(),
                        line: line.what.clone(),
                        fate: format!("not in the seal: the world moved; it waits ({})", waiting.id),
                    }));
                }
            }
        }
        sealed.ended_at = Some(now);
        let mut batch = vec![
            Write::FindingOver { key: format!("rollout:{seal}"), at: now },
            Write::Meta { key: ROLLOUT.into(), value: String::new() },
            Write::Document(Box::new(Document {
                body: serde_json::to_value(&sealed).unwrap_or_default(),
                ..document
            })),
        ];
        for tenant in self.directories().keys() {
            let title =
                format!("{seal} applied: {} lines done, {} refused", report.done, report.refused.len());
            batch.push(self.seal_line(tenant, now, title, by, &sealed));
        }
        self.write(batch).await?;
        self.set_rollout(None);
        *self.sealed_people.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
        self.keep_report(&report).await?;
        Ok(report)
    }
}

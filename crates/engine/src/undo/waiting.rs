//! Undos of which something waits: for somebody's word, or for a moment. They go on by themselves as soon as that is there, with
//! the lines that were waited for and no others. What the world has taken out of their hands by then is told line by line.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    account::Account,
    clearance::{Clearance, ClearanceState, GatedLine},
    id::{IdentityId, SiteId},
    place::Catalogue,
    plan::{Gate, Outcome, Step},
    signal::{Lane, Source},
};
use lanyard_plan::{lines, seal, undo::Left};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{INTENTS_MAX, Planned, UndoFor, away::not_taken_back, named};
use crate::{
    Engine,
    explain::PreviewError,
    journal::line,
    look::{Stop, Tail},
    ports::{Document, DocumentKey, Intent, Severity, StoreFailure, UNDOS, WorkItem, Write},
};

/// How an undo stands of which something waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoState {
    /// It goes on by itself.
    Waiting,
    /// All that waited is as it was before.
    Done,
    /// It has come to its end, and some of what waited was not taken back.
    Refused,
}

/// A line that is not taken back, though it was waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineLeft {
    pub line: String,
    pub what: String,
    pub why: String,
}

/// What an undo waits for, or what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoStanding {
    pub state: UndoState,
    /// Who takes it back, and why.
    pub because: String,
    pub asked_at: Timestamp,
    pub waits: Vec<GatedLine>,
    /// Requests that it made, by id.
    pub requests: Vec<String>,
    /// It does not go on before then.
    pub until: Option<Timestamp>,
    pub refused: Vec<LineLeft>,
    pub ended_at: Option<Timestamp>,
}

/// The same as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    identity: IdentityId,
    site: SiteId,
    /// Operations that are taken back, and when the first of them was sent.
    of: BTreeSet<String>,
    since: Timestamp,
    /// The clearance that keeps the policy from what is taken back.
    away: Option<String>,
    standing: UndoStanding,
}

impl Kept {
    fn names(&self, key: &str) -> bool {
        self.standing.waits.iter().any(|line| line.key == key)
    }

    /// How it stands from now on.
    fn settle(&mut self, waits: Waits, now: Timestamp) {
        let Waits { lines, requests, until } = waits;
        let standing = &mut self.standing;
        (standing.waits, standing.until) = (lines, until);
        let new = requests.into_iter().filter(|id| !standing.requests.contains(id)).collect::<Vec<_>>();
        standing.requests.extend(new);
        if standing.waits.is_empty() {
            standing.ended_at = Some(now);
            standing.state = if standing.refused.is_empty() { UndoState::Done } else { UndoState::Refused };
        }
    }

    fn document(&self, version: i64) -> Write {
        let key = |kind: &str, value: String| DocumentKey { kind: kind.into(), value, sole: false };
        let state = serde_json::to_value(self.standing.state).unwrap_or_default();
        Write::Document(Box::new(Document {
            collection: UNDOS.into(),
            key: name(&self.identity, &self.site, &self.of),
            version,
            keys: vec![
                key("person", self.identity.to_string()),
                key(STATE, state.as_str().unwrap_or_default().to_owned()),
            ],
            body: serde_json::to_value(self).unwrap_or_default(),
        }))
    }
}

const STATE: &str = "state";

/// What of a plan waits.
#[derive(Default)]
struct Waits {
    lines: Vec<GatedLine>,
    requests: BTreeSet<String>,
    /// The last moment that a part of it is held until.
    until: Option<Timestamp>,
}

impl Waits {
    fn of(steps: &[Step], before: Option<&Account>, catalogue: &Catalogue) -> Self {
        let mut waits = Self::default();
        for step in steps {
            match &step.gate {
                Gate::Held { until, .. } => waits.until = waits.until.max(Some(*until)),
                Gate::Waiting { clearance, .. } => drop(waits.requests.insert(clearance.clone())),
                Gate::Open | Gate::Blocked { .. } => continue,
            }
            waits.lines.extend(lines::lines(step, before, catalogue));
        }
        waits.lines.sort();
        waits.lines.dedup_by(|a, b| a.key == b.key);
        waits
    }
}

/// What became of the attempt to go on.
enum Next {
    Over,
    /// It waits on; until when at most, if that is known.
    Waits(Option<Timestamp>),
}

/// The same operations of the same person in the same site are the same undo.
fn name(identity: &IdentityId, site: &SiteId, of: &BTreeSet<String>) -> String {
    let mut hash = Sha256::new();
    for part in [identity.to_string(), site.to_string()].iter().chain(of) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let hex: String = hash.finalize()[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("und_{hex}")
}

fn ids(done: &[(Intent, Outcome)]) -> BTreeSet<String> {
    done.iter().map(|(intent, _)| intent.id.clone()).collect()
}

fn read(document: &Document) -> Result<Kept, StoreFailure> {
    serde_json::from_value(document.body.clone())
        .map_err(|error| StoreFailure::Damaged(format!("the undo {} cannot be read: {error}", document.key)))
}

fn stopped(error: PreviewError) -> Stop {
    match error {
        PreviewError::Port(failure) => Stop::Port(failure),
        PreviewError::Store(failure) => Stop::Store(failure),
        other => Stop::Dead { error: other.to_string(), fix: "take it back again".into() },
    }
}

impl Engine {
    /// Reads of whom something is to be taken back later.
    pub(crate) async fn load_undos(&self) -> Result<(), StoreFailure> {
        let waiting = self.store.documents_by_key(UNDOS, STATE, "waiting").await?;
        let who = waiting
            .iter()
            .map(|one| Ok(read(one)?.identity))
            .collect::<Result<BTreeSet<_>, StoreFailure>>()?;
        let mut batch = Vec::new();
        if !who.is_empty() {
            // A time that they wait for may have come meanwhile.
            batch.push(Write::Attend {
                who: who.iter().cloned().collect(),
                source: Source::Timer,
                lane: Lane::Normal,
                due: self.clock.now(),
                why: "something is to be taken back of them".into(),
            });
        }
        *self.later() = who;
        self.write(batch).await.map(drop)
    }

    fn later(&self) -> std::sync::MutexGuard<'_, BTreeSet<IdentityId>> {
        self.to_take_back.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// How an undo of these operations stands, if something of it ever waited.
    pub(super) async fn standing_of(
        &self,
        identity: &IdentityId,
        site: &SiteId,
        done: &[(Intent, Outcome)],
    ) -> Result<Option<UndoStanding>, StoreFailure> {
        let known = self.kept_undo(&name(identity, site, &ids(done))).await?;
        Ok(known.map(|(_, kept)| kept.standing))
    }

    /// Records of what is kept away by undos of somebody that still wait. Until such an undo has come to its end, the policy may
    /// want nothing of what it keeps away, because all of that is there: the record has its reason all the same.
    pub(crate) async fn kept_by_waiting_undos(
        &self,
        who: &IdentityId,
    ) -> Result<BTreeSet<String>, StoreFailure> {
        let mut records = BTreeSet::new();
        if self.later().contains(who) {
            for document in self.store.documents_by_key(UNDOS, "person", &who.to_string()).await? {
                let kept = read(&document)?;
                records.extend(kept.away.filter(|_| kept.standing.state == UndoState::Waiting));
            }
        }
        Ok(records)
    }

    async fn kept_undo(&self, key: &str) -> Result<Option<(i64, Kept)>, StoreFailure> {
        let found = self.store.documents(UNDOS, &[key.to_owned()]).await?;
        found.first().map(|document| Ok((document.version, read(document)?))).transpose()
    }

    /// Keeps what of an undo waits, once the rest was sent and read back. `None`: nothing waits.
    pub(super) async fn keep_waiting(
        &self,
        done: &[(Intent, Outcome)],
        because: &str,
        away: Option<String>,
        after: &Planned,
    ) -> Result<Option<UndoStanding>, StoreFailure> {
        let UndoFor { identity, site, plan, .. } = &after.shown;
        let of = ids(done);
        let known = self.kept_undo(&name(identity, site, &of)).await?;
        let (version, before) = known.map_or((0, None), |(version, kept)| (version, Some(kept)));
        let waits = match self.sites().get(site) {
            Some(state) => Waits::of(&plan.steps, after.account.as_ref(), &state.catalogue()),
            None => Waits::default(),
        };
        let now = self.clock.now();
        let waited = before.is_some_and(|before| before.standing.state == UndoState::Waiting);
        if waits.lines.is_empty() && !waited {
            return Ok(None);
        }
        let standing = UndoStanding {
            state: UndoState::Waiting,
            because: because.to_owned(),
            asked_at: now,
            waits: Vec::new(),
            requests: Vec::new(),
            until: None,
            refused: Vec::new(),
            ended_at: None,
        };
        let since = done.iter().map(|(intent, _)| intent.at).min().unwrap_or(now);
        let (identity, site) = (identity.clone(), site.clone());
        let mut kept = Kept { identity, site, of, since, away, standing };
        if waits.lines.is_empty() {
            kept.standing.refused = blocked(after);
        }
        kept.settle(waits, now);
        self.write(vec![kept.document(version)]).await?;
        if kept.standing.state == UndoState::Waiting {
            self.later().insert(kept.identity.clone());
        }
        Ok(Some(kept.standing))
    }

    /// Goes on with what is to be taken back of somebody, where nothing is waited for any more.
    pub(crate) async fn go_on_with_undos(&self, item: &WorkItem, tail: &mut Tail) -> Result<(), Stop> {
        let who = &item.identity;
        if !self.later().contains(who) {
            return Ok(());
        }
        let (mut waits, mut failed) = (false, None);
        for document in self.store.documents_by_key(UNDOS, "person", &who.to_string()).await? {
            let kept = read(&document)?;
            if kept.standing.state != UndoState::Waiting {
                continue;
            }
            match self.go_on(&document.key, &kept).await {
                Ok(Next::Over) => {}
                Ok(Next::Waits(until)) => {
                    waits = true;
                    tail.review_by(until, "what is to be taken back of them may go on");
                }
                Err(stop @ Stop::Store(_)) => return Err(stop),
                // Another site's need not wait for it.
                Err(stop) => {
                    waits = true;
                    failed.get_or_insert(stop);
                }
            }
        }
        if !waits {
            self.later().remove(who);
        }
        failed.map_or(Ok(()), Err)
    }

    /// What it still waits for; `None`: it can go on.
    async fn waits_still(&self, kept: &Kept) -> Result<Option<Next>, StoreFailure> {
        let now = self.clock.now();
        let known = self.store.clearances_of(&kept.identity, Some(&kept.site)).await?;
        if released(kept, &known).is_some() {
            return Ok(None);
        }
        let open = |one: &&Clearance| {
            kept.standing.requests.contains(&one.id)
                && !one.over
                && one.state == ClearanceState::Waiting
                && one.until.is_none_or(|until| now < until)
        };
        let open: Vec<_> = known.iter().filter(open).map(|one| one.until).collect();
        if !open.is_empty() {
            return Ok(Some(Next::Waits(open.into_iter().flatten().min())));
        }
        let held = kept.standing.until.filter(|until| now < *until);
        Ok(held.map(|until| Next::Waits(Some(until))))
    }

    async fn go_on(&self, key: &str, kept: &Kept) -> Result<Next, Stop> {
        if let Some(next) = self.waits_still(kept).await? {
            return Ok(next);
        }
        let (identity, site) = (&kept.identity, &kept.site);
        let Some(state) = self.sites().get(site).filter(|_| self.may_write(site)) else {
            return Ok(Next::Waits(None));
        };
        let (held, link) = self.hold(state, identity).await?;
        // Whoever held it before may have asked for the same undo.
        let known = self.kept_undo(key).await?;
        let Some((version, mut kept)) = known.filter(|(_, kept)| kept.standing.state == UndoState::Waiting)
        else {
            return Ok(Next::Over);
        };
        let because = kept.standing.because.clone();
        let done = self.sent_of(&kept).await?;
        let mut planned = self.undo_for(identity, site, &done, &because).await.map_err(stopped)?;
        let (now, catalogue) = (self.clock.now(), state.catalogue());
        let waited = kept.standing.waits.len();
        let in_place = not_taken_back(&planned);
        let refused = match released(&kept, &planned.applying.known) {
            Some(why) => refuse_all(&mut planned, &kept, &why),
            None => keep_agreed(&mut planned, &kept, &catalogue),
        };
        kept.standing.refused.extend(refused);
        let asked = self.asked_anew(&planned.new, &planned.shown.plan, now).await?;
        self.write(asked).await?;
        let before = planned.account.clone();
        let open = planned.shown.plan.open_steps().map(|(_, step)| step);
        let sends: Vec<GatedLine> =
            open.flat_map(|step| lines::lines(step, before.as_ref(), &catalogue)).collect();
        let mut batch = Vec::new();
        if !sends.is_empty() {
            let known = &planned.applying.known;
            let away = self.keep_away(&planned.shown, known, &because, now).await.map_err(stopped)?;
            kept.away = away.or(kept.away);
            let sent = self.send(state, &mut planned, link, &because, now).await.map_err(stopped)?;
            let error = match sent {
                (Ok(()), tail) => {
                    batch = tail.writes;
                    None
                }
                (Err(Stop::Dead { error, .. }), tail) => {
                    batch = tail.writes;
                    Some(error)
                }
                (Err(stop), tail) => {
                    self.write(tail.writes).await?;
                    return Err(stop);
                }
            };
            // A read says what became of it.
            let after = self.undo_for(identity, site, &done, &because).await.map_err(stopped)?;
            let still = |key: &String| {
                let steps = &after.shown.plan.steps;
                steps.iter().any(|step| lines::keys(&step.op, after.account.as_ref()).contains(key))
            };
            let capped = planned.applying.capped.take();
            let why = error.or(capped);
            let why = why.unwrap_or_else(|| "it was sent, and is still different when read back".into());
            let failed = sends.iter().filter(|line| still(&line.key));
            kept.standing.refused.extend(failed.map(|line| left(line, &why)));
        }
        let waits = Waits::of(&planned.shown.plan.steps, before.as_ref(), &catalogue);
        kept.settle(waits, now);
        batch.push(kept.document(version));
        batch.push(went_on(&kept, &planned, waited, self.clock.now()));
        self.write(batch).await?;
        let next = match kept.standing.state {
            // Not at once: whatever it waits for would be asked for without end.
            UndoState::Waiting => {
                self.waits_still(&kept).await?.unwrap_or(Next::Waits(Some(now + self.settings.retry_first)))
            }
            UndoState::Done | UndoState::Refused => {
                let mut asked = self.store.clearances_of(identity, Some(site)).await?;
                asked.retain(|one| kept.standing.requests.contains(&one.id));
                self.end_asked(&asked, &because, now).await?;
                self.keep_no_longer(kept.away.as_deref(), &in_place, now).await?;
                Next::Over
            }
        };
        drop(held);
        Ok(next)
    }

    /// The operations that it takes back, in the order they were done.
    async fn sent_of(&self, kept: &Kept) -> Result<Vec<(Intent, Outcome)>, StoreFailure> {
        let since = kept.since - SignedDuration::from_secs(1);
        let sent = self.store.intents_of(&kept.identity, since, INTENTS_MAX + 1).await?;
        let its = |(intent, outcome): (Intent, Option<Outcome>)| {
            let outcome = outcome.filter(Outcome::is_success)?;
            (intent.site == kept.site && kept.of.contains(&intent.id)).then_some((intent, outcome))
        };
        Ok(sent.into_iter().filter_map(its).collect())
    }
}

/// Why nothing of it is taken back any more: somebody gave the policy its way again.
fn released(kept: &Kept, known: &[Clearance]) -> Option<String> {
    // A look ends it too, as long as the policy wants nothing that it keeps away: that says nothing about the undo.
    let said_so = |one: &&Clearance| one.over && one.votes.iter().any(|vote| vote.yes);
    let away = known.iter().filter(|one| Some(&one.id) == kept.away.as_ref()).find(said_so)?;
    Some(away.ended.as_ref().map_or_else(|| "the undo was released".into(), |(_, why)| why.clone()))
}

fn left(line: &GatedLine, why: &str) -> LineLeft {
    LineLeft { line: line.key.clone(), what: line.what.clone(), why: why.to_owned() }
}

/// What an undo leaves open that waits for nothing, each with its reason.
fn blocked(after: &Planned) -> Vec<LineLeft> {
    let told = |step: &Step| {
        let why = step.gate.why().unwrap_or("it is still different when read back").to_owned();
        let keys = lines::keys(&step.op, after.account.as_ref()).into_iter();
        let what = step.differences.iter().map(lines::sentence).collect::<Vec<_>>().join("; ");
        keys.map(|line| LineLeft { line, what: what.clone(), why: why.clone() }).collect::<Vec<_>>()
    };
    after.shown.plan.steps.iter().flat_map(told).collect()
}

fn refuse_all(planned: &mut Planned, kept: &Kept, why: &str) -> Vec<LineLeft> {
    planned.shown.plan.steps.clear();
    planned.new.clear();
    kept.standing.waits.iter().map(|line| left(line, why)).collect()
}

/// Leaves of the plan what was waited for. Answers what is refused of that, and what would be taken back now that nobody was
/// asked about.
fn keep_agreed(planned: &mut Planned, kept: &Kept, catalogue: &Catalogue) -> Vec<LineLeft> {
    let Planned { shown, lost, moved, account, new, .. } = planned;
    let before = account.as_ref();
    let (mut refused, mut steps, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for step in std::mem::take(&mut shown.plan.steps) {
        let (others, ours) = lines::split(step, before, catalogue, &|key| kept.names(key));
        // What is blocked now was not waited for then, either.
        let others = others.filter(|step| !matches!(step.gate, Gate::Blocked { .. }));
        let unasked = "the world has moved: nobody was asked about this; take it back again";
        for line in others.iter().flat_map(|step| lines::lines(step, before, catalogue)) {
            refused.push(left(&line, unasked));
        }
        let Some(step) = ours else { continue };
        let its = lines::lines(&step, before, catalogue);
        seen.extend(its.iter().map(|line| line.key.clone()));
        match &step.gate {
            Gate::Blocked { why, .. } => refused.extend(its.iter().map(|line| left(line, why))),
            _ => steps.push(step),
        }
    }
    shown.plan.steps = steps;
    shown.plan = named(seal::seal(shown.plan.clone()));
    for asked in new.iter_mut() {
        asked.lines.retain(|line| kept.names(&line.key));
        asked.plan = shown.plan.id.clone();
    }
    new.retain(|asked| !asked.lines.is_empty());
    let unplanned = kept.standing.waits.iter().filter(|line| !seen.contains(&line.key));
    refused.extend(unplanned.filter_map(|line| Some(left(line, &why_not(&line.key, lost, moved)?))));
    refused
}

/// Why a line is not planned any more; `None`: it is as it was before.
fn why_not(line: &str, lost: &[Left], moved: &[Left]) -> Option<String> {
    let is_about = |one: &&Left| one.lines.iter().any(|key| key == line);
    if moved.iter().any(|one| is_about(&one)) {
        return Some("the world has moved: somebody changed it since, and it is left alone".into());
    }
    let gone = lost.iter().find(is_about)?;
    Some(format!("the world has moved: {}", gone.what))
}

/// The journal's word on it.
fn went_on(kept: &Kept, planned: &Planned, waited: usize, at: Timestamp) -> Write {
    let Kept { identity, site, standing, .. } = kept;
    let refused = &standing.refused;
    let title = match (standing.state, refused.len()) {
        (UndoState::Waiting, _) => {
            format!("what was to be taken back goes on: {} of {waited} lines wait", standing.waits.len())
        }
        (_, 0) => format!("what was to be taken back goes on: {waited} lines as before"),
        (_, 1) => "what was to be taken back goes on: 1 line refused".to_owned(),
        (_, count) => format!("what was to be taken back goes on: {count} lines refused"),
    };
    let told = refused.iter().map(|one| format!("{}: {}", one.what, one.why));
    let detail: Vec<String> = std::iter::once(standing.because.clone()).chain(told).collect();
    line(&identity.tenant, at, "undo", title)
        .about(identity, &planned.shown.person)
        .site(site)
        .severity(if refused.is_empty() { Severity::Info } else { Severity::Warning })
        .detail(detail.join("; "))
        .data(serde_json::json!({
            "plan": planned.shown.plan.id,
            "requests": standing.requests,
            "waits": standing.waits.iter().map(|line| &line.key).collect::<Vec<_>>(),
            "refused": refused,
        }))
        .write()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_own_reason_and_no_namesakes() {
        let of = |what: &str, line: &str| Left { what: what.into(), lines: vec![line.into()] };
        // One center's name begins as the other's, and a seat is no seat classification.
        let moved =
            [of("role in Reservations", "role-:51:CUSTOMER"), of("seat classification", "class:remote")];
        let lost = [of("seat Level 9 / 9-001: it is taken, or gone", "seat+:901")];
        let why = |line| why_not(line, &lost, &moved);
        assert_eq!(why("role-:52:CUSTOMER"), None, "Reservations South is as it was before");
        assert_eq!(why("seat-:11"), None);
        let left = "the world has moved: somebody changed it since, and it is left alone";
        assert_eq!(why("role-:51:CUSTOMER").as_deref(), Some(left));
        let gone = "the world has moved: seat Level 9 / 9-001: it is taken, or gone";
        assert_eq!(why("seat+:901").as_deref(), Some(gone));
    }
}

//! A sealed what-if that goes out in waves: some people first, the others after a pause, and nobody more once a limit, a
//! list in doubt or failures say that something is wrong. Until their wave begins, people keep what they have: what the seal
//! names for them is held.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use lanyard_model::{
    id::{IdentityId, SiteId, TenantId},
    signal::{Lane, Source},
};
use serde::{Deserialize, Serialize};

use super::seal::{BATCH, SealRefused, Sealed};
use crate::{
    Engine,
    journal::line,
    ports::{Document, Finding, Severity, StoreFailure, Write},
};

/// Kinds of findings that halt a roll-out when they begin during it, or are open where it changes something.
const HALTS: [&str; 6] = ["cap", "certificate", "credential", "leaver_late", "unread", "undead"];
/// Open findings that are looked through, worst first.
const FINDINGS_MAX: usize = 10_000;
/// Failed operations that halt it: so many, and so large a share.
const FAILED_MIN: u64 = 3;
const FAILED_PERCENT: u64 = 5;
/// No shorter pause between two waves: what goes wrong must have time to show.
pub const PAUSE_MIN: Duration = Duration::from_secs(60);
/// No longer pause between two waves: a roll-out is finished or given up.
pub const PAUSE_MAX: Duration = Duration::from_secs(30 * 86_400);
/// People of a halted roll-out are looked at again so much later, unless it goes on.
const HALTED_LOOK: Duration = Duration::from_secs(86_400);

/// Who is in one wave, besides those of the waves before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wave {
    /// So many of a hundred, by chance, the same whenever it is asked.
    Share(u8),
    Sites(BTreeSet<SiteId>),
}

impl std::fmt::Display for Wave {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Share(percent) => write!(f, "{percent}%"),
            Self::Sites(sites) => {
                f.write_str(&sites.iter().map(SiteId::as_str).collect::<Vec<_>>().join("+"))
            }
        }
    }
}

/// The waves as they are asked for: `5%`, `south`, `hq+south`. Whoever is in none of them is in the last one.
///
/// # Errors
/// A sentence that names the word.
pub fn parse(words: &[String], sites: &BTreeSet<SiteId>) -> Result<Vec<Wave>, String> {
    let mut waves: Vec<Wave> = Vec::new();
    for word in words.iter().map(|word| word.trim()) {
        let wave = match word.strip_suffix('%') {
            Some(number) => {
                let before = waves.iter().rev().find_map(|wave| match wave {
                    Wave::Share(percent) => Some(*percent),
                    Wave::Sites(_) => None,
                });
                let percent = number.parse::<u8>().ok().filter(|percent| (1..=100).contains(percent));
                let percent = percent.ok_or_else(|| format!("\"{word}\" is no share: write 1% to 100%"))?;
                if before.is_some_and(|before| before >= percent) {
                    return Err(format!("\"{word}\" is not more than the share before it"));
                }
                Wave::Share(percent)
            }
            None => {
                let named: BTreeSet<SiteId> = word.split('+').map(SiteId::new).collect();
                match named.iter().find(|site| !sites.contains(*site)) {
                    Some(unknown) => {
                        let known: Vec<_> = sites.iter().map(SiteId::as_str).collect();
                        return Err(format!(
                            "\"{unknown}\" is neither a share (5%) nor a site; sites are {}",
                            known.join(", ")
                        ));
                    }
                    None => Wave::Sites(named),
                }
            }
        };
        waves.push(wave);
    }
    match waves.is_empty() {
        true => Err("a roll-out needs a first wave".into()),
        false => Ok(waves),
    }
}

/// How far a roll-out has come. Kept with its seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waves {
    pub waves: Vec<Wave>,
    pub pause_seconds: u64,
    /// How many waves have begun; the last one, of everybody else, is not among `waves`.
    pub begun: usize,
    pub began_at: Timestamp,
    /// People who waited for somebody when the last wave began.
    dead_before: u64,
    /// Why no further wave begins.
    #[serde(default)]
    pub halted: Option<String>,
    /// Findings that were open when somebody let it go on or begin all the same, by key. They halt it when they grow.
    #[serde(default)]
    accepted: BTreeMap<String, Accepted>,
}

/// A finding as somebody accepted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Accepted {
    since: Timestamp,
    severity: Severity,
    count: Option<u64>,
}

impl Accepted {
    fn of(finding: &Finding) -> (String, Self) {
        let (since, severity) = (finding.since, finding.severity);
        (finding.key.clone(), Self { since, severity, count: finding.count })
    }

    /// Whether this is the same, and no worse. A count where none was known then is worse: somebody is asked once more.
    fn covers(&self, finding: &Finding) -> bool {
        self.since == finding.since && finding.severity <= self.severity && finding.count <= self.count
    }
}

/// Where a seal changes something.
struct Concerned {
    sites: BTreeSet<SiteId>,
    tenants: BTreeSet<TenantId>,
}

impl Concerned {
    fn is(&self, finding: &Finding) -> bool {
        match (&finding.site, &finding.tenant) {
            (Some(site), _) => self.sites.contains(site),
            (None, Some(tenant)) => self.tenants.contains(tenant),
            (None, None) => true,
        }
    }
}

/// Findings that stand in the way, by kind and place. Not their words: they may name somebody.
pub fn named(open: &[Finding]) -> String {
    let named: BTreeSet<String> = open
        .iter()
        .map(|finding| {
            let site = finding.site.as_ref().map(SiteId::as_str);
            match site.or(finding.tenant.as_ref().map(TenantId::as_str)) {
                Some(place) => format!("{} ({place})", finding.kind),
                None => finding.kind.clone(),
            }
        })
        .collect();
    named.into_iter().collect::<Vec<_>>().join(", ")
}

fn halts(finding: &Finding) -> bool {
    HALTS.contains(&&*finding.kind)
}

impl Waves {
    /// The first wave begins now. A pause below [`PAUSE_MIN`] or beyond [`PAUSE_MAX`] is that long.
    pub fn new(waves: Vec<Wave>, pause: Duration, now: Timestamp) -> Self {
        let pause_seconds = pause.clamp(PAUSE_MIN, PAUSE_MAX).as_secs();
        Self {
            waves,
            pause_seconds,
            begun: 1,
            began_at: now,
            dead_before: 0,
            halted: None,
            accepted: BTreeMap::new(),
        }
    }

    /// Somebody begins it although these are open.
    #[must_use]
    pub fn accepting(mut self, open: &[Finding]) -> Self {
        self.accept(open);
        self
    }

    fn accept(&mut self, open: &[Finding]) {
        self.accepted = open.iter().map(Accepted::of).collect();
    }

    fn is_accepted(&self, finding: &Finding) -> bool {
        self.accepted.get(&finding.key).is_some_and(|known| known.covers(finding))
    }

    /// The roll-out begins.
    pub(super) fn begin(&mut self, now: Timestamp, dead: u64) {
        (self.began_at, self.dead_before) = (now, dead);
    }

    /// How many waves there are.
    pub fn count(&self) -> usize {
        self.waves.len() + 1
    }

    /// The wave of somebody, from 0.
    fn of(&self, identity: &IdentityId, site: &SiteId) -> usize {
        let hash = crate::alerts::steady(&format!("{identity}@{site}"));
        let fits = |wave: &Wave| match wave {
            Wave::Share(percent) => hash % 100 < u64::from(*percent),
            Wave::Sites(sites) => sites.contains(site),
        };
        self.waves.iter().position(fits).unwrap_or(self.waves.len())
    }

    /// Until when somebody waits, and why; `None`: their wave has begun.
    pub(super) fn waits(
        &self,
        seal: &str,
        identity: &IdentityId,
        site: &SiteId,
        now: Timestamp,
    ) -> Option<(Timestamp, String)> {
        let wave = self.of(identity, site);
        let ahead = (wave + 1).checked_sub(self.begun).filter(|ahead| *ahead > 0)?;
        let number = format!("wave {} of {} of {seal}", wave + 1, self.count());
        Some(match &self.halted {
            Some(why) => (now + HALTED_LOOK, format!("{number} does not begin: {why}")),
            None => {
                let waits = Duration::from_secs(self.pause_seconds.saturating_mul(ahead as u64));
                let until = self.began_at.checked_add(waits).unwrap_or(Timestamp::MAX);
                (until.max(now + Duration::from_secs(60)), format!("{number} has not begun"))
            }
        })
    }
}

/// How a roll-out stands, for people.
#[derive(Debug, Clone, Serialize)]
pub struct RollOut {
    pub seal: String,
    pub people: usize,
    /// Each wave in words; the last is everybody else.
    pub waves: Vec<String>,
    pub begun: usize,
    pub began_at: Timestamp,
    /// When the next wave begins, or, after the last one, when it is over; `None`: halted.
    pub next_at: Option<Timestamp>,
    pub halted: Option<String>,
}

fn key(seal: &str) -> String {
    format!("rollout:{seal}")
}

impl Engine {
    /// The roll-out under way, if it goes in waves.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn roll_out(&self) -> Result<Option<RollOut>, SealRefused> {
        let Some(seal) = self.rollout() else { return Ok(None) };
        let (sealed, _) = self.sealed(&seal).await?;
        let Some(waves) = sealed.waves else { return Ok(None) };
        let pause = Duration::from_secs(waves.pause_seconds);
        let names = waves.waves.iter().map(ToString::to_string).chain(["everybody else".into()]);
        Ok(Some(RollOut {
            people: sealed.people,
            waves: names.collect(),
            begun: waves.begun,
            began_at: waves.began_at,
            next_at: waves.halted.is_none().then(|| waves.began_at + pause),
            halted: waves.halted,
            seal,
        }))
    }

    /// Begins the next wave when it is time, ends the roll-out after the last one, or halts it. Called now and then.
    ///
    /// # Errors
    /// See [`SealRefused`].
    pub async fn advance_roll_out(&self) -> Result<(), SealRefused> {
        // While the stop button is pressed nothing can be seen to go well.
        let Some(seal) = self.rollout().filter(|_| !self.is_stopped()) else { return Ok(()) };
        let (mut sealed, document) = self.sealed(&seal).await?;
        let now = self.clock.now();
        let going = sealed.waves.clone().filter(|waves| waves.halted.is_none());
        let Some(so_far) = going else { return Ok(()) };
        if let Some(why) = self.tripped(&seal, &sealed, &so_far).await? {
            tracing::warn!(seal, why, "the roll-out is halted");
            let Some(waves) = sealed.waves.as_mut() else { return Ok(()) };
            waves.halted = Some(why.clone());
            let said = format!("halted at wave {} of {}: {why}", waves.begun, waves.count());
            let finding = Finding {
                key: key(&seal),
                kind: "rollout".into(),
                severity: Severity::Error,
                tenant: None,
                site: None,
                identity: None,
                title: format!("the roll-out of {seal} is halted"),
                detail: format!("{said}. Whoever's wave has not begun keeps what they have."),
                fix: Some("find out why; then lanyard rollout resume, or publish the earlier policy and lanyard rollout end".into()),
                count: None,
                since: now,
            };
            return self
                .keep_waves(&seal, sealed, document, said, vec![Write::Finding(Box::new(finding))])
                .await;
        }
        if now < so_far.began_at + Duration::from_secs(so_far.pause_seconds) {
            return Ok(());
        }
        if !self.are_looked_at(&seal, &sealed, &so_far).await? {
            return Ok(());
        }
        let Some(waves) = sealed.waves.as_mut() else { return Ok(()) };
        if waves.begun == waves.count() {
            return self.finish_seal(&seal, "the roll-out").await.map(drop);
        }
        waves.begun += 1;
        waves.began_at = now;
        waves.dead_before = self.store.work_counts(None, now).await?.dead;
        let said = format!("wave {} of {} begins", waves.begun, waves.count());
        self.keep_waves(&seal, sealed.clone(), document, said, Vec::new()).await?;
        self.attend_wave(&seal, &sealed).await
    }

    /// What is open where a seal changes something and would halt it in waves, worst first: it is not begun before somebody
    /// has seen to it, or accepts it ([`Waves::accepting`]). Nothing stands in the way of one that is under way.
    ///
    /// # Errors
    /// See [`SealRefused`].
    pub async fn in_the_way(&self, seal: &str) -> Result<Vec<Finding>, SealRefused> {
        let (sealed, _) = self.sealed(seal).await?;
        if self.rollout().as_deref() == Some(seal) {
            return Ok(Vec::new());
        }
        let concerned = self.concerned(seal, &sealed).await?;
        let open = self.store.findings(FINDINGS_MAX).await?.into_iter();
        Ok(open.filter(|finding| halts(finding) && concerned.is(finding)).collect())
    }

    async fn concerned(&self, seal: &str, sealed: &Sealed) -> Result<Concerned, StoreFailure> {
        let (mut sites, mut tenants) = (BTreeSet::new(), BTreeSet::new());
        for (who, site, _) in self.all_sealed(seal, sealed).await? {
            sites.insert(site);
            tenants.insert(who.tenant);
        }
        Ok(Concerned { sites, tenants })
    }

    /// Lets a halted roll-out go on: what is open now counts no longer, unless it grows. The next wave begins after a pause.
    ///
    /// # Errors
    /// See [`SealRefused`].
    pub async fn resume_roll_out(&self, by: &str) -> Result<(), SealRefused> {
        let seal = self.rollout().ok_or_else(|| SealRefused::Unknown("that is being applied".into()))?;
        let (mut sealed, document) = self.sealed(&seal).await?;
        let now = self.clock.now();
        let open = self.store.findings(FINDINGS_MAX).await?.into_iter();
        let open: Vec<Finding> = open.filter(halts).collect();
        if let Some(waves) = &mut sealed.waves {
            waves.accept(&open);
            waves.halted = None;
            waves.began_at = now;
            waves.dead_before = self.store.work_counts(None, now).await?.dead;
        }
        let over = Write::FindingOver { key: key(&seal), at: now };
        self.keep_waves(&seal, sealed, document, format!("resumed by {by}"), vec![over]).await
    }

    async fn keep_waves(
        &self,
        seal: &str,
        sealed: Sealed,
        document: Document,
        said: String,
        mut batch: Vec<Write>,
    ) -> Result<(), SealRefused> {
        let now = self.clock.now();
        let body = serde_json::to_value(&sealed).unwrap_or_default();
        batch.push(Write::Document(Box::new(Document { body, ..document })));
        for tenant in self.directories().keys() {
            batch.push(line(tenant, now, "whatif", format!("{seal}: {said}")).write());
        }
        self.write(batch).await?;
        Ok(())
    }

    /// Whether everybody whose wave has begun was looked at: an outage must not let one wave after the other pass unseen.
    async fn are_looked_at(&self, seal: &str, sealed: &Sealed, waves: &Waves) -> Result<bool, SealRefused> {
        let all = self.all_sealed(seal, sealed).await?;
        let begun = all.into_iter().filter(|(who, site, _)| waves.of(who, site) < waves.begun);
        Ok(self.open_looks(&begun.map(|(who, ..)| who).collect(), waves.began_at).await? == (0, 0))
    }

    /// Raises attention for those whose wave has just begun.
    async fn attend_wave(&self, seal: &str, sealed: &Sealed) -> Result<(), SealRefused> {
        let Some(waves) = &sealed.waves else { return Ok(()) };
        let all = self.all_sealed(seal, sealed).await?;
        let here = all.into_iter().filter(|(who, site, _)| waves.of(who, site) + 1 == waves.begun);
        let who: Vec<_> = here.map(|(who, ..)| who).collect();
        self.attend_sealed(seal, &who, waves.began_at).await?;
        Ok(())
    }

    /// At the moment that [`Engine::open_looks`] is asked about, also where this is repeated after an interruption.
    pub(super) async fn attend_sealed(
        &self,
        seal: &str,
        who: &[IdentityId],
        due: Timestamp,
    ) -> Result<(), StoreFailure> {
        for part in who.chunks(BATCH) {
            let attend = Write::Attend {
                who: part.to_vec(),
                source: Source::Person,
                lane: Lane::Normal,
                due,
                why: format!("{seal} is being applied"),
            };
            self.write(vec![attend]).await?;
        }
        self.wake.notify_one();
        Ok(())
    }

    /// What has gone wrong since the last wave began, or stands in the way since before.
    async fn tripped(
        &self,
        seal: &str,
        sealed: &Sealed,
        waves: &Waves,
    ) -> Result<Option<String>, StoreFailure> {
        let now = self.clock.now();
        let open = self.store.findings(FINDINGS_MAX).await?.into_iter();
        let open: Vec<_> = open.filter(|finding| halts(finding) && !waves.is_accepted(finding)).collect();
        // Not their words: they may name somebody of one tenant, and a roll-out is everybody's.
        if let Some(finding) = open.iter().find(|finding| finding.since >= waves.began_at) {
            return Ok(Some(format!("a finding of the kind {} began", finding.kind)));
        }
        if !open.is_empty() {
            let concerned = self.concerned(seal, sealed).await?;
            if let Some(finding) = open.iter().find(|finding| concerned.is(finding)) {
                let how = if waves.accepted.contains_key(&finding.key) { "has grown" } else { "is open" };
                return Ok(Some(format!("a finding of the kind {} {how}", finding.kind)));
            }
        }
        let dead = self.store.work_counts(None, now).await?.dead;
        if dead > waves.dead_before {
            return Ok(Some(format!(
                "{} people more than before cannot be brought into step",
                dead - waves.dead_before
            )));
        }
        let day = Duration::from_secs(86_400);
        let rates = self.store.operation_rates(None, waves.began_at, day).await?;
        let (applied, failed) = rates.iter().fold((0, 0), |(a, f), (_, more, less)| (a + more, f + less));
        let share = (applied + failed) * FAILED_PERCENT < failed * 100;
        Ok((failed >= FAILED_MIN && share)
            .then(|| format!("{failed} of {} operations failed", applied + failed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waves_are_shares_or_sites_and_everybody_is_in_one_of_them() {
        let sites = BTreeSet::from(["hq".into(), "south".into()]);
        let waves =
            |words: &[&str]| parse(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>(), &sites);
        for (words, said) in [
            (vec![], "needs a first wave"),
            (vec!["0%"], "\"0%\" is no share"),
            (vec!["101%"], "\"101%\" is no share"),
            (vec!["20%", "10%"], "\"10%\" is not more than the share before it"),
            (vec!["north"], "\"north\" is neither a share (5%) nor a site; sites are hq, south"),
        ] {
            let error = waves(&words).expect_err(said);
            assert!(error.contains(said), "{error}");
        }
        let now = Timestamp::UNIX_EPOCH;
        let all = waves(&["10%", "50%", "south"]).expect("waves");
        let all = Waves::new(all, Duration::from_secs(600), now);
        let mut counts = [0; 4];
        for number in 0..1_000 {
            let who = IdentityId::new("acme".into(), format!("u{number}").as_str());
            let site = if number % 2 == 0 { "hq" } else { "south" };
            counts[all.of(&who, &site.into())] += 1;
        }
        assert!((60..140).contains(&counts[0]) && (340..460).contains(&counts[1]), "{counts:?}");
        assert!(counts[2] > 200 && counts[3] > 200, "{counts:?}");
        assert_eq!(counts.iter().sum::<i32>(), 1_000);
    }
}

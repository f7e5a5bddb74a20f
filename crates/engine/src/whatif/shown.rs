//! What a sealed what-if showed, kept beside its seal: whoever decides later reads, page by page, what was sealed, with the
//! reasons; and how each seal stands.

use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry};

use jiff::Timestamp;
use lanyard_model::id::{IdentityId, SiteId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    PersonEffect, SealRefused, SealReport, WhatIf,
    seal::{BATCH, LINES, SEALS, Sealed, bucket_of, name_of},
    waves::RollOut,
};
use crate::{
    Engine,
    look::key_set,
    ports::{Document, DocumentKey, SHOWN_WHATIFS as SHOWN, StoreFailure, Write},
};

const REPORTS: &str = "whatif:report";
/// People per kept page.
const PAGE: usize = 100;
/// Pages that are kept at once.
const PAGES: usize = 25;
/// Of a what-if that affects more people, the first of them are kept to be read; all of them are sealed.
const PEOPLE_MAX: usize = 20_000;
/// Names of people by what became of them, in the answer's lists.
const NAMED_MAX: usize = 200;
/// Lines of a report that are kept to be read; the journal has the counts.
const FATES_MAX: usize = 500;
/// What-ifs that nobody applied are forgotten beyond so many, the oldest first.
const KEPT_MAX: usize = 60;
/// Seals that are looked through, the newest: each holds a whole policy.
const SEALS_MAX: usize = 200;

/// How a seal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SealState {
    /// It may be applied.
    Open,
    /// Another policy came into force since: it must be computed anew.
    Outdated,
    Applying,
    Applied,
}

/// One sealed what-if in a list.
#[derive(Debug, Clone, Serialize)]
pub struct SealHead {
    pub seal: String,
    /// The seal of which it leaves something out.
    pub of: Option<String>,
    /// Name of the policy.
    pub policy: String,
    pub draft: String,
    pub at: Timestamp,
    pub state: SealState,
    pub people: usize,
    pub lines: usize,
    pub left_out: usize,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// Somebody of a sealed what-if, with reasons in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownPerson {
    pub identity: IdentityId,
    pub person: String,
    pub site: SiteId,
    pub gains: Vec<String>,
    pub loses: Vec<String>,
    pub moves: Vec<String>,
    pub changes: Vec<String>,
    pub waits: Vec<String>,
    pub no_longer: Vec<String>,
    pub lines: BTreeMap<String, BTreeSet<String>>,
    pub because: BTreeMap<String, Vec<String>>,
    /// Texts that this seal leaves out.
    #[serde(default)]
    pub left_out: Vec<String>,
}

/// Whom to show.
#[derive(Debug, Clone, Default)]
pub struct ShownFilter {
    /// `gains`, `loses`, `moves`, `changes` or `waits`.
    pub kind: Option<String>,
    /// Text in a name or a line.
    pub search: String,
}

impl ShownFilter {
    fn wants(&self, one: &ShownPerson) -> bool {
        let kind = match self.kind.as_deref() {
            Some("gains") => !one.gains.is_empty(),
            Some("loses") => !one.loses.is_empty(),
            Some("moves") => !one.moves.is_empty(),
            Some("changes") => !one.changes.is_empty(),
            Some("waits") => !one.waits.is_empty(),
            _ => true,
        };
        let texts = [&one.gains, &one.loses, &one.moves, &one.changes, &one.waits].into_iter().flatten();
        let wanted = self.search.to_lowercase();
        kind && (wanted.is_empty()
            || one.person.to_lowercase().contains(&wanted)
            || texts.into_iter().any(|text| text.to_lowercase().contains(&wanted)))
    }
}

/// One page of a sealed what-if's people.
#[derive(Debug, Clone, Serialize)]
pub struct ShownPage {
    pub items: Vec<ShownPerson>,
    /// How many were passed until the end of this page; `None`: it is the last.
    pub next: Option<usize>,
}

fn shown(one: &PersonEffect, reasons: &[String]) -> ShownPerson {
    let told = |places: &Vec<usize>| places.iter().filter_map(|at| reasons.get(*at).cloned()).collect();
    ShownPerson {
        identity: one.identity.clone(),
        person: one.person.clone(),
        site: one.site.clone(),
        gains: one.gains.clone(),
        loses: one.loses.clone(),
        moves: one.moves.clone(),
        changes: one.changes.clone(),
        waits: one.waits.clone(),
        no_longer: one.no_longer.clone(),
        lines: one.lines.clone(),
        because: one.because.iter().map(|(text, places)| (text.clone(), told(places))).collect(),
        left_out: Vec::new(),
    }
}

fn document(collection: &str, key: String, keys: Vec<DocumentKey>, body: Value) -> Write {
    let collection = collection.to_owned();
    Write::Document(Box::new(Document { collection, key, version: 0, keys, body }))
}

/// By whom a page is found when they are to be forgotten.
fn person_key(one: &PersonEffect) -> DocumentKey {
    DocumentKey { kind: "person".into(), value: one.identity.to_string(), sole: false }
}

impl Engine {
    /// Keeps what was shown, once.
    pub(super) async fn keep_shown(&self, seal: &str, answer: &WhatIf) -> Result<(), StoreFailure> {
        if !self.store.documents(SHOWN, &[seal.to_owned()]).await?.is_empty() {
            return Ok(());
        }
        let people = &answer.people[..answer.people.len().min(PEOPLE_MAX)];
        let page = |(at, page): (usize, &[PersonEffect])| {
            let keys: BTreeSet<_> = page.iter().map(person_key).collect();
            let page: Vec<_> = page.iter().map(|one| shown(one, &answer.reasons)).collect();
            let body = serde_json::to_value(page).unwrap_or_default();
            document(SHOWN, format!("{seal}:{at}"), keys.into_iter().collect(), body)
        };
        let pages: Vec<_> = people.chunks(PAGE).enumerate().collect();
        for some in pages.chunks(PAGES) {
            match self.write(some.iter().copied().map(page).collect()).await {
                Ok(_) => {}
                // Some of them were left by an interrupted attempt at the same seal: the same text.
                Err(StoreFailure::DocumentChanged { .. }) => {
                    self.keep_missing(some.iter().copied().map(page)).await?;
                }
                Err(failure) => return Err(failure),
            }
        }
        let kept = people.len();
        // Everybody is in the pages, and is not copied for the head.
        let mut head = serde_json::to_value(answer.head()).unwrap_or_default();
        for list in ["unmatched", "disputed", "out_of_scope", "aside"] {
            if let Some(names) = head[list].as_array_mut() {
                names.truncate(NAMED_MAX);
            }
        }
        head["shown"] = kept.into();
        // The head last: pages without one are nobody's.
        self.write(vec![document(SHOWN, seal.to_owned(), Vec::new(), head)]).await?;
        Ok(())
    }

    /// Keeps each of these that is not there yet.
    async fn keep_missing(&self, batch: impl Iterator<Item = Write>) -> Result<(), StoreFailure> {
        for one in batch {
            match self.write(vec![one]).await {
                Ok(_) | Err(StoreFailure::DocumentChanged { .. }) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }

    async fn newest_seals(&self) -> Result<Vec<(Document, Sealed)>, StoreFailure> {
        let (_, total) = self.store.document_page(SEALS, 0, 1).await?;
        let skip = usize::try_from(total).unwrap_or(usize::MAX).saturating_sub(SEALS_MAX);
        let (kept, _) = self.store.document_page(SEALS, skip, SEALS_MAX).await?;
        let read = |document: Document| {
            let sealed = serde_json::from_value(document.body.clone()).ok()?;
            Some((document, sealed))
        };
        Ok(kept.into_iter().filter_map(read).collect())
    }

    /// Forgets old what-ifs that nobody applied.
    pub(super) async fn forget_old_seals(&self) -> Result<(), StoreFailure> {
        let all = self.newest_seals().await?;
        // What was applied shows what its root showed.
        let (mut idle, started): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(_, sealed)| sealed.started_at.is_none());
        idle.sort_by_key(|(_, sealed)| std::cmp::Reverse(sealed.at));
        let old = idle.split_off(idle.len().min(KEPT_MAX));
        let kept = started.iter().chain(&idle);
        let roots: BTreeSet<&String> = kept.filter_map(|(_, sealed)| sealed.of.as_ref()).collect();
        for (seal, sealed) in old.iter().filter(|(seal, _)| !roots.contains(&seal.key)) {
            let part = |at: usize| format!("{}:{at}", seal.key);
            let shown: Vec<_> =
                std::iter::once(seal.key.clone()).chain((0..PEOPLE_MAX / PAGE).map(part)).collect();
            let lines: Vec<_> = (0..sealed.buckets).map(part).collect();
            // The seal first: what is left of it is nobody's.
            let mut gone = vec![forgotten(seal)];
            for (collection, names) in [(SHOWN, shown), (LINES, lines)] {
                gone.extend(self.store.documents(collection, &names).await?.iter().map(forgotten));
            }
            for chunk in gone.chunks(BATCH) {
                match self.write(chunk.to_vec()).await {
                    Ok(_) => {}
                    // Somebody applies it meanwhile: all of it stays.
                    Err(StoreFailure::DocumentChanged { .. }) => break,
                    Err(failure) => return Err(failure),
                }
            }
        }
        Ok(())
    }

    /// What became of each line, to be read again.
    pub(super) async fn keep_report(&self, report: &SealReport) -> Result<(), StoreFailure> {
        let mut kept = report.clone();
        kept.refused.truncate(FATES_MAX);
        kept.moved.truncate(FATES_MAX);
        let body = serde_json::to_value(kept).unwrap_or_default();
        match self.write(vec![document(REPORTS, report.seal.clone(), Vec::new(), body)]).await {
            Ok(_) | Err(StoreFailure::DocumentChanged { .. }) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    fn head_of(&self, seal: &str, sealed: &Sealed) -> SealHead {
        let state = match (sealed.ended_at, sealed.started_at) {
            (Some(_), _) => SealState::Applied,
            (None, Some(_)) => SealState::Applying,
            (None, None) if self.active().policy.seal() == sealed.in_force => SealState::Open,
            (None, None) => SealState::Outdated,
        };
        SealHead {
            seal: seal.to_owned(),
            of: sealed.of.clone(),
            policy: sealed.name.clone(),
            draft: sealed.draft.clone(),
            at: sealed.at,
            state,
            people: sealed.people,
            lines: sealed.lines,
            left_out: sealed.left_out,
            started_at: sealed.started_at,
            ended_at: sealed.ended_at,
        }
    }

    /// Sealed what-ifs, the newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn seals(&self) -> Result<Vec<SealHead>, StoreFailure> {
        let kept = self.newest_seals().await?;
        let mut heads: Vec<_> =
            kept.iter().map(|(document, sealed)| self.head_of(&document.key, sealed)).collect();
        heads.sort_by_key(|head| std::cmp::Reverse((head.started_at.max(Some(head.at)), head.seal.clone())));
        Ok(heads)
    }

    /// One seal: how it stands, what it showed (without the people), what became of it, and its waves.
    ///
    /// # Errors
    /// See [`SealRefused`].
    pub async fn seal_shown(
        &self,
        seal: &str,
    ) -> Result<(SealHead, Option<Value>, Option<SealReport>, Option<RollOut>), SealRefused> {
        let (sealed, _) = self.sealed(seal).await?;
        let head = self.head_of(seal, &sealed);
        let root = head.of.clone().unwrap_or_else(|| seal.to_owned());
        let told = self.head_shown(&root).await?;
        let report = self.store.documents(REPORTS, &[seal.to_owned()]).await?.pop();
        let report = report.and_then(|document| serde_json::from_value(document.body).ok());
        let waves = match self.rollout().is_some_and(|other| other == seal) {
            true => self.roll_out().await?,
            false => None,
        };
        Ok((head, told, report, waves))
    }

    /// Waits until what every answered what-if shows is kept.
    pub async fn pages_kept(&self) {
        drop(self.showing.write().await);
    }

    /// What a seal shows, without its people; `None`: nothing is kept of it. Its pages may be being kept just now: this waits for
    /// them, since the head comes last.
    async fn head_shown(&self, root: &str) -> Result<Option<Value>, StoreFailure> {
        let head = async || {
            let kept = self.store.documents(SHOWN, &[root.to_owned()]).await?.pop();
            Ok::<_, StoreFailure>(kept.map(|document| document.body))
        };
        match head().await? {
            Some(known) => Ok(Some(known)),
            None => {
                self.pages_kept().await;
                head().await
            }
        }
    }

    /// A page of the people of a seal, after so many of them.
    ///
    /// # Errors
    /// See [`SealRefused`].
    pub async fn sealed_people(
        &self,
        seal: &str,
        filter: &ShownFilter,
        after: usize,
        limit: usize,
    ) -> Result<ShownPage, SealRefused> {
        let (sealed, _) = self.sealed(seal).await?;
        let root = sealed.of.clone().unwrap_or_else(|| seal.to_owned());
        if after == 0 {
            self.head_shown(&root).await?;
        }
        let mut lists: HashMap<usize, Option<Value>> = HashMap::new();
        let mut items = Vec::new();
        let mut at = after;
        loop {
            let key = format!("{root}:{}", at / PAGE);
            let Some(page) = self.store.documents(SHOWN, &[key]).await?.pop() else {
                return Ok(ShownPage { items, next: None });
            };
            let people: Vec<ShownPerson> = serde_json::from_value(page.body)
                .map_err(|error| StoreFailure::Damaged(format!("what {root} showed: {error}")))?;
            let whole = people.len() == PAGE;
            for mut one in people.into_iter().skip(at % PAGE) {
                at += 1;
                if !filter.wants(&one) {
                    continue;
                }
                if sealed.of.is_some() {
                    one.left_out = self.left_out_of(seal, &sealed, &one, &mut lists).await?;
                }
                items.push(one);
                if items.len() == limit {
                    return Ok(ShownPage { items, next: Some(at) });
                }
            }
            if !whole {
                return Ok(ShownPage { items, next: None });
            }
        }
    }

    /// Texts none of whose changes the seal has.
    async fn left_out_of(
        &self,
        seal: &str,
        sealed: &Sealed,
        one: &ShownPerson,
        lists: &mut HashMap<usize, Option<Value>>,
    ) -> Result<Vec<String>, StoreFailure> {
        let name = name_of(&one.identity, &one.site);
        let bucket = bucket_of(&name, sealed.buckets);
        let list = match lists.entry(bucket) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unread) => {
                let list = self.store.documents(LINES, &[format!("{seal}:{bucket}")]).await?.pop();
                unread.insert(list.map(|list| list.body))
            }
        };
        let keys = list.as_ref().and_then(|list| list.get(&name)).map(key_set).unwrap_or_default();
        let out = one.lines.iter().filter(|(_, names)| names.is_disjoint(&keys));
        Ok(out.map(|(text, _)| text.clone()).collect())
    }
}

fn forgotten(document: &Document) -> Write {
    Write::DocumentGone {
        collection: document.collection.clone(),
        key: document.key.clone(),
        version: document.version,
    }
}

//! Access reviews: opened over what is held now, decided line by line, carried through by looks, signed off into the
//! journal. The rules are in [`campaign`]; here they meet the store.
//!
//! A removal is no call of its own: the right is withheld from what policy wants, so the next look plans its removal
//! under the same gates, caps and holds as any other, and the read that no longer shows it closes the line.

mod by;
pub mod campaign;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use lanyard_model::{
    booking::Visit,
    desired::{Because, Desired, Lifecycle, NotGiven, SeatWish},
    id::{AccountId, CenterId, IdentityId, ItemId, RoomId, SectionId, SiteId, TenantId},
    signal::{Lane, Source},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    Engine,
    journal::line,
    ports::{Document, DocumentKey, Finding, Holding, Mirrored, Severity, StoreFailure, Write},
};
pub use by::By;
use campaign::{Campaign, Decision, Line, ReviewProblem, Withheld, hasty};

const CAMPAIGNS: &str = "reviews";
const LINES: &str = "review_lines";
const WITHHELD: &str = "withheld";
/// Kind of a line about an announced visit.
const VISIT: &str = "visit";
/// How far back visits are reviewed.
const VISITS_SINCE: std::time::Duration = std::time::Duration::from_secs(90 * 86_400);
/// Rows and documents at a time.
const PAGE: usize = 5_000;
const BATCH: usize = 300;
/// Campaigns that are looked through for overdue ones; older ones are signed off.
const CAMPAIGNS_MAX: usize = 1_000;
/// A removal that no read has confirmed after this long is a person's to look at.
const REMOVAL_MAX: std::time::Duration = std::time::Duration::from_secs(86_400);

/// Why a step of a review did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    #[error(transparent)]
    Rule(#[from] ReviewProblem),
    #[error("the store does not answer")]
    Store(#[from] StoreFailure),
}

/// What a review is opened with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Opening {
    pub title: String,
    pub tenant: TenantId,
    /// Empty: all sites.
    #[serde(default)]
    pub sites: Vec<SiteId>,
    /// Empty: roles, items and site administrators.
    #[serde(default)]
    pub kinds: Vec<String>,
    pub owner: String,
    pub reviewers: Vec<String>,
    #[serde(default)]
    pub provisioners: Vec<String>,
    pub due_at: Timestamp,
}

/// Rights withheld by reviews, in memory: asked for in every decision.
pub type WithheldRights = HashMap<(IdentityId, SiteId), Vec<(Right, String)>>;

/// What the watch over reviews looks at: read from the store once, kept up to date by every step afterwards. Campaigns
/// grow to a hundred thousand lines; the few that wait are looked at by name.
#[derive(Debug, Default)]
pub struct Watched {
    /// Reviews that are not signed off, nor known to be overdue: when they are due.
    due: BTreeMap<String, Timestamp>,
    /// Lines that are to be removed and were not read back as gone.
    removals: BTreeSet<String>,
}

/// What can be withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Right {
    Role(CenterId),
    Item(ItemId),
    /// Any assigned desk: who lost it in a review gets no other one before it is lifted.
    Seat,
    /// A seat in this neighbourhood section.
    Section(SectionId),
    /// Entry to an area, by the badge system's name.
    Door(String),
}

impl Right {
    fn of(kind: &str, key: i64, name: &str) -> Option<Self> {
        match kind {
            "role" => Some(Self::Role(CenterId(key))),
            "item" => Some(Self::Item(ItemId(key))),
            "seat" => Some(Self::Seat),
            "section" => Some(Self::Section(SectionId(key))),
            "door" => Some(Self::Door(name.to_owned())),
            _ => None,
        }
    }
}

/// Takes what reviews removed out of what policy wants, and makes it ours to take away, whoever gave it.
pub fn withhold(withheld: &WithheldRights, mut desired: Desired, site: &SiteId) -> Desired {
    if withheld.is_empty() || !matches!(desired.lifecycle, Lifecycle::Active) {
        return desired;
    }
    let Some(all) = withheld.get(&(desired.identity.clone(), site.clone())) else { return desired };
    for (right, why) in all {
        let (label, wanted) = match right {
            Right::Role(center) => {
                Arc::make_mut(&mut desired.owned).centers.insert(*center);
                (format!("role in center {center}"), desired.roles.remove(center).is_some())
            }
            Right::Item(item) => {
                Arc::make_mut(&mut desired.owned).items.insert(*item);
                (format!("category item {item}"), desired.items.remove(item).is_some())
            }
            Right::Door(area) => (format!("door {area}"), desired.doors.remove(area).is_some()),
            // No desk is wanted any more, and nothing else instead: what we gave is planned away behind the gates, what
            // facilities gave stays, and no other write (a classification, say) goes ahead of the removal.
            Right::Seat => {
                let desk = matches!(&desired.seat, Some(want) if matches!(want.value, SeatWish::Desk { .. }));
                if desk {
                    desired.seat = None;
                }
                ("seat".to_owned(), desk)
            }
            Right::Section(key) => {
                let section = SeatWish::Section { section: *key };
                let wanted = desired.seat.as_ref().is_some_and(|want| want.value == section);
                if wanted {
                    desired.seat = None;
                }
                (format!("section {key}"), wanted)
            }
        };
        if wanted {
            let because = Because { rule: "review".into(), row: None, text: why.clone() };
            desired.not_given.push(NotGiven { label, because });
        }
    }
    desired
}

fn body<T: DeserializeOwned>(document: &Document) -> Result<T, StoreFailure> {
    serde_json::from_value(document.body.clone())
        .map_err(|error| StoreFailure::Damaged(format!("{} {}: {error}", document.collection, document.key)))
}

fn document<T: Serialize>(
    collection: &str,
    key: &str,
    version: i64,
    keys: &[(&str, &str)],
    value: &T,
) -> Result<Document, StoreFailure> {
    let keys = keys
        .iter()
        .map(|(kind, value)| DocumentKey { kind: (*kind).into(), value: (*value).into(), sole: false })
        .collect();
    let body = serde_json::to_value(value).map_err(|error| StoreFailure::Damaged(error.to_string()))?;
    Ok(Document { collection: collection.into(), key: key.into(), version, keys, body })
}

fn line_document(line: &Line, version: i64) -> Result<Document, StoreFailure> {
    let keys = [("campaign", line.campaign.as_str()), ("person", line.person.as_str())];
    document(LINES, &line.id, version, &keys, line)
}

impl Engine {
    /// Opens a review over what is held now.
    ///
    /// # Errors
    /// A rule it breaks, or nothing to review. Nothing was kept.
    pub async fn open_review(&self, opening: Opening, by: &str) -> Result<Campaign, ReviewError> {
        let now = self.clock.now();
        let all: Vec<SiteId> = self.sites().keys().cloned().collect();
        let every_site = opening.sites.is_empty();
        let kinds = ["role", "item", "site_admin"].map(str::to_owned).to_vec();
        let mut campaign = Campaign {
            id: format!("rev_{}", now.as_millisecond()),
            title: opening.title,
            tenant: opening.tenant,
            sites: if opening.sites.is_empty() { all } else { opening.sites },
            kinds: if opening.kinds.is_empty() { kinds } else { opening.kinds },
            owner: opening.owner,
            reviewers: opening.reviewers,
            provisioners: opening.provisioners,
            opened_at: now,
            due_at: opening.due_at,
            closed_at: None,
            statement: None,
            snapshot: String::new(),
            lines: 0,
            flags: Vec::new(),
        };
        campaign.check()?;
        let lines = self.review_lines(&campaign, every_site).await?;
        if lines.is_empty() {
            return Err(ReviewProblem::Nothing.into());
        }
        let mut hash = Sha256::new();
        for line in &lines {
            hash.update(serde_json::to_vec(line).unwrap_or_default());
            hash.update(b"\n");
        }
        campaign.snapshot = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        campaign.lines = lines.len() as u64;
        for chunk in lines.chunks(BATCH) {
            let batch = chunk.iter().map(|line| Ok(Write::Document(Box::new(line_document(line, 0)?))));
            self.write(batch.collect::<Result<_, StoreFailure>>()?).await?;
        }
        // The campaign last: lines without one are nobody's.
        let title = format!("review opened: {}, {} lines", campaign.title, campaign.lines);
        let told = line(&campaign.tenant, now, "review", title).detail(format!("by {by}")).data(json!({
            "review": campaign.id, "snapshot": campaign.snapshot, "due_at": campaign.due_at,
            "owner": campaign.owner, "reviewers": campaign.reviewers,
        }));
        let kept = document(CAMPAIGNS, &campaign.id, 0, &[], &campaign)?;
        self.write(vec![Write::Document(Box::new(kept)), told.write()]).await?;
        self.watched(|watched| {
            watched.due.insert(campaign.id.clone(), campaign.due_at);
        });
        Ok(campaign)
    }

    async fn review_lines(&self, campaign: &Campaign, every_site: bool) -> Result<Vec<Line>, ReviewError> {
        let mut lines = Vec::new();
        let mut people = 0;
        for site in &campaign.sites {
            let Some(state) = self.sites().get(site) else { continue };
            // At the command line nobody has read the catalogue: its names are kept.
            let kept = self.store.meta(&format!("names:{site}")).await?;
            let kept = kept.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
            let names = kept.unwrap_or_else(|| state.catalogue().names());
            let begun = lines.len();
            let mut after = AccountId(0);
            loop {
                let page = self.store.held_in(site, campaign.opened_at, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = last.account.id;
                let mut accounts: BTreeMap<AccountId, Vec<Holding>> = BTreeMap::new();
                for held in page {
                    accounts.entry(held.account.id).or_default().push(held);
                }
                for (account, held) in accounts {
                    people += 1;
                    self.account_lines(campaign, site, account, &held, &names, people, &mut lines).await?;
                }
            }
            // Where the tenant has nobody, accounts that are nobody's are for somebody else to review.
            if every_site
                && campaign.sites.len() > 1
                && lines[begun..].iter().all(|line| line.person.is_empty())
            {
                lines.truncate(begun);
            }
        }
        if campaign.kinds.iter().any(|kind| kind == VISIT) {
            self.visit_lines(campaign, people, &mut lines).await?;
        }
        Ok(lines)
    }

    /// Announced visits, the past quarter's and those to come. iOffice neither lists nor ends them, so these are the ones
    /// that were announced from here, and a removal is a person's to-do.
    async fn visit_lines(
        &self,
        campaign: &Campaign,
        people: usize,
        lines: &mut Vec<Line>,
    ) -> Result<(), ReviewError> {
        for site in &campaign.sites {
            let visits = self.store.visits(site).await?.into_iter();
            let lately = |visit: &Visit| visit.arrival >= campaign.opened_at - VISITS_SINCE;
            for (number, (guest, visit)) in
                visits.filter(|(guest, visit)| guest.tenant == campaign.tenant && lately(visit)).enumerate()
            {
                let known = self.store.identity(&guest).await?;
                let own_names = own_names(known.as_ref());
                let Some(reviewer) = campaign.reviewer_of(people + number, &own_names) else {
                    return Err(ReviewProblem::OwnAccess(campaign.reviewers.join(", ")).into());
                };
                let day = visit.arrival.strftime("%Y-%m-%d");
                lines.push(Line {
                    id: format!("{}:{:06}", campaign.id, lines.len()),
                    campaign: campaign.id.clone(),
                    person: guest.to_string(),
                    name: known.as_ref().map(|known| known.identity.display_name()).unwrap_or_default(),
                    own_names: own_names.clone(),
                    site: site.clone(),
                    account: visit.host,
                    kind: VISIT.into(),
                    key: visit.registration.to_string(),
                    value: visit.arrival.to_string(),
                    what: format!("{} on {day}, hosted by account {}", visit.registration, visit.host),
                    since: visit.arrival,
                    reviewer: reviewer.clone(),
                    decision: None,
                    reason: None,
                    decided_at: None,
                    removed_at: None,
                    flags: Vec::new(),
                });
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one call site; the parts of one account's lines")]
    async fn account_lines(
        &self,
        campaign: &Campaign,
        site: &SiteId,
        account: AccountId,
        held: &[Holding],
        names: &serde_json::Value,
        number: usize,
        lines: &mut Vec<Line>,
    ) -> Result<(), ReviewError> {
        let tenant = format!("{}/", campaign.tenant);
        let person = held.iter().find(|held| held.kind == "person").map(|held| held.key.clone());
        let live = held.iter().any(|held| held.kind == "account" && held.value == "live");
        let foreign = person.as_ref().is_some_and(|person| !person.starts_with(&tenant));
        if !live || foreign {
            return Ok(());
        }
        let known = match person.as_deref().and_then(|person| person.split_once('/')) {
            Some((tenant, user)) => self.store.identity(&IdentityId::new(tenant.into(), user)).await?,
            None => None,
        };
        let own_names = own_names(known.as_ref());
        let Some(reviewer) = campaign.reviewer_of(number, &own_names) else {
            return Err(ReviewProblem::OwnAccess(campaign.reviewers.join(", ")).into());
        };
        for held in held.iter().filter(|held| campaign.kinds.contains(&held.kind)) {
            let (kind, id) = match held.kind.as_str() {
                "role" => ("center", &held.key),
                "seat" => ("room", &held.value),
                "cost_center" => ("item", &held.value),
                other => (other, if held.key.is_empty() { &held.value } else { &held.key }),
            };
            let what = match kind {
                "door" => id.clone(),
                _ => names[kind][id.as_str()].as_str().map_or_else(|| format!("{kind} {id}"), str::to_owned),
            };
            lines.push(Line {
                id: format!("{}:{:06}", campaign.id, lines.len()),
                campaign: campaign.id.clone(),
                person: person.clone().unwrap_or_default(),
                name: known.as_ref().map(|known| known.identity.display_name()).unwrap_or_default(),
                own_names: own_names.clone(),
                site: site.clone(),
                account,
                kind: held.kind.clone(),
                key: held.key.clone(),
                value: held.value.clone(),
                what,
                since: held.from,
                reviewer: reviewer.clone(),
                decision: None,
                reason: None,
                decided_at: None,
                removed_at: None,
                flags: Vec::new(),
            });
        }
        Ok(())
    }

    /// All reviews, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn reviews(&self) -> Result<Vec<Campaign>, StoreFailure> {
        let (documents, _) = self.store.document_page(CAMPAIGNS, 0, CAMPAIGNS_MAX).await?;
        documents.iter().map(body).collect()
    }

    async fn campaign(&self, id: &str) -> Result<(Campaign, i64), ReviewError> {
        let found = self.store.documents(CAMPAIGNS, &[id.to_owned()]).await?;
        let document = found.first().ok_or_else(|| ReviewProblem::NoCampaign(id.to_owned()))?;
        Ok((body(document)?, document.version))
    }

    /// A review with its lines.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub async fn review(&self, id: &str) -> Result<(Campaign, Vec<Line>), ReviewError> {
        let (campaign, _) = self.campaign(id).await?;
        let documents = self.store.documents_by_key(LINES, "campaign", id).await?;
        let lines = documents.iter().map(body).collect::<Result<_, _>>()?;
        Ok((campaign, lines))
    }

    /// Decides one line. A removal is withheld from policy at once, and its person looked at again.
    ///
    /// # Errors
    /// A rule that forbids it. Nothing changed.
    pub async fn decide_review(
        &self,
        id: &str,
        by: impl Into<By>,
        decision: Decision,
        reason: &str,
    ) -> Result<Line, ReviewError> {
        let who: By = by.into();
        let campaign_id = id.split_once(':').map_or(id, |(campaign, _)| campaign);
        let (campaign, _) = self.campaign(campaign_id).await?;
        let found = self.store.documents(LINES, &[id.to_owned()]).await?;
        let known = found.first().ok_or_else(|| ReviewProblem::NoLine(id.to_owned()))?;
        let before: Line = body(known)?;
        let now = self.clock.now();
        let by = who.name.as_str();
        let decided = campaign.decide(&before, who.as_named(&before.reviewer), decision, reason, now)?;
        if before.own_names.iter().any(|own| who.is(own)) {
            return Err(ReviewProblem::OwnAccess(by.to_owned()).into());
        }
        let mut batch = vec![Write::Document(Box::new(line_document(&decided, known.version)?))];
        let person = decided.person.split_once('/').map(|(t, user)| IdentityId::new(t.into(), user));
        let word = serde_json::to_value(decision).unwrap_or_default();
        let title = format!("review: {} {} {}", word.as_str().unwrap_or(""), decided.kind, decided.what);
        let mut told = line(&campaign.tenant, now, "review", title).site(&decided.site);
        if let Some(person) = &person {
            told = told.about(person, &decided.name);
        }
        batch.push(
            told.detail(format!("by {by}: {reason}"))
                .data(json!({ "review": campaign.id, "line": decided.id, "decision": word }))
                .write(),
        );
        let key = format!("{}|{}|{}|{}", decided.person, decided.site, decided.kind, decided.key);
        let kept = self.store.documents(WITHHELD, std::slice::from_ref(&key)).await?;
        match (decision, Right::of(&decided.kind, 0, &decided.key), &person) {
            (Decision::Remove, Some(_), Some(person)) => {
                let withheld = Withheld {
                    identity: person.clone(),
                    site: decided.site.clone(),
                    kind: decided.kind.clone(),
                    // A seat's number is its value: one account has one.
                    key: if decided.key.is_empty() { &decided.value } else { &decided.key }
                        .parse()
                        .unwrap_or_default(),
                    name: decided.key.clone(),
                    line: decided.id.clone(),
                    reason: format!("removed in review {} by {by}: {reason}", campaign.title),
                    since: now,
                };
                let version = kept.first().map_or(0, |document| document.version);
                batch.push(Write::Document(Box::new(document(WITHHELD, &key, version, &[], &withheld)?)));
                batch.push(attend(person, now, "an access review removed something"));
                let place = matches!(decided.kind.as_str(), "seat" | "section");
                if place && !self.gave_place(person, &decided).await? {
                    batch.push(Write::Finding(Box::new(by_hand(&campaign, &decided, now))));
                }
            }
            (Decision::Remove, ..) => batch.push(Write::Finding(Box::new(by_hand(&campaign, &decided, now)))),
            // Changed their mind: policy may give it again.
            (_, Some(_), Some(person)) => {
                if let Some(document) = kept.first() {
                    batch.push(Write::DocumentGone {
                        collection: WITHHELD.into(),
                        key: key.clone(),
                        version: document.version,
                    });
                    batch.push(attend(person, now, "an access review gave something back"));
                }
                batch.push(Write::FindingOver { key: format!("review:{}", decided.id), at: now });
            }
            _ => batch.push(Write::FindingOver { key: format!("review:{}", decided.id), at: now }),
        }
        self.write(batch).await?;
        self.load_withheld().await?;
        self.watched(|watched| {
            let _ = match decision {
                Decision::Remove => watched.removals.insert(decided.id.clone()),
                Decision::Keep | Decision::Ask => watched.removals.remove(&decided.id),
            };
        });
        self.wake.notify_one();
        Ok(decided)
    }

    /// Whether the desk or section of a line is one that we gave. What facilities gave is theirs to take.
    async fn gave_place(&self, person: &IdentityId, line: &Line) -> Result<bool, StoreFailure> {
        let Ok(number) = line.value.parse() else { return Ok(false) };
        let Some(applied) = self.store.applied(person, &line.site).await? else { return Ok(false) };
        Ok(match line.kind.as_str() {
            "section" => applied.section == Some(SectionId(number)),
            _ => applied.seat == Some(RoomId(number)),
        })
    }

    /// Changes what is watched, if it was read already.
    fn watched(&self, change: impl FnOnce(&mut Watched)) {
        let mut watched = self.watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        watched.as_mut().map(change);
    }

    /// Signs a review off.
    ///
    /// # Errors
    /// Not its owner's word, or something is open.
    pub async fn sign_review(
        &self,
        id: &str,
        by: impl Into<By>,
        statement: &str,
    ) -> Result<Campaign, ReviewError> {
        let who: By = by.into();
        let (campaign, lines) = self.review(id).await?;
        let (_, version) = self.campaign(id).await?;
        let now = self.clock.now();
        let signed = campaign.sign(&lines, who.as_named(&campaign.owner), statement, now)?;
        let by = who.name.as_str();
        let count = |wanted| lines.iter().filter(|line| line.decision == Some(wanted)).count();
        let mut hash = Sha256::new();
        for line in &lines {
            hash.update(serde_json::to_vec(line).unwrap_or_default());
            hash.update(b"\n");
        }
        let decisions: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let told = line(&signed.tenant, now, "review", format!("review signed off: {}", signed.title))
            .detail(format!("by {by}: {}", statement.trim()))
            .data(json!({
                "review": signed.id, "snapshot": signed.snapshot, "decisions": decisions,
                "kept": count(Decision::Keep), "removed": count(Decision::Remove),
                "flags": signed.flags, "hasty": hasty(&lines),
            }));
        let batch = vec![
            Write::Document(Box::new(document(CAMPAIGNS, &signed.id, version, &[], &signed)?)),
            Write::FindingOver { key: format!("review-overdue:{}", signed.id), at: now },
            told.write(),
        ];
        self.write(batch).await?;
        self.watched(|watched| {
            watched.due.remove(&signed.id);
        });
        Ok(signed)
    }

    /// Reads what reviews withhold; at start, and after each decision.
    pub(crate) async fn load_withheld(&self) -> Result<(), StoreFailure> {
        let mut all = WithheldRights::new();
        let mut skip = 0;
        loop {
            let (documents, total) = self.store.document_page(WITHHELD, skip, PAGE).await?;
            for document in &documents {
                let one: Withheld = body(document)?;
                if let Some(right) = Right::of(&one.kind, one.key, &one.name) {
                    all.entry((one.identity, one.site)).or_default().push((right, one.reason));
                }
            }
            skip += documents.len();
            if documents.is_empty() || skip as u64 >= total {
                break;
            }
        }
        *self.withheld.write().unwrap_or_else(std::sync::PoisonError::into_inner) = all;
        Ok(())
    }

    /// What policy wants, less what reviews removed.
    pub(crate) fn withhold(&self, desired: Arc<Desired>, site: &SiteId) -> Arc<Desired> {
        let withheld = self.withheld.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if withheld.is_empty() {
            return desired;
        }
        Arc::new(withhold(&withheld, Arc::unwrap_or_clone(desired), site))
    }

    /// Closes lines whose right is gone, and raises what is overdue. Called now and then.
    pub async fn watch_reviews(&self) {
        if let Err(error) = self.try_watch_reviews().await {
            tracing::warn!(%error, "access reviews could not be looked through");
        }
    }

    async fn try_watch_reviews(&self) -> Result<(), ReviewError> {
        let now = self.clock.now();
        self.read_watched_once().await?;
        let (mut overdue, mut removals) = (Vec::new(), Vec::new());
        self.watched(|watched| {
            overdue.extend(watched.due.iter().filter(|(_, due)| now > **due).map(|(id, _)| id.clone()));
            removals.extend(watched.removals.iter().cloned());
        });
        for id in overdue {
            self.escalate(&id, now).await?;
            self.watched(|watched| {
                watched.due.remove(&id);
            });
        }
        for chunk in removals.chunks(BATCH) {
            self.confirm_removals(chunk, now).await?;
        }
        Ok(())
    }

    async fn read_watched_once(&self) -> Result<(), ReviewError> {
        let slot = || self.watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if slot().is_some() {
            return Ok(());
        }
        // Begun before it is read: what is decided meanwhile is added to it, and what is stale in it is seen later.
        *slot() = Some(Watched::default());
        match self.read_watched().await {
            Ok(all) => self.watched(|watched| {
                watched.due.extend(all.due);
                watched.removals.extend(all.removals);
            }),
            Err(error) => {
                *slot() = None;
                return Err(error);
            }
        }
        Ok(())
    }

    /// What is to be watched, from every review there is; once after the start.
    async fn read_watched(&self) -> Result<Watched, ReviewError> {
        let mut watched = Watched::default();
        for campaign in self.reviews().await? {
            if campaign.closed_at.is_none() && !campaign.flags.iter().any(|flag| flag == "escalated") {
                watched.due.insert(campaign.id.clone(), campaign.due_at);
            }
            for document in self.store.documents_by_key(LINES, "campaign", &campaign.id).await? {
                let line: Line = body(&document)?;
                if line.decision == Some(Decision::Remove) && line.removed_at.is_none() {
                    watched.removals.insert(line.id);
                }
            }
        }
        Ok(watched)
    }

    async fn escalate(&self, id: &str, now: Timestamp) -> Result<(), ReviewError> {
        let (mut campaign, version) = self.campaign(id).await?;
        if campaign.closed_at.is_some() {
            return Ok(());
        }
        let (_, lines) = self.review(id).await?;
        let open = lines.iter().filter(|line| line.decision.is_none()).count();
        campaign.note(true, "overdue");
        campaign.note(true, "escalated");
        let title = format!("the access review {} is overdue: {open} lines undecided", campaign.title);
        let finding = Finding {
            key: format!("review-overdue:{id}"),
            kind: "review_overdue".into(),
            severity: Severity::Error,
            tenant: Some(campaign.tenant.clone()),
            site: None,
            identity: None,
            title: title.clone(),
            detail: format!(
                "due at {}; owner {}, reviewers {}",
                campaign.due_at,
                campaign.owner,
                campaign.reviewers.join(", ")
            ),
            fix: Some(format!("{}: have the reviewers decide, then sign the review off", campaign.owner)),
            since: now,
        };
        let told =
            line(&campaign.tenant, now, "escalation", title).data(json!({ "review": id, "open": open }));
        let kept = document(CAMPAIGNS, id, version, &[], &campaign)?;
        self.write(vec![Write::Document(Box::new(kept)), Write::Finding(Box::new(finding)), told.write()])
            .await?;
        Ok(())
    }

    /// A line marked for removal is closed by the read that no longer shows the right.
    async fn confirm_removals(&self, ids: &[String], now: Timestamp) -> Result<(), ReviewError> {
        for known in self.store.documents(LINES, ids).await? {
            let mut one: Line = body(&known)?;
            if one.decision != Some(Decision::Remove) || one.removed_at.is_some() {
                self.watched(|watched| {
                    watched.removals.remove(&one.id);
                });
                continue;
            }
            let still = self.still_held(&one, now).await?;
            let late = one.decided_at.is_some_and(|at| now > at + REMOVAL_MAX);
            if still && !late {
                continue;
            }
            let (campaign, _) = self.campaign(&one.campaign).await?;
            if still {
                self.write(vec![Write::Finding(Box::new(by_hand(&campaign, &one, now)))]).await?;
                continue;
            }
            one.removed_at = Some(now);
            let title = if one.kind == VISIT {
                format!("review: visit {} is ended, says who put the to-do away", one.what)
            } else {
                format!("review: {} {} is read back as gone", one.kind, one.what)
            };
            let mut told = line(&campaign.tenant, now, "review", title).site(&one.site);
            if let Some((tenant, user)) = one.person.split_once('/') {
                told = told.about(&IdentityId::new(tenant.into(), user), &one.name);
            }
            let told = told.data(json!({ "review": campaign.id, "line": one.id }));
            let over = Write::FindingOver { key: format!("review:{}", one.id), at: now };
            let kept = line_document(&one, known.version)?;
            self.write(vec![Write::Document(Box::new(kept)), over, told.write()]).await?;
            self.watched(|watched| {
                watched.removals.remove(&one.id);
            });
        }
        Ok(())
    }
}

impl Engine {
    /// Whether the last read still shows the line's right. No read shows a visit: it is over when its to-do is put away.
    async fn still_held(&self, line: &Line, now: Timestamp) -> Result<bool, StoreFailure> {
        if line.kind == VISIT {
            return Ok(self.store.finding(&format!("review:{}", line.id)).await?.is_some());
        }
        let of_account = |held: &Holding| held.account.site == line.site && held.account.id == line.account;
        let mut held = match line.person.split_once('/') {
            Some((tenant, user)) => self.store.held_by(&IdentityId::new(tenant.into(), user), now).await?,
            None => Vec::new(),
        };
        // Nobody's account, or no longer this person's.
        if !held.iter().any(of_account) {
            held = self.store.held_in(&line.site, now, AccountId(line.account.0 - 1), PAGE).await?;
        }
        Ok(held
            .iter()
            .filter(|held| of_account(held))
            .any(|held| held.kind == line.kind && held.key == line.key && held.value == line.value))
    }
}

/// Logins and addresses of somebody: whoever has one of them does not review them.
fn own_names(known: Option<&Mirrored>) -> Vec<String> {
    let names: BTreeSet<String> = known
        .into_iter()
        .flat_map(|known| {
            let text = |name| known.identity.profile.text(name).map(str::to_owned);
            [text("login"), text("email"), Some(known.identity.display_name())]
        })
        .flatten()
        .collect();
    names.into_iter().collect()
}

fn attend(person: &IdentityId, now: Timestamp, why: &str) -> Write {
    let who = vec![person.clone()];
    Write::Attend { who, source: Source::Person, lane: Lane::Normal, due: now, why: why.into() }
}

/// What no call of ours takes away.
///
/// A desk that facilities gave is among it: policy never owned it, so no plan of ours may take it.
fn by_hand(campaign: &Campaign, line: &Line, now: Timestamp) -> Finding {
    let person = line.person.split_once('/').map(|(tenant, user)| IdentityId::new(tenant.into(), user));
    let visit = line.kind == VISIT;
    Finding {
        key: format!("review:{}", line.id),
        // What no read shows is put away by whoever did it; the other ends by itself.
        kind: if visit { "todo" } else { "review_removal" }.into(),
        severity: Severity::Warning,
        tenant: Some(campaign.tenant.clone()),
        site: Some(line.site.clone()),
        identity: person,
        title: if visit {
            format!("visit {} is to be ended: a review removed it, and the API ends no visit", line.what)
        } else {
            format!("account {} still holds {} {}, which a review removed", line.account, line.kind, line.what)
        },
        detail: format!("review {}, decided by {}", campaign.title, line.reviewer),
        fix: Some(
            match line.kind.as_str() {
                VISIT => "cancel it in its visitor center, then put this away with a reason: that closes the line",
                "site_admin" => {
                    "the API ends no site administrator: take it away in iOffice; the next read closes the line"
                }
                "seat" | "section" => {
                    "facilities gave it, and policy takes nothing that it did not give: take it away in iOffice; the next read \
                     closes the line"
                }
                _ => {
                    "take it away in iOffice, or open the person's plan: it says what it waits for; the next read closes the line"
                }
            }
            .into(),
        ),
        since: now,
    }
}

//! Access reviews: opened over what is held now, decided line by line, carried through by looks, signed off into the
//! journal. The rules are in [`campaign`]; here they meet the store.
//!
//! A removal is no call of its own: the right is withheld from what policy wants, so the next look plans its removal
//! under the same gates, caps and holds as any other, and the read that no longer shows it closes the line.

mod by;
pub mod campaign;
mod watch;
mod withheld;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{
    booking::Visit,
    id::{AccountId, IdentityId, RoomId, SectionId, SiteId, TenantId},
    signal::{Lane, Source},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    Engine,
    journal::line,
    ports::{
        Document, DocumentKey, Finding, Holding, Mirrored, REVIEW_LINES as LINES, Severity, StoreFailure,
        WITHHELD, Write,
    },
};
pub use by::By;
use campaign::{Campaign, Decision, Line, ReviewProblem, Withheld, hasty};
pub(crate) use watch::Watched;
pub use withheld::{Right, WithheldRights, withhold};

const CAMPAIGNS: &str = "reviews";
/// Kind of a line about an announced visit.
const VISIT: &str = "visit";
/// How far back visits are reviewed.
const VISITS_SINCE: std::time::Duration = std::time::Duration::from_secs(90 * 86_400);
/// Rows and documents at a time.
const PAGE: usize = 5_000;
const BATCH: usize = 300;
/// Campaigns that are looked through for overdue ones; older ones are signed off.
const CAMPAIGNS_MAX: usize = 1_000;
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
        let decided = campaign.decide(&before, &who, decision, reason, now)?;
        let by = who.name.as_str();
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
        let signed = campaign.sign(&lines, &who, statement, now)?;
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
        count: None,
        since: now,
    }
}

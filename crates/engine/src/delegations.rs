//! Who may vote in whose place, from when until when, and who said so. A delegation gives nobody a say about themselves and
//! is not handed on. It ends with its time, when it is withdrawn, and with the work here of either of the two.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{clearance::Approver, fold, id::IdentityId};
use lanyard_plan::clearing::said;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    Engine,
    approvals::{Known, Principal},
    journal::line,
    ports::{DELEGATIONS, Document, DocumentKey, StoreFailure, Write},
};

/// Of one person so many that are not over.
const OF_ONE_MAX: usize = 20;
/// So many are looked at for a list.
const LISTED_MAX: usize = 10_000;
/// The longest.
const DAYS_MAX: i64 = 366;

/// Somebody else may vote in one's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    #[serde(default)]
    pub id: String,
    /// E-mail of who delegates.
    pub from: String,
    /// E-mail of who may vote instead.
    pub to: String,
    /// `None`: kept by a version that knew no beginning.
    #[serde(default)]
    pub starts: Option<Timestamp>,
    pub until: Timestamp,
    #[serde(default)]
    pub reason: String,
    /// Who recorded it, and when. Empty: kept by a version that did not note it.
    #[serde(default)]
    pub given_by: String,
    #[serde(default)]
    pub given_at: Option<Timestamp>,
}

impl Delegation {
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.starts.is_none_or(|starts| starts <= now) && now < self.until
    }
}

/// A delegation with the people it was recorded for: an address may change hands, and takes no vote along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    #[serde(flatten)]
    pub given: Delegation,
    /// Empty: somebody outside, or kept by a version that noted nobody.
    #[serde(default)]
    from_ids: Vec<IdentityId>,
    /// Empty: kept by such a version.
    #[serde(default)]
    to_ids: Vec<IdentityId>,
}

impl Kept {
    /// In whose place it lets somebody vote.
    pub(crate) fn delegator(&self) -> Principal {
        let emails = if self.from_ids.is_empty() { vec![self.given.from.clone()] } else { Vec::new() };
        let identities = self.from_ids.clone();
        Principal { name: self.given.from.clone(), emails, identities, ..Principal::default() }
    }

    /// Whether one of these people delegates. `has`: of an address as addresses are compared, where it was kept for nobody.
    pub fn is_from(&self, is: impl Fn(&IdentityId) -> bool, has: impl Fn(&str) -> bool) -> bool {
        are(&self.from_ids, &self.given.from, is, has)
    }

    /// Whether one of these people may vote by it.
    pub fn is_to(&self, is: impl Fn(&IdentityId) -> bool, has: impl Fn(&str) -> bool) -> bool {
        are(&self.to_ids, &self.given.to, is, has)
    }

    /// Whether somebody is one of the two.
    fn is_of(&self, who: &Known) -> bool {
        let is = |id: &IdentityId| who.is(id);
        self.is_from(is, |mail| who.has(mail)) || self.is_to(is, |mail| who.has(mail))
    }
}

/// People are who they are by their ids; an address tells it only where there is none.
fn are(ids: &[IdentityId], mail: &str, is: impl Fn(&IdentityId) -> bool, has: impl Fn(&str) -> bool) -> bool {
    match ids {
        [] => has(&folded(mail)),
        ids => ids.iter().any(is),
    }
}

impl Known {
    fn is(&self, id: &IdentityId) -> bool {
        self.identities.contains(id)
    }

    /// `mail` as addresses are compared.
    fn has(&self, mail: &str) -> bool {
        self.emails.iter().any(|own| folded(own) == mail)
    }
}

/// Who works here and stands in for whom.
pub(crate) type StandIns = HashMap<IdentityId, Vec<IdentityId>>;

/// A wish that somebody may vote in another's place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NewDelegation {
    pub from: String,
    pub to: String,
    /// Without it, at once.
    #[serde(default)]
    pub starts: Option<Timestamp>,
    pub until: Timestamp,
    #[serde(default)]
    pub reason: String,
}

/// Why nothing was delegated or withdrawn. Nothing of the call happened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DelegateRefused {
    #[error("\"{0}\" is no e-mail address")]
    NoAddress(String),
    #[error("{0} cannot vote in their own place")]
    Oneself(String),
    #[error("nobody who works here has the address {0}")]
    Stranger(String),
    #[error("it would be over before it begins: it ends at {until}, and begins at {starts}")]
    NoTime { starts: Timestamp, until: Timestamp },
    #[error("it would last longer than {max} days", max = DAYS_MAX)]
    TooLong,
    #[error("{0} has {max} delegations that are not over", max = OF_ONE_MAX)]
    TooMany(String),
    #[error("there is no delegation {0}")]
    Unknown(String),
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// As addresses are compared.
pub fn folded(mail: &str) -> String {
    fold::email(mail).unwrap_or_else(|| mail.trim().to_lowercase())
}

fn read(document: Document) -> Option<Kept> {
    let mut kept: Kept = serde_json::from_value(document.body).ok()?;
    kept.given.id = document.key;
    Some(kept)
}

impl Engine {
    /// Lets somebody else vote in another's place for a time. It is said to have been recorded by `by`.
    ///
    /// # Errors
    /// See [`DelegateRefused`].
    pub async fn delegate(&self, wish: &NewDelegation, by: &str) -> Result<Delegation, DelegateRefused> {
        let now = self.clock.now();
        let kept = self.checked(wish, by, now).await?;
        let given = &kept.given;
        let mut keys = vec![key("from", folded(&given.from)), key("to", folded(&given.to))];
        let people: BTreeSet<&IdentityId> = kept.from_ids.iter().chain(&kept.to_ids).collect();
        keys.extend(people.into_iter().map(|id| key("person", id.to_string())));
        let known = self.documents_from(&given.from).await?.into_iter();
        let (over, open): (Vec<_>, Vec<_>) = known.partition(|(_, one)| one.given.until <= now);
        if open.len() >= OF_ONE_MAX {
            return Err(DelegateRefused::TooMany(given.from.clone()));
        }
        // What is over is in the journal.
        let mut batch: Vec<Write> = over.iter().map(|(document, _)| gone(document)).collect();
        batch.push(Write::Document(Box::new(Document {
            collection: DELEGATIONS.into(),
            key: given.id.clone(),
            version: 0,
            keys,
            body: serde_json::to_value(&kept).map_err(|error| StoreFailure::Damaged(error.to_string()))?,
        })));
        let span = format!("from {} until {}", given.starts.unwrap_or(now), given.until);
        let titles = ["lets somebody vote in their place", "may vote in somebody's place"];
        batch.extend(told(&kept, titles, &said(&span, by, &given.reason), now));
        self.write(batch).await?;
        self.tell_stand_ins().await;
        Ok(kept.given)
    }

    /// The delegation as it would be kept.
    async fn checked(&self, wish: &NewDelegation, by: &str, now: Timestamp) -> Result<Kept, DelegateRefused> {
        for mail in [&wish.from, &wish.to] {
            if fold::email(mail).is_none() {
                return Err(DelegateRefused::NoAddress(mail.clone()));
            }
        }
        let starts = wish.starts.map_or(now, |starts| starts.max(now));
        if wish.until <= starts {
            return Err(DelegateRefused::NoTime { starts, until: wish.until });
        }
        if wish.until.duration_since(starts) > SignedDuration::from_hours(24 * DAYS_MAX) {
            return Err(DelegateRefused::TooLong);
        }
        let (from, to) = (wish.from.trim().to_owned(), wish.to.trim().to_owned());
        let (from_ids, to_ids) = (self.somebody(&from).await?, self.somebody(&to).await?);
        if folded(&from) == folded(&to) || from_ids.iter().any(|id| to_ids.contains(id)) {
            return Err(DelegateRefused::Oneself(from));
        }
        // Whoever votes must be somebody of whom it is known who they are: how else would they not vote about themselves?
        if to_ids.is_empty() {
            return Err(DelegateRefused::Stranger(to));
        }
        if from_ids.is_empty() && !self.is_asked_by_name(&from) {
            return Err(DelegateRefused::Stranger(from));
        }
        let mut hash = Sha256::new();
        for part in
            [&folded(&from), &folded(&to), &starts.to_string(), &wish.until.to_string(), &now.to_string()]
        {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let hex: String = hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let given = Delegation {
            id: format!("dlg_{hex}"),
            from,
            to,
            starts: Some(starts),
            until: wish.until,
            reason: wish.reason.trim().to_owned(),
            given_by: by.to_owned(),
            given_at: Some(now),
        };
        Ok(Kept { given, from_ids, to_ids })
    }

    /// Identities with this address who work here.
    async fn somebody(&self, mail: &str) -> Result<Vec<IdentityId>, StoreFailure> {
        let who = Principal { name: mail.to_owned(), emails: vec![mail.to_owned()], ..Principal::default() };
        let known = self.known_as(&who).await?;
        Ok(if known.employed { known.identities } else { Vec::new() })
    }

    /// Whether a rule of the policy in force asks for this address, which may be of somebody outside.
    fn is_asked_by_name(&self, mail: &str) -> bool {
        let active = self.active();
        let approvals = active.policy.demands().values().filter_map(|demand| demand.approval.as_ref());
        let mut asked = approvals.flat_map(|asked| asked.by.iter().chain(&asked.escalate_to));
        asked.any(|one| matches!(one, Approver::Person(own) if folded(own) == folded(mail)))
    }

    /// Takes a delegation back before its time.
    ///
    /// # Errors
    /// See [`DelegateRefused`].
    pub async fn withdraw_delegation(&self, id: &str, by: &str) -> Result<Delegation, DelegateRefused> {
        let unknown = || DelegateRefused::Unknown(id.to_owned());
        let document = self.store.documents(DELEGATIONS, &[id.to_owned()]).await?.into_iter().next();
        let document = document.ok_or_else(unknown)?;
        let taken = gone(&document);
        let mut kept = read(document).ok_or_else(unknown)?;
        if kept.to_ids.is_empty() {
            (kept.from_ids, kept.to_ids) =
                (self.somebody(&kept.given.from).await?, self.somebody(&kept.given.to).await?);
        }
        let now = self.clock.now();
        let titles =
            ["lets nobody vote in their place any more", "may not vote in somebody's place any more"];
        let mut batch = vec![taken];
        batch.extend(told(&kept, titles, &said("withdrawn", by, ""), now));
        self.write(batch).await.map_err(|failure| match failure {
            StoreFailure::DocumentChanged { .. } => unknown(),
            other => other.into(),
        })?;
        Ok(kept.given)
    }

    /// Whether there is a delegation of this id, and somebody is one of its two; over or not.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_delegation_of(&self, id: &str, who: &Principal) -> Result<bool, StoreFailure> {
        let found = self.store.documents(DELEGATIONS, &[id.to_owned()]).await?.into_iter().find_map(read);
        Ok(match found {
            Some(kept) => kept.is_of(&self.known_as(who).await?),
            None => false,
        })
    }

    /// Whether somebody is who would delegate if this address did.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_whoever_has(&self, mail: &str, who: &Principal) -> Result<bool, StoreFailure> {
        let (ids, known) = (self.somebody(mail).await?, self.known_as(who).await?);
        Ok(are(&ids, mail, |id| known.is(id), |mail| known.has(mail)))
    }

    /// Delegations that are not over, oldest first; those that have not begun among them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delegations(&self) -> Result<Vec<Delegation>, StoreFailure> {
        Ok(self.kept_delegations().await?.into_iter().map(|kept| kept.given).collect())
    }

    /// Of these, somebody's own and those to them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delegations_of(&self, who: &Principal) -> Result<Vec<Delegation>, StoreFailure> {
        let known = self.known_as(who).await?;
        let all = self.kept_delegations().await?.into_iter();
        Ok(all.filter(|kept| kept.is_of(&known)).map(|kept| kept.given).collect())
    }

    async fn kept_delegations(&self) -> Result<Vec<Kept>, StoreFailure> {
        let now = self.clock.now();
        let (page, _) = self.store.document_page(DELEGATIONS, 0, LISTED_MAX).await?;
        Ok(page.into_iter().filter_map(read).filter(|kept| now < kept.given.until).collect())
    }

    /// Identities in whose place somebody may vote now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stands_in_for(&self, who: &Principal) -> Result<Vec<IdentityId>, StoreFailure> {
        let known = self.known_as(who).await?;
        let mut people = Vec::new();
        for kept in self.given_to(&known, self.clock.now()).await? {
            let other = self.known_as(&kept.delegator()).await?;
            people.extend(other.identities.into_iter().filter(|_| other.employed));
        }
        Ok(people)
    }

    /// Delegations in force to somebody who works here.
    pub(crate) async fn given_to(&self, me: &Known, now: Timestamp) -> Result<Vec<Kept>, StoreFailure> {
        let mut list: Vec<Kept> = Vec::new();
        if !me.employed {
            return Ok(list);
        }
        let addresses = me.emails.iter().map(|mail| ("to", folded(mail)));
        // Found whatever their address is by now.
        let people = me.identities.iter().map(|id| ("person", id.to_string()));
        for (kind, value) in addresses.chain(people) {
            let found = self.store.documents_by_key(DELEGATIONS, kind, &value).await?;
            for kept in found.into_iter().filter_map(read) {
                let is_to = kept.is_to(|id| me.is(id), |mail| me.has(mail));
                if kept.given.is_in_force(now) && is_to && !list.contains(&kept) {
                    list.push(kept);
                }
            }
        }
        Ok(list)
    }

    /// People who work here and stand in for somebody at that moment, first whom a delegation named first.
    pub(crate) async fn stand_ins_of(
        &self,
        id: &IdentityId,
        at: Timestamp,
    ) -> Result<Vec<IdentityId>, StoreFailure> {
        let found = self.store.documents_by_key(DELEGATIONS, "person", &id.to_string()).await?;
        let all: Vec<Kept> = found.into_iter().filter_map(read).collect();
        self.working(named_by(all.iter().collect(), id, at)).await
    }

    /// The same of everybody.
    pub(crate) async fn all_stand_ins(&self, at: Timestamp) -> Result<StandIns, StoreFailure> {
        let all = self.kept_delegations().await?;
        let mut given: HashMap<&IdentityId, Vec<&Kept>> = HashMap::new();
        for kept in &all {
            kept.from_ids.iter().for_each(|id| given.entry(id).or_default().push(kept));
        }
        let mut found = StandIns::new();
        for (id, kept) in given {
            found.insert(id.clone(), self.working(named_by(kept, id, at)).await?);
        }
        Ok(found)
    }

    /// Those of them who work here.
    async fn working(&self, people: Vec<&IdentityId>) -> Result<Vec<IdentityId>, StoreFailure> {
        let mut working = Vec::new();
        for id in people {
            let known = self.store.identity(id).await?;
            if known.is_some_and(|it| it.gone_at.is_none() && it.identity.status.is_employed()) {
                working.push(id.clone());
            }
        }
        Ok(working)
    }

    /// Delegations in force of whoever has this address, to people who work here.
    pub(crate) async fn given_by(&self, mail: &str, now: Timestamp) -> Result<Vec<Delegation>, StoreFailure> {
        let mut list = Vec::new();
        let mut all = self.documents_from(mail).await?;
        all.retain(|(_, kept)| kept.given.is_in_force(now));
        if all.is_empty() {
            return Ok(list);
        }
        // Whom the address would lead to by now.
        let from = self.somebody(mail).await?;
        for (_, kept) in all {
            let to = self.somebody(&kept.given.to).await?;
            if kept.is_from(|id| from.contains(id), |_| true) && kept.is_to(|id| to.contains(id), |_| true) {
                list.push(kept.given);
            }
        }
        Ok(list)
    }

    async fn documents_from(&self, mail: &str) -> Result<Vec<(Document, Kept)>, StoreFailure> {
        let mail = folded(mail);
        let mut found = self.store.documents_by_key(DELEGATIONS, "from", &mail).await?;
        // Earlier versions kept one for each, under the address.
        found.extend(self.store.documents(DELEGATIONS, &[mail]).await?);
        Ok(found.into_iter().filter_map(|document| Some((document.clone(), read(document)?))).collect())
    }
}

/// Whom these name to stand in for somebody at that moment: each once, first whom a delegation named first.
fn named_by<'k>(mut all: Vec<&'k Kept>, id: &IdentityId, at: Timestamp) -> Vec<&'k IdentityId> {
    all.retain(|kept| kept.from_ids.contains(id) && kept.given.is_in_force(at));
    all.sort_by(|a, b| (a.given.given_at, &a.given.id).cmp(&(b.given.given_at, &b.given.id)));
    let mut people: Vec<&IdentityId> = Vec::new();
    for to in all.into_iter().flat_map(|kept| &kept.to_ids) {
        if !people.contains(&to) {
            people.push(to);
        }
    }
    people
}

/// A line for each of the two, in what erasure forgets of them: none names the other.
fn told(kept: &Kept, titles: [&str; 2], detail: &str, now: Timestamp) -> Vec<Write> {
    let Kept { given, from_ids, to_ids } = kept;
    let data = serde_json::json!({
        "delegation": given.id, "from": from_ids, "to": to_ids, "starts": given.starts, "until": given.until,
    });
    let [gives, may] = titles;
    let from = from_ids.iter().map(|id| (id, &given.from, gives));
    let to = to_ids.iter().map(|id| (id, &given.to, may));
    from.chain(to)
        .map(|(id, mail, title)| {
            let line = line(&id.tenant, now, "approval", title).about(id, mail);
            line.detail(detail).data(data.clone()).write()
        })
        .collect()
}

fn key(kind: &str, value: String) -> DocumentKey {
    DocumentKey { kind: kind.into(), value, sole: false }
}

fn gone(document: &Document) -> Write {
    Write::DocumentGone {
        collection: DELEGATIONS.into(),
        key: document.key.clone(),
        version: document.version,
    }
}

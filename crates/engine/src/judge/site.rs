//! What is known of one site while everybody is decided: whose account is whose, and by which key.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use lanyard_model::{
    account::{Account, AccountKind},
    desired::{Desired, Lifecycle},
    id::{AccountId, AccountKey},
    identity::{Identity, Status},
    link::{How, Link, Situation},
};
use lanyard_plan::correlate::{Holder, KeyMatch, correlate};

use super::{
    Everybody,
    roll::{Tie, Ties, Who},
};
use crate::{
    engine::Active,
    look::{Claim, claim_on, contradiction},
    packed::KeyIndex,
    reactions::{Unclear, unclaimed},
    survey::SiteSurvey,
};

/// The name of the key by which an account was found.
fn key_of(how: Option<&How>) -> String {
    match how {
        Some(How::Key(key)) => key.clone(),
        _ => "key".into(),
    }
}

/// What is remembered of a site's people.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    pub(crate) ties: Ties,
    /// Linked accounts that a complete list no longer shows.
    pub(crate) asleep: HashMap<AccountId, Account>,
}

pub(super) struct SiteMemory<'a> {
    pub(super) site: &'a SiteSurvey,
    by_key: Arc<KeyIndex>,
    pub(super) ties: Ties,
    /// Links of this survey: by person, and whose each account is by them.
    found: HashMap<Who, Tie>,
    pub(super) found_of: BTreeSet<(AccountId, Who)>,
    /// Accounts that are somebody's, it is not clear whose.
    disputed: BTreeSet<AccountId>,
    pub(super) asleep: HashMap<AccountId, Account>,
    /// Rows whose keys are known.
    indexed: u32,
}

pub(super) struct Found {
    pub(super) account: Option<Account>,
    pub(super) tie: Option<Tie>,
    pub(super) new_link: Option<Link>,
    pub(super) disputed: Option<Unclear>,
}

impl Found {
    /// The site's list shows an account, and it is linked to the person.
    pub(super) fn is_theirs(&self) -> bool {
        self.account.is_some() && self.tie.is_some_and(|tie| !tie.ended)
    }
}

/// Takes in the keys of the live accounts of people among these rows.
pub(super) fn add_keys(
    index: &mut KeyIndex,
    active: &Active,
    site: &SiteSurvey,
    rows: impl IntoIterator<Item = u32>,
) {
    rows.into_iter().for_each(|row| add_keys_of(index, active, row, &site.accounts.row(row)));
}

/// The same of one account.
pub(super) fn add_keys_of(index: &mut KeyIndex, active: &Active, row: u32, account: &Account) {
    if account.kind == AccountKind::Person && account.is_live() {
        index.add(row, &active.policy.account_keys(account));
    }
}

impl<'a> SiteMemory<'a> {
    pub(super) fn new(site: &'a SiteSurvey, memory: Memory) -> Self {
        Self {
            site,
            by_key: Arc::default(),
            ties: memory.ties,
            found: HashMap::new(),
            found_of: BTreeSet::new(),
            disputed: BTreeSet::new(),
            asleep: memory.asleep,
            indexed: 0,
        }
    }

    /// Takes in the keys of at most so many more accounts. Whether all are known now.
    pub(super) fn index(&mut self, active: &Active, most: u32) -> bool {
        let accounts = &self.site.accounts;
        let end = self.indexed.saturating_add(most).min(accounts.len() as u32);
        let index = Arc::make_mut(&mut self.by_key);
        add_keys(index, active, self.site, self.indexed..end);
        self.indexed = end;
        let all = end == accounts.len() as u32;
        if all {
            index.complete();
        }
        all
    }

    /// Takes over keys that were taken in before.
    pub(super) fn know(&mut self, keys: &Arc<KeyIndex>) {
        self.by_key = Arc::clone(keys);
        self.indexed = self.site.accounts.len() as u32;
    }

    /// Live accounts of people with this key.
    fn with_key(&self, active: &Active, kind: &str, value: &str) -> Vec<Account> {
        let candidates = self.by_key.candidates(kind, value).map(|row| self.site.accounts.row(row));
        let has = |account: &Account| {
            active.policy.account_keys(account).iter().any(|(k, v)| k == kind && v == value)
        };
        candidates.filter(has).collect()
    }

    pub(super) fn tie(&self, who: Who) -> Option<Tie> {
        self.ties.of(who).or_else(|| self.found.get(&who).copied())
    }

    pub(super) fn account_of(&self, who: Who) -> Option<AccountId> {
        self.tie(who).filter(|tie| !tie.ended).map(|tie| tie.account)
    }

    /// Whose the account is, links of this survey included.
    pub(super) fn holders(&self, account: AccountId) -> impl Iterator<Item = Who> {
        let found = self.found_of.range((account, 0)..=(account, Who::MAX)).map(|(_, who)| *who);
        self.ties.holders(account).chain(found)
    }

    /// Whether the account is somebody's, or may be.
    pub(super) fn is_claimed(&self, account: AccountId) -> bool {
        self.holders(account).next().is_some() || self.disputed.contains(&account)
    }

    pub(super) fn key_of(&self, account: AccountId) -> AccountKey {
        AccountKey { site: self.site.site.clone(), id: account }
    }

    pub(super) fn find(
        &mut self,
        active: &Active,
        who: Who,
        identity: &Identity,
        everybody: &Everybody<'_>,
    ) -> Found {
        if let Some(tie) = self.tie(who) {
            let account = self.site.accounts.get(tie.account);
            return Found { account, tie: Some(tie), new_link: None, disputed: None };
        }
        let policy = &active.policy;
        let terms = policy.search_terms(identity);
        let mut candidates: Vec<(String, Vec<Account>)> = Vec::new();
        for term in &terms {
            let accounts = self.with_key(active, &term.kind, &term.folded);
            let stop = !accounts.is_empty();
            candidates.push((term.kind.clone(), accounts));
            if stop {
                break;
            }
        }
        let matches: Vec<_> = candidates
            .iter()
            .map(|(name, accounts)| KeyMatch { name: name.clone(), accounts: accounts.iter().collect() })
            .collect();
        let person = policy.person_key(identity);
        let holder = |key: &AccountKey| {
            let other = self.holders(key.id).find(|other| *other != who)?;
            let id = everybody.id(other);
            let listed = everybody.identity(other);
            let over = listed.as_ref().is_none_or(|o| o.status == Status::Deprovisioned);
            let same = person.is_some() && listed.as_ref().is_some_and(|o| policy.person_key(o) == person);
            Some(if same && (id.tenant != identity.id.tenant || over) {
                Holder::SamePerson(id)
            } else {
                Holder::Other(id)
            })
        };
        let answer = correlate(None, &matches, holder, |account, rank| {
            contradiction(&terms, &policy.account_keys(account), rank)
        });
        let asked = match &answer.situation {
            Situation::Linked(key) if self.holders(key.id).next().is_none() => {
                unclaimed(policy.reactions(&self.site.site), &key_of(answer.how.as_ref()))
            }
            _ => None,
        };
        if let (Some(why), Situation::Linked(key)) = (asked, &answer.situation) {
            self.disputed.insert(key.id);
            return Found { account: None, tie: None, new_link: None, disputed: Some(why) };
        }
        match answer.situation {
            Situation::Linked(key) => {
                let link = Link {
                    identity: identity.id.clone(),
                    account: key.clone(),
                    how: answer.how.unwrap_or(How::Key("key".into())),
                    since: self.site.certificate.evidence.ended_at,
                    ended_at: None,
                };
                let tie = Tie { who, ended: false, account: key.id };
                self.found.insert(who, tie);
                self.found_of.insert((key.id, who));
                let account = self.site.accounts.get(key.id);
                Found { account, tie: Some(tie), new_link: Some(link), disputed: None }
            }
            Situation::Disputed { why, candidates } => {
                self.disputed.extend(candidates.iter().map(|key| key.id));
                Found { account: None, tie: None, new_link: None, disputed: Some(Unclear::disputed(why)) }
            }
            _ => Found { account: None, tie: None, new_link: None, disputed: None },
        }
    }

    /// Whether another living identity of the same person governs the account.
    #[expect(clippy::too_many_arguments, reason = "one call site; the shared state of a whole survey")]
    pub(super) fn governed_by_other(
        &self,
        active: &Active,
        who: Who,
        identity: &Identity,
        desired: &Desired,
        account: Option<&Account>,
        everybody: &Everybody<'_>,
        now: Timestamp,
    ) -> bool {
        let Some(account) = account else { return false };
        let site = &self.site.site;
        let alive = crate::look::is_alive(desired);
        let over = matches!(desired.lifecycle, Lifecycle::Ended { .. });
        self.holders(account.id()).filter(|other| *other != who).any(|other| {
            everybody.identity(other).is_some_and(|o| match claim_on(active, &o, site, now) {
                Claim::Wants => {
                    !alive || active.policy.governs_before(&o.id.tenant, &identity.id.tenant, site).is_lt()
                }
                Claim::Unclear => over,
                Claim::No => false,
            })
        })
    }

    /// Live accounts of people that share a key: (key, value, accounts). Accounts that share several are told once, by
    /// the strongest.
    pub(super) fn duplicates(&self, active: &Active) -> Vec<(String, String, Vec<Account>)> {
        let mut shared: BTreeMap<(usize, String, String), BTreeSet<u32>> = BTreeMap::new();
        for rows in self.by_key.repeated() {
            let mut of_key: BTreeMap<(usize, String, String), BTreeSet<u32>> = BTreeMap::new();
            for row in rows {
                let keys = active.policy.account_keys(&self.site.accounts.row(row));
                for (rank, (kind, value)) in keys.into_iter().enumerate() {
                    of_key.entry((rank, kind, value)).or_default().insert(row);
                }
            }
            for (key, rows) in of_key.into_iter().filter(|(_, rows)| rows.len() > 1) {
                shared.entry(key).or_default().extend(rows);
            }
        }
        let mut told: BTreeSet<u32> = BTreeSet::new();
        let mut duplicates = Vec::new();
        for ((_, kind, value), rows) in shared {
            if rows.iter().all(|row| told.contains(row)) {
                continue;
            }
            told.extend(rows.iter().copied());
            let accounts = rows.iter().map(|row| self.site.accounts.row(*row)).collect();
            duplicates.push((kind, value, accounts));
        }
        duplicates
    }
}

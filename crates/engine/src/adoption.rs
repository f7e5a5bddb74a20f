//! First contact with years of hand-kept data: who was matched with which account and how surely, what would be kept and
//! what changed, disputed pairs decided by people, and nothing written to a site before somebody signed it off.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_model::{
    account::Account,
    id::{AccountId, AccountKey, IdentityId, SiteId},
    identity::Identity,
    link::{How, Link},
    plan::Effect,
    signal::{Lane, Source},
};
use lanyard_policy::Policy;
use serde::Serialize;

use crate::{
    Engine,
    journal::line,
    ports::{Progress, StoreFailure, Write},
    reactions::Unclear,
    survey::SurveyError,
};

/// One pair, and what speaks for it.
#[derive(Debug, Clone, Serialize)]
pub struct Match {
    pub identity: IdentityId,
    pub person: String,
    pub account: AccountKey,
    pub account_name: String,
    pub how: How,
    /// 0 to 100: 50 for any key that agrees, 30 more for the strongest key, 10 more for each further key and for the
    /// name, 30 less for each key that contradicts.
    pub confidence: u8,
    pub evidence: Vec<String>,
    pub against: Vec<String>,
}

/// Somebody whose account is not plain.
#[derive(Debug, Clone, Serialize)]
pub struct Dispute {
    pub identity: IdentityId,
    pub person: String,
    pub why: String,
    pub candidates: Vec<Match>,
}

/// What the first writes would do to what is there.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Bulldozed {
    pub accounts_kept_as_they_are: usize,
    pub accounts_made: usize,
    pub records_changed: usize,
    pub seats_kept: usize,
    pub seats_moved: usize,
    pub seats_taken: usize,
    pub roles_kept: usize,
    pub roles_added: usize,
    pub roles_taken: usize,
    pub accounts_ended: usize,
}

#[derive(Debug, Clone, Serialize)]
pub struct MatchReport {
    pub site: SiteId,
    pub signed_off: bool,
    pub people: usize,
    pub accounts: usize,
    pub matched: Vec<Match>,
    pub disputed: Vec<Dispute>,
    /// People without an account: each would get one.
    pub unlinked: Vec<String>,
    /// Accounts of nobody in Okta: they are left alone.
    pub orphans: Vec<String>,
    pub aside: Vec<String>,
    pub first_writes: Bulldozed,
    pub doubts: Vec<String>,
}

/// Why a pair was not decided. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PairRefused {
    #[error("the settings have no site {0}")]
    NoSite(SiteId),
    #[error("{0} is not known")]
    NoPerson(IdentityId),
    #[error("{0} is not known in this site: sweep first")]
    NoAccount(AccountKey),
    #[error("{account} belongs to {holder}")]
    Held { account: AccountKey, holder: IdentityId },
    #[error("{0} is a site administrator's or a device's: those are never governed")]
    Ungoverned(AccountKey),
    #[error("a reason is needed")]
    NoReason,
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

fn signed_off_key(site: &SiteId) -> String {
    format!("signed-off:{site}")
}

/// The address of the site that was signed off.
fn signed_address_key(site: &SiteId) -> String {
    format!("signed-off-address:{site}")
}

impl Engine {
    /// Whether anything may be written to the site: not while this installation only observes, nor before the site was
    /// signed off where the settings ask for it.
    pub fn may_write(&self, site: &SiteId) -> bool {
        !self.settings.observe_only && (!self.is_barred(site) || self.is_signed_off(site))
    }

    /// Reads which sites were signed off.
    pub(crate) async fn load_sign_offs(&self) -> Result<(), StoreFailure> {
        for id in self.barred() {
            let address = self.sites().get(&id).map(|site| site.port().address());
            let known = self.store.meta(&signed_off_key(&id)).await?.filter(|by| !by.is_empty());
            // A sign-off of before addresses were noted is that of the site that the settings have.
            if let (Some(address), Some(_)) = (&address, known)
                && self.signed_address(&id).await?.is_none()
            {
                self.write(vec![Write::Meta { key: signed_address_key(&id), value: address.clone() }])
                    .await?;
            }
            self.bar(id, &address.unwrap_or_default()).await?;
        }
        Ok(())
    }

    /// The site is not written to, unless somebody signed off the one at this address before.
    pub(crate) async fn bar(&self, site: SiteId, address: &str) -> Result<(), StoreFailure> {
        self.note_barred(site.clone());
        if self.store.meta(&signed_off_key(&site)).await?.is_none_or(|by| by.is_empty()) {
            return Ok(());
        }
        match self.signed_address(&site).await? {
            Some(signed) if signed == address => self.note_signed_off(site),
            signed => {
                let signed = signed.unwrap_or_else(|| "another address".into());
                tracing::warn!(%site, address, signed, "it was signed off at another address: nothing is written there");
            }
        }
        Ok(())
    }

    async fn signed_address(&self, site: &SiteId) -> Result<Option<String>, StoreFailure> {
        Ok(self.store.meta(&signed_address_key(site)).await?.filter(|address| !address.is_empty()))
    }

    /// From now on the site is written to.
    ///
    /// # Errors
    /// See [`PairRefused`].
    pub async fn sign_off(&self, site: &SiteId, by: &str, reason: &str) -> Result<(), PairRefused> {
        let Some(address) = self.sites().get(site).map(|site| site.port().address()) else {
            return Err(PairRefused::NoSite(site.clone()));
        };
        if reason.trim().is_empty() {
            return Err(PairRefused::NoReason);
        }
        let now = self.clock.now();
        let mut batch = vec![
            Write::Meta { key: signed_off_key(site), value: format!("{by} at {now}") },
            Write::Meta { key: signed_address_key(site), value: address },
        ];
        for tenant in self.directories().keys() {
            let title = format!("{site} signed off by {by}: it is written to from now on");
            batch.push(line(tenant, now, "control", title).site(site).detail(reason).write());
        }
        self.write(batch).await?;
        self.note_signed_off(site.clone());
        Ok(())
    }

    /// Says whose an account is, where keys cannot.
    ///
    /// # Errors
    /// See [`PairRefused`].
    pub async fn decide_pair(
        &self,
        identity: &IdentityId,
        site: &SiteId,
        account: AccountId,
        by: &str,
        reason: &str,
    ) -> Result<Link, PairRefused> {
        if reason.trim().is_empty() {
            return Err(PairRefused::NoReason);
        }
        if !self.sites().contains_key(site) {
            return Err(PairRefused::NoSite(site.clone()));
        }
        let known =
            self.store.identity(identity).await?.ok_or_else(|| PairRefused::NoPerson(identity.clone()))?;
        let key = AccountKey { site: site.clone(), id: account };
        let found = self.store.account(&key).await?.ok_or_else(|| PairRefused::NoAccount(key.clone()))?;
        if found.site_admin == Some(true) || found.kind != lanyard_model::account::AccountKind::Person {
            return Err(PairRefused::Ungoverned(key));
        }
        let others = self.store.links_to(&key).await?;
        if let Some(other) = others.iter().find(|link| link.identity != *identity && link.ended_at.is_none())
        {
            return Err(PairRefused::Held { account: key, holder: other.identity.clone() });
        }
        let now = self.clock.now();
        let how = How::Person(format!("{by}: {}", reason.trim()));
        let link = Link { identity: identity.clone(), account: key.clone(), how, since: now, ended_at: None };
        let batch = vec![
            Write::Link(link.clone()),
            line(&identity.tenant, now, "link", format!("{by} says that account {key} is theirs"))
                .about(identity, &known.identity.display_name())
                .site(site)
                .detail(reason.trim())
                .data(serde_json::json!({ "by": by }))
                .write(),
            Write::FindingOver { key: format!("disputed:{identity}:{site}"), at: now },
            Write::Attend {
                who: vec![identity.clone()],
                source: Source::Person,
                lane: Lane::Normal,
                due: now,
                why: "it was decided whose account it is".into(),
            },
        ];
        self.write(batch).await?;
        self.wake.notify_one();
        Ok(link)
    }

    /// Reads both sides and says who is whose and what the first writes would do. Writes nothing anywhere.
    ///
    /// # Errors
    /// When a list cannot be read at all.
    pub async fn match_report(
        &self,
        site: &SiteId,
        progress: &dyn Progress,
    ) -> Result<MatchReport, SurveyError> {
        let survey = self.survey(Some(site), progress).await?;
        let active = self.active();
        let policy = &active.policy;
        let listed = survey.sites.iter().find(|read| read.site == *site);
        let account_of = |id: AccountId| listed?.accounts.get(id);
        let person_of = |id: &IdentityId| {
            survey.tenants.iter().find(|tenant| tenant.tenant == id.tenant)?.identities.by_user(&id.user)
        };
        let decided = &survey.decided;
        let mut links: BTreeMap<IdentityId, Link> = self
            .store
            .links(site)
            .await?
            .into_iter()
            .filter(|link| link.ended_at.is_none())
            .map(|link| (link.identity.clone(), link))
            .collect();
        for finding in decided.differing.iter().chain(&decided.adopted) {
            if let Some(link) = &finding.new_link {
                links.insert(link.identity.clone(), link.clone());
            }
        }
        let mut matched: Vec<_> = links
            .values()
            .filter_map(|link| {
                let (identity, account) = (person_of(&link.identity)?, account_of(link.account.id)?);
                Some(pair(policy, &identity, &account, link.how.clone()))
            })
            .collect();
        matched.sort_by(|a, b| (a.confidence, &a.identity).cmp(&(b.confidence, &b.identity)));
        let taken: BTreeSet<AccountId> = links.values().map(|link| link.account.id).collect();
        let disputed = decided
            .disputed
            .iter()
            .filter_map(|(id, _, person, Unclear { why, .. })| {
                let identity = person_of(id)?;
                let terms = policy.search_terms(&identity);
                let shares = |account: &Account| {
                    let keys = policy.account_keys(account);
                    terms.iter().any(|term| {
                        keys.iter().any(|(kind, value)| *kind == term.kind && *value == term.folded)
                    })
                };
                // Mirrored keys would do as well; a disputed pair is rare, and this sees what was just read.
                let candidates = listed
                    .iter()
                    .flat_map(|read| read.accounts.iter())
                    .filter(shares)
                    .map(|account| pair(policy, &identity, &account, How::Key("candidate".into())))
                    .collect();
                Some(Dispute { identity: id.clone(), person: person.clone(), why: why.clone(), candidates })
            })
            .collect();
        let mut first = Bulldozed::default();
        let mut unlinked = Vec::new();
        let mut changed = BTreeSet::new();
        for finding in &decided.differing {
            let plan = &finding.plan;
            changed.insert(&plan.identity);
            if plan.account.is_none() {
                unlinked.push(format!("{} ({})", plan.person, plan.identity));
            }
            first.accounts_ended += usize::from(plan.ending.is_some());
            for difference in plan.steps.iter().flat_map(|step| &step.differences) {
                match (difference.what.as_str(), difference.effect) {
                    ("account", Effect::Add) => first.accounts_made += 1,
                    ("seat", Effect::Move) => first.seats_moved += 1,
                    ("seat", Effect::Remove) => first.seats_taken += 1,
                    (what, Effect::Remove) if what.starts_with("role in") => first.roles_taken += 1,
                    (what, Effect::Add | Effect::Change) if what.starts_with("role in") => {
                        first.roles_added += 1
                    }
                    _ => {}
                }
            }
            first.records_changed += usize::from(plan.steps.iter().any(|step| step.op.name() == "update"));
        }
        for one in &matched {
            let Some(account) = account_of(one.account.id) else { continue };
            first.accounts_kept_as_they_are += usize::from(!changed.contains(&one.identity));
            first.seats_kept += usize::from(account.seat.is_some());
            first.roles_kept += account.roles.as_ref().map_or(0, BTreeMap::len);
        }
        first.seats_kept = first.seats_kept.saturating_sub(first.seats_moved + first.seats_taken);
        first.roles_kept = first.roles_kept.saturating_sub(first.roles_taken);
        let orphans = listed
            .iter()
            .flat_map(|read| read.accounts.iter())
            .filter(|account| !taken.contains(&account.id()) && account.is_live())
            .filter(|account| account.kind == lanyard_model::account::AccountKind::Person)
            .map(|account| format!("{} ({})", account.display_name(), account.key))
            .collect();
        let doubts = survey
            .tenants
            .iter()
            .flat_map(|tenant| {
                tenant.certificate.doubts.iter().map(|doubt| format!("{}: {doubt}", tenant.tenant))
            })
            .chain(
                listed
                    .iter()
                    .flat_map(|read| read.certificate.doubts.iter().map(|doubt| format!("{site}: {doubt}"))),
            )
            .collect();
        Ok(MatchReport {
            site: site.clone(),
            signed_off: self.may_write(site),
            people: decided.people,
            accounts: listed.map_or(0, |read| read.accounts.len()),
            matched,
            disputed,
            unlinked,
            orphans,
            aside: decided.aside.iter().map(|(id, name, why)| format!("{name} ({id}): {why}")).collect(),
            first_writes: first,
            doubts,
        })
    }
}

/// What speaks for a pair, and what against it.
fn pair(policy: &Policy, identity: &Identity, account: &Account, how: How) -> Match {
    let theirs = policy.account_keys(account);
    let mut evidence = Vec::new();
    let mut against = Vec::new();
    let mut confidence = 0i32;
    for (rank, term) in policy.search_terms(identity).iter().enumerate() {
        let Some((_, value)) = theirs.iter().find(|(kind, _)| *kind == term.kind) else { continue };
        if *value == term.folded {
            confidence += match (evidence.is_empty(), rank) {
                (true, 0) => 80,
                (true, _) => 50,
                (false, _) => 10,
            };
            evidence.push(format!("{} {value} on both sides", term.kind));
        } else {
            confidence -= 30;
            against.push(format!("{}: {} in Okta, {value} in iOffice", term.kind, term.folded));
        }
    }
    let fold = |text: Option<&str>| text.map(lanyard_model::fold::text);
    let same = |field: &str| {
        let (okta, ioffice) = (fold(identity.profile.text(field)), fold(account.field(field)));
        okta.is_some() && okta == ioffice
    };
    if same("firstName") && same("lastName") {
        confidence += 10;
        evidence.push("the same first and last name".into());
    } else if !same("lastName") {
        against.push(format!("{} in Okta, {} in iOffice", identity.display_name(), account.display_name()));
    }
    if matches!(how, How::Created | How::Person(_)) {
        confidence = 100;
    }
    Match {
        identity: identity.id.clone(),
        person: identity.display_name(),
        account: account.key.clone(),
        account_name: account.display_name(),
        how,
        confidence: u8::try_from(confidence.clamp(0, 100)).unwrap_or(0),
        evidence,
        against,
    }
}

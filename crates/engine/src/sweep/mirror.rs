//! Whole lists against the mirrors, side by side in one order: only what differs is written.

use std::collections::VecDeque;

use lanyard_model::{
    account::Account,
    coverage::{Certificate, ReadKind},
    id::{AccountId, IdentityId, SiteId, TenantId},
    identity::Identity,
    signal::{Lane, Source},
};

use super::{BATCH, SweepScope, unfinished::Unfinished};
use crate::{
    Engine,
    engine::Active,
    pages::Pages,
    ports::{Finding, MirroredAccount, MirroredIdentity, Progress, Severity, StoreFailure, Write},
    survey::{SiteSurvey, TenantSurvey},
};

/// Before the id of somebody whom a complete list does not show any more; the mark's value names the list.
const ABSENT: &str = "absent:";

/// The finding that a tenant or a site could not be read.
pub(crate) fn unread_key(scope: &SweepScope) -> String {
    format!("unread:{}", scope.key())
}

pub(crate) fn absent_key(id: &IdentityId) -> String {
    format!("{ABSENT}{id}")
}

impl Engine {
    /// Remembers a tenant's list. One that could not be read changes nothing but the alarm.
    pub(super) async fn record_tenant(
        &self,
        read: &TenantSurvey,
        mark: &mut Unfinished,
        progress: &dyn Progress,
    ) -> Result<(), StoreFailure> {
        let scope = read.tenant.as_str();
        let whose = SweepScope::of_tenant(&read.tenant);
        let mut batch = vec![self.unread_write(&whose, read.failure().map(ToString::to_string))];
        if read.left_out.is_some() {
            return self.write(batch).await.map(drop);
        }
        batch.extend(self.certificate_writes(&whose, scope, ReadKind::Identities, &read.certificate));
        batch.extend(self.certificate_writes(&whose, scope, ReadKind::GroupMembers, &read.members));
        let (active, now) = (self.active(), self.clock.now());
        batch.extend(
            self.definition_writes(&whose, read.fields.as_ref(), &active.policy.attributes(), now).await?,
        );
        let mut known = self.store.groups(&read.tenant).await?;
        let mut groups = read.groups.clone();
        known.sort_by(|a, b| a.id.cmp(&b.id));
        groups.sort_by(|a, b| a.id.cmp(&b.id));
        if known != groups {
            batch.extend(self.note_unlisted_groups(&read.tenant, (&known, &groups), now).await?);
            batch.push(Write::Groups { tenant: read.tenant.clone(), groups });
        }
        self.write(batch).await?;
        self.record_identities(read, progress).await?;
        if read.certificate.holds() && read.members.holds() {
            let done = mark.tenant_done(&read.tenant, read.certificate.evidence.ended_at);
            self.write(vec![done]).await?;
        }
        Ok(())
    }

    /// Remembers a site's list.
    pub(super) async fn record_site(
        &self,
        read: &SiteSurvey,
        mark: &mut Unfinished,
        progress: &dyn Progress,
    ) -> Result<(), StoreFailure> {
        let scope = read.site.as_str();
        let whose = SweepScope::of_site(&read.site);
        let mut batch = vec![self.unread_write(&whose, None)];
        batch.extend(self.certificate_writes(&whose, scope, ReadKind::Accounts, &read.certificate));
        let (active, now) = (self.active(), self.clock.now());
        batch.extend(
            self.definition_writes(&whose, read.fields.as_ref(), &active.policy.fields(), now).await?,
        );
        batch.extend(self.people_write(&read.site));
        self.write(batch).await?;
        self.record_accounts(read, progress).await?;
        if read.certificate.holds() {
            let done = mark.site_done(&read.site, read.certificate.evidence.ended_at);
            self.write(vec![done]).await?;
        }
        Ok(())
    }

    /// The alarm of a tenant or site that could not be read, or its end.
    pub(super) fn unread_write(&self, scope: &SweepScope, why: Option<String>) -> Write {
        let key = unread_key(scope);
        let now = self.clock.now();
        let Some(why) = why else { return Write::FindingOver { key, at: now } };
        Write::Finding(Box::new(Finding {
            key,
            kind: "unread".into(),
            severity: Severity::Error,
            tenant: scope.tenant.clone(),
            site: scope.site.clone(),
            identity: None,
            title: format!("{scope} could not be read, and was left out of the comparison"),
            detail: format!(
                "{why}. Everything else was compared. Nobody of it counts as gone, and no account as an orphan, until it is read again."
            ),
            fix: Some("run doctor: it names what is wrong with the connection or the credential".into()),
            count: None,
            since: now,
        }))
    }

    /// The key under which earlier versions told this kind of finding of a site, unless that is a tenant's now.
    pub(crate) fn plain_key(&self, kind: &str, site: &SiteId) -> Option<String> {
        (!self.is_tenant(site.as_str())).then(|| format!("{kind}:{site}"))
    }

    fn certificate_writes(
        &self,
        whose: &SweepScope,
        scope: &str,
        kind: ReadKind,
        certificate: &Certificate,
    ) -> Vec<Write> {
        let now = self.clock.now();
        let key = format!("certificate:{scope}:{kind:?}");
        let kept =
            Write::Certificate { scope: scope.to_owned(), kind, certificate: Box::new(certificate.clone()) };
        if certificate.holds() {
            return vec![kept, Write::FindingOver { key, at: now }];
        }
        let alarm = Finding {
            key,
            kind: "certificate".into(),
            severity: Severity::Error,
            tenant: whose.tenant.clone(),
            site: whose.site.clone(),
            identity: None,
            title: format!("{scope}: a complete read could not be proven"),
            detail: format!(
                "{}. Nobody is taken for gone, and no account for an orphan, on this list. Additions go on.",
                certificate.doubts.join("; ")
            ),
            fix: Some(
                "check our rights in that system, then sweep again; if the list really shrank so much, raise shrink_percent_max for one sweep".into(),
            ),
            count: None,
            since: now,
        };
        vec![kept, Write::Finding(Box::new(alarm))]
    }

    /// Mirrors people whose content differs from what is known; people we knew who are in no complete list any more are
    /// looked at by id, with the list as proof.
    async fn record_identities(
        &self,
        read: &TenantSurvey,
        progress: &dyn Progress,
    ) -> Result<(), StoreFailure> {
        let active = self.active();
        let people = &read.identities;
        let evidence = &read.certificate.evidence;
        let total = people.len() as u64;
        let mut pages = Pages::default();
        let mut known: VecDeque<MirroredIdentity> = VecDeque::new();
        let mut absent: Vec<IdentityId> = Vec::new();
        let mut batch = Vec::new();
        let mut row = 0;
        loop {
            if known.is_empty() && !pages.ended() {
                let page = self.store.mirrored(&read.tenant, pages.after(), BATCH).await?;
                match page.last() {
                    Some(last) => pages.seen(&last.mirrored.identity.id.user),
                    None => pages.end(),
                }
                known.extend(page);
                continue;
            }
            let listed = (row < people.len() as u32).then(|| people.user(row));
            let mirrored = known.front().map(|known| &*known.mirrored.identity.id.user);
            match (listed, mirrored) {
                (None, None) => break,
                (listed, Some(mirrored)) if listed.is_none_or(|listed| mirrored < listed) => {
                    absent.extend(known.pop_front().and_then(|known| {
                        let gone = known.mirrored.gone_at.is_some();
                        // A look may have met them since.
                        let before = known.mirrored.identity.read_at < evidence.started_at;
                        (!gone && before).then_some(known.mirrored.identity.id)
                    }));
                }
                (_, mirrored) => {
                    let same = mirrored.is_some_and(|mirrored| mirrored == people.user(row));
                    let known = if same { known.pop_front() } else { None };
                    batch.extend(news_of_identity(&active, known, people.get(row)));
                    row += 1;
                }
            }
            if batch.len() == BATCH {
                progress.report("remembering people", u64::from(row), Some(total));
                self.write(std::mem::take(&mut batch)).await?;
            }
        }
        self.write(batch).await?;
        if !read.certificate.holds() {
            return Ok(());
        }
        for chunk in absent.chunks(BATCH) {
            let mut batch: Vec<_> = chunk
                .iter()
                .map(|id| Write::Meta { key: absent_key(id), value: evidence.ended_at.to_string() })
                .collect();
            batch.push(Write::Attend {
                who: chunk.to_vec(),
                source: Source::Sweep,
                lane: Lane::Leaver,
                due: self.clock.now(),
                why: "no longer in Okta's complete list".into(),
            });
            self.write(batch).await?;
        }
        self.forget_absences(&read.tenant, &evidence.ended_at.to_string()).await
    }

    /// Lets go of what earlier lists said of people who were missing: only the last proven list counts.
    async fn forget_absences(&self, tenant: &TenantId, list: &str) -> Result<(), StoreFailure> {
        let prefix = format!("{ABSENT}{tenant}/");
        let mut pages = Pages::default();
        loop {
            let page = self.store.metas(&prefix, pages.after(), BATCH).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            pages.seen(last);
            let older = page.into_iter().filter(|(_, marked)| marked != list);
            self.write(older.map(|(key, _)| Write::Meta { key, value: String::new() }).collect()).await?;
        }
    }

    /// Mirrors accounts that differ from what is known; those that a complete list no longer shows are marked gone.
    async fn record_accounts(&self, read: &SiteSurvey, progress: &dyn Progress) -> Result<(), StoreFailure> {
        let active = self.active();
        let accounts = &read.accounts;
        let evidence = &read.certificate.evidence;
        let total = accounts.len() as u64;
        let mut after = None;
        let mut ended = false;
        let mut known = VecDeque::new();
        let mut batch = Vec::new();
        let mut row = 0;
        loop {
            if known.is_empty() && !ended {
                let page = self.store.mirrored_accounts(&read.site, after, BATCH).await?;
                match page.last() {
                    Some(last) => after = Some(last.account.id()),
                    None => ended = true,
                }
                known.extend(page);
                continue;
            }
            let listed: Option<AccountId> = (row < accounts.len() as u32).then(|| accounts.id(row));
            let mirrored = known.front().map(|known| known.account.id());
            match (listed, mirrored) {
                (None, None) => break,
                (listed, Some(mirrored)) if listed.is_none_or(|listed| mirrored < listed) => {
                    if let Some(known) = known.pop_front()
                        && read.certificate.holds()
                        && !known.gone
                        && known.account.read_at < evidence.started_at
                    {
                        batch.push(Write::AccountGone { account: known.account.key, at: evidence.ended_at });
                    }
                }
                (listed, mirrored) => {
                    let known = if listed == mirrored { known.pop_front() } else { None };
                    batch.extend(news_of_account(&active, known, accounts.row(row)));
                    row += 1;
                }
            }
            if batch.len() == BATCH {
                progress.report("remembering accounts", u64::from(row), Some(total));
                self.write(std::mem::take(&mut batch)).await?;
            }
        }
        self.write(batch).await.map(drop)
    }
}

/// What is to be remembered of a listed person. A list never beats a later read; under another policy the same content
/// may have other keys.
fn news_of_identity(active: &Active, known: Option<MirroredIdentity>, listed: Identity) -> Option<Write> {
    let write = |identity: Identity, keys| {
        let at = identity.read_at;
        Some(Write::Identity { identity: Box::new(identity), keys, at })
    };
    let Some(known) = known.filter(|known| known.mirrored.gone_at.is_none()) else {
        let keys = active.identity_keys(&listed);
        return write(listed, keys);
    };
    let later = known.mirrored.identity.read_at > listed.read_at;
    let same = later || crate::look::is_same(&known.mirrored.identity, &listed, &active.groups);
    let shown = if later { known.mirrored.identity } else { listed };
    let keys = active.identity_keys(&shown);
    if same && sorted(&known.keys) == sorted(&keys) { None } else { write(shown, keys) }
}

/// The same of a listed account.
fn news_of_account(active: &Active, known: Option<MirroredAccount>, listed: Account) -> Option<Write> {
    let write = |account: Account, keys| Some(Write::Account { account: Box::new(account), keys });
    let Some(known) = known.filter(|known| !known.gone) else {
        let keys = active.policy.account_keys(&listed);
        return write(listed, keys);
    };
    let later = known.account.read_at > listed.read_at;
    let shown = if later { known.account.clone() } else { listed };
    let same = Account { read_at: shown.read_at, ..known.account } == shown;
    let keys = active.policy.account_keys(&shown);
    if same && sorted(&known.keys) == sorted(&keys) { None } else { write(shown, keys) }
}

fn sorted(keys: &[(String, String)]) -> Vec<&(String, String)> {
    let mut keys: Vec<_> = keys.iter().collect();
    keys.sort();
    keys.dedup();
    keys
}

//! Full reconciliation: a survey, what it says remembered, and attention raised for whoever differs. Not a second
//! program: the changes themselves are made by the same looks that events cause.

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    coverage::{Certificate, ReadKind},
    desired::Lifecycle,
    id::{IdentityId, SiteId, TenantId},
    signal::{Lane, Source},
};

use crate::{
    Engine,
    journal::line,
    ports::{Finding, Progress, Severity, StoreFailure, SweepRecord, Write},
    survey::{Survey, SurveyError},
};

const BATCH: usize = 1000;

/// What a sweep found. Differences are being worked off when it answers.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SweepReport {
    pub id: String,
    pub people: usize,
    pub accounts: usize,
    pub certified: bool,
    pub doubts: Vec<String>,
    /// People whose plan was not quiet.
    pub differing: usize,
    pub unchanged: usize,
    pub orphans: usize,
    pub disputed: usize,
    pub aside: usize,
    pub linked: usize,
    /// Sites that could not be read at all.
    pub unread: Vec<SiteId>,
}

impl Engine {
    /// Sweeps one site, or all. Answers when everything is recorded and attention is raised.
    ///
    /// # Errors
    /// When a list cannot be read at all, or the store fails; what was recorded until then stands.
    pub async fn sweep(
        &self,
        only: Option<&SiteId>,
        why: &str,
        progress: &dyn Progress,
    ) -> Result<SweepReport, SurveyError> {
        let survey = self.survey(only, progress).await?;
        let report = self.record_sweep(only, why, &survey, progress).await?;
        self.wake.notify_one();
        Ok(report)
    }

    async fn record_sweep(
        &self,
        only: Option<&SiteId>,
        why: &str,
        survey: &Survey,
        progress: &dyn Progress,
    ) -> Result<SweepReport, StoreFailure> {
        let _busy = self.clock.busy();
        let now = self.clock.now();
        let decided = &survey.decided;
        let mut doubts = Vec::new();
        for tenant in &survey.tenants {
            self.record_certificate(
                tenant.tenant.as_str(),
                ReadKind::Identities,
                &tenant.certificate,
                &mut doubts,
                now,
            )
            .await?;
            self.record_certificate(
                tenant.tenant.as_str(),
                ReadKind::GroupMembers,
                &tenant.members,
                &mut doubts,
                now,
            )
            .await?;
            self.record_identities(tenant, progress).await?;
            self.record_absent(&tenant.tenant, survey, now).await?;
        }
        let active = self.active();
        for site in &survey.sites {
            self.record_certificate(
                site.site.as_str(),
                ReadKind::Accounts,
                &site.certificate,
                &mut doubts,
                now,
            )
            .await?;
            let rows: Vec<_> =
                site.accounts.iter().map(|a| (a.clone(), active.policy.account_keys(a))).collect();
            if site.certificate.holds() {
                self.write(vec![Write::AccountsWhole { site: site.site.clone(), accounts: rows, at: now }])
                    .await?;
            } else {
                for chunk in rows.chunks(BATCH) {
                    let batch = chunk
                        .iter()
                        .map(|(account, keys)| Write::Account {
                            account: Box::new(account.clone()),
                            keys: keys.clone(),
                        })
                        .collect();
                    self.write(batch).await?;
                }
            }
        }
        for (site, failure) in &survey.unread {
            doubts.push(format!("{site}: it could not be read: {failure}"));
        }
        self.write(vec![self.missing_groups_write()]).await?;
        self.remember_catalogues(survey.sites.iter().map(|site| &site.site)).await?;
        let linked = self.record_adopted(survey).await?;
        self.record_findings(survey, now).await?;
        let id = format!("swp_{}", now.as_millisecond());
        let report = SweepReport {
            id: id.clone(),
            people: decided.people,
            accounts: survey.sites.iter().map(|site| site.accounts.len()).sum(),
            certified: doubts.is_empty(),
            differing: decided.differing.len(),
            unchanged: decided.unchanged,
            orphans: decided.orphans.len(),
            disputed: decided.disputed.len(),
            aside: decided.aside.len(),
            linked,
            unread: survey.unread.iter().map(|(site, _)| site.clone()).collect(),
            doubts,
        };
        self.raise_attention(survey, now).await?;
        let mut batch = vec![Write::Sweep(Box::new(SweepRecord {
            id,
            scope: only.map_or_else(|| "all".into(), ToString::to_string),
            started_at: survey.started_at,
            ended_at: Some(self.clock.now()),
            certified: report.certified,
            doubts: report.doubts.clone(),
            people: report.people as u64,
            accounts: report.accounts as u64,
            drift: report.differing as u64,
            findings: (report.orphans + report.disputed + report.aside) as u64,
        }))];
        for tenant in &survey.tenants {
            batch.push(
                line(
                    &tenant.tenant,
                    now,
                    "sweep",
                    format!(
                        "{} people and {} accounts compared: {} differ, {} orphaned",
                        report.people, report.accounts, report.differing, report.orphans
                    ),
                )
                .detail(if report.certified {
                    format!("{why}; every list is proven complete")
                } else {
                    format!("{why}; in doubt: {}", report.doubts.join("; "))
                })
                .data(serde_json::to_value(&report).unwrap_or_default())
                .write(),
            );
        }
        self.write(batch).await?;
        Ok(report)
    }

    async fn record_certificate(
        &self,
        scope: &str,
        kind: ReadKind,
        certificate: &Certificate,
        doubts: &mut Vec<String>,
        now: Timestamp,
    ) -> Result<(), StoreFailure> {
        let key = format!("certificate:{scope}:{kind:?}");
        let mut batch = vec![Write::Certificate {
            scope: scope.to_owned(),
            kind,
            certificate: Box::new(certificate.clone()),
        }];
        if certificate.holds() {
            batch.push(Write::FindingOver { key, at: now });
        } else {
            doubts.extend(certificate.doubts.iter().map(|doubt| format!("{scope}: {doubt}")));
            batch.push(Write::Finding(Box::new(Finding {
                key,
                kind: "certificate".into(),
                severity: Severity::Error,
                tenant: None,
                site: None,
                identity: None,
                title: format!("{scope}: a complete read could not be proven"),
                detail: format!(
                    "{}. Nobody is taken for gone, and no account for an orphan, on this list. Additions go on.",
                    certificate.doubts.join("; ")
                ),
                fix: Some("check our rights in that system, then sweep again; if the list really shrank so much, raise shrink_percent_max for one sweep".into()),
                since: now,
            })));
        }
        self.write(batch).await.map(|_| ())
    }

    /// Mirrors people whose content differs from what is known, in batches.
    async fn record_identities(
        &self,
        tenant: &crate::survey::TenantSurvey,
        progress: &dyn Progress,
    ) -> Result<(), StoreFailure> {
        let active = self.active();
        let groups = &active.groups;
        self.write(vec![Write::Groups { tenant: tenant.tenant.clone(), groups: tenant.groups.clone() }])
            .await?;
        let total = tenant.identities.len() as u64;
        for (at, chunk) in tenant.identities.chunks(BATCH).enumerate() {
            progress.report("remembering people", (at * BATCH) as u64, Some(total));
            let mut batch = Vec::new();
            for identity in chunk {
                let known = self.store.identity(&identity.id).await?;
                // A look may have read them since: a list never beats a later read.
                let same = known.is_some_and(|known| {
                    known.identity.read_at > identity.read_at
                        || known.gone_at.is_none() && crate::look::is_same(&known.identity, identity, groups)
                });
                if !same {
                    batch.push(Write::Identity {
                        identity: Box::new(identity.clone()),
                        keys: active.identity_keys(identity),
                        at: identity.read_at,
                    });
                }
            }
            self.write(batch).await?;
        }
        Ok(())
    }

    /// People we knew who are in no complete list any more: looked at by id, with the list as proof.
    async fn record_absent(
        &self,
        tenant: &TenantId,
        survey: &Survey,
        now: Timestamp,
    ) -> Result<(), StoreFailure> {
        let Some(read) = survey.tenants.iter().find(|t| t.tenant == *tenant && t.certificate.holds()) else {
            return Ok(());
        };
        let listed: HashSet<&Arc<str>> = read.identities.iter().map(|identity| &identity.id.user).collect();
        let mut after: Option<String> = None;
        loop {
            let page = self.store.identities(tenant, after.as_deref(), BATCH).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.identity.id.user.to_string());
            let absent: Vec<IdentityId> = page
                .iter()
                .filter(|known| known.gone_at.is_none() && !listed.contains(&known.identity.id.user))
                .filter(|known| known.identity.read_at < survey.started_at)
                .map(|known| known.identity.id.clone())
                .collect();
            if absent.is_empty() {
                continue;
            }
            let mut batch: Vec<_> = absent
                .iter()
                .map(|id| Write::Meta {
                    key: format!("absent:{id}"),
                    value: read.certificate.evidence.ended_at.to_string(),
                })
                .collect();
            batch.push(Write::Attend {
                who: absent,
                source: Source::Sweep,
                lane: Lane::Leaver,
                due: now,
                why: "no longer in Okta's complete list".into(),
            });
            self.write(batch).await?;
        }
    }

    async fn record_adopted(&self, survey: &Survey) -> Result<usize, StoreFailure> {
        let mut linked = 0;
        for chunk in survey.decided.adopted.chunks(BATCH) {
            let mut batch = Vec::new();
            for finding in chunk {
                if let Some(link) = &finding.new_link {
                    linked += 1;
                    batch.push(Write::Link(link.clone()));
                }
                if let Some(applied) = &finding.applied {
                    batch.push(Write::Applied {
                        identity: finding.plan.identity.clone(),
                        site: finding.plan.site.clone(),
                        applied: Box::new(applied.clone()),
                    });
                }
            }
            self.write(batch).await?;
        }
        Ok(linked)
    }

    async fn raise_attention(&self, survey: &Survey, now: Timestamp) -> Result<(), StoreFailure> {
        let (leavers, others): (Vec<_>, Vec<_>) = survey
            .decided
            .differing
            .iter()
            .partition(|f| matches!(f.desired.lifecycle, Lifecycle::Ended { .. }));
        for (lane, findings) in [(Lane::Leaver, leavers), (Lane::Bulk, others)] {
            for chunk in findings.chunks(BATCH) {
                let who = chunk.iter().map(|finding| finding.plan.identity.clone()).collect();
                let why = "a sweep found a difference".to_owned();
                self.write(vec![Write::Attend { who, source: Source::Sweep, lane, due: now, why }]).await?;
            }
        }
        for chunk in survey.decided.reviews.chunks(BATCH) {
            let batch = chunk
                .iter()
                .map(|(id, at)| Write::Attend {
                    who: vec![id.clone()],
                    source: Source::Timer,
                    lane: Lane::Normal,
                    due: *at,
                    why: "a date of theirs arrives".into(),
                })
                .collect();
            self.write(batch).await?;
        }
        Ok(())
    }

    async fn record_findings(&self, survey: &Survey, now: Timestamp) -> Result<(), StoreFailure> {
        let decided = &survey.decided;
        let mut findings = Vec::new();
        for (id, person, why) in &decided.aside {
            findings.push(Finding {
                key: format!("aside:{id}"),
                kind: "aside".into(),
                severity: Severity::Warning,
                tenant: Some(id.tenant.clone()),
                site: None,
                identity: Some(id.clone()),
                title: format!("{person} is set aside"),
                detail: why.clone(),
                fix: Some(
                    "correct the data in Okta, or the policy; nothing was changed for this person".into(),
                ),
                since: now,
            });
        }
        for (id, site, person, why) in &decided.disputed {
            findings.push(Finding {
                key: format!("disputed:{id}:{site}"),
                kind: "disputed".into(),
                severity: Severity::Warning,
                tenant: Some(id.tenant.clone()),
                site: Some(site.clone()),
                identity: Some(id.clone()),
                title: format!("{person}: it is not clear whose account this is"),
                detail: format!("{why}. Nothing was changed for this person."),
                fix: Some("make the keys unique in iOffice or Okta; the next look decides again".into()),
                since: now,
            });
        }
        for (id, account) in &decided.ungoverned {
            findings.push(Finding {
                key: format!("site-admin:{account}"),
                kind: "site_admin".into(),
                severity: Severity::Warning,
                tenant: Some(id.tenant.clone()),
                site: Some(account.site.clone()),
                identity: Some(id.clone()),
                title: format!("account {account} is a site administrator's"),
                detail: "site administrators are never governed: the API cannot take that right away".into(),
                fix: Some("review the right in iOffice".into()),
                since: now,
            });
        }
        for account in &decided.orphans {
            findings.push(orphan(account, now));
        }
        for chunk in findings.chunks(BATCH) {
            self.write(chunk.iter().map(|f| Write::Finding(Box::new(f.clone()))).collect()).await?;
        }
        let whole = survey.tenants.iter().all(|t| t.certificate.holds() && t.members.holds())
            && survey.sites.iter().all(|site| site.certificate.holds())
            && survey.sites.len() == self.sites().len();
        if whole {
            // What this sweep no longer finds is over, whether or not somebody was looked at since.
            for prefix in ["aside:", "disputed:", "site-admin:"] {
                let keep =
                    findings.iter().map(|f| f.key.clone()).filter(|key| key.starts_with(prefix)).collect();
                let over = Write::FindingsOverExcept { prefix: prefix.into(), keep, at: now };
                self.write(vec![over]).await?;
            }
        }
        for site in survey.sites.iter().filter(|site| site.certificate.holds()) {
            let prefix = format!("orphan:{}:", site.site);
            let keep =
                findings.iter().map(|f| f.key.clone()).filter(|key| key.starts_with(&prefix)).collect();
            if survey.tenants.iter().all(|tenant| tenant.certificate.holds()) {
                self.write(vec![Write::FindingsOverExcept { prefix, keep, at: now }]).await?;
            }
        }
        Ok(())
    }
}

fn orphan(account: &Account, now: Timestamp) -> Finding {
    Finding {
        key: format!("orphan:{}:{}", account.key.site, account.key.id),
        kind: "orphan".into(),
        severity: Severity::Warning,
        tenant: None,
        site: Some(account.key.site.clone()),
        identity: None,
        title: format!(
            "{} has an account in {} and nobody in Okta",
            account.display_name(),
            account.key.site
        ),
        detail: format!(
            "account {}, user name {}, e-mail {}",
            account.key.id,
            account.field("userName").unwrap_or("none"),
            account.field("email").unwrap_or("none")
        ),
        fix: Some("give it an e-mail or employee number that Okta knows, or deactivate it in iOffice".into()),
        since: now,
    }
}

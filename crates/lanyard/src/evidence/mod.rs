//! Evidence packs from a data folder: what the store remembers, as rows of `lanyard_evidence`.
//!
//! Everything is read through one unchanging view, beside a running server if there is one. Populations are streamed:
//! memory grows with people, not with history.

pub mod configuration;
mod dossier;
mod journal;
pub mod keys;
mod people;
mod plans;

use std::collections::BTreeMap;

use anyhow::Context as _;
use jiff::Timestamp;
use lanyard_engine::ports::Progress;
use lanyard_evidence::{cell::Cell, manifest::Terms, ocsf, pack::Pack, tables, tally::SAMPLED};
use lanyard_model::{
    account::AccountKind,
    id::{SiteId, TenantId},
};
use lanyard_store::{Archive, checkpoint::CheckpointKey};

use crate::exit::Unusable;

/// What is asked for.
pub struct Ask {
    pub tenant: TenantId,
    pub okta_url: String,
    /// In scope, with their addresses.
    pub sites: Vec<(SiteId, String)>,
    /// No site was named: those count in which the tenant ever had somebody.
    pub all_sites: bool,
    pub from: Timestamp,
    pub to: Timestamp,
    pub seed: String,
    pub sample: Option<usize>,
    /// People named by the auditor: `tenant/id`.
    pub named: Vec<String>,
    pub made_at: Timestamp,
    pub made_by: String,
    pub leaver_bound_seconds: i64,
    /// What the settings say of the control: part, setting, value.
    pub settings: Vec<(String, String, String)>,
    /// Who administers Lanyard: Okta group, role, where.
    pub administrators: Vec<(String, String, String)>,
    /// Where checkpoints were exported to, to hold the journal against.
    pub exported: std::path::PathBuf,
}

/// The scope of one pack while it is made.
struct Scope<'a> {
    ask: &'a Ask,
    archive: &'a Archive,
    program: String,
    /// In scope, with their addresses.
    sites: Vec<(SiteId, String)>,
}

impl Scope<'_> {
    fn site(&self, site: &SiteId) -> bool {
        self.sites.iter().any(|(known, _)| known == site)
    }

    fn in_period(&self, at: Timestamp) -> bool {
        at >= self.ask.from && at < self.ask.to
    }
}

/// Makes a pack: the archive's bytes.
///
/// # Errors
/// A period without data, a journal that was cut, rewritten or signed by somebody else, an unreadable store. Nothing
/// is written.
pub fn make(
    ask: &Ask,
    archive: &Archive,
    key: &CheckpointKey,
    progress: &dyn Progress,
) -> anyhow::Result<Vec<u8>> {
    let mut sites = ask.sites.clone();
    if ask.all_sites {
        let served: Vec<bool> =
            sites.iter().map(|(site, _)| archive.serves(site, &ask.tenant)).collect::<Result<_, _>>()?;
        // A tenant that never had anybody anywhere is told so by the empty period, not by a pack about no site.
        if served.contains(&true) {
            let mut served = served.into_iter();
            sites.retain(|_| served.next().unwrap_or(false));
        }
    }
    let scope = Scope { ask, archive, program: format!("lanyard {}", env!("CARGO_PKG_VERSION")), sites };
    let origin = keys::origin(key, &ask.tenant);
    let head = journal::head(&scope, key, &origin)?;
    let known = people::Known::read(&scope, progress)?;
    let mut plans = plans::Plans::read(&scope, progress)?;
    let mut limits = limits();
    let mut pack = Pack::new(Terms {
        tenant: ask.tenant.to_string(),
        okta_url: ask.okta_url.clone(),
        sites: scope.sites.iter().map(|(id, url)| (id.to_string(), url.clone())).collect(),
        from: ask.from,
        to: ask.to,
        zone: "UTC".into(),
        made_at: ask.made_at,
        made_by: ask.made_by.clone(),
        program: scope.program.clone(),
        query: "lanyard report over the store's tables held, leavers, leavers_returned, plans, intents, findings, \
                sweeps, certificates, documents and journal, filtered by tenant, sites and period, in one view"
            .into(),
        seed: ask.seed.clone(),
        sample: ask.sample,
        named: ask.named.clone(),
        leaver_bound_seconds: ask.leaver_bound_seconds,
        origin,
        checkpoint: head.note.clone(),
        clock_went_back: Vec::new(),
        journal_kept_from: archive.kept_from(&ask.tenant)?,
        limits: Vec::new(),
    });
    plans.operations(&scope, &known, &mut pack, progress)?;
    let membership = people::holdings(&scope, &known, &plans, &mut pack, progress)?;
    plans.movers(&known, &mut pack);
    plans::leavers(&scope, &known, &plans, membership.baseline, &mut pack)?;
    limits.extend(membership.limits.iter().cloned());
    exceptions(&scope, &membership, &mut pack)?;
    completeness(&scope, &known, &membership, &mut pack)?;
    let versions = configuration::Versions::read(&scope)?;
    plans.policies(&scope, &versions, &mut pack);
    configuration::rows(&scope, &versions, &mut pack);
    reviews(&scope, &known, &mut pack)?;
    let mut dossiers = dossier::collect(&scope, &known, &mut pack)?;
    let told = journal::read(&scope, &known, &head, &mut dossiers, &mut pack, progress)?;
    dossier::write(&mut pack, dossiers, &told.prover, head.size)?;
    limits.extend(told.limits);
    pack.note(|terms| {
        terms.clock_went_back = told.clock_went_back;
        terms.limits = limits;
    });
    if pack.is_empty() {
        anyhow::bail!(Unusable(format!(
            "{} has no data from {} up to {}: nobody had an account, and nothing changed\nhint: the first complete comparison was {}; choose a period after it",
            ask.tenant,
            ask.from,
            ask.to,
            membership.baseline.map_or_else(|| "never made".into(), |at| format!("at {at}"))
        )));
    }
    progress.report("writing", 0, None);
    pack.finish(key).context("the pack cannot be made; nothing was written")
}

/// What no pack covers.
fn limits() -> Vec<String> {
    [
        "Doors and badges: Lanyard tells a site's access system what changed; whether a door opened is that system's evidence.",
        "Visits: iOffice cannot list or end visitor registrations; announced visits of leavers are to-dos for a person.",
        "Bookings are read when somebody leaves and are not kept as history.",
        "Names of people and places are those last read, also for earlier moments.",
        "A change made by hand in iOffice shows with the next read, not at the moment it was made.",
        "iOffice tells no last use of an account or a right.",
        "When an identity's record was erased, its rows carry its id and no name.",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn exceptions(scope: &Scope<'_>, membership: &people::Membership, pack: &mut Pack) -> anyhow::Result<()> {
    for (finding, over) in scope.archive.findings(scope.ask.to)? {
        let elsewhere = finding.tenant.as_ref().is_some_and(|tenant| *tenant != scope.ask.tenant)
            || finding.site.as_ref().is_some_and(|site| !scope.site(site));
        if elsewhere || over.is_some_and(|over| over < scope.ask.from) {
            continue;
        }
        let over = over.filter(|over| *over < scope.ask.to);
        let shared = finding.site.as_ref().is_some_and(|site| membership.foreign(site) > 0);
        let nobodys = finding.tenant.is_none() && finding.identity.is_none() && finding.kind != "orphan";
        // What is said of a whole site may name people of whoever else works there.
        let detail = match shared && nobodys {
            true => "The site serves other tenants too: whom this is about is left out of this pack.",
            false => finding.detail.as_str(),
        };
        pack.row(
            &tables::EXCEPTIONS,
            vec![
                finding.key.as_str().into(),
                finding.kind.as_str().into(),
                serde_json::to_value(finding.severity)?.as_str().unwrap_or("").into(),
                finding.site.as_ref().map(SiteId::as_str).into(),
                finding.identity.as_ref().map(ToString::to_string).into(),
                finding.title.as_str().into(),
                detail.into(),
                finding.fix.as_deref().into(),
                finding.since.into(),
                over.into(),
            ],
        );
        let control = match finding.kind.as_str() {
            "leaver_late" => "PS-4",
            "orphan" | "disputed" => "AC-2(3)",
            _ => "AC-2",
        };
        pack.event(&ocsf::finding(
            &finding.key,
            &finding.title,
            detail,
            control,
            finding.since,
            over,
            scope.ask.tenant.as_str(),
            &scope.program,
        ));
    }
    Ok(())
}

/// Certificates, sweeps, and three counts of the same people.
fn completeness(
    scope: &Scope<'_>,
    known: &people::Known,
    membership: &people::Membership,
    pack: &mut Pack,
) -> anyhow::Result<()> {
    for (list, kind, certificate) in scope.archive.certificates()? {
        if list != scope.ask.tenant.as_str() && !scope.sites.iter().any(|(site, _)| site.as_str() == list) {
            continue;
        }
        let (holds, e) = (certificate.holds(), &certificate.evidence);
        pack.row(
            &tables::CERTIFICATES,
            vec![
                list.into(),
                kind.into(),
                e.started_at.into(),
                e.ended_at.into(),
                i64::from(e.pages).into(),
                e.rows.into(),
                e.count_before.into(),
                e.count_after.into(),
                e.reached_end.into(),
                e.canary_seen.into(),
                e.rights_proven.into(),
                e.schema.as_ref().map(|schema| schema.before.as_str()).into(),
                e.schema.as_ref().map(|schema| schema.after.as_str()).into(),
                holds.into(),
                certificate.doubts.join("; ").into(),
            ],
        );
    }
    let sweeps = scope.archive.sweeps(scope.ask.from, scope.ask.to)?;
    for sweep in &sweeps {
        pack.row(
            &tables::SWEEPS,
            vec![
                sweep.id.as_str().into(),
                sweep.scope.as_str().into(),
                sweep.started_at.into(),
                sweep.ended_at.into(),
                sweep.people.into(),
                sweep.accounts.into(),
                sweep.drift.into(),
                sweep.findings.into(),
                sweep.certified.into(),
                sweep.doubts.join("; ").into(),
            ],
        );
    }
    let mut figure = |site: &str, what: &str, value: i64, source: &str| {
        pack.row(&tables::RECONCILIATION, vec![site.into(), what.into(), value.into(), source.into()]);
    };
    let mirror = "mirror of Okta at extraction";
    for (status, count) in &known.by_status {
        figure("", &format!("Okta: people in status {status}"), *count, mirror);
    }
    figure("", "Okta: people who are not deleted", known.people_live, mirror);
    let several = scope.archive.tenants()?.len() > 1;
    for (when, sweep) in [("first", sweeps.first()), ("last", sweeps.last())] {
        let Some(sweep) = sweep.filter(|_| !sweeps.is_empty()) else { continue };
        let everybody = if several { ", all tenants together" } else { "" };
        let source = format!("sweep {}{everybody}", sweep.id);
        figure("", &format!("Okta: people in the {when} sweep"), i64::try_from(sweep.people)?, &source);
        figure(
            "",
            &format!("iOffice: accounts in the {when} sweep"),
            i64::try_from(sweep.accounts)?,
            &source,
        );
    }
    for (site, _) in &scope.sites {
        let counts = membership.sites.get(site).cloned().unwrap_or_default();
        let site_name = site.as_str();
        let mirror = "mirror of iOffice at extraction";
        let accounts = known.accounts.get(site);
        let special = accounts
            .map_or(0, |all| all.values().filter(|a| a.live && a.kind != AccountKind::Person).count());
        let live = accounts.map_or(0, |all| all.values().filter(|a| a.live).count());
        let linked = counts.linked_now;
        let verified = known.verified_leavers.get(site).copied().unwrap_or(0);
        let special = i64::try_from(special)?;
        let live = i64::try_from(live)?;
        figure(site_name, "iOffice: live accounts", live, mirror);
        figure(site_name, "of these: linked to a person", linked, "engine's links");
        figure(site_name, "of these: devices, vendor, our own", special, mirror);
        if counts.foreign > 0 {
            figure(site_name, "of these: other tenants' people", counts.foreign, "engine's links");
        }
        figure(
            site_name,
            "of these: nobody's (orphans, set aside, not yet linked)",
            live - linked - special - counts.foreign,
            "difference",
        );
        figure(
            site_name,
            "engine: live and linked at the end of the period",
            counts.closing,
            "intervals of reads",
        );
        figure(site_name, "left by the accounts, in the period", counts.left, "intervals of reads");
        figure(site_name, "leavers verified gone, in the period", verified, "leavers' clocks");
    }
    Ok(())
}

/// Lines of access reviews.
fn reviews(scope: &Scope<'_>, known: &people::Known, pack: &mut Pack) -> anyhow::Result<()> {
    let mut campaigns: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    for (key, body) in scope.archive.documents("reviews")? {
        campaigns.insert(key, body);
    }
    let time = |value: &serde_json::Value| -> Cell {
        value.as_str().and_then(|text| text.parse::<Timestamp>().ok()).into()
    };
    for (id, body) in scope.archive.documents("review_lines")? {
        let Some(campaign) = body["campaign"].as_str().and_then(|id| campaigns.get(id)) else { continue };
        let opened = campaign["opened_at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let closed = campaign["closed_at"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        if opened.is_none_or(|at| at >= scope.ask.to) || closed.is_some_and(|at| at < scope.ask.from) {
            continue;
        }
        let person = body["person"].as_str().unwrap_or_default();
        let flags: Vec<&str> = campaign["flags"]
            .as_array()
            .into_iter()
            .chain(body["flags"].as_array())
            .flatten()
            .filter_map(serde_json::Value::as_str)
            .collect();
        pack.row(
            &tables::REVIEWS,
            vec![
                body["campaign"].as_str().into(),
                campaign["title"].as_str().into(),
                campaign["snapshot"].as_str().into(),
                time(&campaign["opened_at"]),
                time(&campaign["due_at"]),
                time(&campaign["closed_at"]),
                id.into(),
                person.into(),
                known.name(person).into(),
                body["site"].as_str().into(),
                body["kind"].as_str().into(),
                reviewed(known, &body).into(),
                body["reviewer"].as_str().into(),
                body["decision"].as_str().into(),
                body["reason"].as_str().into(),
                time(&body["decided_at"]),
                time(&body["removed_at"]),
                flags.join(", ").into(),
            ],
        );
    }
    Ok(())
}

/// What a line is about, by today's names; else in the review's own words.
fn reviewed(known: &people::Known, body: &serde_json::Value) -> String {
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let named = known.named(&SiteId::new(text("site")), text("kind"), text("key"), text("value"));
    named.unwrap_or_else(|| text("what").to_owned())
}

/// Populations that samples are drawn from, and the auditor's own list.
fn populations() -> impl Iterator<Item = &'static str> {
    SAMPLED.iter().copied()
}

//! Evidence packs from a data folder: what the store remembers, as rows of `lanyard_evidence`.
//!
//! Everything is read through one unchanging view, beside a running server if there is one. Populations are streamed:
//! memory grows with people, not with history.

mod bound;
mod completeness;
pub mod configuration;
mod dossier;
mod exceptions;
mod first;
mod journal;
pub mod keys;
mod leavers;
mod people;
mod plans;
mod requests;
mod reviews;
mod sayings;
mod standing;
#[cfg(test)]
mod tests;

use anyhow::Context as _;
use jiff::Timestamp;
use lanyard_engine::ports::{ORG, Progress};
use lanyard_evidence::{manifest::Terms, pack::Pack, tables, tally::SAMPLED};
use lanyard_model::id::{SiteId, TenantId};
use lanyard_policy::Policy;
use lanyard_store::{Archive, checkpoint::CheckpointKey};

use crate::exit::Unusable;

/// What is asked for.
#[derive(Clone)]
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
    /// The Okta attribute whose values take turns in each sample.
    pub sample_by: Option<String>,
    /// People named by the auditor: `tenant/id`.
    pub named: Vec<String>,
    pub made_at: Timestamp,
    pub made_by: String,
    /// As the settings say now; leavers are judged by what the journal says was in force, where it does.
    pub leaver_bound_seconds: i64,
    /// How often Okta's log is asked.
    pub feed_interval: std::time::Duration,
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
    /// All that Lanyard serves.
    tenants: Vec<TenantId>,
    /// There is another tenant than the pack's.
    several: bool,
}

impl Scope<'_> {
    fn site(&self, site: &SiteId) -> bool {
        self.sites.iter().any(|(known, _)| known == site)
    }

    fn in_period(&self, at: Timestamp) -> bool {
        at >= self.ask.from && at < self.ask.to
    }
}

/// A pack that was made.
#[derive(Debug)]
pub struct Made {
    pub archive: Vec<u8>,
    /// What whoever made it must be told; the pack says it first among its limits.
    pub warnings: Vec<String>,
}

/// Makes a pack.
///
/// # Errors
/// A period without data, a journal that was cut, rewritten or signed by somebody else, an unreadable store. Nothing
/// is written.
pub fn make(
    ask: &Ask,
    archive: &Archive,
    key: &CheckpointKey,
    progress: &dyn Progress,
) -> anyhow::Result<Made> {
    let (seconds, bound_told) = bound::judged_by(ask, archive)?;
    let ask = &Ask { leaver_bound_seconds: seconds, ..ask.clone() };
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
    let tenants = archive.tenants()?;
    let several = tenants.len() > 1;
    let program = format!("lanyard {}", env!("CARGO_PKG_VERSION"));
    let scope = Scope { ask, archive, program, sites, tenants, several };
    let origin = keys::origin(key, &ask.tenant);
    let head = journal::head(&scope, key, &origin)?;
    let versions = configuration::Versions::read(&scope)?;
    let policy = versions.at_end(&scope).and_then(|version| Policy::parse(&version.source).ok());
    let addresses = standing::delegating(&scope)?;
    let known = people::Known::read(&scope, policy.as_ref(), &addresses, progress)?;
    let mut plans = plans::Plans::read(&scope, progress)?;
    let warnings: Vec<String> = head.foreign.iter().cloned().collect();
    let mut limits: Vec<String> = warnings.iter().cloned().chain(bound_told).chain(limits()).collect();
    let mut pack = Pack::new(Terms {
        tenant: ask.tenant.to_string(),
        okta_url: ask.okta_url.clone(),
        okta_org: archive.meta(&format!("{ORG}{}", ask.tenant))?,
        sites: scope.sites.iter().map(|(id, url)| (id.to_string(), url.clone())).collect(),
        from: ask.from,
        to: ask.to,
        known_since: Vec::new(),
        zone: "UTC".into(),
        made_at: ask.made_at,
        made_by: ask.made_by.clone(),
        program: scope.program.clone(),
        query: "lanyard report over the store's tables held, leavers, leavers_returned, plans, intents, findings, \
                sweeps, certificates, clearances, past, signals, documents and journal, filtered by tenant, sites and period, in one view"
            .into(),
        seed: ask.seed.clone(),
        sample: ask.sample,
        sample_by: ask.sample_by.clone(),
        named: ask.named.clone(),
        leaver_bound_seconds: ask.leaver_bound_seconds,
        origin,
        checkpoint: head.note.clone(),
        clock_went_back: Vec::new(),
        policies: Vec::new(),
        journal_kept_from: head.cut.0,
        journal_cut: head.cut.1.clone(),
        limits: Vec::new(),
    });
    if ask.sample_by.is_some() {
        pack.sample_by(known.attributes()?);
    }
    let requests = requests::Requests::read(&scope)?;
    plans.operations(&scope, &known, &mut pack, progress)?;
    let membership = people::holdings(&scope, &known, &plans, &requests, &mut pack, progress)?;
    plans.movers(&known, &mut pack);
    let late = leavers::leavers(&scope, &known, &plans, &membership, &mut pack)?;
    conversions(&scope, &known, &plans, &mut pack);
    limits.extend(membership.limits.iter().cloned());
    completeness::rows(&scope, &known, &membership, &mut pack)?;
    requests.rows(&scope, &known, &mut pack);
    plans.policies(&scope, &versions, &mut pack);
    configuration::rows(&scope, &versions, &mut pack);
    configuration::tokens(&scope, &mut pack)?;
    reviews::rows(&scope, &known, &mut pack)?;
    let mut dossiers = dossier::collect(&scope, &known, &requests, &mut pack)?;
    let told = journal::read(&scope, &known, &head, &mut dossiers, &mut pack, progress)?;
    leavers::breaches(&late, ask.leaver_bound_seconds, &told.sayings, &mut pack);
    limits.extend(standing::rows(
        &scope,
        &known,
        (&versions, policy.as_ref()),
        &requests,
        &told.sayings,
        &mut pack,
    )?);
    exceptions::rows(&scope, &known, &membership, &told.sayings, &mut pack)?;
    limits.extend(told.sayings.rows(&scope, &mut pack)?);
    progress.report("writing dossiers", 0, None);
    dossier::write(&mut pack, dossiers, &told.prover, head.size)?;
    pack.note(|terms| {
        terms.clock_went_back = told.clock_went_back;
        terms.policies = versions.seals(&scope);
        let first = |site: &SiteId| membership.baselines.get(site).copied();
        terms.known_since = scope.sites.iter().map(|(site, _)| (site.to_string(), first(site))).collect();
        terms.limits = limits;
    });
    if pack.is_empty() {
        anyhow::bail!(Unusable(format!(
            "{} has no data from {} up to {}: nobody had an account, and nothing changed\nhint: the first complete comparison {}; choose a period after it",
            ask.tenant,
            ask.from,
            ask.to,
            membership
                .baselines
                .values()
                .min()
                .map_or_else(|| "was never made".into(), |at| format!("ended at {at}"))
        )));
    }
    progress.report("writing", 0, None);
    let archive = pack.finish(key).context("the pack cannot be made; nothing was written")?;
    Ok(Made { archive, warnings })
}

/// What no pack covers.
fn limits() -> Vec<String> {
    [
        "Doors and badges: Lanyard tells a site's access system what changed; whether a door opened is that system's evidence.",
        "Visits: iOffice cannot list or end visitor registrations; announced visits of leavers are to-dos for a person, and its own records of visitors (PE-8) are not here.",
        "Bookings are read when somebody leaves and are not kept as history.",
        "Names of people and places are those last read, also for earlier moments.",
        "A change made by hand in iOffice shows with the next read, not at the moment it was made.",
        "iOffice tells no last use of an account or a right: inactivity (AC-2(3)(d)) is not tested.",
        "Okta tells nobody why somebody was deactivated: terminations for cause are not told apart from others.",
        "There is no break-glass: what is gated waits for its approval, and what somebody did by hand in iOffice is in overrides.",
        "That a secret was replaced is known by its file's time, at the next start.",
        "Dossiers hold Okta's events as Lanyard read them (id, kind, times, whom they are about), not as Okta sent them: by its id Okta's own log shows the whole event while Okta keeps it.",
        "Requests and answers are digested as they are on record here, not as bytes on the wire.",
        "When an identity's record was erased, its rows carry its id and no name.",
        "Open exceptions: of findings that were put away, rights that reviews withhold, delegations, and requests that were granted by then, those that still stood when the pack was made.",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// People whose kind of employment changed.
fn conversions(scope: &Scope<'_>, known: &people::Known, plans: &plans::Plans, pack: &mut Pack) {
    /// As long after the read as a plan still follows from it.
    const FOLLOWS_MAX: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);
    for conversion in &known.conversions {
        let until = conversion.seen_at.saturating_add(FOLLOWS_MAX).unwrap_or(Timestamp::MAX);
        let plan = plans.first_after(&conversion.person, conversion.seen_at, until, &scope.sites);
        pack.row(
            &tables::CONVERSIONS,
            vec![
                conversion.person.as_str().into(),
                known.name(&conversion.person).into(),
                people::EMPLOYMENT.into(),
                conversion.before.as_deref().into(),
                conversion.after.as_deref().into(),
                conversion.seen_at.into(),
                plan.into(),
            ],
        );
    }
}

/// Populations that samples are drawn from, and the auditor's own list.
fn populations() -> impl Iterator<Item = &'static str> {
    SAMPLED.iter().copied()
}

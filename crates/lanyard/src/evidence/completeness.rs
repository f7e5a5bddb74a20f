//! Is the population whole: comparisons, and the same people counted three times.

use lanyard_engine::{
    ports::{SweepRecord, Swept},
    sweep::SweepScope,
};
use lanyard_evidence::{pack::Pack, tables};
use lanyard_model::account::AccountKind;

use super::{
    Scope, first,
    people::{Known, Membership},
};

/// Why a comparison is not whole, as far as it is about the pack's tenant and sites.
fn doubts(scope: &Scope<'_>, sweep: &SweepRecord) -> String {
    if !scope.several && scope.ask.all_sites {
        return sweep.doubts.join("; ");
    }
    let tenant = scope.ask.tenant.as_str();
    let own = |doubt: &&str| {
        let mut names = scope.sites.iter().map(|(site, _)| site.as_str()).chain([tenant]);
        names.any(|name| doubt.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))
    };
    let mut told: Vec<&str> = sweep.doubts.iter().map(String::as_str).filter(own).collect();
    if told.len() < sweep.doubts.len() {
        told.push("what is said of other tenants or sites is left out of this pack");
    }
    told.join("; ")
}

/// How counts of a comparison are told that are of the pack's tenant alone, and how others.
const OWN: &str = "this tenant";
const EVERYBODYS: &str = "all tenants together";

/// What a comparison counted, and of whom: of the pack's tenant, unless a version made it that counted several tenants
/// together.
fn counted(scope: &Scope<'_>, sweep: &SweepRecord) -> (Swept, &'static str) {
    let all = Swept {
        people: sweep.people,
        accounts: sweep.accounts,
        drift: sweep.drift,
        findings: sweep.findings,
    };
    let alone = first::compared(scope, sweep).tenant.is_some_and(|tenant| tenant == scope.ask.tenant);
    match sweep.of.get(&scope.ask.tenant).filter(|_| scope.several) {
        Some(own) => (*own, OWN),
        None if scope.several && !alone => (all, EVERYBODYS),
        None => (all, OWN),
    }
}

/// Full comparisons, and three counts of the same people: when the period began, when it ended, and when the pack was made.
pub fn rows(
    scope: &Scope<'_>,
    known: &Known,
    membership: &Membership,
    pack: &mut Pack,
) -> anyhow::Result<()> {
    let mut sweeps = scope.archive.sweeps(scope.ask.from, scope.ask.to)?;
    sweeps.retain(|sweep| first::reads(scope, sweep));
    for sweep in &sweeps {
        let (swept, of) = counted(scope, sweep);
        pack.row(
            &tables::SWEEPS,
            vec![
                sweep.id.as_str().into(),
                first::compared(scope, sweep).to_string().into(),
                sweep.started_at.into(),
                sweep.ended_at.into(),
                swept.people.into(),
                swept.accounts.into(),
                swept.drift.into(),
                swept.findings.into(),
                of.into(),
                sweep.certified.into(),
                doubts(scope, sweep).into(),
            ],
        );
    }
    let mut figure = |site: &str, what: &str, value: i64, source: &str| {
        pack.row(&tables::RECONCILIATION, vec![site.into(), what.into(), value.into(), source.into()]);
    };
    let moments = ["at the start of the period", "at the end of the period", "at extraction"];
    for (moment, counts) in moments.iter().zip(&known.by_status) {
        let source =
            if *moment == "at extraction" { "mirror of Okta" } else { "mirror of Okta, as it was then" };
        for (status, count) in counts {
            figure("", &format!("Okta: people in status {status} {moment}"), *count, source);
        }
    }
    figure("", "Okta: people who are not deleted, at extraction", known.people_live, "mirror of Okta");
    for (when, sweep) in [("first", sweeps.first()), ("last", sweeps.last())] {
        let Some(sweep) = sweep else { continue };
        let (swept, of) = counted(scope, sweep);
        let compared = first::compared(scope, sweep);
        let part = match compared == SweepScope::default() {
            true => String::new(),
            false => format!(" of {compared} alone"),
        };
        let whose = if scope.several { format!(", {of}") } else { String::new() };
        let source = format!("sweep {}{part}{whose}", sweep.id);
        // Where tenants were not counted apart, every account that was read counts.
        let apart = scope.several && sweep.of.contains_key(&scope.ask.tenant);
        let linked = if apart { " that are linked to people" } else { "" };
        let (people, accounts) = (i64::try_from(swept.people)?, i64::try_from(swept.accounts)?);
        figure("", &format!("Okta: people in the {when} sweep of the period"), people, &source);
        figure(
            "",
            &format!("iOffice: accounts{linked} in the {when} sweep of the period"),
            accounts,
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
        figure(site_name, "iOffice: live accounts at extraction", live, mirror);
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
        let [at_start, at_end] = counts.live;
        figure(
            site_name,
            "iOffice: live accounts at the start of the period",
            at_start,
            "intervals of reads",
        );
        figure(site_name, "iOffice: live accounts at the end of the period", at_end, "intervals of reads");
        figure(
            site_name,
            "engine: live and linked at the start of the period",
            counts.opening,
            "intervals of reads",
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

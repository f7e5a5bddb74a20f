//! `report`: an evidence pack from a data folder, also beside a running server.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use lanyard_engine::{clock::Clock as _, ports::Progress};
use lanyard_evidence::verify::Problem;
use lanyard_model::id::{SiteId, TenantId};
use lanyard_store::{Archive, checkpoint::fingerprint};
use serde_json::json;

use super::Data;
use crate::{
    evidence::{self, Ask, configuration, keys},
    exit::{self, Unusable},
    progress::Bars,
    settings::{FILE, Settings},
    wiring::{self, SystemClock},
};

#[derive(Debug, Args)]
pub struct ReportArguments {
    #[command(flatten)]
    data: Data,
    /// Beginning of the period: a day (UTC) or a moment; a year before its end by default
    #[arg(long, value_name = "DATE", value_parser = moment)]
    from: Option<Timestamp>,
    /// End of the period, not included; now by default
    #[arg(long, value_name = "DATE", value_parser = moment)]
    to: Option<Timestamp>,
    /// One site
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// The tenant, where there are several
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// Seed of the samples; the pack's moment by default. The auditor chooses it
    #[arg(long, value_name = "TEXT")]
    seed: Option<String>,
    /// Size of each sample; 25, 40 or 60 by the size of the population by default
    #[arg(long, value_name = "N")]
    sample: Option<usize>,
    /// Take turns among the values of this Okta attribute, such as department: each sample holds people of as many as its
    /// size allows. By the seed alone by default
    #[arg(long, value_name = "ATTRIBUTE")]
    sample_by: Option<String>,
    /// A dossier of this person too: TENANT/ID. May be given several times
    #[arg(long = "person", value_name = "PERSON")]
    named: Vec<String>,
    /// The pack to write; it must not exist yet
    #[arg(long, value_name = "PACK.zip")]
    out: PathBuf,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// A day at midnight UTC, or a moment.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let day: Date = text.parse().map_err(|_| {
        format!("{text} is neither a day like 2026-11-28 nor a moment like 2026-11-28T09:00:00Z")
    })?;
    day.to_zoned(TimeZone::UTC).map(|at| at.timestamp()).map_err(|error| error.to_string())
}

/// # Errors
/// A period without data, a journal that does not hold, settings or arguments that cannot be used.
pub async fn run(arguments: ReportArguments) -> anyhow::Result<u8> {
    // Reading and packing keep one thread busy; nothing here waits.
    tokio::task::spawn_blocking(move || make(&arguments)).await?
}

fn make(arguments: &ReportArguments) -> anyhow::Result<u8> {
    let dir = &arguments.data.dir;
    let settings = Settings::load(dir)?;
    let now = SystemClock.now();
    let user = std::env::var("USER").ok().filter(|user| !user.is_empty());
    let wanted = Wanted {
        tenant: arguments.tenant.clone(),
        site: arguments.site.clone(),
        from: arguments.from,
        to: arguments.to,
        seed: arguments.seed.clone(),
        sample: arguments.sample,
        sample_by: arguments.sample_by.clone(),
        named: arguments.named.clone(),
        made_by: format!("{} at the command line", user.as_deref().unwrap_or("somebody")),
    };
    let ask = ask(dir, wanted, &settings, now)?;
    if arguments.out.exists() {
        anyhow::bail!(Unusable(format!(
            "{} exists already; a pack is never overwritten",
            arguments.out.display()
        )));
    }
    let key = keys::load_or_make(dir, &ask.tenant)?;
    let bars = Bars::new(arguments.json);
    let made = write_pack(dir, &ask, &arguments.out, &bars);
    bars.clear();
    let Made { bytes, report, warnings } = made?;
    for warning in &warnings {
        talk!("warning: {warning}");
    }
    let judged_by = report
        .manifest
        .as_ref()
        .map_or(ask.leaver_bound_seconds, |manifest| manifest.terms.leaver_bound_seconds);
    let summary = report.manifest.map(|manifest| manifest.summary).unwrap_or_default();
    let finger = fingerprint(&key.verifier())?;
    let problems: Vec<_> = report.problems.iter().map(ToString::to_string).collect();
    for problem in &problems {
        talk!("the pack says so to whoever verifies it: {problem}");
    }
    if arguments.json {
        say!(
            "{}",
            json!({
                "pack": arguments.out, "bytes": bytes, "tenant": ask.tenant, "from": ask.from, "to": ask.to,
                "seed": ask.seed, "key": key.verifier(), "fingerprint": finger, "summary": summary,
                "problems": problems, "warnings": warnings,
            })
        );
    } else {
        let totals = &summary.totals;
        say!("{}: {} from {} up to {}", arguments.out.display(), ask.tenant, ask.from, ask.to);
        say!(
            "population: {} + {} joined + {} returned - {} left = {}",
            totals.opening,
            totals.joined,
            totals.returned,
            totals.left,
            totals.closing
        );
        say!(
            "leavers:    {} of {} verified within {} s",
            summary.leavers_in_time,
            summary.leavers_in_time + summary.leavers_late,
            judged_by
        );
        say!("seed:       {}", ask.seed);
        say!("signed by:  {}", key.verifier());
        say!("            {finger}");
    }
    Ok(exit::DONE)
}

/// A pack that was written, read again, and found to hold.
pub struct Made {
    pub bytes: u64,
    pub report: lanyard_evidence::verify::Report,
    /// What whoever made it must be told; the pack says it too.
    pub warnings: Vec<String>,
}

/// Makes the pack that `ask` asks for and writes it to `out`.
///
/// # Errors
/// What [`evidence::make`] refuses; a file that cannot be written, or does not hold when it is read again.
pub fn write_pack(dir: &Path, ask: &Ask, out: &Path, progress: &dyn Progress) -> anyhow::Result<Made> {
    let archive = Archive::open(wiring::store_folder(dir))?;
    let key = keys::load_or_make(dir, &ask.tenant)?;
    let evidence::Made { archive: pack, warnings } = evidence::make(ask, &archive, &key, progress)?;
    let unfinished = out.with_extension("unfinished");
    let unwritten = || format!("cannot write {}", out.display());
    fs::write(&unfinished, &pack).with_context(unwritten)?;
    // What was written is read again and checked like anybody else's pack, before it takes its name.
    let written = fs::read(&unfinished)?;
    let told =
        |what: &str, done: u64, total: u64| progress.report(&format!("checking {what}"), done, Some(total));
    let report = lanyard_evidence::verify::check(&written, Some(&key.verifier()), &told)?;
    // A clock that went back is the journal's own history: the pack is made, and says so to whoever verifies it.
    let ours = |problem: &&Problem| !matches!(problem, Problem::Clock { .. });
    if let Some(problem) = report.problems.iter().find(ours) {
        let _ = fs::remove_file(&unfinished);
        anyhow::bail!("the pack that was just written does not hold: {problem}");
    }
    fs::rename(&unfinished, out).with_context(unwritten)?;
    Ok(Made { bytes: u64::try_from(pack.len())?, report, warnings })
}

/// What is wanted, before it is held against the settings.
pub struct Wanted {
    pub tenant: Option<String>,
    pub site: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub seed: Option<String>,
    pub sample: Option<usize>,
    pub sample_by: Option<String>,
    pub named: Vec<String>,
    pub made_by: String,
}

/// What is to be made, checked against the settings.
///
/// # Errors
/// A tenant or site that is none, a period that ends before it begins or begins in the future.
pub fn ask(dir: &Path, arguments: Wanted, settings: &Settings, now: Timestamp) -> anyhow::Result<Ask> {
    let tenant = match (&arguments.tenant, settings.tenants.as_slice()) {
        (Some(id), all) => all.iter().find(|tenant| tenant.id == *id).ok_or_else(|| {
            let known: Vec<&str> = all.iter().map(|tenant| tenant.id.as_str()).collect();
            Unusable(format!("there is no tenant {id}; there are {}", known.join(", ")))
        })?,
        (None, [one]) => one,
        (None, all) => {
            let known: Vec<&str> = all.iter().map(|tenant| tenant.id.as_str()).collect();
            anyhow::bail!(Unusable(format!(
                "a pack is about one tenant: give --tenant, one of {}",
                known.join(", ")
            )))
        }
    };
    let sites: Vec<(SiteId, String)> = settings
        .sites
        .iter()
        .filter(|site| arguments.site.as_ref().is_none_or(|only| site.id == *only))
        .map(|site| (SiteId::new(site.id.as_str()), site.ioffice_url.clone()))
        .collect();
    if sites.is_empty() {
        let known: Vec<&str> = settings.sites.iter().map(|site| site.id.as_str()).collect();
        let wanted = arguments.site.as_deref().unwrap_or_default();
        anyhow::bail!(Unusable(format!("there is no site {wanted}; there are {}", known.join(", "))));
    }
    let to = arguments.to.unwrap_or(now);
    let year = jiff::SignedDuration::from_hours(365 * 24);
    let from = match arguments.from {
        Some(from) => from,
        None => to.checked_sub(year)?,
    };
    if from >= to {
        anyhow::bail!(Unusable(format!("the period ends at {to}, before it begins at {from}")));
    }
    if from >= now {
        anyhow::bail!(Unusable(format!("the period begins at {from}, in the future")));
    }
    Ok(Ask {
        tenant: TenantId::new(tenant.id.as_str()),
        okta_url: tenant.okta_url.clone(),
        sites,
        all_sites: arguments.site.is_none(),
        from,
        to: to.min(now),
        seed: arguments.seed.unwrap_or_else(|| now.to_string()),
        sample: arguments.sample,
        sample_by: arguments.sample_by,
        named: arguments.named,
        made_at: now,
        made_by: arguments.made_by,
        feed_interval: std::time::Duration::from_secs(settings.feed_seconds.max(1)),
        leaver_bound_seconds: i64::try_from(settings.leaver_bound_seconds)?,
        settings: configuration::settings_rows(&fs::read_to_string(dir.join(FILE)).unwrap_or_default()),
        administrators: configuration::administrators(settings, &tenant.id),
        exported: keys::export_folder(dir, settings.checkpoint_dir.as_deref()),
    })
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_day_begins_at_midnight_utc() {
        assert_eq!(moment("2026-11-28").unwrap().to_string(), "2026-11-28T00:00:00Z");
        assert_eq!(moment("2026-11-28T09:00:00+02:00").unwrap().to_string(), "2026-11-28T07:00:00Z");
        assert!(moment("yesterday").unwrap_err().contains("neither a day"));
    }
}

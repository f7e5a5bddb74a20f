//! `demo`: stand-ins, engine and console in one process on loopback; a day in the life of a company.

mod calls;
mod clock;
mod company;
mod director;
mod summary;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use clap::Args;
use lanyard_engine::{EngineSettings, clock::Clock};
use lanyard_model::id::TenantId;
use lanyard_sim::{
    faults::FaultScript,
    scenario::Day,
    world::{Accounts, WorldSettings},
};

use self::{
    clock::{DemoClock, SharedClock},
    company::{Office, OfficeSettings},
    director::Director,
};
use crate::{exit, stand_ins::StandIns, verbs::Verbs, wiring::SystemClock};

#[derive(Debug, Args)]
pub struct DemoArguments {
    /// People in the company
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(10..=200_000))]
    people: u32,
    /// The same seed makes the same company
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Run the day to quiet, verify, print a summary and leave
    #[arg(long)]
    once: bool,
    /// Address of the console
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8480")]
    listen: SocketAddr,
    /// Let nothing happen by itself: the day is not played, only the console's buttons act
    #[arg(long, conflicts_with = "once")]
    still: bool,
    /// Let nobody in without signing in as somebody of the company, and sign out whoever does nothing for so many seconds
    #[arg(long, value_name = "IDLE_SECONDS", conflicts_with = "once", value_parser = clap::value_parser!(u32).range(5..=28_800))]
    sign_in: Option<u32>,
    /// Keep settings, policy and store here instead of a temporary folder
    #[arg(long = "data", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Only JSON on stdout
    #[arg(long)]
    json: bool,
}

/// # Errors
/// When something cannot be started, or (with `--once`) an invariant broke.
pub async fn run(arguments: DemoArguments) -> anyhow::Result<u8> {
    let temporary;
    let dir = match &arguments.data {
        Some(dir) => dir.clone(),
        None => {
            temporary = Temporary::make()?;
            temporary.0.clone()
        }
    };
    company::claim(&dir)?;
    // A day begins at eight; people who watch see today's date.
    let now = if arguments.once { WorldSettings::default().now } else { eight_o_clock(SystemClock.now()) };
    // The night before belongs to the first comparison of everybody, so that the day itself begins in step.
    let time = DemoClock::starting_at(now - jiff::SignedDuration::from_hours(8));
    let clock = SharedClock(Arc::clone(&time));
    let hurry = tokio::spawn(Arc::clone(&time).skip_idle_time());
    let talk = |text: &str| {
        if !arguments.json {
            say!("{text}");
        }
    };
    talk(&format!(
        "A company of {} people in two Okta orgs and two iOffice sites, one of them with a badge system (seed {})",
        arguments.people, arguments.seed
    ));
    let started = StandIns {
        people: arguments.people,
        seed: arguments.seed,
        orgs: 2,
        sites: 2,
        accounts: Accounts::Lived,
        now,
        okta: SocketAddr::from(([127, 0, 0, 1], 0)),
        ioffice: SocketAddr::from(([127, 0, 0, 1], 0)),
        faults: FaultScript::default(),
        tls: false,
        clock: Arc::new(clock.clone()),
        adjustable: None,
        limits: true,
        preset: "default".into(),
        badge: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        console: Some(format!("http://{}/sign-in/callback", arguments.listen)),
    }
    .start()
    .await?;
    let day = Arc::new(Day::with_doors(&started.company, company::DOORS));
    let listen = if arguments.once { SocketAddr::from(([127, 0, 0, 1], 0)) } else { arguments.listen };
    let office = Office::open(OfficeSettings {
        dir: &dir,
        started: &started,
        clock: clock.clone(),
        listen,
        engine: EngineSettings {
            owner: "demo".into(),
            feed_interval: Duration::from_secs(if arguments.once { 60 } else { 5 }),
            leaver_check: Duration::from_secs(60),
            ..EngineSettings::default()
        },
        requests_per_second: None,
        sign_in: arguments.sign_in,
    })
    .await
    .context("the demo could not be set up")?;
    let director = Arc::new(Director::new(
        Arc::clone(&day),
        started.running.desks().to_vec(),
        Arc::clone(&time),
        Arc::clone(&office.engine),
        started.company.orgs.iter().map(|org| TenantId::new(org.subdomain.clone())).collect(),
    ));
    office.serve(
        Some(director.clone()),
        Some(Arc::new(Verbs {
            engine: Arc::clone(&office.engine),
            store: None,
            dir: dir.clone(),
            serving: true,
        })),
    );
    if !arguments.once && arguments.json {
        say!("{}", serde_json::json!({ "console": format!("http://{}", office.address), "data": dir }));
    } else if !arguments.once {
        say!("Console: http://{}", office.address);
        say!("Data:    {}", dir.display());
        say!(
            "Stand-ins for Okta, iOffice and a badge system: addresses and throw-away credentials are in {}/lanyard.toml",
            dir.display()
        );
        say!(
            "First everybody is compared, in a hurry; then {}. Ctrl-C ends it.",
            if arguments.still { "nothing happens by itself" } else { "the day begins, at real speed" }
        );
    }
    office.run();
    if arguments.once {
        let begun = std::time::Instant::now();
        director
            .run_day_at_once(&|step| talk(&format!("{}  {}", step.at.strftime("%a %H:%M"), step.words)))
            .await;
        let summary =
            summary::Summary::gather(&office, &started, &day, &director, Clock::now(&clock), begun.elapsed())
                .await?;
        if !arguments.json {
            crate::out::data(summary.text());
        }
        say!("{}", serde_json::to_string(&summary)?);
        office.close().await;
        return Ok(if summary.is_sound() { exit::DONE } else { exit::FAILED });
    }
    tokio::select! {
        () = director.clone().run_day_for_people(hurry, now, arguments.still) => {}
        () = crate::verbs::stopped() => {}
    }
    office.close().await;
    Ok(exit::DONE)
}

/// Eight in the morning (UTC) of the same date.
fn eight_o_clock(now: jiff::Timestamp) -> jiff::Timestamp {
    let date = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    date.at(8, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).map_or(now, |zoned| zoned.timestamp())
}

/// A folder that goes when the demo does.
struct Temporary(PathBuf);

impl Temporary {
    fn make() -> anyhow::Result<Self> {
        let name = format!("lanyard-demo-{}-{}", std::process::id(), SystemClock.now().as_millisecond());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

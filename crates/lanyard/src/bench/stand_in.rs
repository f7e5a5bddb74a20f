//! The other process: stand-ins without limits, and a driver beside them that changes people as an administrator
//! would. Obeys JSON lines on stdin, answers each with one on stdout, and ends with its input.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use clap::Args;
use lanyard_sim::{
    face::{Inspect, forgotten},
    faults::FaultScript,
    host::{AdjustableClock, Announcement, Desk, Vendor},
    world::Accounts,
};
use lanyard_wire::{HttpsTransport, Transport as _, TransportSettings};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::table::{quantile, round};
use crate::{
    exit,
    stand_ins::{StandIns, Started},
};

#[derive(Debug, Args)]
pub struct StandInArguments {
    #[arg(long)]
    people: u32,
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Hello {
    pub announcement: Announcement,
    pub orgs: Vec<String>,
    /// Each site's name and an account that may receive visitors.
    pub sites: Vec<(String, Option<i64>)>,
}

/// Somebody to change: their Okta org and id, their iOffice site and account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subject {
    pub org: usize,
    pub user: String,
    pub site: usize,
    pub account: i64,
}

/// What the parent may ask for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Wish {
    /// The people of all later changes.
    Subjects { who: Vec<Subject> },
    /// `count` changed titles, in turn from person `from` on, evenly at `rate` per second; all at once without one.
    Drive { from: usize, count: usize, rate: Option<f64> },
    /// What became of all changes since the last judgement.
    Judge,
    /// Accepted calls by vendor, polls of the log and sign-in apart.
    Calls,
    /// `count` deliveries straight to a hook address, at `rate` per second.
    Deliver { url: String, secret: String, source: String, users: Vec<String>, rate: f64, count: usize },
}

/// What was driven.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Driven {
    pub sent: usize,
    pub seconds: f64,
}

/// What became of the changes, by the iOffice stand-ins' own state and journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Judgement {
    pub changes: usize,
    /// People who do not show the last value they were given.
    pub lost: usize,
    /// Accepted writes of a value that was written to the same account before.
    pub doubled: usize,
    /// Values that never needed a write of their own, because a later one came first.
    pub coalesced: usize,
    pub writes: usize,
    /// From the change in Okta to the accepted write in iOffice, hook dispatch included.
    pub change_to_write_p50_ms: f64,
    pub change_to_write_p99_ms: f64,
}

/// Calls as the stand-ins counted them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Counted {
    pub okta: u64,
    pub ioffice: u64,
    pub polls: u64,
    /// `okta GET /api/v1/users`.
    pub by_endpoint: BTreeMap<String, u64>,
}

/// What deliveries took, in milliseconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivered {
    pub sent: usize,
    pub answered_204: usize,
    pub seconds: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

/// # Errors
/// Stand-ins that cannot be started, wishes that cannot be read.
pub async fn run(arguments: StandInArguments) -> anyhow::Result<u8> {
    let now = crate::wiring::wall_clock();
    let clock = Arc::new(AdjustableClock::starting_at(now, 1.0));
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let started = StandIns {
        people: arguments.people,
        seed: arguments.seed,
        orgs: 1,
        sites: 1,
        accounts: Accounts::Tidy,
        now,
        okta: any,
        ioffice: any,
        faults: FaultScript::default(),
        tls: false,
        clock: clock.clone(),
        adjustable: Some(clock),
        limits: false,
        preset: "default".into(),
        badge: None,
        console: None,
    }
    .start()
    .await?;
    say(&hello(&started))?;
    let mut driver = Driver::new(started);
    let (wishes, mut lines) = tokio::sync::mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if wishes.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        match serde_json::from_str(&line).context("a wish cannot be read")? {
            Wish::Subjects { who } => {
                driver.subjects = who;
                say(&json!({}))?;
            }
            Wish::Drive { from, count, rate } => say(&driver.drive(from, count, rate).await?)?,
            Wish::Judge => say(&driver.judge()?)?,
            Wish::Calls => say(&driver.calls()?)?,
            Wish::Deliver { url, secret, source, users, rate, count } => {
                say(&deliver(&url, &secret, &source, &users, rate, count).await?)?;
            }
        }
    }
    Ok(exit::DONE)
}

fn say(answer: &impl Serialize) -> anyhow::Result<()> {
    say!("{}", serde_json::to_string(answer)?);
    Ok(())
}

fn hello(started: &Started) -> Hello {
    let host = |site: &lanyard_sim::world::Site| {
        site.accounts.iter().find(|a| a.active && a.employee_id.is_some()).map(|a| i64::from(a.id))
    };
    Hello {
        announcement: started.running.announcement().clone(),
        orgs: started.company.orgs.iter().map(|org| org.subdomain.to_string()).collect(),
        sites: started.company.sites.iter().map(|site| (site.subdomain.to_string(), host(site))).collect(),
    }
}

struct Driver {
    okta: Vec<Arc<Desk>>,
    ioffice: Vec<Arc<Desk>>,
    subjects: Vec<Subject>,
    /// Changes since the last judgement: who, which value, when.
    changes: Vec<(usize, String, jiff::Timestamp)>,
    made: usize,
    /// The last entry of each site's journal that was judged already.
    judged: Vec<u64>,
    _running: lanyard_sim::host::Running,
}

impl Driver {
    fn new(started: Started) -> Self {
        let of = |vendor| -> Vec<Arc<Desk>> {
            started.running.desks().iter().filter(|desk| desk.name().vendor == vendor).cloned().collect()
        };
        let (okta, ioffice) = (of(Vendor::Okta), of(Vendor::Ioffice));
        // Hooks leave at once: the bench measures us, not the vendor's leisure.
        for desk in &okta {
            let prompt = json!({ "do": "settings", "settings": {
                "hook_delay": { "low_ms": 0, "high_ms": 40, "rare_ms": 0, "rare_per_mille": 0 },
                "hook_daily_cap": 100_000_000,
            } });
            if let Err(error) = desk.command(&prompt) {
                tracing::error!(error, "the stand-in keeps its own hook delay");
            }
        }
        let judged = vec![0; ioffice.len()];
        Self {
            okta,
            ioffice,
            subjects: Vec::new(),
            changes: Vec::new(),
            made: 0,
            judged,
            _running: started.running,
        }
    }

    async fn drive(&mut self, from: usize, count: usize, rate: Option<f64>) -> anyhow::Result<Driven> {
        anyhow::ensure!(!self.subjects.is_empty(), "nobody to change");
        let begun = Instant::now();
        for at in 0..count {
            if let Some(rate) = rate {
                let due = begun + Duration::from_secs_f64(at as f64 / rate);
                if due > Instant::now() {
                    tokio::time::sleep_until(due.into()).await;
                }
            } else if at % 16 == 0 {
                tokio::task::yield_now().await;
            }
            let place = (from + at) % self.subjects.len();
            let subject = &self.subjects[place];
            self.made += 1;
            let value = format!("Bench {}", self.made);
            let change =
                json!({ "do": "update_profile", "user": subject.user, "profile": { "title": value } });
            let now = crate::wiring::wall_clock();
            self.okta[subject.org].command(&change).map_err(|text| anyhow!(text))?;
            self.changes.push((place, value, now));
        }
        Ok(Driven { sent: count, seconds: begun.elapsed().as_secs_f64() })
    }

    fn judge(&mut self) -> anyhow::Result<Judgement> {
        let changes = std::mem::take(&mut self.changes);
        let mut shown: HashMap<(usize, i64), String> = HashMap::new();
        let mut written: HashMap<(usize, i64, String), (usize, jiff::Timestamp)> = HashMap::new();
        let mut writes = 0;
        for (site, desk) in self.ioffice.iter().enumerate() {
            let state = desk.inspect(Inspect::State)?;
            for user in state["users"].as_array().into_iter().flatten() {
                if let (Some(id), Some(title)) = (user["id"].as_i64(), user["jobTitle"].as_str()) {
                    shown.insert((site, id), title.to_owned());
                }
            }
            let rest = Inspect::JournalAfter { seq: self.judged[site], limit: usize::MAX };
            let journal = desk.inspect(rest)?;
            anyhow::ensure!(forgotten(&journal) == 0, "a stand-in's journal is not whole");
            for entry in journal.as_array().into_iter().flatten() {
                let id = entry["id"].as_i64().or_else(|| entry["id"].as_str()?.parse().ok());
                let (Some(id), Some("user")) = (id, entry["kind"].as_str()) else { continue };
                let Some(title) = entry["after"]["jobTitle"].as_str().filter(|t| t.starts_with("Bench "))
                else {
                    continue;
                };
                writes += 1;
                let at = entry["at"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
                written.entry((site, id, title.to_owned())).or_insert((0, at)).0 += 1;
            }
            let last = journal.as_array().and_then(|entries| entries.last()?["seq"].as_u64());
            self.judged[site] = last.unwrap_or(self.judged[site]);
        }
        let mut last: HashMap<usize, &str> = HashMap::new();
        let mut took = Vec::new();
        for (place, value, at) in &changes {
            last.insert(*place, value);
            let subject = &self.subjects[*place];
            if let Some((_, wrote)) = written.get(&(subject.site, subject.account, value.clone())) {
                took.push(wrote.duration_since(*at).as_secs_f64() * 1000.0);
            }
        }
        let lost = last.iter().filter(|(place, value)| {
            let subject = &self.subjects[**place];
            shown.get(&(subject.site, subject.account)).map(String::as_str) != Some(**value)
        });
        let lost = lost.count();
        took.sort_by(f64::total_cmp);
        Ok(Judgement {
            changes: changes.len(),
            lost,
            doubled: written.values().map(|(times, _)| times - 1).sum(),
            coalesced: changes.len() - took.len().min(changes.len()) - lost.min(changes.len() - took.len()),
            writes,
            change_to_write_p50_ms: round(quantile(&took, 0.5)),
            change_to_write_p99_ms: round(quantile(&took, 0.99)),
        })
    }

    fn calls(&self) -> anyhow::Result<Counted> {
        let mut counted = Counted::default();
        for desk in self.okta.iter().chain(&self.ioffice) {
            let calls = desk.inspect(Inspect::Calls)?;
            for (endpoint, count) in calls.as_object().into_iter().flatten() {
                let accepted = count["accepted"].as_u64().unwrap_or(0);
                let vendor = if desk.name().vendor == Vendor::Okta { "okta" } else { "ioffice" };
                *counted.by_endpoint.entry(format!("{vendor} {endpoint}")).or_default() += accepted;
                match desk.name().vendor {
                    Vendor::Okta if endpoint.contains("/logs") => counted.polls += accepted,
                    Vendor::Okta if endpoint.contains("oauth2") || endpoint.contains("eventHooks") => {}
                    Vendor::Okta => counted.okta += accepted,
                    Vendor::Ioffice => counted.ioffice += accepted,
                    Vendor::Badge => {}
                }
            }
        }
        Ok(counted)
    }
}

/// Posts deliveries at an even rate, whatever the answers, and times each to its 204.
async fn deliver(
    url: &str,
    secret: &str,
    source: &str,
    users: &[String],
    rate: f64,
    count: usize,
) -> anyhow::Result<Delivered> {
    let transport =
        HttpsTransport::new(&TransportSettings::default()).map_err(|text| anyhow::anyhow!(text))?;
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for at in 0..count {
        let due = begun + Duration::from_secs_f64(at as f64 / rate);
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
        }
        let request = http::Request::post(url)
            .header("authorization", secret)
            .header("content-type", "application/json")
            .body(bytes::Bytes::from(delivery(source, &users[at % users.len().max(1)], at).to_string()))?;
        let transport = transport.clone();
        tasks.spawn(async move {
            // From the moment it was due: a sender that falls behind must not flatter the receiver.
            let answer = transport.exchange(request, Duration::from_secs(3)).await;
            (answer.is_ok_and(|answer| answer.status() == http::StatusCode::NO_CONTENT), due.elapsed())
        });
    }
    let mut took = Vec::with_capacity(count);
    let mut good = 0;
    while let Some(ended) = tasks.join_next().await {
        let (answered, time) = ended?;
        good += usize::from(answered);
        took.push(time.as_secs_f64() * 1000.0);
    }
    let seconds = begun.elapsed().as_secs_f64();
    took.sort_by(f64::total_cmp);
    Ok(Delivered {
        sent: count,
        answered_204: good,
        seconds: round(seconds),
        p50_ms: round(quantile(&took, 0.5)),
        p99_ms: round(quantile(&took, 0.99)),
        max_ms: round(took.last().copied().unwrap_or(0.0)),
    })
}

/// One profile change as Okta pushes it (contract okta.md §10).
fn delivery(source: &str, user: &str, number: usize) -> Value {
    let now = crate::wiring::wall_clock().to_string();
    json!({
        "eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1",
        "source": source, "eventId": format!("00000000-0000-4000-8000-{number:012}"), "eventTime": now,
        "contentType": "application/json",
        "data": { "events": [{
            "uuid": format!("10000000-0000-4000-8000-{number:012}"), "published": now,
            "eventType": "user.account.update_profile", "version": "0", "severity": "INFO",
            "displayMessage": "Update user profile for Okta",
            "actor": { "id": "00uconsole0admin0000", "type": "User", "alternateId": "admin@example.com", "displayName": "Admin" },
            "outcome": { "result": "SUCCESS" },
            "target": [{ "id": user, "type": "User", "alternateId": "somebody@example.com", "displayName": "Somebody" }],
        }] },
    })
}

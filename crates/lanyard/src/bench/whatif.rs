//! What a draft would do to everybody, asked as the console asks it: the request, the answer, and what they cost.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use lanyard_engine::ports::{Silent, Write};
use lanyard_model::{
    id::IdentityId,
    identity::{AttributeValue, Identity},
};
use lanyard_policy::PolicyFiles;
use lanyard_wire::{HttpsTransport, Transport as _, TransportSettings};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    machine::{Machine, Usage},
    rig::Rig,
    table::{mebibytes, round, tell},
};
use crate::exit;

const WITHIN: Duration = Duration::from_secs(120);
/// So many people are renamed before a what-if that is to find something written.
const TOUCHED: usize = 50;

#[derive(Debug, Args)]
pub struct WhatIfArguments {
    /// People in the company
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    people: u32,
    /// How often each draft is asked about; the slowest answer counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    times: u32,
    /// Ask only after nobody has asked for a while, when everybody is read from the mirrors
    #[arg(long)]
    cold: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    bench: &'static str,
    machine: Machine,
    people: u32,
    drafts: Vec<Judged>,
    peak_rss_bytes: u64,
}

#[derive(Debug, Serialize)]
struct Judged {
    draft: &'static str,
    /// Each after nobody had asked for a while: everybody is read from the mirrors.
    cold_seconds: Vec<f64>,
    /// Each after something was written about some people ([`TOUCHED`] renamed, one hired, one of the hired gone): they are
    /// read again.
    first_seconds: Vec<f64>,
    /// Each after another one, and nothing was written about anybody in between.
    next_seconds: Vec<f64>,
    worst_seconds: f64,
    /// Of one answer, mean of all kinds, with making its JSON.
    cpu_seconds: f64,
    /// Of all answers: the linter asks for the definitions of people's fields.
    calls: u64,
    people: u64,
    affected: u64,
    sealed: bool,
    /// What the answer does not know.
    doubts: Vec<String>,
    answer_bytes: usize,
}

/// Drafts by what they edit, each in another text of the policy.
const DRAFTS: [(&str, Edit); 4] = [
    ("the policy in force", |_| ()),
    ("engineers and the others change zones", |files| {
        for table in files.tables.values_mut() {
            *table =
                table.replace("Zone 1", "Zone ?").replace("Zone 2", "Zone 1").replace("Zone ?", "Zone 2");
        }
    }),
    ("another group may book rooms", |files| {
        let rules = &mut files.toml.1;
        *rules =
            rules.replace("if = [{ group = \"ROOM-Booking\" }]", "if = [{ group = \"VISITOR-Managers\" }]");
    }),
    ("a field for everybody", |files| {
        let rules = &mut files.toml.1;
        *rules = rules
            .replace("[profile]\n", "[profile]\ncustom05 = { from = \"department\", as = \"upper case\" }\n");
    }),
];
type Edit = fn(&mut PolicyFiles);

/// # Errors
/// When something cannot be started, or a draft is not judged.
pub async fn run(arguments: WhatIfArguments) -> anyhow::Result<u8> {
    let rig = Rig::open_without_limits(arguments.people, None).await?;
    rig.engine.sweep(None, "before the bench", &Silent).await?;
    rig.engine.work_until_quiet().await;
    let client = HttpsTransport::new(&TransportSettings::default()).map_err(anyhow::Error::msg)?;
    let in_force = rig.engine.active().policy.files().clone();
    let mut drafts = Vec::new();
    for (draft, edit) in DRAFTS {
        let mut files = in_force.clone();
        edit(&mut files);
        drafts.push(judged(&rig, &client, (draft, &files), &arguments).await?);
    }
    let report = Report {
        bench: "whatif",
        machine: Machine::read(&rig.folder.path),
        people: arguments.people,
        drafts,
        peak_rss_bytes: Usage::own().peak_rss_bytes,
    };
    let rows = report.drafts.iter().map(|one| {
        vec![
            one.draft.to_owned(),
            one.people.to_string(),
            one.affected.to_string(),
            one.worst_seconds.to_string(),
            worst(&one.first_seconds).to_string(),
            worst(&one.next_seconds).to_string(),
            one.cpu_seconds.to_string(),
            one.calls.to_string(),
            mebibytes(one.answer_bytes as u64),
        ]
    });
    let head = [
        "draft",
        "people",
        "affected",
        "worst s",
        "after writes",
        "next ones",
        "CPU s each",
        "calls",
        "answer",
    ];
    tell(&report, &head, rows.collect())?;
    rig.close().await;
    Ok(exit::DONE)
}

fn worst(seconds: &[f64]) -> f64 {
    seconds.iter().copied().fold(0.0, f64::max)
}

/// Writes about some people of the first tenant, so that what is known of everybody is not true any more.
async fn write_about_some(rig: &Rig, time: u32) -> anyhow::Result<()> {
    let engine = &rig.engine;
    let Some(tenant) = engine.directories().keys().next() else { return Ok(()) };
    let page = engine.store().mirrored(tenant, None, 1_000).await?;
    let at = engine.clock().now();
    let write = |identity: Identity, keys| Write::Identity { identity: Box::new(identity), keys, at };
    let some = page.iter().step_by((page.len() / TOUCHED).max(1));
    let mut batch: Vec<_> = some
        .map(|known| {
            let mut identity = known.mirrored.identity.clone();
            identity.profile.set("middleName", AttributeValue::Text(format!("Time {time}").into()));
            write(identity, known.keys.clone())
        })
        .collect();
    let hired = |time: u32| IdentityId::new(tenant.clone(), format!("00uhired{time:04}"));
    if let Some(like) = page.first() {
        let identity = Identity { id: hired(time), ..like.mirrored.identity.clone() };
        batch.push(write(identity, Vec::new()));
    }
    if let Some(before) = time.checked_sub(1) {
        batch.push(Write::IdentityGone { identity: hired(before), at, proof: "the bench".into() });
    }
    engine.write(batch).await?;
    Ok(())
}

async fn judged(
    rig: &Rig,
    client: &HttpsTransport,
    (draft, files): (&'static str, &PolicyFiles),
    arguments: &WhatIfArguments,
) -> anyhow::Result<Judged> {
    let (calls, _) = rig.upstream.read();
    let used = Usage::own().cpu_seconds;
    let mut seconds: [Vec<f64>; 3] = Default::default();
    let mut told = (0, Value::Null);
    let kinds = if arguments.cold { 1 } else { 3 };
    for at in 0..kinds * arguments.times {
        match at % kinds {
            0 => {
                // When nobody has asked for a while, the last answer is long kept.
                rig.engine.pages_kept().await;
                rig.engine.forget_everybody();
            }
            1 => write_about_some(rig, at / kinds).await?,
            _ => {}
        }
        let request = http::Request::post(format!("{}/api/v1/whatif", rig.url))
            .header("authorization", format!("Bearer {}", rig.token))
            .header("content-type", "application/json")
            .body(serde_json::to_vec(&json!({ "source": files }))?.into())?;
        let begun = Instant::now();
        let answer =
            client.exchange(request, WITHIN).await.map_err(|error| anyhow::anyhow!("{draft}: {error:?}"))?;
        seconds[(at % kinds) as usize].push(round(begun.elapsed().as_secs_f64()));
        ensure!(
            answer.status().is_success(),
            "{draft}: {} {}",
            answer.status(),
            String::from_utf8_lossy(answer.body())
        );
        told = (answer.body().len(), serde_json::from_slice(answer.body()).context("the answer is no JSON")?);
    }
    let (answer_bytes, answer) = told;
    let total = |name: &str| answer["totals"][name].as_u64().unwrap_or_default();
    let worst_seconds = seconds.iter().map(|kind| worst(kind)).fold(0.0, f64::max);
    let [cold_seconds, first_seconds, next_seconds] = seconds;
    Ok(Judged {
        draft,
        worst_seconds,
        cold_seconds,
        first_seconds,
        next_seconds,
        cpu_seconds: round((Usage::own().cpu_seconds - used) / f64::from(kinds * arguments.times)),
        calls: rig.upstream.read().0 - calls,
        people: total("people"),
        affected: total("affected"),
        sealed: answer["seal"].is_string(),
        doubts: serde_json::from_value(answer["doubts"].clone()).unwrap_or_default(),
        answer_bytes,
    })
}

//! The console on a large store: how long a page of each list takes, near the beginning and far behind it, and what
//! many open consoles cost a server that has nothing to do.

use std::{
    io::Write as _,
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use clap::Args;
use lanyard_engine::ports::Silent;
use lanyard_wire::{HttpsTransport, Transport, TransportSettings};
use serde::Serialize;
use serde_json::Value;

use super::{
    crowd,
    machine::{Machine, Usage},
    rig::Rig,
    table::{mebibytes, quantile, round, tell},
};
use crate::{exit, verbs::sim::stopped};

/// People in the stand-ins: the rest are in the store only.
const LIVING: u32 = 50;
const WITHIN: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub struct ConsoleArguments {
    /// People, plans and journal lines in the store
    #[arg(long, default_value_t = 100_000)]
    people: u32,
    /// Pages of each list
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=2000))]
    pages: u32,
    /// Open consoles
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1000))]
    consoles: u32,
    /// How long to watch them
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Measure nothing: print a link that signs a browser in, and serve until stopped
    #[arg(long)]
    hold: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct List {
    list: &'static str,
    pages: usize,
    rows: usize,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

#[derive(Debug, Serialize)]
struct Report {
    bench: &'static str,
    machine: Machine,
    people: u32,
    filled_seconds: f64,
    lists: Vec<List>,
    consoles: u32,
    seconds: u64,
    cpu_percent_without: f64,
    cpu_percent_with: f64,
    rss_bytes: u64,
}

/// Lists with what is asked of them. Searches begin anew for each page: that is what typing does.
const LISTS: [(&str, &str); 6] = [
    ("people", "people?limit=50"),
    ("people, searched", "people?limit=50&search="),
    ("activity", "activity?limit=50&all=true"),
    ("plans", "plans?limit=50"),
    ("plans, filtered", "plans?limit=50&effect=change"),
    ("findings", "findings?limit=50"),
];
/// Beginnings of words, from rare to common.
const TYPED: [&str; 6] = ["o", "ok", "oka", "okaf", "okafor an", "amara okafor"];

/// # Errors
/// When something cannot be started, or a list does not answer.
pub async fn run(arguments: ConsoleArguments) -> anyhow::Result<u8> {
    let mut rig = Rig::open(LIVING, None).await?;
    rig.engine.sweep(None, "before the bench", &Silent).await?;
    rig.run().await?;
    rig.rest().await?;
    let begun = Instant::now();
    crowd::add(&rig.engine, arguments.people).await?;
    let filled_seconds = round(begun.elapsed().as_secs_f64());
    if arguments.hold {
        say!("{}", serde_json::json!({ "url": rig.url, "link": rig.link, "people": arguments.people }));
        stopped().await;
        rig.close().await;
        return Ok(exit::DONE);
    }
    let client = HttpsTransport::new(&TransportSettings::default()).map_err(anyhow::Error::msg)?;
    let mut lists = Vec::new();
    for (list, path) in LISTS {
        lists.push(page_through(&client, &rig, list, path, arguments.pages).await?);
    }
    let watch = async || -> f64 {
        let before = Usage::own();
        tokio::time::sleep(Duration::from_secs(arguments.seconds)).await;
        let used = Usage::own().cpu_seconds - before.cpu_seconds;
        round(used * 100.0 / arguments.seconds as f64)
    };
    let cpu_percent_without = watch().await;
    let streams = (0..arguments.consoles).map(|_| open_stream(&rig)).collect::<anyhow::Result<Vec<_>>>()?;
    // The first answers are no part of being idle.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let cpu_percent_with = watch().await;
    drop(streams);
    let report = Report {
        bench: "console",
        machine: Machine::read(&rig.folder.path),
        people: arguments.people,
        filled_seconds,
        lists,
        consoles: arguments.consoles,
        seconds: arguments.seconds,
        cpu_percent_without,
        cpu_percent_with,
        rss_bytes: Usage::own().rss_bytes,
    };
    let mut rows: Vec<Vec<String>> = report
        .lists
        .iter()
        .map(|list| {
            let times = [list.p50_ms, list.p99_ms, list.max_ms].map(|ms| format!("{ms} ms"));
            [vec![list.list.to_owned(), list.pages.to_string()], times.to_vec()].concat()
        })
        .collect();
    rows.push(vec![
        format!("{} consoles, idle", report.consoles),
        String::new(),
        format!("{cpu_percent_with} % CPU"),
        format!("{cpu_percent_without} % without"),
        mebibytes(report.rss_bytes),
    ]);
    tell(&report, &["list", "pages", "p50", "p99", "max"], rows)?;
    rig.close().await;
    Ok(exit::DONE)
}

async fn ask(client: &dyn Transport, rig: &Rig, path: &str) -> anyhow::Result<(f64, Value)> {
    let request = http::Request::get(format!("{}/api/v1/{path}", rig.url))
        .header("authorization", format!("Bearer {}", rig.token))
        .body(Bytes::new())?;
    let begun = Instant::now();
    let answer =
        client.exchange(request, WITHIN).await.map_err(|error| anyhow::anyhow!("{path}: {error:?}"))?;
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    ensure!(answer.status().is_success(), "{path}: {}", answer.status());
    Ok((took, serde_json::from_slice(answer.body())?))
}

async fn page_through(
    client: &dyn Transport,
    rig: &Rig,
    list: &'static str,
    path: &str,
    pages: u32,
) -> anyhow::Result<List> {
    let (mut times, mut rows) = (Vec::new(), 0);
    let mut cursor = String::new();
    for number in 0..pages {
        let asked = match path.strip_suffix("search=") {
            Some(_) => format!("{path}{}", TYPED[number as usize % TYPED.len()].replace(' ', "%20")),
            None if cursor.is_empty() => path.to_owned(),
            None => format!("{path}&cursor={cursor}"),
        };
        let (took, answer) = ask(client, rig, &asked).await?;
        times.push(took);
        rows += answer["items"].as_array().map_or(0, Vec::len);
        cursor = match &answer["next"] {
            Value::String(text) => encoded(text),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
    }
    times.sort_by(f64::total_cmp);
    let at = |q| round(quantile(&times, q));
    Ok(List { list, pages: times.len(), rows, p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1.0) })
}

fn encoded(text: &str) -> String {
    let keeps = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if keeps(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// A console that is open: it asks for the stream. What comes waits in the socket; a browser would read it elsewhere.
fn open_stream(rig: &Rig) -> anyhow::Result<TcpStream> {
    let host = rig.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).context("the server does not answer")?;
    write!(
        stream,
        "GET /api/v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nAccept: text/event-stream\r\n\r\n",
        rig.token
    )?;
    Ok(stream)
}

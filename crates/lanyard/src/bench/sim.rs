//! The stand-ins themselves: how fast they start, what they hold in memory, how many plain requests they answer. A
//! bench of ours on them shows our speed only as long as they are the faster side.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use clap::Args;
use lanyard_sim::{
    host::Announcement,
    world::{Accounts, Company, WorldSettings},
};
use serde::Serialize;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    machine::{Machine, Usage},
    table::{mebibytes, quantile, round, tell},
};
use crate::exit;

#[derive(Debug, Args)]
pub struct SimBenchArguments {
    /// People in the world
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Length of each load
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Connections, each with one request at a time
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    connections: u32,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct WorldArguments {
    #[arg(long)]
    people: u32,
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// Prints the digest of a world.
///
/// # Errors
/// None.
pub fn digest(arguments: &WorldArguments) -> anyhow::Result<u8> {
    let world = WorldSettings {
        people: arguments.people,
        seed: arguments.seed,
        accounts: Accounts::Lived,
        ..WorldSettings::default()
    };
    say!("{}", Company::generate(&world).digest());
    Ok(exit::DONE)
}

#[derive(Debug, Serialize)]
struct Report {
    bench: &'static str,
    machine: Machine,
    people: u32,
    seed: u64,
    /// From the start of the process to its line of addresses.
    start_seconds: f64,
    peak_rss_bytes: u64,
    rss_bytes: u64,
    /// Of the world drawn twice, in two processes.
    world_sha256: String,
    same_world_twice: bool,
    connections: u32,
    loads: Vec<Load>,
}

/// One kind of request, asked again and again.
#[derive(Debug, Serialize)]
struct Load {
    face: &'static str,
    request: String,
    requests: usize,
    per_second: f64,
    answer_bytes: usize,
    /// CPU of the stand-ins' process for each request, kernel included.
    server_cpu_us: f64,
    /// CPU of this process for each request, which comes off the same cores.
    client_cpu_us: f64,
    p50_us: f64,
    p99_us: f64,
}

/// A stand-in process; it ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// # Errors
/// When the stand-ins cannot be started or answer anything but 200.
pub async fn run(arguments: SimBenchArguments) -> anyhow::Result<u8> {
    let this = std::env::current_exe()?;
    let (people, seed) = (arguments.people.to_string(), arguments.seed.to_string());
    let world = || -> anyhow::Result<String> {
        let said = Command::new(&this)
            .args(["bench", "world", "--people", &people, "--seed", &seed])
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(said.status.success(), "the world could not be drawn");
        Ok(String::from_utf8(said.stdout)?.trim().to_owned())
    };
    let (once, again) = (world()?, world()?);

    let begun = Instant::now();
    let mut child = Command::new(&this)
        .args(["sim", "--json", "--no-limits", "--people", &people, "--seed", &seed])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("the stand-ins could not be started")?;
    let said = child.stdout.take().context("the stand-ins have no output")?;
    let running = Running(child);
    let mut line = String::new();
    BufReader::new(said).read_line(&mut line)?;
    let start_seconds = begun.elapsed().as_secs_f64();
    let place: Announcement =
        serde_json::from_str(&line).context("the stand-ins did not say where they are")?;
    let pid = running.0.id();
    let used = Usage::of(pid);

    let okta = place.okta.context("no Okta")?;
    let ioffice = place.ioffice.context("no iOffice")?;
    let bench =
        Bench { pid, connections: arguments.connections, time: Duration::from_secs(arguments.seconds) };
    let okta_headers = format!("authorization: SSWS {}\r\naccept: application/json\r\n", okta.ssws);
    let ioffice_headers =
        format!("x-auth-username: {}\r\nx-auth-password: {}\r\n", ioffice.username, ioffice.password);
    let (okta, ioffice) = (authority(&okta.url)?, authority(&ioffice.url)?);
    let first = |answer: &Value| -> anyhow::Result<String> {
        let id = &answer[0]["id"];
        id.as_str().map(str::to_owned).or_else(|| id.as_i64().map(|id| id.to_string())).context("no row")
    };
    let rest = "/external/api/rest/v2";
    let user = first(&get(&okta, "/api/v1/users?limit=1", &okta_headers).await?)?;
    let account =
        first(&get(&ioffice, &format!("{rest}/users?limit=1&startAt=50"), &ioffice_headers).await?)?;
    let columns = "userName,email,firstName,lastName,employeeId,jobTitle,department,userType,room(floor(building)),costCenter,permissions(center(module),role),dateUpdated";
    let mut loads = Vec::new();
    for (face, place, headers, path, shown) in [
        ("okta", &okta, &okta_headers, format!("/api/v1/users/{user}"), "GET /api/v1/users/{id}"),
        ("okta", &okta, &okta_headers, "/api/v1/users?limit=200".to_owned(), "GET /api/v1/users?limit=200"),
        ("ioffice", &ioffice, &ioffice_headers, format!("{rest}/users/{account}"), "GET /users/{id}"),
        (
            "ioffice",
            &ioffice,
            &ioffice_headers,
            format!("{rest}/users?limit=100&startAt=1000&selector={columns}"),
            "GET /users?limit=100&selector=…",
        ),
    ] {
        loads.push(bench.load(face, place, shown, &request(place, &path, headers)).await?);
    }
    let report = Report {
        bench: "sim",
        machine: Machine::read(&std::env::temp_dir()),
        people: arguments.people,
        seed: arguments.seed,
        start_seconds: round(start_seconds),
        peak_rss_bytes: used.peak_rss_bytes,
        rss_bytes: used.rss_bytes,
        same_world_twice: once == again,
        world_sha256: once,
        connections: arguments.connections,
        loads,
    };
    talk!(
        "{} people: {:.2} s to start, {} at most, {} then; same world twice: {}",
        report.people,
        report.start_seconds,
        mebibytes(report.peak_rss_bytes),
        mebibytes(report.rss_bytes),
        report.same_world_twice,
    );
    let rows = report.loads.iter().map(|load| {
        let texts = [load.face.to_owned(), load.request.clone()];
        let numbers = [load.per_second, load.server_cpu_us, load.client_cpu_us, load.p50_us, load.p99_us];
        texts.into_iter().chain(numbers.map(|number| format!("{number:.0}"))).collect()
    });
    let head = ["face", "request", "per second", "server CPU us", "client CPU us", "p50 us", "p99 us"];
    tell(&report, &head, rows.collect())?;
    Ok(exit::DONE)
}

struct Bench {
    pid: u32,
    connections: u32,
    time: Duration,
}

impl Bench {
    async fn load(
        &self,
        face: &'static str,
        place: &str,
        shown: &str,
        request: &str,
    ) -> anyhow::Result<Load> {
        let (server, client) = (Usage::of(self.pid), Usage::own());
        let begun = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..self.connections {
            let (place, request, until) = (place.to_owned(), request.to_owned(), begun + self.time);
            tasks.spawn(async move { ask_until(&place, request.as_bytes(), until).await });
        }
        let (mut took, mut answer_bytes) = (Vec::new(), 0);
        while let Some(ended) = tasks.join_next().await {
            let (own, bytes) = ended??;
            took.extend(own);
            answer_bytes = bytes;
        }
        let seconds = begun.elapsed().as_secs_f64();
        let (server_after, client_after) = (Usage::of(self.pid), Usage::own());
        took.sort_by(f64::total_cmp);
        let each = |before: Usage, after: Usage| {
            round((after.cpu_seconds - before.cpu_seconds) * 1e6 / took.len().max(1) as f64)
        };
        Ok(Load {
            face,
            request: shown.to_owned(),
            requests: took.len(),
            per_second: round(took.len() as f64 / seconds),
            answer_bytes,
            server_cpu_us: each(server, server_after),
            client_cpu_us: each(client, client_after),
            p50_us: round(quantile(&took, 0.5)),
            p99_us: round(quantile(&took, 0.99)),
        })
    }
}

/// Asks on one connection, one request after another; microseconds of each, and the length of the last body.
async fn ask_until(place: &str, request: &[u8], until: Instant) -> anyhow::Result<(Vec<f64>, usize)> {
    let mut line = Line::open(place).await?;
    let (mut took, mut bytes) = (Vec::new(), 0);
    while Instant::now() < until {
        let begun = Instant::now();
        bytes = line.ask(request).await?.len();
        took.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    Ok((took, bytes))
}

/// A connection that is kept, spoken to as plainly as can be: the bench's own client must cost little.
struct Line {
    stream: TcpStream,
    held: Vec<u8>,
}

impl Line {
    async fn open(place: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(place).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, held: Vec::with_capacity(1 << 18) })
    }

    /// The body of a 200.
    async fn ask(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.held.clear();
        let head = loop {
            if let Some(end) = self.held.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            ensure!(self.stream.read_buf(&mut self.held).await? > 0, "the stand-in closed the connection");
        };
        let text = std::str::from_utf8(&self.held[..head])?;
        ensure!(text.starts_with("HTTP/1.1 200"), "{}", text.lines().next().unwrap_or_default());
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let whole = head + length.context("an answer without content-length")?;
        while self.held.len() < whole {
            ensure!(self.stream.read_buf(&mut self.held).await? > 0, "the stand-in closed the connection");
        }
        Ok(&self.held[head..whole])
    }
}

async fn get(place: &str, path: &str, headers: &str) -> anyhow::Result<Value> {
    let mut line = Line::open(place).await?;
    Ok(serde_json::from_slice(line.ask(request(place, path, headers).as_bytes()).await?)?)
}

fn request(place: &str, path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {place}\r\n{headers}\r\n")
}

/// `127.0.0.1:8080` of `http://127.0.0.1:8080`.
fn authority(url: &str) -> anyhow::Result<String> {
    Ok(url.split_once("://").context("no URL")?.1.to_owned())
}

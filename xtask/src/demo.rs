//! A demonstration: run once and held against its own summary, or kept alive for a browser.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::{
    Root,
    call::{Call, Running, show},
    tally::Tally,
};

const ONCE: Duration = Duration::from_secs(300);
const READY: Duration = Duration::from_secs(120);
const LIVING_PEOPLE: &str = "120";

/// Runs a day to its end; the summary.
///
/// # Errors
/// When it fails, prints no summary, or did not converge.
pub fn once(root: &Root, lanyard: &Path, people: &str) -> anyhow::Result<Value> {
    let program = lanyard.display().to_string();
    let said = Call::new(&program, root.path("."), ONCE)
        .args(["demo", "--once", "--people", people, "--json"])
        .run()?;
    let last = said.stdout.iter().rfind(|line| !line.trim().is_empty()).context("it printed nothing")?;
    let summary: Value = serde_json::from_str(last).context("its last line is not JSON")?;
    ensure!(summary.is_object(), "its last line is not an object");
    Ok(summary)
}

/// The demonstration as a test: it converged, and nothing went wrong on the way.
///
/// # Errors
/// Names what its summary says against it.
pub fn check(root: &Root, lanyard: &Path) -> anyhow::Result<Tally> {
    let summary = once(root, lanyard, "300")?;
    ensure!(summary["converged"] == Value::Bool(true), "the summary does not say converged: true");
    let mut held = 1;
    for name in ["duplicates", "wrongful_removals"] {
        let count = summary.get(name).with_context(|| format!("the summary has no {name}"))?;
        ensure!(count.as_u64() == Some(0), "the summary says {name}: {count}");
        held += 1;
    }
    Ok(Tally::passed(held))
}

/// A demonstration that lives until this is dropped.
pub struct Living {
    _running: Running,
    /// Where the console is, without a slash at the end.
    pub address: String,
}

impl Living {
    /// Starts one and waits until its first comparison is done.
    ///
    /// # Errors
    /// When it ends, or is not ready in time.
    pub fn start(root: &Root, lanyard: &Path) -> anyhow::Result<Self> {
        Self::start_with(root, lanyard, &[])
    }

    /// Starts one whose day is not played: nothing happens by itself. Its folder is `data`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_still(root: &Root, lanyard: &Path, data: &Path) -> anyhow::Result<Self> {
        Self::start_with(root, lanyard, &["--still", "--data", &data.display().to_string()])
    }

    fn start_with(root: &Root, lanyard: &Path, more: &[&str]) -> anyhow::Result<Self> {
        let call = Call::new(&lanyard.display().to_string(), root.path("."), Duration::MAX)
            .args(["demo", "--people", LIVING_PEOPLE])
            .args(more);
        show(&format!("    $ {} &", call.words()));
        let mut running = call.start()?;
        let mut addresses: BTreeSet<SocketAddr> = BTreeSet::new();
        let begun = Instant::now();
        while begun.elapsed() < READY {
            running.take_lines(Duration::from_millis(200), &mut |_, line| {
                // The line with the stand-ins' credentials is no talk.
                if !line.contains('{') {
                    show(&line);
                }
                addresses.extend(loopback_addresses(&line));
            });
            if let Some(status) = running.ended()? {
                bail!("the demonstration ended with {status}");
            }
            // It prints the stand-ins' addresses too: the console is the one that knows sweeps.
            if let Some(address) = addresses.iter().find(|address| has_swept(**address)) {
                return Ok(Self { address: format!("http://{address}"), _running: running });
            }
        }
        bail!("the demonstration was not ready after {} s; it named {addresses:?}", READY.as_secs())
    }
}

fn loopback_addresses(line: &str) -> Vec<SocketAddr> {
    let rest = line.split("http://").skip(1);
    rest.filter_map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':')).unwrap_or(rest.len());
        rest[..end].parse().ok().filter(|address: &SocketAddr| address.ip().is_loopback())
    })
    .collect()
}

/// The first comparison is done, so there are people to show.
fn has_swept(address: SocketAddr) -> bool {
    let asked = || -> std::io::Result<String> {
        let wait = Duration::from_secs(2);
        let mut stream = TcpStream::connect_timeout(&address, wait)?;
        stream.set_read_timeout(Some(wait))?;
        let request = format!("GET /api/v1/sweeps HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.take(1 << 20).read_to_string(&mut answer)?;
        Ok(answer)
    };
    asked().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200") && answer.contains("\"swp_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_from_what_a_demonstration_prints() {
        let check = |line: &str, expected: &[&str]| {
            let found: Vec<String> = loopback_addresses(line).iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{line}");
        };
        check("open http://127.0.0.1:8480/all/overview", &["127.0.0.1:8480"]);
        check(
            r#"{"okta":"http://127.0.0.1:1","ioffice":"http://127.0.0.1:2"}"#,
            &["127.0.0.1:1", "127.0.0.1:2"],
        );
        check("see http://192.0.2.1:80 or http://example.test/", &[]);
    }
}

//! The machine's shape, and what a process used, as Linux tells it under `/proc`. Elsewhere the figures are 0.

use std::{fs, path::Path};

use serde::Serialize;

/// Where a figure was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    pub cores: usize,
    pub memory_bytes: u64,
    pub cpu: String,
    pub kernel: String,
    /// File system under the store.
    pub store_file_system: String,
    pub version: &'static str,
    pub optimised: bool,
}

impl Machine {
    /// The present machine, with the file system that holds `store`.
    pub fn read(store: &Path) -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_bytes: field(&fs::read_to_string("/proc/meminfo").unwrap_or_default(), "MemTotal:"),
            cpu: cpu.map_or_else(|| "unknown".into(), |(_, name)| name.trim().to_owned()),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            store_file_system: file_system(store),
            version: env!("CARGO_PKG_VERSION"),
            optimised: !cfg!(debug_assertions),
        }
    }
}

/// The type of the file system with the longest mount point above `path`.
fn file_system(path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let above = mounts.lines().filter_map(|line| {
        let mut parts = line.split(' ').skip(1);
        let (at, kind) = (parts.next()?, parts.next()?);
        path.starts_with(at).then_some((at.len(), kind))
    });
    above.max_by_key(|(length, _)| *length).map_or_else(|| "unknown".into(), |(_, kind)| kind.to_owned())
}

/// What a process has used since it began.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Usage {
    /// User and kernel time of all its threads, in steps of a hundredth.
    pub cpu_seconds: f64,
    pub rss_bytes: u64,
    pub peak_rss_bytes: u64,
}

impl Usage {
    /// This process.
    pub fn own() -> Self {
        Self::read("self")
    }

    /// This process, whose peak counts from now on. Where Linux refuses that, it goes on counting from the start.
    pub fn fresh() -> Self {
        let _ = fs::write("/proc/self/clear_refs", "5");
        Self::own()
    }

    /// The process `pid`, if it is still there.
    pub fn of(pid: u32) -> Self {
        Self::read(&pid.to_string())
    }

    fn read(who: &str) -> Self {
        let stat = fs::read_to_string(format!("/proc/{who}/stat")).unwrap_or_default();
        // The name in parentheses may hold anything; what follows the last one is numbers.
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        let ticks = |place: usize| -> f64 {
            after.split_whitespace().nth(place).and_then(|text| text.parse().ok()).unwrap_or(0.0)
        };
        let status = fs::read_to_string(format!("/proc/{who}/status")).unwrap_or_default();
        Self {
            cpu_seconds: (ticks(11) + ticks(12)) / TICKS_PER_SECOND,
            rss_bytes: field(&status, "VmRSS:"),
            peak_rss_bytes: field(&status, "VmHWM:"),
        }
    }
}

/// What Linux reports to programs, whatever the kernel's own tick.
const TICKS_PER_SECOND: f64 = 100.0;

/// `Name:  1234 kB`, in bytes.
fn field(text: &str, name: &str) -> u64 {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes * 1024)
}

//! What whoever waits for a long run is told meanwhile, and how they end it: with the first signal no other history begins, and
//! the totals are told of those that were lived; a second one ends it at once.

use std::{
    collections::BTreeSet,
    io::IsTerminal as _,
    ops::ControlFlow,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{enumerate::Enumerated, totals::Totals};

/// Where nobody looks at a terminal, a line is written so often.
const EVERY: Duration = Duration::from_secs(60);
/// At a terminal, the line is written anew so often.
const REDRAWN: Duration = Duration::from_millis(250);
/// As a shell says that a signal ended a program.
const ENDED_BY_SIGNAL: i32 = 130;

/// One run that somebody waits for.
pub struct Progress {
    stopped: Arc<AtomicBool>,
    at_terminal: bool,
    told: Mutex<Told>,
}

struct Told {
    at: Instant,
    failing: BTreeSet<u64>,
    cases: usize,
}

impl Progress {
    /// Listens for signals from now on.
    pub fn begin() -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        listen(Arc::clone(&stopped));
        Self {
            stopped,
            at_terminal: std::io::stderr().is_terminal(),
            told: Mutex::new(Told { at: Instant::now(), failing: BTreeSet::new(), cases: 0 }),
        }
    }

    /// Tells of seeds: each that fails at once, and how far it is now and then.
    pub fn of_seeds(&self, totals: &Totals) -> ControlFlow<()> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for (seed, what) in &totals.told_of {
            if told.failing.insert(*seed) {
                self.line(&format!("seed {seed}: {what}"));
            }
        }
        self.now_and_then(&mut told, || {
            format!(
                "{} histories, {} faults, {} violations",
                totals.histories,
                totals.faults(),
                totals.violations
            )
        });
        self.whether_to_go_on()
    }

    /// Tells of places.
    pub fn of_places(&self, sums: &Enumerated) -> ControlFlow<()> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        for case in &sums.named[told.cases.min(sums.named.len())..] {
            self.line(case);
        }
        told.cases = sums.named.len();
        self.now_and_then(&mut told, || format!("{} places, {} failed", sums.places, sums.failed));
        self.whether_to_go_on()
    }

    /// Whoever writes the totals begins on a line of their own.
    pub fn end(&self) {
        if self.at_terminal {
            eprint!("\r\x1b[K");
        }
    }

    fn whether_to_go_on(&self) -> ControlFlow<()> {
        if self.stopped.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn line(&self, words: &str) {
        self.end();
        eprintln!("{words}");
    }

    fn now_and_then(&self, told: &mut Told, words: impl FnOnce() -> String) {
        let pause = if self.at_terminal { REDRAWN } else { EVERY };
        if told.at.elapsed() < pause {
            return;
        }
        told.at = Instant::now();
        if self.at_terminal {
            eprint!("\r\x1b[K{}", words());
        } else {
            eprintln!("{}", words());
        }
    }
}

/// On a thread of its own. Where the system lets nobody listen, a signal ends the program as it always did.
fn listen(stopped: Arc<AtomicBool>) {
    let waits = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        while runtime.block_on(signal()).is_ok() {
            if stopped.swap(true, Ordering::SeqCst) {
                std::process::exit(ENDED_BY_SIGNAL);
            }
            eprintln!(
                "no other history begins; the totals follow when those that are being lived have ended"
            );
        }
    };
    // A run that cannot be ended with its totals is still a run.
    let _ = std::thread::Builder::new().name("signals".into()).spawn(waits);
}

/// Interrupted by a person, or asked to end by whoever supervises.
#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

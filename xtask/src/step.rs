//! One step after another: named, timed, counted, stopping at the first that fails.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{call, tally::Tally};

/// Why a step stopped, and what the person in front of it can do.
pub struct Failure {
    pub error: anyhow::Error,
    /// Tests that the step counted before it failed.
    pub counted: Tally,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { error: error.into(), counted: Tally::default() }
    }
}

/// The list that is printed at the end.
pub struct Steps {
    began: Instant,
    done: Vec<(String, Duration, Tally)>,
    /// Shared by lists that run beside each other.
    failed: Arc<AtomicBool>,
}

impl Steps {
    /// No step yet; the clock runs.
    pub fn begin() -> Self {
        Self { began: Instant::now(), done: Vec::new(), failed: Arc::default() }
    }

    fn has_failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    /// Runs `work` unless an earlier step failed. `hint` says what to do when it fails.
    pub fn run(&mut self, name: &str, hint: &str, work: impl FnOnce() -> Result<Tally, Failure>) {
        if self.has_failed() {
            return;
        }
        call::show("");
        call::show(&format!("==> {name}"));
        let begun = Instant::now();
        let mut tally = match work() {
            Ok(tally) => tally,
            Err(failure) => {
                self.failed.store(true, Ordering::SeqCst);
                call::complain(&format!("error: {name}: {:#}", failure.error));
                call::complain(&format!("hint: {hint}"));
                let failed = failure.counted.failed.max(1);
                Tally { failed, ..failure.counted }
            }
        };
        if tally == Tally::default() {
            // A runner that ran nothing has shown nothing.
            self.failed.store(true, Ordering::SeqCst);
            call::complain(&format!("error: {name}: nothing was run"));
            call::complain(&format!("hint: {hint}"));
            tally.failed = 1;
        }
        self.done.push((name.to_owned(), begun.elapsed(), tally));
    }

    /// Runs two lists of steps at the same time and takes both in: `aside` mostly waits, for a registry say. Its lines begin
    /// with `label`. A failure of one lets the other's step under way come to its end.
    pub fn beside(
        &mut self,
        label: &'static str,
        aside: impl FnOnce(&mut Self) + Send,
        work: impl FnOnce(&mut Self),
    ) {
        if self.has_failed() {
            return;
        }
        let mut other = Self { began: self.began, done: Vec::new(), failed: Arc::clone(&self.failed) };
        let other = thread::scope(|scope| {
            let other = scope.spawn(move || {
                call::label(label);
                aside(&mut other);
                other
            });
            work(self);
            other.join()
        });
        match other {
            Ok(other) => self.done.extend(other.done),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// Prints the list and the closing line; whether everything passed.
    pub fn close(&self) -> bool {
        let mut all = Tally::default();
        println!("\n  seconds  passed  failed  step");
        for (name, took, tally) in &self.done {
            println!("{:9.1}  {:6}  {:6}  {name}", took.as_secs_f64(), tally.passed, tally.failed);
            all.add(*tally);
        }
        println!(
            "{:9.1}  from first to last{}\n",
            self.began.elapsed().as_secs_f64(),
            if self.has_failed() { "; the steps after the failed one were not run" } else { "" }
        );
        println!("{} passed, {} failed", all.passed, all.failed);
        !self.has_failed()
    }
}

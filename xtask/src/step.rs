//! One step after another: named, timed, counted, stopping at the first that fails.

use std::{
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
    failed: bool,
}

impl Steps {
    /// No step yet; the clock runs.
    pub fn begin() -> Self {
        Self { began: Instant::now(), done: Vec::new(), failed: false }
    }

    /// Runs `work` unless an earlier step failed. `hint` says what to do when it fails.
    pub fn run(&mut self, name: &str, hint: &str, work: impl FnOnce() -> Result<Tally, Failure>) {
        if self.failed {
            return;
        }
        call::show("");
        call::show(&format!("==> {name}"));
        let begun = Instant::now();
        let mut tally = match work() {
            Ok(tally) => tally,
            Err(failure) => {
                self.failed = true;
                call::complain(&format!("error: {name}: {:#}", failure.error));
                call::complain(&format!("hint: {hint}"));
                let failed = failure.counted.failed.max(1);
                Tally { failed, ..failure.counted }
            }
        };
        if tally == Tally::default() {
            // A runner that ran nothing has shown nothing.
            self.failed = true;
            call::complain(&format!("error: {name}: nothing was run\nhint: {hint}"));
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
        if self.failed {
            return;
        }
        let other = thread::scope(|scope| {
            let other = scope.spawn(|| {
                call::label(label);
                let mut other = Self::begin();
                aside(&mut other);
                other
            });
            work(self);
            other.join()
        });
        match other {
            Ok(other) => {
                self.done.extend(other.done);
                self.failed |= other.failed;
            }
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
            if self.failed { "; the steps after the failed one were not run" } else { "" }
        );
        println!("{} passed, {} failed", all.passed, all.failed);
        !self.failed
    }
}

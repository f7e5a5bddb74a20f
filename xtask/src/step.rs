//! One step after another: named, timed, counted, stopping at the first that fails.

use std::time::{Duration, Instant};

use crate::tally::Tally;

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
#[derive(Default)]
pub struct Steps {
    done: Vec<(String, Duration, Tally)>,
    failed: bool,
}

impl Steps {
    /// Runs `work` unless an earlier step failed. `hint` says what to do when it fails.
    pub fn run(&mut self, name: &str, hint: &str, work: impl FnOnce() -> Result<Tally, Failure>) {
        if self.failed {
            return;
        }
        println!("\n==> {name}");
        let begun = Instant::now();
        let mut tally = match work() {
            Ok(tally) => tally,
            Err(failure) => {
                self.failed = true;
                eprintln!("error: {name}: {:#}", failure.error);
                eprintln!("hint: {hint}");
                let failed = failure.counted.failed.max(1);
                Tally { failed, ..failure.counted }
            }
        };
        if tally == Tally::default() {
            // A runner that ran nothing has shown nothing.
            self.failed = true;
            eprintln!("error: {name}: nothing was run\nhint: {hint}");
            tally.failed = 1;
        }
        self.done.push((name.to_owned(), begun.elapsed(), tally));
    }

    /// Prints the list and the closing line; whether everything passed.
    pub fn close(&self) -> bool {
        let mut all = Tally::default();
        let mut seconds = 0.0;
        println!("\n  seconds  passed  failed  step");
        for (name, took, tally) in &self.done {
            println!("{:9.1}  {:6}  {:6}  {name}", took.as_secs_f64(), tally.passed, tally.failed);
            all.add(*tally);
            seconds += took.as_secs_f64();
        }
        println!(
            "{seconds:9.1}  in all{}\n",
            if self.failed { "; the steps after the failed one were not run" } else { "" }
        );
        println!("{} passed, {} failed", all.passed, all.failed);
        !self.failed
    }
}

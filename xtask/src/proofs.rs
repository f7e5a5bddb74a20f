//! Okta's own SDKs against the stand-in: `proofs/run.mjs`, which installs them into `target/proofs` and counts.

use std::{path::Path, time::Duration};

use crate::{Root, call::Call, step::Failure, tally};

/// Installing included; the runner bounds each of its own parts more tightly.
const BOUND: Duration = Duration::from_secs(900);

/// Runs every session with `lanyard`.
///
/// # Errors
/// When a check failed, or the SDKs could not be installed: the text says what to do.
pub fn run(root: &Root, lanyard: &Path) -> Result<tally::Tally, Failure> {
    let script = root.path("proofs/run.mjs").display().to_string();
    let call = Call::new("node", root.path("."), BOUND).args([
        script,
        "--lanyard".into(),
        lanyard.display().to_string(),
    ]);
    let (said, failure) =
        call.run_to_end().map_err(|error| Failure { error, counted: tally::Tally::default() })?;
    let counted = said.stdout.iter().rev().find_map(|line| tally::closing(line)).unwrap_or_default();
    match failure {
        None => Ok(counted),
        Some(why) => Err(Failure { error: anyhow::anyhow!(why), counted }),
    }
}

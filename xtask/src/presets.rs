//! The program's own tests with the stand-ins under every preset, that is under every reading of the silences of the
//! vendors' contracts (`lanyard sim doc`). The presets change nothing that is compiled.

use crate::{Root, step::Failure, tally::Tally, tier};

/// What `sim --preset` takes; the first one is what tests are under when nobody says otherwise.
const PRESETS: [&str; 4] = ["default", "strict", "lenient", "hostile"];

/// Where the tests read it.
const VARIABLE: &str = "LANYARD_PRESET";

/// Tests that the tier runs under every preset; the others it runs under the default one only. They hold what a change
/// must never break: everything from the first sweep to a leaver's last booking.
const ESSENTIAL: &[&str] = &[
    "a_lived_in_site_is_adopted",
    "a_review_takes_a_right_away",
    "an_edit_is_rehearsed",
    "people_and_groups_are_provisioned",
    "people_sign_in_with_okta",
    "a_site_is_kept_in_step_with_oauth",
    "storms_cuts_and_lost_hooks",
];

/// The essential tests under each preset but the default one, which the tier's own run of all tests is.
///
/// # Errors
/// When a test failed under one of them.
pub fn essential(root: &Root) -> Result<Tally, Failure> {
    under(root, &PRESETS[1..], ESSENTIAL)
}

/// Every test of the program under each preset, or under the named one.
///
/// # Errors
/// When a test failed under one of them, or there is no such preset.
pub fn all(root: &Root, wanted: Option<&str>) -> anyhow::Result<()> {
    let named: Vec<&str> =
        PRESETS.into_iter().filter(|name| wanted.is_none_or(|wanted| wanted == *name)).collect();
    anyhow::ensure!(!named.is_empty(), "there is no such preset: use {}", PRESETS.join(", "));
    let counted = under(root, &named, &[]).map_err(|failure| failure.error)?;
    println!("{} tests hold under {}", counted.passed, named.join(", "));
    Ok(())
}

/// Goes on after a preset that failed, so that all of them are told.
fn under(root: &Root, presets: &[&str], words: &[&str]) -> Result<Tally, Failure> {
    let mut counted = Tally::default();
    let mut fell = Vec::new();
    for preset in presets {
        println!("--- preset {preset}");
        match tier::program_tests(root, (VARIABLE, preset), words) {
            Ok(tally) => counted.add(tally),
            Err(failure) => {
                counted.add(failure.counted);
                fell.push(format!("{preset}: {:#}", failure.error));
            }
        }
    }
    if fell.is_empty() {
        return Ok(counted);
    }
    let why =
        format!("{}\nhint: {VARIABLE}=NAME cargo nextest run --workspace TEST repeats one", fell.join("; "));
    Err(Failure { error: anyhow::anyhow!(why), counted })
}

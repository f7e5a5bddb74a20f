//! `drift`: how far sites and tenants have drifted apart, in people. `rollout`: a sealed what-if that goes out in waves.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use lanyard_engine::{
    apart::{Apart, Difference, InForce, Share},
    whatif::waves::RollOut,
};
use lanyard_policy::reaction::Reactions;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Data,
    people::{Said, Verbs},
};
use crate::exit;

/// Parameters and differences beyond these are for `--json`.
const SHOWN_MAX: usize = 40;

#[derive(Debug, Args)]
pub struct RollOutArguments {
    #[command(flatten)]
    pub data: Data,
    /// What to do with it
    #[arg(value_enum, default_value_t = RollOutWish::Show)]
    pub what: RollOutWish,
    /// One JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollOutWish {
    /// Say how far it has come
    Show,
    /// Let it go on after a halt
    Resume,
    /// End it: what has not begun waits for somebody, person by person
    End,
}

impl Verbs {
    pub(super) async fn drift(&self) -> anyhow::Result<Said> {
        let answer = self.engine.apart().await?;
        let exit = if answer.found == 0 { exit::DONE } else { exit::OPEN };
        Ok(Said { exit, text: drift_text(&answer), json: serde_json::to_value(&answer)? })
    }

    pub(super) async fn roll_out(&self, wish: RollOutWish) -> anyhow::Result<Said> {
        let unusable = |error: lanyard_engine::whatif::SealRefused| exit::Unusable(error.to_string());
        match wish {
            RollOutWish::Show => {}
            RollOutWish::Resume => {
                self.engine.resume_roll_out("the command line").await.map_err(unusable)?;
            }
            RollOutWish::End => {
                let seal = self
                    .engine
                    .rollout()
                    .ok_or_else(|| exit::Unusable("no sealed what-if is being applied".to_owned()))?;
                let report = self.engine.finish_seal(&seal, "the command line").await.map_err(unusable)?;
                let text =
                    format!("{seal} ended: {} lines done, {} not done\n", report.done, report.refused.len());
                let exit = if report.refused.is_empty() { exit::DONE } else { exit::OPEN };
                return Ok(Said { exit, text, json: json!({ "ended": report }) });
            }
        }
        let known = self.engine.roll_out().await.map_err(unusable)?;
        let text =
            known.as_ref().map_or_else(|| "nothing is rolled out in waves\n".to_owned(), roll_out_text);
        let halted = known.as_ref().is_some_and(|known| known.halted.is_some());
        let exit = if halted { exit::OPEN } else { exit::DONE };
        Ok(Said { exit, text, json: json!({ "roll_out": known }) })
    }
}

pub(super) fn roll_out_text(known: &RollOut) -> String {
    let mut text = format!("{}: {} people, in {} waves\n", known.seal, known.people, known.waves.len());
    for (at, wave) in known.waves.iter().enumerate() {
        let state = match (at + 1).cmp(&known.begun) {
            std::cmp::Ordering::Less => "begun before".to_owned(),
            std::cmp::Ordering::Equal => format!("begun {}", known.began_at.strftime("%Y-%m-%d %H:%M UTC")),
            std::cmp::Ordering::Greater => "not begun".to_owned(),
        };
        let _ = writeln!(text, "  wave {}: {wave}, {state}", at + 1);
    }
    let _ = match (&known.halted, known.next_at) {
        (Some(why), _) => writeln!(text, "halted: {why}"),
        (None, Some(at)) if known.begun == known.waves.len() => {
            writeln!(text, "over at {}", at.strftime("%Y-%m-%d %H:%M UTC"))
        }
        (None, Some(at)) => writeln!(text, "the next wave begins {}", at.strftime("%Y-%m-%d %H:%M UTC")),
        (None, None) => Ok(()),
    };
    text
}

fn drift_text(answer: &Apart) -> String {
    let mut text = String::new();
    for place in &answer.in_force {
        let _ = writeln!(text, "{}", in_force_text(place));
    }
    if let Some(known) = &answer.roll_out {
        text.push_str(&roll_out_text(known));
    }
    for difference in answer.differences.iter().take(SHOWN_MAX) {
        text.push_str(&difference_text(difference));
    }
    let _ = writeln!(
        text,
        "\n{} people of {} kinds compared: {} differences between places",
        answer.people, answer.kinds, answer.found
    );
    if answer.found > SHOWN_MAX {
        let _ = writeln!(text, "the first {SHOWN_MAX} are shown");
    }
    if answer.not_compared > 0 {
        let _ = writeln!(text, "{} people are of too many kinds and were not compared", answer.not_compared);
    }
    text
}

fn in_force_text(place: &InForce) -> String {
    let version =
        place.version.map_or_else(|| "from the folder".to_owned(), |number| format!("version {number}"));
    let seal: String = place.seal.chars().take(12).collect();
    let mut text = format!(
        "{} ({}): {} people under {} {version} ({seal})",
        place.place.site, place.place.tenant, place.people, place.policy
    );
    let values: Vec<_> = place
        .parameters
        .iter()
        .map(|(name, value)| {
            let own = if place.own.contains(name) { ", its own" } else { "" };
            format!("{name} = {value}{own}")
        })
        .collect();
    if !values.is_empty() {
        let _ = write!(text, "; {}", values.join("; "));
    }
    let usual = Reactions::default();
    if place.reactions != usual {
        let all = place.reactions.all().filter(|(situation, reaction)| usual.to(*situation) != *reaction);
        let words: Vec<_> =
            all.map(|(situation, reaction)| format!("{} → {}", situation.word(), reaction.word())).collect();
        let _ = write!(text, "; {}", words.join(", "));
    }
    text
}

fn difference_text(difference: &Difference) -> String {
    let kind = match difference.kind.as_slice() {
        [] => "people of whom the rules know nothing".to_owned(),
        kind => kind.join(", "),
    };
    let mut text =
        format!("\n{}: {} people elsewhere do not get it\n  {kind}\n", difference.what, difference.people);
    let mut side = |share: &Share, verb: &str| {
        let _ = writeln!(
            text,
            "  {} ({}): {} of {} {verb}: {}",
            share.place.site, share.place.tenant, share.have, share.people, share.because
        );
    };
    difference.have.iter().for_each(|share| side(share, "get it"));
    difference.lack.iter().for_each(|share| side(share, "get it"));
    text
}

//! The bound that leavers are judged by: what was in force in the period by the journal, whatever the settings file says when the
//! pack is made.

use jiff::Timestamp;
use lanyard_store::Archive;
use serde_json::Value;

use super::{Ask, journal};
use crate::in_force;

/// A start of the server that noted what is in force.
struct Noted {
    at: Timestamp,
    before: Option<i64>,
    after: i64,
}

/// Seconds that leavers of the period are judged by, and what must be said of them.
///
/// Where several were in force, the strictest counts for the whole period: loosening the bound excuses nobody.
///
/// # Errors
/// A journal that cannot be read.
pub fn judged_by(ask: &Ask, archive: &Archive) -> anyhow::Result<(i64, Option<String>)> {
    let mut noted = Vec::new();
    archive.lines(&ask.tenant, |line| {
        // The kind stands near the front of a line; few are of this one.
        if !line.personal && journal::kind(line.text) == Some("control") {
            noted.extend(read(line.text));
        }
        Ok(())
    })?;
    let kept = archive.meta(&in_force::key(&ask.tenant))?;
    let kept = kept.and_then(|text| seconds(&serde_json::from_str::<Value>(&text).ok()?));
    Ok(judged(ask, &noted, kept))
}

fn seconds(force: &Value) -> Option<i64> {
    force["leaver_bound_seconds"].as_i64()
}

fn read(text: &str) -> Option<Noted> {
    let line: Value = serde_json::from_str(text).ok()?;
    let at = Timestamp::from_microsecond(line["at"].as_i64()?).ok()?;
    let data = &line["data"];
    Some(Noted { at, before: seconds(&data["before"]), after: seconds(&data["after"])? })
}

/// `kept`: what the last noted start had in force, where the lines that say so were let go of.
fn judged(ask: &Ask, noted: &[Noted], kept: Option<i64>) -> (i64, Option<String>) {
    let settings = ask.leaver_bound_seconds;
    let mut all: Vec<(Option<Timestamp>, i64)> = Vec::new();
    match noted.iter().rfind(|one| one.at <= ask.from) {
        Some(one) => all.push((Some(one.at), one.after)),
        // The texts of earlier lines may be gone: the first one that is kept says what it replaced.
        None => all.extend(noted.first().and_then(|one| one.before).map(|before| (None, before))),
    }
    let within = noted.iter().filter(|one| one.at > ask.from && one.at < ask.to);
    all.extend(within.map(|one| (Some(one.at), one.after)));
    all.dedup_by_key(|(_, seconds)| *seconds);
    let later = noted.first().map(|one| one.after).or(kept);
    let Some(strictest) = all.iter().map(|(_, seconds)| *seconds).min().or(later) else {
        let told = format!(
            "No start of the server noted which bound for leavers is in force: they are judged by that of the settings, {settings} s."
        );
        return (settings, Some(told));
    };
    let differs = match settings == strictest {
        true => String::new(),
        false => format!(" The settings said {settings} s when the pack was made; nobody is judged by that."),
    };
    let told = match all.as_slice() {
        [_, _, ..] => {
            let each: Vec<String> = all
                .iter()
                .map(|(at, seconds)| match at {
                    Some(at) => format!("{seconds} s from {at}"),
                    None => format!("{seconds} s at first"),
                })
                .collect();
            Some(format!(
                "The bound for leavers changed: {}. All of the period are judged by the strictest, {strictest} s.{differs}",
                each.join(", ")
            ))
        }
        _ if settings != strictest => Some(format!(
            "Leavers are judged by the bound that was in force by the journal, {strictest} s.{differs}"
        )),
        _ => None,
    };
    (strictest, told)
}

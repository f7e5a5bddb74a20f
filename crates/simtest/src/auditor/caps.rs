//! S7: in every window no more people lose something than the policy allows.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Evidence, Verdict, rows, sites::Replay};

/// The demonstration policy's window.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// Its limit in people; and what a small site is allowed however small it is.
const PEOPLE_MAX: usize = 100;
const LEAST: usize = 10;

pub(super) fn judge(evidence: &Evidence<'_>, site: usize, replay: &Replay<'_>, verdict: &mut Verdict) {
    let live = evidence.company.sites[site].accounts.iter().filter(|account| account.active).count();
    let made = replay.changes.iter().filter(|change| change.before.is_null()).count();
    let share = ((live + made) * evidence.plan.percent_max as usize).div_ceil(100).max(LEAST);
    let most = share.min(PEOPLE_MAX);
    let losses: Vec<(Timestamp, u64)> = replay
        .changes
        .iter()
        .filter(|change| change.by_service && loses(change.before, change.after))
        .map(|change| (change.at, change.account))
        .collect();
    for (at, account) in &losses {
        let within: BTreeSet<u64> = losses
            .iter()
            .filter(|(other, _)| *other <= *at && at.duration_since(*other) < WINDOW)
            .map(|(_, account)| *account)
            .collect();
        verdict.check("S7", within.len() <= most, *at, || {
            format!(
                "account {account} is number {} within a day to lose something, {most} are allowed",
                within.len()
            )
        });
    }
}

/// Whether a write takes something away: the account, a seat, a role, a category item. A move takes nothing.
pub(super) fn loses(before: &Value, after: &Value) -> bool {
    let live = |account: &Value| !account.is_null() && account["active"] != false;
    if !live(before) {
        return false;
    }
    let centers = |account: &Value| -> BTreeSet<String> {
        rows(&account["permissions"]).iter().map(|entry| entry["center"]["id"].to_string()).collect()
    };
    !live(after)
        || !before["room"].is_null() && after["room"].is_null()
        || !centers(before).is_subset(&centers(after))
}

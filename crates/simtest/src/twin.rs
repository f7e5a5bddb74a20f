//! The differential: the same history without anything that goes wrong must end in the same state. What a seed's faults,
//! deaths, weather and lost hooks leave behind is held against what its calm twin leaves.
//!
//! Compared is what the policy owns, by employee number: ids, times and which of several equal desks somebody got may differ.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_sim::{
    faults::{Effect, Rule, Target},
    host::Vendor,
    scenario::audit::Record,
};

use crate::{
    auditor::Violation,
    history::History,
    run::{Options, run_plan},
    script::{Deed, Plan},
};

/// What somebody has in a site in the end, in words that two lives of one history share.
pub type Ends = BTreeMap<String, String>;

/// Fields that come from Okta alone. `userName` is not among them, since an account that was lost
/// on the way may hold it; nor the title, which is changed to make occasions for faults.
const FIELDS: [&str; 6] = ["firstName", "lastName", "email", "department", "company", "seatClassification"];
const NOTHING: &str = "nothing";

/// Reads them from the sites' own records.
pub fn ends(records: &[Record]) -> Ends {
    let mut ends = Ends::new();
    for record in records.iter().filter(|record| record.desk.vendor == Vendor::Ioffice) {
        let rows = |name: &str| record.state[name].as_array().map_or(&[][..], Vec::as_slice);
        for user in rows("users") {
            let Some(number) = user["employeeId"].as_str().filter(|number| !number.is_empty()) else {
                continue;
            };
            let number = number.trim_start_matches('0');
            let live = user["active"] != false;
            let key = format!("{} {number}", record.desk);
            if !live {
                // An account that ended is as good as none; a live one beside it says more.
                ends.entry(key).or_insert_with(|| NOTHING.to_owned());
                continue;
            }
            let roles: BTreeSet<String> = user["permissions"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|entry| format!("{}:{}", entry["center"]["id"], entry["role"].as_str().unwrap_or("")))
                .collect();
            let fields: Vec<String> = FIELDS.iter().map(|name| format!("{name}={}", user[name])).collect();
            let items: BTreeSet<String> = user["costCenters"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|item| item["id"].to_string())
                .collect();
            let booked = rows("reservations")
                .iter()
                .filter(|row| row["user"]["id"] == user["id"] && row["cancelled"] != true)
                .count();
            let words = format!(
                "{}; roles {roles:?}; seated {}; section {}; cost center {}; items {items:?}; {booked} bookings",
                fields.join("; "),
                !user["room"].is_null(),
                user["neighborhoodSection"]["id"],
                user["costCenter"]["id"],
            );
            ends.insert(key, words);
        }
    }
    ends
}

/// Whether a plan's history has one end only: nothing in it depends on when somebody voted or published, on which of many
/// came first under a limit, on whom Okta never answers for, or on an Okta that leaves groups out of a person's own list
/// twice running: that is believed (docs/reliability.md), and what was only adopted does not come back.
pub fn has_one_end(plan: &Plan) -> bool {
    let guards = plan.guards;
    let free = !guards.approval && !guards.edited && !guards.poisoned && guards.protected == 0;
    let torn = |rule: &Rule| rule.target == Target::Okta && rule.effect == Effect::TornPage;
    free && !plan.faults.iter().any(torn)
        && !plan.observe_only
        && plan.percent_max == 100
        && !plan.is_calm()
        && plan.without.is_nothing()
}

/// Lives the calm twin of a history, and says what differs in the end. `None`: people could not do the same in both (an
/// org that is read-only refuses its own administrators too).
pub fn differs(history: &History) -> Option<Vec<Violation>> {
    let mut calm = history.plan.clone();
    calm.faults.clear();
    calm.fronts.clear();
    calm.write_faults.clear();
    calm.deaths.clear();
    (calm.kills, calm.blows) = (0, 0);
    let is_fault =
        |deed: &Deed| matches!(deed, Deed::Kill | Deed::Pause(_) | Deed::Jump { .. } | Deed::Blow { .. });
    calm.steps.retain(|step| !is_fault(&step.deed));
    let twin = run_plan(calm, Options::default());
    if refused(history) != refused(&twin) {
        return None;
    }
    let at = history.events.last().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at);
    let keys: BTreeSet<&String> = history.ends.keys().chain(twin.ends.keys()).collect();
    let end = |ends: &Ends, key: &String| ends.get(key).cloned().unwrap_or_else(|| NOTHING.to_owned());
    let pairs = keys.into_iter().map(|key| (key, end(&history.ends, key), end(&twin.ends, key)));
    let differing = pairs.filter(|(_, found, wanted)| found != wanted);
    let told = differing.map(|(key, found, wanted)| Violation {
        invariant: "twin",
        at,
        words: format!("{key} ends with {found}; without faults with {wanted}"),
    });
    Some(told.collect())
}

/// What people tried and could not do.
fn refused(history: &History) -> BTreeSet<&str> {
    let words = history.events.iter().map(|(_, words)| words.as_str());
    words.filter(|words| words.contains(": refused: ")).collect()
}

//! The differential: the same history without anything that goes wrong must end in the same state. What a seed's faults,
//! deaths, weather and lost hooks leave behind is held against what its calm twin leaves.
//!
//! Compared is what the policy owns, by employee number: ids, times and which of several equal desks somebody got may differ.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_sim::{
    faults::{Effect, Rule, Target},
    host::{DeskName, Vendor},
    scenario::audit::Record,
};
use serde_json::Value;

use crate::{
    auditor::{Removals, Violation, bare},
    history::History,
    run::{Options, run_plan},
    script::{Deed, Plan},
};

/// What everybody has in the end, by site and employee number.
pub type Ends = BTreeMap<(DeskName, String), End>;

/// What somebody has in a site in the end, in words that two lives of one history share. `None`: nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct End {
    words: Option<String>,
    /// When each first day of theirs begins that is booked.
    booked: Vec<Timestamp>,
    /// How much they booked themselves.
    own: usize,
    roles: BTreeSet<String>,
    items: BTreeSet<String>,
    seated: bool,
}

impl End {
    /// As told of a history that was well again then. What begins before that may have come too late to be booked.
    fn told(&self, well: Timestamp) -> Option<String> {
        let words = self.words.as_ref()?;
        let booked = self.booked.iter().filter(|begins| **begins >= well).count();
        let Self { roles, items, seated, own, .. } = self;
        Some(format!(
            "{words}; seated {seated}; roles {roles:?}; items {items:?}; {booked} first days, {own} other bookings"
        ))
    }
}

/// Fields that come from Okta alone. `userName` is not among them, since an account that was lost
/// on the way may hold it; nor the title, which is changed to make occasions for faults.
const FIELDS: [&str; 6] = ["firstName", "lastName", "email", "department", "company", "seatClassification"];

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
            let key = (record.desk, number.to_owned());
            if !live {
                // An account that ended is as good as none; a live one beside it says more.
                ends.entry(key).or_default();
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
            let theirs = |row: &&Value| row["user"]["id"] == user["id"] && row["cancelled"] != true;
            let (first_days, own): (Vec<_>, Vec<_>) =
                rows("reservations").iter().filter(theirs).partition(|row| row["name"] == "First day");
            let booked = first_days
                .into_iter()
                .filter_map(|row| Timestamp::from_millisecond(row["startDate"].as_i64()?).ok())
                .collect();
            let words = format!(
                "{}; section {}; cost center {}",
                fields.join("; "),
                user["neighborhoodSection"]["id"],
                user["costCenter"]["id"],
            );
            let seated = !user["room"].is_null();
            ends.insert(key, End { words: Some(words), booked, own: own.len(), roles, items, seated });
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
    // What rests on a group that is gone stays as it was when that was noticed.
    let ends = |words: &str| words.starts_with("the group ") && words.ends_with(" is deleted");
    if history.events.iter().any(|(_, words)| ends(words)) {
        return None;
    }
    let mut calm = history.plan.clone();
    calm.faults.clear();
    calm.fronts.clear();
    calm.write_faults.clear();
    calm.made_faults.clear();
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
    let found = differing(&history.ends, &twin.ends, history.well_from, [&history.removals, &twin.removals]);
    let words = |end: Option<String>| end.unwrap_or_else(|| "nothing".to_owned());
    // Whoever left before they were known keeps what they had: in the one life they may have been known sooner.
    let strange = |number: &str| {
        let of = |strangers: &BTreeSet<String>| bare(number).is_some_and(|bare| strangers.contains(&bare));
        of(&history.strangers) || of(&twin.strangers)
    };
    // Nobody on leave is given an account: an outage may have kept them from it until they left for it.
    let waits = |number: &str| bare(number).is_some_and(|bare| history.away.contains(&bare));
    let excused = |number: &str, found: &Option<String>| strange(number) || found.is_none() && waits(number);
    let judged = found.into_iter().filter(|((_, number), found, _)| !excused(number, found));
    let told = judged.map(|((desk, number), found, wanted)| Violation {
        invariant: "twin",
        at,
        words: format!("{desk} {number} ends with {}; without faults with {}", words(found), words(wanted)),
    });
    Some(told.collect())
}

type Differing<'a> = (&'a (DeskName, String), Option<String>, Option<String>);

/// Who ends otherwise in two lives of one history. `removals`: how the sites' limits stand in the one and in the other, by the
/// auditor's own count. Where a limit is reached in one of them, the last who come wait, whoever that is: somebody stays where
/// another one goes. More go by no more than are let go there: a limit is a share of the people who were there when each came
/// to their turn.
fn differing<'a>(
    found: &'a Ends,
    wanted: &'a Ends,
    well: Timestamp,
    removals: [&BTreeMap<DeskName, Removals>; 2],
) -> Vec<Differing<'a>> {
    let keys: BTreeSet<&(DeskName, String)> = found.keys().chain(wanted.keys()).collect();
    let end = |end: Option<End>| end.and_then(|end| end.told(well));
    let pairs = keys.into_iter().map(|key| {
        let (mut found, wanted) = (found.get(key).cloned(), wanted.get(key));
        if let (Some(found), Some(wanted)) = (&mut found, wanted) {
            // Whoever came back before an outage was over may not have come to the end of what was not ours: more is left. What
            // was ours and should be gone is seen by L1.
            found.own = found.own.min(wanted.own);
            found.roles.retain(|role| wanted.roles.contains(role));
            found.items.retain(|item| wanted.items.contains(item));
            found.seated &= wanted.seated;
        }
        (key, end(found), end(wanted.cloned()))
    });
    let mut differing: Vec<_> = pairs.filter(|(_, found, wanted)| found != wanted).collect();
    let [here, there] = removals;
    for (desk, (here, there)) in here.iter().filter_map(|(desk, here)| Some((desk, (here, there.get(desk)?))))
    {
        let stays =
            |(key, found, wanted): &&Differing<'_>| key.0 == *desk && found.is_some() && wanted.is_none();
        let goes =
            |(key, found, wanted): &&Differing<'_>| key.0 == *desk && found.is_none() && wanted.is_some();
        let (stay, go) = (differing.iter().filter(stays).count(), differing.iter().filter(goes).count());
        let room = (here.used.saturating_sub(there.used), there.used.saturating_sub(here.used));
        let fits = go.saturating_sub(stay) <= room.0 && stay.saturating_sub(go) <= room.1;
        if (here.reached || there.reached) && fits {
            differing.retain(|pair| !stays(&pair) && !goes(&pair));
        }
    }
    differing
}

/// What people tried and could not do.
fn refused(history: &History) -> BTreeSet<&str> {
    let words = history.events.iter().map(|(_, words)| words.as_str());
    words.filter(|words| words.contains(": refused: ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(all: &[(&str, Option<&str>, &[Timestamp])]) -> Ends {
        let end = |words: &Option<&str>, booked: &[Timestamp]| End {
            words: words.map(str::to_owned),
            booked: booked.to_vec(),
            ..End::default()
        };
        all.iter().map(|(number, words, booked)| ((DESK, (*number).to_owned()), end(words, booked))).collect()
    }

    const DESK: DeskName = DeskName { vendor: Vendor::Ioffice, index: 0 };

    fn numbers(found: &Ends, wanted: &Ends, reached: bool) -> Vec<String> {
        let removals = Removals { used: 10, reached };
        numbers_under(found, wanted, removals, removals)
    }

    fn numbers_under(found: &Ends, wanted: &Ends, here: Removals, there: Removals) -> Vec<String> {
        let (here, there) = (BTreeMap::from([(DESK, here)]), BTreeMap::from([(DESK, there)]));
        let well = Timestamp::UNIX_EPOCH;
        let differing = differing(found, wanted, well, [&here, &there]);
        differing.into_iter().map(|((_, number), ..)| number.clone()).collect()
    }

    /// Found by seed 475 of `brief`: of eleven who left ten could go, and the faults decided who the eleventh was.
    #[test]
    fn whoever_waits_for_room_under_a_limit_may_be_another_one() {
        let found = ends(&[("1", Some("a seat"), &[]), ("2", None, &[]), ("3", Some("a seat"), &[])]);
        let wanted = ends(&[("1", None, &[]), ("2", Some("a seat"), &[]), ("3", Some("a desk"), &[])]);
        assert_eq!(numbers(&found, &wanted, true), ["3"], "what people have is compared all the same");
        assert_eq!(numbers(&found, &wanted, false), ["1", "2", "3"]);
        let wanted = ends(&[("1", None, &[]), ("2", None, &[]), ("3", None, &[])]);
        assert_eq!(numbers(&found, &wanted, true), ["1", "3"], "one more stays");
    }

    /// Found by seed 1445 of `dense`: the faults held up who left until more people were there, and a limit is a share of them.
    #[test]
    fn as_many_more_may_go_as_a_limit_let_go_in_the_one_life_and_not_in_the_other() {
        let (stays, goes) = (ends(&[("1", Some("a seat"), &[])]), ends(&[("1", None, &[])]));
        let full = |used| Removals { used, reached: true };
        assert_eq!(numbers_under(&goes, &stays, full(11), full(10)), Vec::<String>::new());
        assert_eq!(numbers_under(&stays, &goes, full(10), full(11)), Vec::<String>::new());
        assert_eq!(
            numbers_under(&stays, &goes, full(11), full(10)),
            ["1"],
            "more were let go here, and one more stays"
        );
        assert_eq!(numbers_under(&goes, &stays, full(10), full(10)), ["1"]);
        let free = |used| Removals { used, reached: false };
        assert_eq!(numbers_under(&goes, &stays, free(11), free(10)), ["1"], "nobody had to wait");
    }

    /// Found by seed 2340 of `brief`: somebody came back before their end had come to what they had booked.
    #[test]
    fn more_may_be_left_of_what_people_booked_themselves_and_never_less() {
        let own = |own| {
            Ends::from([((DESK, "1".to_owned()), End { words: Some(String::new()), own, ..End::default() })])
        };
        assert_eq!(numbers(&own(1), &own(0), false), Vec::<String>::new());
        assert_eq!(numbers(&own(0), &own(1), false), ["1"]);
    }

    /// Found by seed 205 of `rough`: an outage kept somebody the role that another hand had given them, until they were back.
    #[test]
    fn more_may_be_left_of_what_others_gave_and_never_less() {
        let end = |roles: &[&str]| {
            let roles = roles.iter().map(|role| (*role).to_owned()).collect();
            Ends::from([(
                (DESK, "1".to_owned()),
                End { words: Some(String::new()), roles, ..End::default() },
            )])
        };
        assert_eq!(numbers(&end(&["61:CUSTOMER"]), &end(&[]), false), Vec::<String>::new());
        assert_eq!(numbers(&end(&[]), &end(&["61:CUSTOMER"]), false), ["1"]);
    }

    /// Found by seed 970 of `dense`: they left the app's group and were back before anybody had heard of it.
    #[test]
    fn a_seat_may_be_left_of_what_others_gave_and_never_be_lost() {
        let end = |seated| {
            Ends::from([(
                (DESK, "1".to_owned()),
                End { words: Some(String::new()), seated, ..End::default() },
            )])
        };
        assert_eq!(numbers(&end(true), &end(false), false), Vec::<String>::new());
        assert_eq!(numbers(&end(false), &end(true), false), ["1"]);
    }

    /// Found by seed 135 of `brief`: an outage was over twelve seconds after the first day had begun.
    #[test]
    fn a_first_day_that_begins_while_things_go_wrong_is_not_compared() {
        let second = |number: i64| Timestamp::from_second(number).expect("a moment");
        let found = ends(&[("1", Some("a seat"), &[]), ("2", Some("a seat"), &[])]);
        let wanted = ends(&[("1", Some("a seat"), &[second(-1)]), ("2", Some("a seat"), &[second(1)])]);
        assert_eq!(numbers(&found, &wanted, false), ["2"]);
    }
}

//! Every row of the lifecycle, with the demonstration company's rules.

use crate::{scenario::check, world};

const CONTRACTOR: &str = "userType = Contractor; organization = Kiln Electrical";

fn given(extra: &str) -> String {
    format!("{CONTRACTOR}; {extra}")
}

#[test]
fn status_is_read_carefully() {
    check(
        &world::bound(&world::demo()),
        &[
            ("active", "", &["active", "site hq", "no settles", "no review"]),
            ("password states belong to employed people", "status PASSWORD_EXPIRED", &["active"]),
            ("locked out", "status LOCKED_OUT", &["active"]),
            ("recovering", "status RECOVERY", &["active"]),
            ("activated, not yet welcomed", "status PROVISIONED", &["active"]),
            (
                "suspended is a leave",
                "status SUSPENDED",
                &["paused, loses permissions", "seat on 10101, 10102 (workstation) by own-desk"],
            ),
            (
                "suspended and marked is the end",
                "status SUSPENDED; employeeStatus = terminated; linked",
                &["ended, deactivated 2026-05-04T07:30:00Z", "no seat"],
            ),
            ("marked as leave while active", "employeeStatus = Leave", &["paused, loses permissions"]),
            (
                "deactivated",
                "status DEPROVISIONED; linked",
                &["ended, deactivated 2026-05-04T07:30:00Z", "no seat", "no email"],
            ),
            (
                "status outranks membership",
                "status DEPROVISIONED; in ROOMS; linked",
                &["ended, deactivated 2026-05-04T07:30:00Z", "no CUSTOMER"],
            ),
            (
                "a leaver who lost the group is still one of ours",
                "status DEPROVISIONED; not in APP; linked",
                &["ended, deactivated 2026-05-04T07:30:00Z"],
            ),
            (
                "a leaver who lost the group before we ever looked",
                "status DEPROVISIONED; not in APP",
                &["ended, deactivated 2026-05-04T07:30:00Z", "no tell"],
            ),
            (
                "deleted, with proof",
                "deleted 2026-05-04T07:45:00Z; linked",
                &["ended, deleted 2026-05-04T07:45:00Z"],
            ),
            ("deleted, and never had anything", "deleted 2026-05-04T07:45:00Z", &["out of scope"]),
            (
                "an unknown status changes nothing",
                "status ACTIVATING; linked",
                &["aside: the status ACTIVATING is not known to this version", "no seat"],
            ),
            (
                "a status under way takes nothing away",
                "transitioning",
                &["active", "settles 2026-05-04T08:01:30Z", "review 2026-05-04T08:01:30Z"],
            ),
        ],
    );
}

#[test]
fn scope_is_left_only_by_those_who_were_governed() {
    check(
        &world::bound(&world::demo()),
        &[
            ("never in scope", "not in APP", &["out of scope", "no seat"]),
            ("found in iOffice, but never governed", "not in APP; linked", &["out of scope"]),
            (
                "governed until now",
                "not in APP; governed",
                &["ended, left scope 2026-05-04T03:00:00Z", "no settles"],
            ),
            (
                "of an end somebody is told",
                "not in APP; governed; userType = Contractor",
                &["tell it, facilities once verified: ended:2026-05-04"],
            ),
            (
                "gone already: what turns up later goes as well, and nobody is told once more",
                "not in APP; over; userType = Contractor",
                &["ended, left scope 2026-05-04T03:00:00Z", "no tell"],
            ),
            (
                "a move in two halves",
                "not in APP; governed; changed 30 s ago",
                &["ended, left scope 2026-05-04T07:59:30Z", "settles 2026-05-04T08:01:00Z"],
            ),
            (
                "half a list of groups proves nothing",
                "not in APP; governed; groups not whole",
                &["aside: not known to be a member of APP-iOffice-Users: the list of groups is not whole"],
            ),
            ("half a list that shows the group is enough", "groups not whole", &["active"]),
        ],
    );
}

#[test]
fn joiners_are_prepared_before_their_first_day() {
    check(
        &world::bound(&world::demo()),
        &[
            (
                "too early",
                "status STAGED; startDate = 2026-05-20",
                &["not yet, prepared 2026-05-12T23:00:00Z", "review 2026-05-12T23:00:00Z", "no seat"],
            ),
            (
                "inside the window",
                "status STAGED; startDate = 2026-05-11; in ROOMS",
                &[
                    "active",
                    "CUSTOMER in 10001",
                    "book day-one:2026-05-11 2026-05-11T08:00:00Z to 2026-05-11T16:00:00Z on 2 floors",
                    "review 2026-05-11T08:00:00Z",
                ],
            ),
            (
                "the day begins where the person is",
                "status STAGED; startDate = 2026-05-20; timezone = Asia/Tokyo",
                &["not yet, prepared 2026-05-12T15:00:00Z"],
            ),
            (
                "other notations",
                "status STAGED; startDate = 05/20/2026",
                &["not yet, prepared 2026-05-12T23:00:00Z"],
            ),
            ("no start date", "status STAGED; startDate =", &["not yet", "no review"]),
            (
                "unreadable",
                "status STAGED; startDate = next month",
                &["aside: startDate is \"next month\", which is no date in a declared notation"],
            ),
            (
                "activated early",
                "startDate = 2026-05-11; in ROOMS",
                &[
                    "active",
                    "book day-one:2026-05-11 2026-05-11T08:00:00Z to 2026-05-11T16:00:00Z on 2 floors",
                ],
            ),
            ("the first day has begun", "startDate = 2026-05-04; now 2026-05-04T08:00:00Z", &["no book"]),
            (
                "clocks change on the first day",
                "startDate = 2026-10-25; now 2026-10-20T08:00:00Z; in ROOMS",
                &["book day-one:2026-10-25 2026-10-25T09:00:00Z to 2026-10-25T17:00:00Z on 2 floors"],
            ),
        ],
    );
}

#[test]
fn contracts_end_at_the_end_of_their_last_day() {
    let bound = world::bound(&world::demo());
    let day = "contractEndDate = 2026-05-06";
    check(
        &bound,
        &[
            (
                "warned",
                &given(day),
                &[
                    "active",
                    "user type 2",
                    "custom02 = 1778025600000",
                    "tell it, facilities: contract-warning:2026-05-06",
                    "review 2026-05-06T23:00:00Z",
                ],
            ),
            ("the last day still counts", &given(&format!("{day}; now 2026-05-06T22:59:59Z")), &["active"]),
            (
                "then it is over",
                &given(&format!("{day}; now 2026-05-06T23:00:00Z; linked")),
                &[
                    "ended, expired 2026-05-06T23:00:00Z",
                    "tell it, facilities once verified: ended:2026-05-06",
                    "no seat",
                ],
            ),
            (
                "not warned yet",
                &given("contractEndDate = 2026-06-30"),
                &["active", "no tell", "review 2026-06-15T23:00:00Z"],
            ),
            (
                "expired before preparation",
                &given("status STAGED; contractEndDate = 2026-05-01; startDate = 2026-04-01; linked"),
                &["ended, expired 2026-05-01T23:00:00Z"],
            ),
            (
                "expiry outranks a leave",
                &given("status SUSPENDED; contractEndDate = 2026-05-01; linked"),
                &["ended, expired 2026-05-01T23:00:00Z"],
            ),
            (
                "deactivated after the end: the same end, told once",
                &given(&format!(
                    "{day}; status DEPROVISIONED; since 2026-05-07T10:00:00Z; now 2026-05-08T08:00:00Z; linked"
                )),
                &[
                    "ended, deactivated 2026-05-06T23:00:00Z",
                    "tell it, facilities once verified: ended:2026-05-06",
                ],
            ),
            (
                "unreadable",
                &given("contractEndDate = end of Q3; linked"),
                &["aside: contractEndDate is \"end of Q3\", which is no date in a declared notation"],
            ),
            (
                "unreadable, but deactivated",
                &given("contractEndDate = end of Q3; status DEPROVISIONED; linked"),
                &["ended, deactivated 2026-05-04T07:30:00Z"],
            ),
            ("no end date", &given(""), &["active", "no tell"]),
            (
                "an employee's date means nothing",
                "contractEndDate = 2026-05-01",
                &["active", "no tell", "no custom02"],
            ),
            (
                "an announced visit is checked out by hand",
                &given(&format!("{day}; now 2026-05-07T08:00:00Z; governed; visit announced")),
                &["by hand visit-checkout:visit:2026-05-01"],
            ),
            (
                "converted to employee",
                "userType = Employee; contractEndDate = 2026-05-01; governed",
                &["active", "user type 1"],
            ),
        ],
    );
}

//! A site's history replayed: what each account was before and after each accepted write.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_sim::host::Vendor;
use serde_json::Value;

use super::{
    Evidence, Verdict, caps, may_be_believed_gone, moment, number,
    people::{Identity, People},
    rows,
};
use crate::guards::HOLD;

/// One accepted write to an account.
pub(super) struct Change<'a> {
    pub at: Timestamp,
    pub account: u64,
    pub by_service: bool,
    pub before: &'a Value,
    pub after: &'a Value,
}

/// One booking that was cancelled, or made somebody else's.
pub(super) struct Cancelled<'a> {
    pub at: Timestamp,
    pub account: u64,
    pub by_service: bool,
    title: &'a str,
}

pub(super) struct Replay<'a> {
    /// Place of the site.
    site: usize,
    /// Accounts at the start: live or not, and the number.
    start: BTreeMap<u64, (bool, Option<String>)>,
    pub changes: Vec<Change<'a>>,
    pub cancelled: Vec<Cancelled<'a>>,
    /// Another policy was in force for some time: it takes roles, and that is right.
    edited: bool,
    /// How long whoever left the app's group keeps everything, less what a step of the simulation may take.
    keeps: jiff::SignedDuration,
}

/// What the demonstration policy waits after a move.
const SETTLES: jiff::SignedDuration = jiff::SignedDuration::from_secs(90);
/// What a step of the simulation may take.
const STEP: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);

/// Whether an account is there and active.
pub(super) fn live(account: &Value) -> bool {
    !account.is_null() && account["active"] != false
}

impl<'a> Replay<'a> {
    pub fn of(evidence: &Evidence<'a>, index: usize) -> Self {
        let record = evidence.record(Vendor::Ioffice, index);
        let service = &record.state["serviceAccount"];
        let changes =
            rows(&record.journal).iter().filter(|entry| entry["kind"] == "user").map(|entry| Change {
                at: moment(&entry["at"]),
                account: entry["id"].as_u64().unwrap_or_default(),
                by_service: &entry["caller"]["id"] == service,
                before: &entry["before"],
                after: &entry["after"],
            });
        let is_booked = |booking: &Value| !booking.is_null() && booking["cancelled"] != true;
        let cancelled = rows(&record.journal)
            .iter()
            .filter(|entry| entry["kind"] == "reservation")
            .filter(|entry| {
                let host = |booking: &Value| booking["user"]["id"].clone();
                let gone = !is_booked(&entry["after"]) || host(&entry["before"]) != host(&entry["after"]);
                is_booked(&entry["before"]) && gone
            })
            .map(|entry| Cancelled {
                at: moment(&entry["at"]),
                account: entry["before"]["user"]["id"].as_u64().unwrap_or_default(),
                by_service: &entry["caller"]["id"] == service,
                title: entry["before"]["name"].as_str().unwrap_or_default(),
            });
        let start = evidence.company.sites[index].accounts.iter().map(|account| {
            let number = account.employee_id.as_deref().and_then(|text| number(&Value::from(text)));
            (u64::from(account.id), (account.active, number))
        });
        let keeps = if evidence.plan.guards.hold { HOLD - STEP } else { SETTLES - STEP };
        Self {
            site: index,
            start: start.collect(),
            changes: changes.collect(),
            cancelled: cancelled.collect(),
            edited: !evidence.published.is_empty(),
            keeps,
        }
    }

    /// How long whoever left the app's group keeps everything at most: a hold begins when the data has settled.
    pub fn waits(&self) -> jiff::SignedDuration {
        self.keeps + STEP + SETTLES
    }

    /// The employee number of each account that ever had one, the last one.
    pub fn numbers(&self) -> BTreeMap<u64, String> {
        let start = self.start.iter().filter_map(|(id, (_, held))| Some((*id, held.clone()?)));
        let later = self.changes.iter().filter_map(|change| {
            let known = number(&change.after["employeeId"]).or_else(|| number(&change.before["employeeId"]));
            Some((change.account, known?))
        });
        start.chain(later).collect()
    }

    /// Judges each write of the service account at its moment.
    pub fn judge(&self, evidence: &Evidence<'_>, people: &People, verdict: &mut Verdict) {
        let mut now = self.start.clone();
        for change in &self.changes {
            let (was, is) = (number(&change.before["employeeId"]), number(&change.after["employeeId"]));
            if change.by_service {
                self.judge_write(change, (was.as_ref(), is.as_ref()), &now, people, verdict);
            }
            now.insert(change.account, (live(change.after), is));
        }
        self.judge_quiet(evidence, people, verdict);
        let numbers = self.numbers();
        for booking in self.cancelled.iter().filter(|booking| booking.by_service) {
            if let Some(number) = numbers.get(&booking.account) {
                self.judge_booking(booking, number, people, verdict);
            }
        }
    }

    /// S3 and S6 for what people booked themselves: only who is gone loses it. A desk that was booked for a first day may
    /// go with another first day.
    fn judge_booking(&self, booking: &Cancelled<'_>, number: &str, people: &People, verdict: &mut Verdict) {
        if booking.title == "First day" {
            return;
        }
        for identity in people.with_number(self.site, number, booking.at) {
            let Some(read) = identity.last_read(booking.at) else { continue };
            if identity.was_misread(read, booking.at) {
                continue;
            }
            let wrong = identity.must_keep_throughout(read, booking.at);
            verdict.check("S3", !wrong, booking.at, || {
                format!("{} lost a booking of account {} without a reason", identity.name, booking.account)
            });
            let was_misread = identity.was_misread(booking.at - self.waits(), booking.at);
            if let Some(out) = identity.out_of_the_group_for(booking.at).filter(|_| !was_misread) {
                verdict.check("S6", out >= self.keeps, booking.at, || {
                    format!("{} lost a booking {out:#} after they left the group", identity.name)
                });
            }
        }
    }

    fn judge_write(
        &self,
        change: &Change<'_>,
        (was, is): (Option<&String>, Option<&String>),
        now: &BTreeMap<u64, (bool, Option<String>)>,
        people: &People,
        verdict: &mut Verdict,
    ) {
        if let (true, false, Some(number)) = (live(change.after), live(change.before), is) {
            let other = now
                .iter()
                .find(|(id, (live, held))| **id != change.account && *live && held.as_ref() == Some(number));
            verdict.check("S1", other.is_none(), change.at, || {
                let other = other.map(|(id, _)| *id).unwrap_or_default();
                format!("account {} beside the live account {other} of number {number}", change.account)
            });
        }
        if let (Some(was), Some(is)) = (was, is) {
            let same = was == is
                || people.with_number(self.site, was, change.at).any(|old| {
                    people.with_number(self.site, is, change.at).any(|new| std::ptr::eq(old, new))
                });
            verdict.check("S13", same, change.at, || {
                format!("account {} went from number {was} to number {is}", change.account)
            });
        }
        if let (true, Some(number)) = (live(change.before), was.or(is)) {
            self.judge_loss(change, number, people, verdict);
        }
        if let (true, Some(number)) = (live(change.after), is) {
            judge_values(change, self.site, number, people, verdict);
        }
    }

    /// Accounts that somebody else switched off and that are off since. What they had stays in their records, since no edit
    /// of an inactive account is taken (contract A-26); it gives nobody anything.
    pub fn closed_by_others(&self) -> BTreeSet<u64> {
        let mut closed = BTreeSet::new();
        for change in &self.changes {
            if live(change.after) || change.by_service && live(change.before) {
                closed.remove(&change.account);
            } else if live(change.before) {
                closed.insert(change.account);
            }
        }
        closed
    }

    /// When we ended each account, the last time.
    pub fn ended_by_us(&self) -> BTreeMap<u64, Timestamp> {
        let ends = self
            .changes
            .iter()
            .filter(|change| change.by_service && live(change.before) && !live(change.after));
        ends.map(|change| (change.account, change.at)).collect()
    }

    /// When an account was last seen to have anything: live, seated, with permissions. `None`: at no time.
    pub fn last_held(&self, account: u64, now: Timestamp) -> Option<Timestamp> {
        let closed = self.closed_by_others().contains(&account);
        let holds = |held: &Value| {
            let left = !rows(&held["permissions"]).is_empty() || !held["room"].is_null();
            live(held) || left && !closed
        };
        let mut until = None;
        let mut holding = self.start.get(&account).is_some_and(|(live, _)| *live);
        for change in self.changes.iter().filter(|change| change.account == account) {
            if holding {
                until = Some(change.at);
            }
            holding = holds(change.after);
        }
        if holding { Some(now) } else { until }
    }

    /// Accounts that ever had this number.
    pub fn with_number(&self, wanted: &str) -> Vec<u64> {
        let start =
            self.start.iter().filter(|(_, (_, held))| held.as_deref() == Some(wanted)).map(|(id, _)| *id);
        let later = self
            .changes
            .iter()
            .filter(|change| number(&change.after["employeeId"]).as_deref() == Some(wanted));
        let mut all: Vec<u64> = start.chain(later.map(|change| change.account)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Replay<'_> {
    /// S3 for whatever is had: about whom nothing was changed since the beginning, in Okta or by hand, what we gave them has its
    /// reason still, and stays.
    fn judge_quiet(&self, evidence: &Evidence<'_>, people: &People, verdict: &mut Verdict) {
        let mut given: BTreeMap<(u64, String), Timestamp> = BTreeMap::new();
        for change in &self.changes {
            let (before, after) = (had(change.before), had(change.after));
            if !change.by_service {
                given.retain(|(account, _), _| *account != change.account);
                continue;
            }
            for thing in before.difference(&after) {
                let Some(since) = given.remove(&(change.account, thing.clone())) else { continue };
                // A seat for a seat is a move.
                if thing == SEAT && live(change.after) && !change.after["room"].is_null() {
                    continue;
                }
                let number = number(&change.before["employeeId"]).unwrap_or_default();
                let mut theirs = people.with_number(self.site, &number, Timestamp::MAX).peekable();
                if theirs.peek().is_none() || self.edited || may_be_believed_gone(evidence, change.at) {
                    continue;
                }
                let quiet = theirs.all(|identity| identity.is_quiet_until(change.at));
                verdict.check("S3", !quiet, change.at, || {
                    format!(
                        "account {} lost {thing}, which it was given at {}, and nothing had changed",
                        change.account,
                        since.strftime("%d %H:%M:%S")
                    )
                });
            }
            given.extend(after.difference(&before).map(|thing| ((change.account, thing.clone()), change.at)));
        }
    }

    /// S3: nobody who had to keep it, at every moment since we last read them, loses account or seat. S4: nothing is taken
    /// from an account behind which nobody in Okta ever stood. S6: whoever left the group a moment ago may be back in a
    /// moment, whatever died meanwhile, and loses nothing at all.
    fn judge_loss(&self, change: &Change<'_>, number: &str, people: &People, verdict: &mut Verdict) {
        let taken = caps::taken(change.before, change.after);
        if taken.is_empty() {
            return;
        }
        let (lost_account, lost_seat) = (taken.contains("deactivate"), taken.contains("seat-"));
        let mut known = false;
        for identity in people.with_number(self.site, number, change.at) {
            known = true;
            let Some(read) = identity.last_read(change.at) else { continue };
            // A seat or a role may go for a reason of its own, if there is one.
            let judged = lost_account || !self.edited && identity.only_left_the_group(change.at);
            // What is decided is judged on what was read: they seemed to have left before they did.
            let judged = judged && !identity.was_misread(change.at - self.waits(), change.at);
            if let Some(out) = identity.out_of_the_group_for(change.at).filter(|_| judged) {
                verdict.check("S6", out >= self.keeps, change.at, || {
                    let what = taken.iter().copied().collect::<Vec<_>>().join(", ");
                    format!(
                        "{} lost {what} of account {} {out:#} after they left the group",
                        identity.name, change.account
                    )
                });
            }
            if !lost_account && !lost_seat || identity.was_misread(read, change.at) {
                continue;
            }
            let wrong = lost_account && identity.must_keep_throughout(read, change.at);
            verdict.check("S3", !wrong, change.at, || {
                format!("{} lost account {} without a reason", identity.name, change.account)
            });
            let wrong = !lost_account && identity.is_away_throughout(read, change.at);
            verdict.check("S3", !wrong, change.at, || {
                format!("{} lost the seat of account {} while on leave", identity.name, change.account)
            });
        }
        verdict.check("S4", known || people.has_email(&change.before["email"]), change.at, || {
            format!(
                "account {} lost something, and nobody in Okta ever had its number {number}",
                change.account
            )
        });
    }
}

const SEAT: &str = "the seat";

/// What a live account has, in words.
fn had(account: &Value) -> BTreeSet<String> {
    if !live(account) {
        return BTreeSet::new();
    }
    let roles = rows(&account["permissions"])
        .iter()
        .map(|entry| format!("the role in center {}", entry["center"]["id"]));
    let items = rows(&account["costCenters"]).iter().map(|item| format!("item {}", item["id"]));
    let seat = (!account["room"].is_null()).then(|| SEAT.to_owned());
    roles.chain(items).chain(seat).chain(["the account".to_owned()]).collect()
}

/// Fields whose values come straight from one attribute of the profile.
const COPIED: [(&str, &str); 4] = [
    ("jobTitle", "title"),
    ("department", "department"),
    ("lastName", "lastName"),
    ("firstName", "firstName"),
];

/// S12: what is written is what Okta said at the last reads or later, not what it said before.
fn judge_values(change: &Change<'_>, site: usize, number: &str, people: &People, verdict: &mut Verdict) {
    for (field, attribute) in COPIED {
        let Some(written) =
            change.after[field].as_str().filter(|_| change.before[field] != change.after[field])
        else {
            continue;
        };
        let mut owners = people.with_number(site, number, change.at).peekable();
        if owners.peek().is_none() {
            continue;
        }
        let said = |identity: &Identity| {
            let from = identity.read_before_last(change.at);
            identity.said(attribute, from, change.at).any(|value| value.trim() == written.trim())
        };
        verdict.check("S12", owners.any(said), change.at, || {
            format!(
                "account {}: {field} became {written:?}, which Okta said only earlier, if ever",
                change.account
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::{Change, Replay};

    /// Found by seed 258 of `brief`: somebody switched an account off by hand, with its seat and permissions, and its person
    /// left a quarter of an hour later.
    #[test]
    fn what_is_left_on_an_account_that_another_hand_closed_is_nobodys_to_take() {
        let seat = json!({ "id": 8836 });
        let (open, shut) = (json!({ "room": seat }), json!({ "active": false, "room": seat }));
        let second = |number: i64| Timestamp::from_second(number).expect("a moment");
        let closed = |changes: &[(bool, &Value, &Value)]| {
            let changes = changes.iter().zip(1..).map(|(&(by_service, before, after), at)| Change {
                at: second(at),
                account: 7,
                by_service,
                before,
                after,
            });
            let replay = Replay {
                site: 0,
                start: BTreeMap::from([(7, (true, None))]),
                changes: changes.collect(),
                cancelled: Vec::new(),
                edited: false,
                keeps: jiff::SignedDuration::ZERO,
            };
            (replay.closed_by_others(), replay.last_held(7, second(9)))
        };
        let theirs = BTreeSet::from([7]);
        assert_eq!(closed(&[(false, &open, &shut)]), (theirs, Some(second(1))));
        assert_eq!(
            closed(&[(true, &open, &shut)]),
            (BTreeSet::new(), Some(second(9))),
            "ours is emptied first"
        );
        let again = [(false, &open, &shut), (true, &shut, &open), (true, &open, &shut)];
        assert_eq!(closed(&again), (BTreeSet::new(), Some(second(9))));
    }
}

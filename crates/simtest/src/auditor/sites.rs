//! A site's history replayed: what each account was before and after each accepted write.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_sim::host::Vendor;
use serde_json::Value;

use super::{Evidence, Violation, moment, number, people::People, rows};

/// One accepted write to an account.
pub(super) struct Change<'a> {
    pub at: Timestamp,
    pub account: u64,
    pub by_service: bool,
    pub before: &'a Value,
    pub after: &'a Value,
}

pub(super) struct Replay<'a> {
    /// Accounts at the start: live or not, and the number.
    start: BTreeMap<u64, (bool, Option<String>)>,
    pub changes: Vec<Change<'a>>,
}

fn live(account: &Value) -> bool {
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
        let start = evidence.company.sites[index].accounts.iter().map(|account| {
            let number = account.employee_id.as_deref().and_then(|text| number(&Value::from(text)));
            (u64::from(account.id), (account.active, number))
        });
        Self { start: start.collect(), changes: changes.collect() }
    }

    /// Judges each write of the service account at its moment.
    pub fn judge(&self, people: &People, found: &mut Vec<Violation>) {
        let mut now = self.start.clone();
        for change in &self.changes {
            let (was, is) = (number(&change.before["employeeId"]), number(&change.after["employeeId"]));
            if change.by_service {
                let mut say = |invariant, words: String| {
                    found.push(Violation { invariant, at: change.at, words });
                };
                if let (true, false, Some(number)) = (live(change.after), live(change.before), &is) {
                    let other = now.iter().find(|(id, (live, held))| {
                        **id != change.account && *live && held.as_ref() == Some(number)
                    });
                    if let Some((other, _)) = other {
                        let words = format!(
                            "account {} beside the live account {other} of number {number}",
                            change.account
                        );
                        say("S1", words);
                    }
                }
                if let (Some(was), Some(is)) = (&was, &is)
                    && was != is
                    && !people
                        .with_number(was, change.at)
                        .any(|old| people.with_number(is, change.at).any(|new| std::ptr::eq(old, new)))
                {
                    say("S13", format!("account {} went from number {was} to number {is}", change.account));
                }
                if let (true, Some(number)) = (live(change.before), was.as_ref().or(is.as_ref())) {
                    judge_loss(change, number, people, &mut say);
                }
            }
            now.insert(change.account, (live(change.after), is));
        }
    }

    /// When an account was last seen to have anything: live, seated, with permissions. `None`: at no time.
    pub fn last_held(&self, account: u64, now: Timestamp) -> Option<Timestamp> {
        let holds = |account: &Value| {
            live(account) || !rows(&account["permissions"]).is_empty() || !account["room"].is_null()
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

/// S3: nobody who had to keep it, at every moment since we last read them, loses account or seat.
fn judge_loss(
    change: &Change<'_>,
    number: &str,
    people: &People,
    say: &mut impl FnMut(&'static str, String),
) {
    let lost_account = !live(change.after);
    let lost_seat = !change.before["room"].is_null() && change.after["room"].is_null();
    if !lost_account && !lost_seat {
        return;
    }
    for identity in people.with_number(number, change.at) {
        let Some(read) = identity.last_read(change.at) else { continue };
        if lost_account && identity.must_keep_throughout(read, change.at) {
            say("S3", format!("{} lost account {} without a reason", identity.name, change.account));
        } else if lost_seat && identity.is_away_throughout(read, change.at) {
            say(
                "S3",
                format!("{} lost the seat of account {} while on leave", identity.name, change.account),
            );
        }
    }
}

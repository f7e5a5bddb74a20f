//! S7: in every window no more people lose something than the policy allows, but for what somebody let pass, which counts all
//! the same. And, for whoever asks why something was not taken: whether the limit was truly reached, by a count of its own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lanyard_model::clearance::{ALL_BOOKINGS, ClearanceKind};
use lanyard_sim::{host::Vendor, world::Dirt};
use serde_json::Value;

use super::{Evidence, Verdict, people::People, rows, sites::Replay};

/// The demonstration policy's window.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);
/// Its limit in people; and what a small site is allowed however small it is, also before anybody counted it.
const PEOPLE_MAX: usize = 100;
const LEAST: usize = 10;
/// From the intent, which is counted, to the write.
const STEP: SignedDuration = SignedDuration::from_secs(120);
/// For so long somebody's word on a reached limit is good.
const PASS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How a site's limit on removals stands in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removals {
    /// People who count against it.
    pub used: usize,
    pub reached: bool,
}

/// Something was taken from somebody, or it was tried.
struct Charge {
    at: Timestamp,
    /// By the process's clock.
    clock: Timestamp,
    /// 0: of somebody of whom nothing was written.
    account: u64,
    /// The employee number; where there is none, the account.
    person: String,
    /// Accepted, with what was lost.
    lost: Option<BTreeSet<&'static str>>,
}

/// What a site's limit allowed, and what counted against it.
pub(super) struct Caps {
    charges: Vec<Charge>,
    /// From when on the limit was at most and at least so high.
    limits: Vec<(Timestamp, usize, usize)>,
    /// How many Okta users share a number: each of them counts for itself.
    users: BTreeMap<String, usize>,
    clocks: crate::weather::Machine,
    now: Timestamp,
}

impl Caps {
    pub fn of(evidence: &Evidence<'_>, site: usize, people: &People, replay: &Replay<'_>) -> Self {
        let numbers = replay.numbers();
        let person =
            |account: u64| numbers.get(&account).cloned().unwrap_or_else(|| format!("account {account}"));
        let machine = &evidence.machine;
        let charge = |at: Timestamp, account: u64, lost| Charge {
            at,
            clock: machine.clock(at),
            account,
            person: person(account),
            lost,
        };
        let mut charges: Vec<Charge> = Vec::new();
        for change in replay.changes.iter().filter(|change| change.by_service) {
            let lost = taken(change.before, change.after);
            if !lost.is_empty() {
                charges.push(charge(change.at, change.account, Some(lost)));
            }
        }
        let cancelled = replay.cancelled.iter().filter(|booking| booking.by_service);
        charges.extend(cancelled.map(|booking| charge(booking.at, booking.account, Some([BOOKING].into()))));
        let state = &evidence.record(Vendor::Ioffice, site).state;
        let owner = |booking: u64| {
            let found = rows(&state["reservations"]).iter().find(|row| row["id"] == booking)?;
            found["user"]["id"].as_u64()
        };
        let refused = evidence.sent.iter().filter(|write| write.desk.index == site && !write.accepted);
        charges.extend(refused.filter_map(|write| {
            let parts: Vec<&str> = write.path.split('/').collect();
            let id = |after: &str| {
                let place = parts.iter().position(|part| *part == after)?;
                parts.get(place + 1)?.parse::<u64>().ok()
            };
            let account = id("users").or_else(|| owner(id("reservations")?))?;
            Some(charge(write.sent_at, account, None))
        }));
        // Room is reserved with the intent, also where the process came to no write.
        let name = &*evidence.company.sites[site].subdomain;
        let planned = evidence.lines.iter().filter(|line| {
            line.entry.kind == "plan"
                && line.entry.title.contains("taken away")
                && line.entry.site.as_ref().is_some_and(|site| site.as_str() == name)
        });
        charges.extend(planned.filter_map(|line| {
            let identity = people.all.get(&*line.entry.identity.as_ref()?.user)?;
            let at = machine.first_shown(line.entry.at)?;
            let person = identity.numbers().last()?;
            Some(Charge { at, clock: line.entry.at, account: 0, person, lost: None })
        }));
        charges.sort_by_key(|charge| charge.at);
        let mut users: BTreeMap<String, usize> = BTreeMap::new();
        for name in charges.iter().map(|charge| charge.person.clone()).collect::<BTreeSet<_>>() {
            let count = people.with_number(site, &name, Timestamp::MAX).count();
            users.insert(name, count.max(1));
        }
        let limits = limits(evidence, site, replay);
        Self { charges, limits, users, clocks: machine.clone(), now: evidence.now }
    }

    /// How many count against the limit at `at`, failed attempts among them.
    fn used(&self, at: Timestamp) -> usize {
        let clock = self.clocks.clock(at);
        let counted: BTreeSet<&str> = self
            .charges
            .iter()
            .filter(|charge| charge.at <= at && clock.duration_since(charge.clock).abs() < WINDOW + STEP)
            .map(|charge| charge.person.as_str())
            .collect();
        counted.iter().map(|person| self.users.get(*person).copied().unwrap_or(1)).sum()
    }

    /// Whether no room was left at `at`: as many count as may lose something at least.
    pub fn is_reached(&self, at: Timestamp) -> bool {
        self.used(at) >= self.limit(at).1
    }

    /// How it stands in the end.
    pub fn removals(&self) -> Removals {
        Removals { used: self.used(self.now), reached: self.is_reached(self.now) }
    }

    /// The first moment from `at` on at which there was room; `None`: never until now.
    pub fn room_from(&self, at: Timestamp) -> Option<Timestamp> {
        let mut moment = at;
        while moment <= self.now {
            if !self.is_reached(moment) {
                return Some(moment);
            }
            moment += SignedDuration::from_mins(10);
        }
        None
    }

    fn limit(&self, at: Timestamp) -> (usize, usize) {
        let known = self.limits.partition_point(|(since, ..)| *since <= at);
        known.checked_sub(1).map_or((LEAST, LEAST), |place| (self.limits[place].1, self.limits[place].2))
    }

    pub fn judge(&self, evidence: &Evidence<'_>, site: usize, people: &People, verdict: &mut Verdict) {
        let name = &*evidence.company.sites[site].subdomain;
        let yes = evidence.ballots.yes();
        let passes = |charge: &Charge, lost: &BTreeSet<&str>| {
            let users: BTreeSet<&str> = people
                .with_number(site, &charge.person, charge.at)
                .map(|identity| identity.id.as_str())
                .collect();
            yes.iter().any(|yes| {
                let names = |verb: &&str| {
                    yes.lines.iter().any(|line| {
                        let rest = line.strip_prefix(verb);
                        line == verb
                            || rest.is_some_and(|rest| rest.starts_with(':'))
                            || *verb == "role-" && line == "roles-"
                    })
                };
                yes.kind == ClearanceKind::Cap
                    && yes.site.as_str() == name
                    && users.contains(yes.user.as_str())
                    && yes.at <= charge.at
                    && charge.clock <= self.clocks.clock(yes.at) + PASS + STEP
                    && lost.iter().all(names)
            })
        };
        // Who had room once in a window may lose more in it. Whoever was let pass may lose what they were let pass with.
        let mut had_room = vec![false; self.charges.len()];
        for (place, charge) in self.charges.iter().enumerate() {
            let near = |other: &Charge, span| charge.clock.duration_since(other.clock).abs() < span;
            let before = &self.charges[..place];
            let within: BTreeSet<&str> = before
                .iter()
                .filter(|other| other.lost.is_some() && near(other, WINDOW - STEP))
                .map(|other| other.person.as_str())
                .chain([charge.person.as_str()])
                .collect();
            let most = self.limit(charge.at).0;
            had_room[place] = within.len() <= most
                || before
                    .iter()
                    .zip(&had_room)
                    .any(|(other, had)| *had && other.person == charge.person && near(other, WINDOW + STEP));
            let Some(lost) = &charge.lost else { continue };
            let holds = had_room[place] || passes(charge, lost);
            verdict.check("S7", holds, charge.at, || {
                format!(
                    "account {} of {} is number {} within a day to lose something, {most} are allowed",
                    charge.account,
                    charge.person,
                    within.len()
                )
            });
        }
    }
}

/// From when on how many may lose something, at most and at least: the share is one of the people who were there when a
/// list last proved complete, so of no more than there ever were and no fewer than there ever were.
fn limits(evidence: &Evidence<'_>, site: usize, replay: &Replay<'_>) -> Vec<(Timestamp, usize, usize)> {
    let is_person = |dirt: &lanyard_sim::world::DirtSet| {
        ![Dirt::Kiosk, Dirt::Vendor, Dirt::ServiceAccount].iter().any(|kind| dirt.has(*kind))
    };
    let accounts = &evidence.company.sites[site].accounts;
    let mut live: BTreeMap<u64, bool> = accounts
        .iter()
        .filter(|account| account.active)
        .map(|account| (u64::from(account.id), is_person(&account.dirt)))
        .collect();
    let counted = evidence
        .lines
        .iter()
        .find(|line| line.entry.kind == "sweep" && line.entry.data["certified"] == true)
        .map(|line| line.entry.at);
    let share =
        |count: usize| (count * evidence.plan.percent_max as usize).div_ceil(100).clamp(LEAST, PEOPLE_MAX);
    let (mut most, mut least) = (live.len(), live.values().filter(|person| **person).count());
    let least_at = |at: Timestamp, least: usize| {
        if counted.is_some_and(|counted| counted <= at) { share(least) } else { LEAST }
    };
    let mut limits = vec![(evidence.start, share(most), least_at(evidence.start, least))];
    let mut moments: Vec<(Timestamp, Option<(u64, bool)>)> = replay
        .changes
        .iter()
        .map(|change| (change.at, Some((change.account, super::sites::live(change.after)))))
        .collect();
    moments.extend(counted.map(|at| (at, None)));
    moments.sort_by_key(|(at, _)| *at);
    for (at, change) in moments {
        match change {
            Some((account, true)) => {
                live.entry(account).or_insert(true);
            }
            Some((account, false)) => {
                live.remove(&account);
            }
            None => {}
        }
        most = most.max(live.len());
        least = least.min(live.values().filter(|person| **person).count());
        limits.push((at, share(most), least_at(at, least)));
    }
    limits
}

/// How a cancelled booking is named among what is taken.
const BOOKING: &str = ALL_BOOKINGS;

/// What a write takes away, by the verbs in which people are asked about it. A move takes nothing.
pub(super) fn taken(before: &Value, after: &Value) -> BTreeSet<&'static str> {
    let live = super::sites::live;
    let mut taken = BTreeSet::new();
    if !live(before) {
        return taken;
    }
    let centers = |account: &Value| -> BTreeSet<String> {
        rows(&account["permissions"]).iter().map(|entry| entry["center"]["id"].to_string()).collect()
    };
    if !live(after) {
        taken.insert("deactivate");
    }
    if !before["room"].is_null() && after["room"].is_null() {
        taken.insert("seat-");
    }
    if !centers(before).is_subset(&centers(after)) {
        taken.insert("role-");
    }
    taken
}

/// Whether a write takes something away: the account, a seat, a role. A move takes nothing.
pub(super) fn loses(before: &Value, after: &Value) -> bool {
    !taken(before, after).is_empty()
}

//! Whether what was written should have been, and what took how long.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::Value;

use super::{
    AuditReport, Doubled, Expected, Leaver, Scene, Standing, Touched, WrongfulRemoval, accounts_of,
    identity::{EXECUTIVES, ROOMS, VISITORS},
    person::{self, Claim, Person},
    promise::{FIRST_DAY, Promise, Seat},
    site::{self, rank},
    writes::{Gift, Removal, Taken},
};
use crate::scenario::Check;

impl Scene<'_, '_> {
    pub(super) fn judge_writes(&self, report: &mut AuditReport) {
        for (site, writes) in self.sites.iter().zip(self.writes) {
            let doubled = person::doubled(self.company, site).into_iter();
            report.duplicate_list.extend(doubled.map(|(key, accounts, allowed)| Doubled {
                site: site.name.clone(),
                key,
                accounts,
                allowed,
            }));
            for (kind, count) in &writes.by_kind {
                *report.writes_by_kind.entry((*kind).to_owned()).or_default() += count;
            }
            report.repeated_writes += writes.repeated;
            let foreign = person::foreign(self.company, site.index);
            for account in writes.written.iter().filter(|account| !writes.made.contains(account)) {
                let owned = self.people.owner.contains_key(&(site.index, *account));
                let whose = match foreign.get(account) {
                    Some(words) => *words,
                    None if owned => continue,
                    None if self.people.unclear.contains_key(&(site.index, *account)) => "somebody set aside",
                    None => "nobody in Okta",
                };
                report.touched.push(Touched {
                    site: site.name.clone(),
                    account: Some(*account),
                    whose: whose.to_owned(),
                    what: "was written to".to_owned(),
                });
            }
            report.touched.extend(writes.strange.iter().map(|strange| Touched {
                site: site.name.clone(),
                account: strange.account,
                whose: "no rule's".to_owned(),
                what: strange.what.clone(),
            }));
            for removal in writes.removals.iter().filter(|removal| removal.by_service) {
                self.judge_removal(site.index, removal, report);
            }
        }
    }

    fn judge_removal(&self, index: u16, removal: &Removal, report: &mut AuditReport) {
        let (site, _) = self.site(index);
        let owner = self.people.owner.get(&(index, removal.account)).map(|place| &self.people.list[*place]);
        let name = || {
            let held = site.accounts.get(&removal.account);
            held.map_or_else(
                || format!("account {}", removal.account),
                |held| site::text(held, "name").to_owned(),
            )
        };
        for taken in &removal.taken {
            let standing = match owner {
                Some(person) => match self.is_right(person, removal, taken) {
                    Ok(()) => continue,
                    Err(standing) => format!("{standing:?}").to_lowercase(),
                },
                None => "not governed".to_owned(),
            };
            report.wrongful_removal_list.push(WrongfulRemoval {
                who: owner.map_or_else(name, |person| person.name.clone()),
                site: site.name.clone(),
                account: removal.account,
                at: removal.at.to_string(),
                what: words(taken),
                standing,
            });
        }
    }

    /// The moments at which an engine can have read the reason of what it wrote at `at`, and somebody was another each time.
    pub(super) fn moments(&self, person: &Person<'_>, at: Timestamp) -> BTreeSet<Timestamp> {
        let ids = person.identities.iter().map(|identity| identity.id);
        let from = ids.map(|id| (self.grounds)(id, at)).min().unwrap_or(at);
        let changes = person.identities.iter().flat_map(|identity| identity.changes(from, at));
        [from, at].into_iter().chain(changes).collect()
    }

    /// Whether any standing that an engine can have read before the write asks for the removal; else the last one.
    fn is_right(&self, person: &Person<'_>, removal: &Removal, taken: &Taken) -> Result<(), Standing> {
        let mut last = Standing::Out;
        for at in self.moments(person, removal.at) {
            let Some((standing, look)) = person.standing_at(at) else { continue };
            let right = match (&standing, taken) {
                (Standing::Ended, _) => true,
                (Standing::Paused, Taken::Role { .. }) => true,
                (Standing::Active, taken) => {
                    let (site, writes) = self.site(person.site);
                    let promise = Promise::of(&look, site, site.accounts.get(&removal.account).copied());
                    let given =
                        |gift| writes.given.get(&removal.account).is_some_and(|gifts| gifts.contains(&gift));
                    let lost = |group: &str| person.identities.iter().any(|user| user.has_left(group, at));
                    match taken {
                        Taken::Account => false,
                        Taken::Role { center, after, .. } => {
                            let wanted = promise.roles.get(center).map_or(0, |role| rank(role));
                            let kept = after.as_deref().map_or(0, rank);
                            let ours = given(Gift::Role(*center))
                                || lost(ROOMS)
                                || lost(VISITORS)
                                || self.ever_promised(person, removal, |then| then.roles.contains_key(center));
                            kept >= wanted && ours
                        }
                        Taken::Seat { room, instead } => match instead {
                            Some(_) => {
                                matches!(promise.seat, Seat::Desk { .. }) && !promise.fits(site, *room)
                            }
                            None => {
                                let ours = given(Gift::Seat(*room))
                                    || self.ever_promised(person, removal, |then| then.fits(site, *room));
                                ours && !matches!(promise.seat, Seat::Desk { .. })
                            }
                        },
                        Taken::Section { section, .. } => match &promise.seat {
                            Seat::Section { section: wanted, .. } => section != wanted,
                            _ => {
                                given(Gift::Section(*section))
                                    || self.ever_promised(person, removal, |then| {
                                        matches!(&then.seat, Seat::Section { section: wanted, .. } if wanted == section)
                                    })
                            }
                        },
                        Taken::Item(item) => {
                            let unwanted = Some(*item) == site.executive_item && !promise.executive_item;
                            let ours = given(Gift::Item(*item))
                                || lost(EXECUTIVES)
                                || self.ever_promised(person, removal, |then| then.executive_item);
                            unwanted && ours
                        }
                        Taken::Booking { title } => title == FIRST_DAY,
                    }
                }
                _ => false,
            };
            if right {
                return Ok(());
            }
            last = standing;
        }
        Err(last)
    }

    /// Whether a rule once gave it, since the day began: what was found as the rules want it is theirs as well as what they
    /// gave, and goes with its reason.
    fn ever_promised(
        &self,
        person: &Person<'_>,
        removal: &Removal,
        gives: impl Fn(&Promise<'_>) -> bool,
    ) -> bool {
        let (site, _) = self.site(person.site);
        let account = site.accounts.get(&removal.account).copied();
        let start = self.day.start;
        let changes = person.identities.iter().flat_map(|identity| identity.changes(start, removal.at));
        let mut looks = std::iter::once(start).chain(changes).filter_map(|at| person.standing_at(at));
        looks
            .any(|(standing, look)| standing == Standing::Active && gives(&Promise::of(&look, site, account)))
    }

    /// From Okta's word to the last thing gone.
    pub(super) fn time_leavers(&self, report: &mut AuditReport) {
        let last = self.last_removals();
        for person in &self.people.list {
            let accounts = accounts_of(person);
            let ended = person.standing == Standing::Ended;
            // The clock starts when the last of a person's Okta users ends.
            let since = person.identities.iter().filter_map(|identity| identity.deactivated()).max();
            let Some(since) = since.filter(|since| ended && *since >= self.day.start && *since <= self.now)
            else {
                continue;
            };
            if accounts.is_empty() || matches!(person.claim, Claim::Unclear(..)) {
                continue;
            }
            let (site, _) = self.site(person.site);
            let now_ms = self.now.as_millisecond();
            let doors = self.doors.filter(|doors| doors.site == person.site);
            let left = accounts.iter().flat_map(|id| site.left_over(*id, now_ms));
            let left: Vec<String> =
                left.chain(doors.into_iter().flat_map(|doors| doors.left_over(person))).collect();
            let gone = accounts.iter().filter_map(|id| last.get(&(person.site, *id))).copied();
            let gone = gone.chain(doors.and_then(|doors| doors.last_taken(person))).max();
            let until = if left.is_empty() { gone.unwrap_or(since) } else { self.now };
            let seconds = until.max(since).duration_since(since).as_secs_f64();
            report.leavers.push(Leaver { who: person.name.clone(), site: site.name.clone(), seconds, left });
        }
    }

    /// By site and account: when something was last taken away.
    fn last_removals(&self) -> HashMap<(u16, u64), Timestamp> {
        let mut last = HashMap::new();
        for (site, writes) in self.sites.iter().zip(self.writes) {
            for removal in &writes.removals {
                last.insert((site.index, removal.account), removal.at);
            }
        }
        last
    }

    pub(super) fn judge_expectations(
        &self,
        states: &[Value],
        badge: Option<&Value>,
        report: &mut AuditReport,
    ) {
        // Findings come in the order of the expectations, so that one walk joins them.
        let mut findings = self.day.verify(states, badge).into_iter().peekable();
        let last = self.last_removals();
        for step in &self.day.steps {
            for expectation in &step.expect {
                let found = findings.next_if(|finding| {
                    finding.step == step.words
                        && finding.who == expectation.who.name
                        && finding.expected == expectation.words
                });
                let why = match (&expectation.check, found) {
                    (Check::FullyRevoked { at, .. } | Check::NoEntry { at, .. }, _) if *at > self.now => {
                        (true, format!("not due before {at}"))
                    }
                    (_, Some(finding)) => (false, finding.found),
                    (Check::FullyRevoked { account, .. }, None) => {
                        let gone = last.get(&(expectation.who.site, u64::from(*account))).copied();
                        in_time(gone, expectation.by)
                    }
                    (Check::NoEntry { holder, .. }, None) => {
                        let gone = self.doors.and_then(|doors| doors.last_taken_from(holder));
                        in_time(gone, expectation.by)
                    }
                    _ => (true, String::new()),
                };
                let (ok, why) = why;
                let (who, words) = (expectation.who.name.clone(), expectation.words.clone());
                report.expectations.push(Expected { who, words, ok, why });
            }
        }
    }
}

/// Whether the last of it was gone by then, and what to say if not.
fn in_time(gone: Option<Timestamp>, by: Option<Timestamp>) -> (bool, String) {
    match gone.zip(by).filter(|(gone, by)| gone > by) {
        Some((gone, by)) => (false, format!("gone only at {gone}, due by {by}")),
        None => (true, String::new()),
    }
}

fn words(taken: &Taken) -> String {
    match taken {
        Taken::Account => "the account was deactivated".to_owned(),
        Taken::Role { center, before, after } => {
            let after = after.as_deref().unwrap_or("none");
            format!("the role in center {center} went from {before} to {after}")
        }
        Taken::Seat { room, instead: None } => format!("the seat {room} was taken"),
        Taken::Seat { room, instead: Some(new) } => format!("the seat {room} was changed for {new}"),
        Taken::Section { section, .. } => format!("the section {section} was taken"),
        Taken::Item(item) => format!("the category item {item} was taken"),
        Taken::Booking { title } => format!("the booking {title:?} was cancelled"),
    }
}

//! Who may enter what: the badge system's own record against what the demonstration policy promises.
//!
//! At the site whose doors are told, whoever works may enter the building of their seat from their first day to their last
//! one, and nobody else may enter anything: nobody who left, is on leave, has not begun, or is known to nobody.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::{Timestamp, civil::Time};
use serde_json::Value;

use super::{
    AuditReport, Difference, Scene, Standing, WrongfulRemoval, accounts_of,
    identity::{Look, moment},
    person::{Claim, Person},
    promise::Promise,
    site::{SiteSide, rows, text},
    standing,
};

/// From when to when somebody may enter. `None`: without that end.
type Span = (Option<Timestamp>, Option<Timestamp>);

/// What the badge system holds and did.
pub(super) struct Doors {
    /// The site whose people it knows.
    pub site: u16,
    /// By holder and area.
    held: BTreeMap<String, BTreeMap<String, Span>>,
    /// When which holder's entry to which area was taken back, by whoever tells the badge system.
    taken: Vec<(Timestamp, String, String)>,
    /// By holder: when entry was last taken back, by anybody.
    last: HashMap<String, Timestamp>,
}

impl Doors {
    pub fn read(site: u16, state: &Value, journal: &Value) -> Self {
        let mut held: BTreeMap<String, BTreeMap<String, Span>> = BTreeMap::new();
        for right in rows(&state["rights"]) {
            let span = (moment(&right["from"]), moment(&right["until"]));
            let areas = held.entry(text(right, "holder").to_owned()).or_default();
            areas.insert(text(right, "area").to_owned(), span);
        }
        let (mut taken, mut last) = (Vec::new(), HashMap::new());
        for entry in rows(journal).iter().filter(|entry| entry["after"].is_null()) {
            let Some(at) = moment(&entry["at"]) else { continue };
            let (holder, area) = (text(entry, "holder").to_owned(), text(entry, "area").to_owned());
            last.insert(holder.clone(), at);
            if entry["way"] != "hand" {
                taken.push((at, holder, area));
            }
        }
        Self { site, held, taken, last }
    }

    /// What the holders may still enter, in words.
    pub fn left_over(&self, person: &Person<'_>) -> Vec<String> {
        let mut left: Vec<String> = holders(person)
            .iter()
            .filter_map(|holder| self.held.get(holder))
            .flat_map(|areas| areas.keys().map(|area| format!("entry to {area}")))
            .collect();
        left.sort();
        left.dedup();
        left
    }

    /// When entry was last taken from them.
    pub fn last_taken(&self, person: &Person<'_>) -> Option<Timestamp> {
        holders(person).iter().filter_map(|holder| self.last.get(holder)).max().copied()
    }

    pub fn last_taken_from(&self, holder: &str) -> Option<Timestamp> {
        self.last.get(holder).copied()
    }
}

/// What the badge system knows somebody by: the employee number, as it stands in Okta.
fn holder(look: &Look<'_>) -> Option<String> {
    look.text("employeeNumber")
}

/// Whatever any of a person's Okta users is known by.
fn holders(person: &Person<'_>) -> HashSet<String> {
    let own = person.identities.iter().map(|identity| identity.present(person.look.at));
    own.chain([person.look]).filter_map(|look| holder(&look)).collect()
}

/// The building that opens to somebody who works, and when.
fn promised(look: &Look<'_>, site: &SiteSide<'_>, promise: &Promise<'_>) -> Option<(String, Span)> {
    let building = site.buildings.iter().find(|building| Some(building.id) == promise.home)?;
    let midnight = |day| standing::moment(day, Time::midnight(), look);
    let from = standing::start(look).ok().flatten().map(midnight);
    let last = standing::contract_end(look).ok().flatten();
    let until = last.map(|day| midnight(standing::shift(day, 1)));
    Some((building.name.to_owned(), (from, until)))
}

fn words(area: &str, (from, until): Span) -> String {
    let mut out = area.to_owned();
    out.extend(from.map(|at| format!(" from {at}")));
    out.extend(until.map(|at| format!(" until {at}")));
    out
}

impl Scene<'_, '_> {
    /// Recomputes who may enter what, and holds it against the badge system.
    pub(super) fn compare_doors(&self, doors: &Doors, report: &mut AuditReport) {
        let (site, _) = self.site(doors.site);
        let mut judged = HashSet::new();
        let mut wanted: BTreeMap<String, (String, Option<(String, Span)>)> = BTreeMap::new();
        for person in self.people.list.iter().filter(|person| person.site == doors.site) {
            let all = holders(person);
            judged.extend(all.iter().cloned());
            // Whoever is set aside keeps what they have, and gets nothing.
            if matches!(person.claim, Claim::Unclear(..)) || matches!(person.standing, Standing::Aside(_)) {
                continue;
            }
            let open = (person.standing == Standing::Active).then(|| {
                let account = accounts_of(person).first().and_then(|id| site.accounts.get(id)).copied();
                let promise = Promise::of(&person.look, site, account);
                promised(&person.look, site, &promise)
            });
            let own = holder(&person.look);
            for holder in all {
                let theirs = open.clone().flatten().filter(|_| own.as_ref() == Some(&holder));
                let known = wanted.entry(holder).or_insert_with(|| (person.name.clone(), None));
                if theirs.is_some() {
                    *known = (person.name.clone(), theirs);
                }
            }
        }
        let mut differ = |who: &str, expected: String, found: String| {
            report.differences.push(Difference {
                who: who.to_owned(),
                site: site.name.clone(),
                what: "doors".to_owned(),
                expected,
                found,
            });
        };
        for (holder, (who, open)) in &wanted {
            let expected: Vec<_> = open.iter().map(|(area, span)| words(area, *span)).collect();
            let held = doors.held.get(holder).into_iter().flatten();
            let found: Vec<_> = held.map(|(area, span)| words(area, *span)).collect();
            if expected != found {
                differ(who, expected.join(", "), found.join(", "));
            }
        }
        let strangers = doors.held.iter().filter(|(holder, _)| !judged.contains(*holder));
        for (holder, areas) in strangers {
            let areas: Vec<_> = areas.iter().map(|(area, span)| words(area, *span)).collect();
            differ(&format!("badge {holder}, which is nobody's in Okta"), String::new(), areas.join(", "));
        }
        report.may_enter = wanted.values().filter(|(_, open)| open.is_some()).count();
    }

    /// Whether what was taken back should have been: somebody who works keeps the building of their seat.
    pub(super) fn judge_doors(&self, doors: &Doors, report: &mut AuditReport) {
        let (site, _) = self.site(doors.site);
        let mut owners: HashMap<String, &Person<'_>> = HashMap::new();
        for person in self.people.list.iter().filter(|person| person.site == doors.site) {
            owners.extend(holders(person).into_iter().map(|holder| (holder, person)));
        }
        for (at, holder, area) in &doors.taken {
            let Some(person) = owners.get(holder) else { continue };
            let account = accounts_of(person).first().copied();
            let held = account.and_then(|id| site.accounts.get(&id)).copied();
            let wanted = |standing: &Standing, look: &Look<'_>| match standing {
                Standing::Active => {
                    let open = promised(look, site, &Promise::of(look, site, held));
                    open.is_some_and(|(wanted, _)| wanted == *area)
                        && self::holder(look).as_ref() == Some(holder)
                }
                Standing::Aside(_) => true,
                Standing::Paused | Standing::Ended | Standing::NotYet | Standing::Out => false,
            };
            let mut last = None;
            for then in self.moments(person, *at) {
                let Some((standing, look)) = person.standing_at(then) else { continue };
                last = wanted(&standing, &look).then_some(standing);
                if last.is_none() {
                    break;
                }
            }
            if let Some(standing) = last {
                report.wrongful_removal_list.push(WrongfulRemoval {
                    who: person.name.clone(),
                    site: site.name.clone(),
                    account: account.unwrap_or_default(),
                    at: at.to_string(),
                    what: format!("entry to {area} was taken back"),
                    standing: format!("{standing:?}").to_lowercase(),
                });
            }
        }
    }
}

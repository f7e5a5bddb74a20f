//! Says after a day whether everything is as it should be, trusting nothing but the stand-ins' own records.
//!
//! What the demonstration policy promises is written down here a second time and recomputed for every Okta user; no
//! code is shared with an engine or with the policy's own evaluation, so that a mistake there cannot hide itself here.
//!
//! - `identity`: what Okta said, at any moment of the day; `site`: what iOffice holds; `key`: spelling aside
//! - `person`: who is one person, and which account is theirs
//! - `standing`, `promise`: what they should have
//! - `writes`: what was written, given and taken; `verdict`: whether it should have been
//! - `doors`: who may enter what, where the day tells a badge system

mod doors;
mod identity;
mod key;
mod person;
mod promise;
mod report;
mod site;
mod standing;
mod verdict;
mod writes;

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub use self::report::{
    Aside, AuditReport, CallCounts, DeskCalls, Difference, Doubled, Expected, Leaver, Touched,
    WrongfulRemoval,
};
use self::{
    doors::Doors,
    identity::Identity,
    person::{Claim, People, Person},
    promise::{Differences, Promise},
    site::SiteSide,
    standing::Standing,
    writes::Writes,
};
use super::Day;
use crate::{
    face::{Inspect, forgotten},
    host::{Desk, DeskName, Vendor},
    world::Company,
};

/// One face's own record.
#[derive(Debug, Clone)]
pub struct Record {
    pub desk: DeskName,
    /// [`Inspect::State`]
    pub state: Value,
    /// [`Inspect::Journal`]
    pub journal: Value,
    /// [`Inspect::Calls`]
    pub calls: Value,
}

/// Compares the faces behind `desks` with what `company`, which lived through `day`, should look like at `now`.
///
/// To be called when things are quiet: whatever is still under way counts as missing.
pub fn audit(company: &Company, day: &Day, desks: &[Arc<Desk>], now: Timestamp) -> AuditReport {
    let mut records = Vec::with_capacity(desks.len());
    let mut problems = Vec::new();
    for desk in desks {
        let read = |what| desk.inspect(what).map_err(|error| error.to_string());
        match (read(Inspect::State), read(Inspect::Journal), read(Inspect::Calls)) {
            (Ok(state), Ok(journal), Ok(calls)) => {
                records.push(Record { desk: desk.name(), state, journal, calls });
            }
            (state, journal, calls) => {
                problems.extend([state, journal, calls].into_iter().filter_map(Result::err))
            }
        }
    }
    let mut report = audit_records(company, day, records, now);
    report.problems.extend(problems);
    report.conclude();
    report
}

/// A removal is right if what stood in Okta up to this long before asked for it: the engine read it, then wrote.
const READ_BEFORE: SignedDuration = SignedDuration::from_secs(60);

/// The same, from records that were read already.
pub fn audit_records(company: &Company, day: &Day, records: Vec<Record>, now: Timestamp) -> AuditReport {
    audit_on_reads(company, day, records, now, &|_, at| at.checked_sub(READ_BEFORE).unwrap_or(at))
}

/// The same by somebody who knows from when on what an Okta user was can have been the reason of a write: `grounds` answers
/// it for the user's id and the moment of the write.
pub fn audit_on_reads(
    company: &Company,
    day: &Day,
    records: Vec<Record>,
    now: Timestamp,
    grounds: &dyn Fn(&str, Timestamp) -> Timestamp,
) -> AuditReport {
    let mut report = AuditReport::default();
    report.count_calls(&records);
    for record in &records {
        let gone = forgotten(&record.journal);
        if gone > 0 {
            let words = "writes of its journal are gone, so that nothing can be judged; raise journal_max, or 0 for all";
            report.problems.push(format!("{}: {gone} {words}", record.desk));
        }
    }
    let mut kept: BTreeMap<DeskName, (Value, Value)> =
        records.into_iter().map(|record| (record.desk, (record.state, record.journal))).collect();
    let mut take = |vendor, count: usize| -> (Vec<Value>, Vec<Value>) {
        let all = (0..count).map(|index| {
            let desk = DeskName { vendor, index };
            kept.remove(&desk).unwrap_or_else(|| {
                report.problems.push(format!("there is no record of {desk}"));
                Default::default()
            })
        });
        all.unzip()
    };
    let (orgs, org_journals) = take(Vendor::Okta, company.orgs.len());
    let (states, journals) = take(Vendor::Ioffice, company.sites.len());
    let (badges, badge_journals) = take(Vendor::Badge, usize::from(day.doors.is_some()));
    if !report.problems.is_empty() {
        report.conclude();
        return report;
    }
    let sites: Vec<SiteSide<'_>> = company
        .sites
        .iter()
        .zip(states.iter().zip(&journals))
        .map(|(site, (state, journal))| SiteSide::new(site.index, &site.name, state, journal))
        .collect();
    let identities: Vec<Identity<'_>> = (0..)
        .zip(orgs.iter().zip(&org_journals))
        .flat_map(|(org, (state, journal))| {
            identity::read(org, &company.orgs[usize::from(org)], state, journal)
        })
        .collect();
    let people = person::people(company, &identities, &sites, day.start, now);
    let writes: Vec<Writes> = sites.iter().map(Writes::read).collect();
    let told = day.doors.zip(badges.iter().zip(&badge_journals).next());
    let doors = told.map(|(site, (state, journal))| Doors::read(site, state, journal));
    let doors = doors.as_ref();
    let scene = Scene { company, day, now, people: &people, sites: &sites, writes: &writes, doors, grounds };
    scene.compare(&mut report);
    scene.judge_writes(&mut report);
    if let Some(doors) = doors {
        scene.compare_doors(doors, &mut report);
        scene.judge_doors(doors, &mut report);
    }
    scene.time_leavers(&mut report);
    scene.judge_expectations(&states, badges.first(), &mut report);
    report.conclude();
    report
}

/// Everything that was read, for those who judge it.
struct Scene<'s, 'a> {
    company: &'s Company,
    day: &'s Day,
    now: Timestamp,
    people: &'s People<'a>,
    sites: &'s [SiteSide<'a>],
    writes: &'s [Writes],
    doors: Option<&'s Doors>,
    grounds: &'s dyn Fn(&str, Timestamp) -> Timestamp,
}

impl<'a> Scene<'_, 'a> {
    fn site(&self, index: u16) -> (&SiteSide<'a>, &Writes) {
        (&self.sites[usize::from(index)], &self.writes[usize::from(index)])
    }

    /// Recomputes what everybody should have.
    fn compare(&self, report: &mut AuditReport) {
        for person in &self.people.list {
            let (standing, look) = (&person.standing, &person.look);
            let (site, writes) = self.site(person.site);
            let differences = match (&person.claim, standing) {
                (_, Standing::Out) => Vec::new(),
                (Claim::Unclear(why, accounts), _) => {
                    let changed = self.aside(person, why, accounts, report);
                    changed.into_iter().collect()
                }
                (claim, Standing::Aside(why)) => {
                    let accounts: Vec<u64> = match claim {
                        Claim::One(account) => vec![*account],
                        _ => Vec::new(),
                    };
                    self.aside(person, why, &accounts, report).into_iter().collect()
                }
                (Claim::Several(accounts), Standing::Active | Standing::Paused) => {
                    let live =
                        accounts.iter().filter(|id| site.accounts.get(id).is_some_and(|a| site::is_live(a)));
                    vec![("account".to_owned(), "one".to_owned(), format!("{} live accounts", live.count()))]
                }
                (Claim::Nothing, Standing::Active) => {
                    vec![("account".to_owned(), "one".to_owned(), "none".to_owned())]
                }
                (Claim::One(account), Standing::Active) => match site.accounts.get(account) {
                    Some(held) if site::is_live(held) => {
                        let promise = Promise::of(look, site, Some(held));
                        let mut found = promise.compare(site, *account, held, writes);
                        let host = self.people.manager_account(look, site);
                        found.extend(promise.compare_arrival(look, site, host.is_some()));
                        found
                    }
                    _ => vec![("account".to_owned(), "active".to_owned(), "inactive or gone".to_owned())],
                },
                (Claim::One(account), Standing::Paused) => match site.accounts.get(account) {
                    Some(held) => promise::compare_paused(held),
                    None => {
                        vec![("account".to_owned(), "kept during the leave".to_owned(), "gone".to_owned())]
                    }
                },
                (Claim::One(account), Standing::NotYet) if writes.made.contains(account) => {
                    vec![("account".to_owned(), "none before it is time".to_owned(), "one".to_owned())]
                }
                (Claim::One(_) | Claim::Several(_), Standing::Ended) => self.ended(person),
                (Claim::Nothing, _) | (_, Standing::NotYet) => Vec::new(),
            };
            report.differ(person, site, differences);
        }
    }

    fn ended(&self, person: &Person<'_>) -> Differences {
        let (site, _) = self.site(person.site);
        let left =
            accounts_of(person).into_iter().flat_map(|id| site.left_over(id, self.now.as_millisecond()));
        let left: Vec<String> = left.collect();
        if left.is_empty() {
            return Vec::new();
        }
        vec![("everything".to_owned(), "gone".to_owned(), left.join(", "))]
    }

    /// Lists somebody whose data is such that nothing may be done. The difference, if something was.
    fn aside(
        &self,
        person: &Person<'_>,
        why: &str,
        accounts: &[u64],
        report: &mut AuditReport,
    ) -> Option<(String, String, String)> {
        let (site, writes) = self.site(person.site);
        let touched = accounts.iter().filter(|account| {
            let others = self.people.owner.get(&(person.site, **account));
            let theirs = others.is_none_or(|place| std::ptr::eq(&self.people.list[*place], person));
            theirs && writes.written.contains(account) && !writes.made.contains(account)
        });
        let touched: Vec<String> = touched.map(ToString::to_string).collect();
        report.aside.push(Aside {
            who: person.name.clone(),
            site: site.name.clone(),
            why: why.to_owned(),
            changed: !touched.is_empty(),
        });
        (!touched.is_empty()).then(|| {
            let found = format!("account {} was written to", touched.join(", "));
            ("set aside".to_owned(), format!("unchanged: {why}"), found)
        })
    }
}

/// What is theirs beyond doubt.
fn accounts_of(person: &Person<'_>) -> Vec<u64> {
    match &person.claim {
        Claim::One(account) => vec![*account],
        Claim::Several(accounts) => accounts.clone(),
        Claim::Nothing | Claim::Unclear(..) => Vec::new(),
    }
}

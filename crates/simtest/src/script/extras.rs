//! What the rough histories have beside those of the other profiles: visits, contracts that end within the hour, pre-hires of
//! next month, several changes at once, clocks that jump while somebody is out for a moment; and what goes wrong just where
//! something is made.

use std::time::Duration;

use jiff::SignedDuration;
use lanyard_sim::{
    faults::{Effect, Moment, Rule, Target},
    host::Vendor,
    world::Dice,
};
use serde_json::{Value, json};

use super::{Deed, GROUP, MANY, NOTE_FIELD, Note, Plan, writer::Writer};
use crate::{
    company::PRINCIPAL,
    guards,
    network::{Made, WriteFault},
    weather::{Front, Mishap},
};

/// Where a day is over at ten in the morning of the histories' own.
const FAR_EAST: &str = "Pacific/Kiritimati";

/// What the plan has beside. By chances of its own.
pub(super) fn draw(plan: &mut Plan) {
    let mut dice = Dice::new(plan.seed, "extra faults");
    plan.lease = [None, Some(15), Some(60)][dice.weighted(&[4, 1, 2])].map(Duration::from_secs);
    for made in [Made::Account, Made::Booking, Made::Visit] {
        for number in 0..4 {
            if dice.chance(250) {
                let kinds = [WriteFault::AnswerLost, WriteFault::NotDone, WriteFault::Dies];
                plan.made_faults.push((made, number, kinds[dice.weighted(&[4, 1, 3])]));
            }
        }
    }
    // What a site shows is as it was first asked for: what was just made is not found by a search.
    if dice.chance(100) {
        let mut stale = Rule::new(Target::Ioffice, Effect::StaleList);
        stale.method = Some("GET".into());
        stale.from = Some(Moment::After(SignedDuration::from_secs(dice.between(60, 1800))));
        // What has not struck by the end is made to strike then: nothing else could.
        let until = dice.between(2400, 5400).min(plan.busy_for.as_secs() as i64 - 60);
        stale.until = Some(Moment::After(SignedDuration::from_secs(until)));
        "what was first shown".clone_into(&mut stale.name);
        plan.faults.push(stale);
    }
    // A gateway that answers with its own page, for long enough to be taken for the records' own fault.
    if dice.chance(100) {
        let from = dice.between(600, plan.busy_for.as_secs() as i64 / 2) as u64;
        let until = from + dice.between(900, 2400) as u64;
        plan.fronts.push(Front {
            mishap: Mishap::WrongContent,
            from: Duration::from_secs(from),
            until: Duration::from_secs(until).min(plan.busy_for),
            probability: 1.0,
        });
    }
}

impl Writer<'_> {
    /// Stories of their own, by chances of their own.
    pub(super) fn extras(&mut self) {
        let before = std::mem::replace(&mut self.dice, Dice::new(self.plan.seed, "extras"));
        let mut people = guards::plain_people(self.company, self.plan.seed, "extras");
        // Whom another story is about stays with it.
        people.retain(|person| self.free.contains(person) && !self.is_guarded(*person));
        self.story += 1;
        self.notes_by_hand();
        if self.plan.percent_max < 100 && self.plan.world.people >= 20 {
            self.story += 1;
            let at = self.dice.between(600, self.busy * 3 / 4);
            self.all_leave(at);
        }
        let count = 3 + self.dice.below(5);
        for _ in 0..count {
            self.story += 1;
            let at = self.dice.between(90, self.busy * 3 / 4);
            let kind = self.dice.weighted(&[3, 3, 2, 2, 3, 2, 2, 1, 1, 1, 1]);
            match kind {
                0 => self.contractor_with_host(at),
                1 => self.contract_that_ends(at),
                2 => self.hired_for_next_month(at),
                6 => self.push(at, "somebody asks for a comparison".into(), Deed::Sweep),
                7 => self.all_leave(at),
                8 => self.group_ends(at),
                10 => self.compared_while_we_see_little(at),
                _ => {
                    let Some(person) = people.pop() else { continue };
                    self.free.retain(|other| *other != person);
                    match kind {
                        3 => self.marked_as_terminated(at, person),
                        4 => self.several_at_once(at, person),
                        5 => self.out_while_the_clock_jumps(at, person),
                        _ => self.shares_an_address(at, person),
                    }
                }
            }
        }
        self.dice = before;
    }

    fn is_guarded(&self, person: u32) -> bool {
        let user = self.company.user_of(person);
        let who = format!("{} ({})", user.display_name(), user.employee_number);
        self.script.protected.contains(&*user.employee_number)
            || self.script.poisoned.as_ref().is_some_and(|(poisoned, _)| *poisoned == who)
    }

    /// A contractor whose manager is their host on the first day.
    fn contractor_with_host(&mut self, at: i64) {
        let Some(host) = guards::plain_people(self.company, self.plan.seed, "hosts").first().copied() else {
            return;
        };
        let (manager, org) = self.user(host);
        let days = self.dice.between(1, 4);
        let mut profile = self.stranger(org, at, days);
        profile["userType"] = "Contractor".into();
        profile["managerId"] = manager.id.to_string().into();
        profile["contractEndDate"] = self.day(org, at, 60);
        self.hired(
            at,
            org,
            &profile,
            true,
            "contractor",
            &format!("whom {} receives", manager.display_name()),
        );
    }

    /// A contractor in a time zone where today is over within the history.
    fn contract_that_ends(&mut self, at: i64) {
        let org = self.any_org();
        let mut profile = self.stranger(org, at, -3);
        let days = [0, 0, 1, -1][self.dice.below(4) as usize];
        profile["userType"] = "Contractor".into();
        profile["timezone"] = FAR_EAST.into();
        profile["contractEndDate"] = self.day(org, at, days);
        let words = format!("whose contract ends in {days} days, far in the east");
        self.hired(at, org, &profile, true, "contractor", &words);
    }

    fn hired_for_next_month(&mut self, at: i64) {
        let org = self.any_org();
        let days = self.dice.between(9, 30);
        let profile = self.stranger(org, at, days);
        self.hired(at, org, &profile, false, "", &format!("who begins in {days} days"));
    }

    /// Suspended is a leave, unless it is written down that it is the end.
    fn marked_as_terminated(&mut self, at: i64, person: u32) {
        let (user, org) = self.user(person);
        let (id, name) = (user.id.to_string(), user.display_name());
        let status = json!({"employeeStatus": "Terminated"});
        self.edit(at, org, format!("{name} is marked as terminated"), &id, status);
        let suspend = json!({"do": "suspend", "user": id});
        self.okta(at + 5, org, format!("{name} is suspended, and does not come back"), suspend);
    }

    /// Whatever is looked at meanwhile, the last change counts.
    fn several_at_once(&mut self, at: i64, person: u32) {
        let (user, org) = self.user(person);
        let (id, name) = (user.id.to_string(), user.display_name());
        let count = 2 + i64::from(self.dice.below(5));
        for number in 0..count {
            let title = json!({"title": format!("Title {number}")});
            self.edit(at + number, org, format!("{name} has another title"), &id, title);
        }
        if self.dice.chance(600) {
            let leave = json!({"do": "deactivate", "user": id});
            self.okta(at + count, org, format!("{name} is terminated at once"), leave);
        }
    }

    /// A wait that one clock counts is over when it jumps.
    fn out_while_the_clock_jumps(&mut self, at: i64, person: u32) {
        let (user, org) = self.user(person);
        let Some(group) = self.group(org, "APP-iOffice-Users") else { return };
        let (id, name) = (user.id.to_string(), user.display_name());
        let member = |verb: &str| json!({"do": verb, "user": id, "group": group});
        self.okta(at, org, format!("{name} leaves the app's group"), member("remove_from_group"));
        let (by, lasts) = (SignedDuration::from_secs(self.dice.between(600, 5400)), Duration::from_secs(240));
        let after = self.dice.between(3, 12);
        self.push(at + after, format!("the machine's clock jumps by {by:#}"), Deed::Jump { by, lasts });
        // Something asks for a look meanwhile.
        let title = json!({"title": "Changed meanwhile"});
        self.edit(at + after + 4, org, format!("{name} has a new title"), &id, title);
        let back = at + after + self.dice.between(20, 45);
        self.okta(back, org, format!("{name} rejoins the app's group"), member("add_to_group"));
    }

    /// Somebody new, whose record has the address of somebody who works here.
    fn shares_an_address(&mut self, at: i64, person: u32) {
        let (user, org) = self.user(person);
        let mut profile = self.stranger(org, at, -1);
        profile["email"] = Value::from(&*user.email);
        if self.plan.seed.is_multiple_of(2) {
            // Without a number of their own nothing else tells them apart.
            profile["employeeNumber"] = Value::Null;
            self.script.shared_address.push(String::new());
        }
        let shared = [self.number(), user.employee_number.to_string()];
        self.script.shared_address.extend(shared);
        let words = format!("with the address of {}, who stays", user.display_name());
        self.hired(at, org, &profile, true, "", &words);
    }

    /// More than a limit of ten lets go.
    fn all_leave(&mut self, at: i64) {
        let mut free = std::mem::take(&mut self.free);
        self.happens(MANY, at, &mut free);
        self.free = free;
    }

    /// A group that the policy names ends, and some of its members are looked at while another bears its name.
    fn group_ends(&mut self, at: i64) {
        if !self.dice.chance(500) || self.script.group_deleted {
            return;
        }
        self.happens(GROUP, at, &mut Vec::new());
        for person in self.free.clone().into_iter().take(3) {
            let (user, org) = self.user(person);
            let later = at + self.dice.between(5, 35);
            let title = json!({"title": "Changed beside it"});
            self.edit(
                later,
                org,
                format!("{} has a new title", user.display_name()),
                &user.id.to_string(),
                title,
            );
        }
    }

    /// A comparison while our role shows one group's members alone, and looks at others meanwhile: they are not found, by list or
    /// by id, and are there all the same.
    fn compared_while_we_see_little(&mut self, at: i64) {
        let org = self.any_org();
        let narrow = |groups: Value| json!({"do": "narrow_role", "principal": PRINCIPAL, "groups": groups});
        let (command, end) = (narrow(json!(["EXEC-Floor"])), narrow(Value::Null));
        let lasts = Duration::from_secs(self.dice.between(400, 1200) as u64);
        let deed = Deed::Blow { name: "role narrowed", index: org, command, end: Some((lasts, end)) };
        self.push(at, "our role in the org is narrowed to a group".into(), deed);
        self.push(at + 20, "somebody asks for a comparison".into(), Deed::Sweep);
        for person in self.free.clone().into_iter().take(4) {
            let (user, home) = self.user(person);
            let later = at + self.dice.between(60, 300);
            let title = json!({"title": "Changed unseen"});
            self.edit(
                later,
                home,
                format!("{} has a new title", user.display_name()),
                &user.id.to_string(),
                title,
            );
        }
    }

    /// In a field that no rule owns, from the start.
    fn notes_by_hand(&mut self) {
        for site in 0..self.company.sites.len() {
            let accounts =
                self.company.sites[site].accounts.iter().filter(|one| one.active && one.person.is_some());
            let some: Vec<u64> = accounts.take(6).map(|one| u64::from(one.id)).collect();
            for account in some {
                let text = format!("kept for {account}");
                // Before any other: the last one counts.
                self.script.notes.insert(0, Note { story: self.story, site, account, text: text.clone() });
                let command = json!({"do": "edit_user", "user": account, "fields": { NOTE_FIELD: text }});
                let deed = Deed::Command { vendor: Vendor::Ioffice, index: site, command };
                self.push(1, format!("somebody has left a note on account {account}"), deed);
            }
        }
    }

    fn hired(&mut self, at: i64, org: usize, profile: &Value, activate: bool, kind: &str, words: &str) {
        let groups: Vec<String> =
            ["APP-iOffice-Users", "ROOM-Booking"].iter().filter_map(|name| self.group(org, name)).collect();
        let mut command =
            json!({"do": "create_user", "profile": profile, "activate": activate, "groups": groups});
        if !kind.is_empty() {
            command["type"] = kind.into();
        }
        let number = self.number();
        self.okta(at, org, format!("New Person ({number}) is hired, {words}"), command);
    }

    fn any_org(&mut self) -> usize {
        self.dice.below(self.company.orgs.len() as u32) as usize
    }

    fn day(&self, org: usize, at: i64, days: i64) -> Value {
        self.company.orgs[org].date_notation.write(self.date(at, days)).into()
    }
}

//! Writes a seed's script: who does what to whom, and when.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use lanyard_sim::{
    host::Vendor,
    world::{Company, Dice, GroupSource, OktaUser, PersonKind, Stage, UserStatus},
};
use serde_json::{Value, json};

use super::{
    ADDRESS, Deed, GROUP, HIRED, HIRED_AGAIN, MANY, NOTE_FIELD, Note, Plan, Profile, STOP, Script, Step,
    TERMINATED, WEIGHTS,
};
use crate::{company::PRINCIPAL, guards};

pub(super) struct Writer<'a> {
    pub(super) company: &'a Company,
    pub(super) dice: Dice,
    pub(super) busy: i64,
    pub(super) script: Script,
    hires: u32,
    /// Which story is being written.
    pub(super) story: u32,
    pub(super) plan: &'a Plan,
    /// Whom no story is about.
    pub(super) free: Vec<u32>,
}

impl Script {
    /// What the seed of `plan` has in store for `company`.
    pub fn of(plan: &Plan, company: &Company) -> Self {
        let mut writer = Writer {
            company,
            dice: Dice::new(plan.seed, "script"),
            busy: plan.busy_for.as_secs() as i64,
            script: Self::default(),
            hires: 0,
            story: 0,
            plan,
            free: Vec::new(),
        };
        writer.stories();
        writer.blows();
        writer.guards();
        if plan.profile.is_rough() && plan.only.is_none() {
            writer.extras();
        }
        writer.afterwards();
        let mut script = writer.script;
        let gone = |story: Option<u32>| story.is_some_and(|story| plan.without.stories.contains(&story));
        script.steps.retain(|step| !gone(step.story));
        script.notes.retain(|note| !gone(Some(note.story)));
        script.steps.extend(plan.steps.iter().cloned());
        let deletes =
            |deed: &Deed| matches!(deed, Deed::Command { command, .. } if command["do"] == "delete_group");
        script.group_deleted |= script.steps.iter().any(|step| deletes(&step.deed));
        script.steps.sort_by_key(|step| step.after);
        script
    }
}

impl<'a> Writer<'a> {
    fn stories(&mut self) {
        let mut free: Vec<u32> = (0..self.company.people.len() as u32)
            .filter(|person| self.company.user_of(*person).dirt.is_clean())
            .collect();
        if let Some(story) = self.plan.only {
            self.story += 1;
            // Somebody at work: to the others little can happen.
            free.retain(|person| self.is_working(*person));
            let at = self.dice.between(420, 540);
            self.happens(story, at, &mut free);
            return;
        }
        let count = match self.plan.profile {
            Profile::Weeks => 20 + self.dice.below(40),
            Profile::Brief | Profile::Dense => 3 + self.dice.below(6),
            _ => 4 + self.dice.below(16),
        };
        for _ in 0..count {
            self.story += 1;
            let at = self.dice.between(60, self.busy - 60);
            let story = match self.dice.weighted(&[8, 24, 2, 1]) {
                0 => HIRED,
                1 => self.dice.weighted(&WEIGHTS),
                2 => STOP,
                _ => MANY,
            };
            self.happens(story, at, &mut free);
        }
        self.story += 1;
        if self.dice.chance(60) {
            let at = self.dice.between(60, self.busy - 60);
            self.happens(GROUP, at, &mut free);
        }
        self.free = free;
    }

    /// Somebody leaves and somebody has a new title when all is well again: whatever the faults broke for good shows.
    fn afterwards(&mut self) {
        if self.script.group_deleted {
            return;
        }
        let plain = guards::plain_people(self.company, self.plan.seed, "afterwards");
        let poisoned = self.script.poisoned.as_ref().map(|(who, _)| who.clone());
        let is_free = |person: &u32| {
            let user = self.company.user_of(*person);
            let who = format!("{} ({})", user.display_name(), user.employee_number);
            self.free.contains(person)
                && !self.script.protected.contains(&*user.employee_number)
                && poisoned.as_ref() != Some(&who)
        };
        let mut people = plain.into_iter().filter(is_free).collect::<Vec<_>>().into_iter();
        let after = Duration::try_from(super::MADE_UP).unwrap_or_default();
        let steps = [
            ("leaves after all", "deactivate", Value::Null),
            ("has a new title after all", "update_profile", json!({ "title": "Afterwards" })),
        ];
        for ((words, verb, profile), person) in steps.into_iter().zip(people.by_ref()) {
            let (user, org) = self.user(person);
            let mut command = json!({"do": verb, "user": user.id.to_string()});
            if !profile.is_null() {
                command["profile"] = profile;
            }
            let words = format!("{} {words}", user.display_name());
            let deed = Deed::Command { vendor: Vendor::Okta, index: org, command };
            self.script.afterwards.push(Step { after, words, deed, story: None });
        }
    }

    pub(super) fn is_working(&self, index: u32) -> bool {
        let (person, user) = (&self.company.people[index as usize], self.company.user_of(index));
        matches!(person.stage, Stage::Working | Stage::Rehired) && user.status == UserStatus::Active
    }

    /// One of [`STORIES`], to somebody of `free`, who is free no longer.
    pub(super) fn happens(&mut self, story: usize, at: i64, free: &mut Vec<u32>) {
        let person = match free.len() {
            0 => None,
            count => Some(free.swap_remove(self.dice.below(count as u32) as usize)),
        };
        match (story, person) {
            (STOP, person) => {
                self.push(at, "the stop button is pressed".into(), Deed::Stop);
                let later = self.later(at, 1800);
                // Something must be there to be stopped.
                if let Some(person) = person.filter(|person| self.is_working(*person)) {
                    let (user, org) = self.user(person);
                    let title = json!({"title": "Changed while stopped"});
                    let words = format!("{} has a new title", user.display_name());
                    self.edit((at + 4).min(later - 1), org, words, &user.id.to_string(), title);
                }
                self.push(later, "the stop button is released".into(), Deed::Resume);
            }
            (GROUP, _) => {
                let name = ["APP-iOffice-Users", "ROOM-Booking"][self.dice.weighted(&[1, 2])];
                let Some(id) = self.group(0, name) else { return };
                self.script.group_deleted = true;
                let delete = json!({"do": "delete_group", "group": id});
                self.okta(at, 0, format!("the group {name} is deleted"), delete);
                let create = json!({"do": "create_group", "name": name});
                self.okta(at + 40, 0, format!("a new group is called {name}"), create);
            }
            (MANY, _) => {
                let working: Vec<u32> = free.iter().copied().filter(|one| self.is_working(*one)).collect();
                let count = (11 + self.dice.below(5)).min(working.len() as u32);
                for (place, one) in working.into_iter().take(count as usize).enumerate() {
                    free.retain(|other| *other != one);
                    let (user, org) = self.user(one);
                    let words = format!("{} leaves with many others", user.display_name());
                    let leave = json!({"do": "deactivate", "user": user.id.to_string()});
                    self.okta(at + place as i64, org, words, leave);
                }
            }
            (HIRED, _) | (_, None) => self.hire(at, None, None),
            (HIRED_AGAIN | ADDRESS, Some(person)) => {
                let (user, org) = self.user(person);
                let words = format!("{} is terminated", user.display_name());
                let leave = json!({"do": "deactivate", "user": user.id.to_string()});
                self.okta(at, org, words, leave);
                let later = self.later(at + 60, 300);
                match story {
                    HIRED_AGAIN => self.hire(later, Some((user, org)), None),
                    _ => self.hire(later, None, Some((user, org))),
                }
            }
            (story, Some(person)) => self.personal(story, at, person),
        }
    }

    pub(super) fn user(&self, index: u32) -> (&'a OktaUser, usize) {
        (self.company.user_of(index), usize::from(self.company.people[index as usize].org))
    }

    /// What the policy's own guards are there for: people who ask for what is asked about, people who are protected and
    /// leave, somebody who cannot be read.
    fn guards(&mut self) {
        let (company, seed, guards) = (self.company, self.plan.seed, self.plan.guards);
        // Chances of its own: the other stories of a seed are the same with and without guards.
        let before = std::mem::replace(&mut self.dice, Dice::new(seed, "guarded"));
        if guards.approval {
            for person in guards::plain_people(company, seed, "asked").into_iter().take(8) {
                self.story += 1;
                let (user, org) = self.user(person);
                let Some(group) = self.group(org, guards::ASKED_GROUP) else { continue };
                let member = |verb: &str| json!({"do": verb, "user": user.id.to_string(), "group": group});
                let at = self.dice.between(60, self.busy * 3 / 4);
                let name = user.display_name();
                self.okta(at, org, format!("{name} joins {}", guards::ASKED_GROUP), member("add_to_group"));
                if self.dice.chance(400) {
                    let later = self.later(at, 7200);
                    let words = format!("{name} leaves {}", guards::ASKED_GROUP);
                    self.okta(later, org, words, member("remove_from_group"));
                    if self.dice.chance(500) {
                        let again = self.later(later, 7200);
                        let words = format!("{name} rejoins {}", guards::ASKED_GROUP);
                        self.okta(again, org, words, member("add_to_group"));
                    }
                }
            }
        }
        if guards.hold {
            for person in guards::plain_people(company, seed, "held").into_iter().take(3) {
                self.story += 1;
                let (user, org) = self.user(person);
                let Some(group) = self.group(org, "APP-iOffice-Users") else { continue };
                let member = |verb: &str| json!({"do": verb, "user": user.id.to_string(), "group": group});
                let at = self.dice.between(60, self.busy * 3 / 4);
                let name = user.display_name();
                self.okta(at, org, format!("{name} leaves the app's group"), member("remove_from_group"));
                if self.dice.chance(500) {
                    let back = at + self.dice.between(60, 900);
                    self.okta(back, org, format!("{name} rejoins the app's group"), member("add_to_group"));
                }
            }
        }
        let protected = guards::plain_people(company, seed, "protected");
        for person in protected.into_iter().take(guards.protected as usize) {
            self.story += 1;
            let (user, org) = self.user(person);
            self.script.protected.insert(user.employee_number.to_string());
            let at = self.dice.between(60, self.busy - 60);
            let (name, id) = (user.display_name(), user.id.to_string());
            let (words, command) = match self.dice.below(4) {
                0 => ("is terminated", json!({"do": "deactivate", "user": id})),
                1 => ("is deleted", json!({"do": "delete_user", "user": id})),
                2 => ("is suspended for a leave", json!({"do": "suspend", "user": id})),
                _ => match self.group(org, "APP-iOffice-Users") {
                    Some(group) => (
                        "leaves the app's group",
                        json!({"do": "remove_from_group", "user": id, "group": group}),
                    ),
                    None => continue,
                },
            };
            self.okta(at, org, format!("{name}, who is protected, {words}"), command);
        }
        if guards.edited && self.busy > 3 * 3600 {
            self.story += 1;
            let at = self.dice.between(600, self.busy - 2 * 3600);
            let back = self.dice.between(at + 3600, self.busy - 600);
            self.push(
                at,
                "a policy without room booking is published".into(),
                Deed::Publish { edited: true },
            );
            self.push(back, "the policy is taken back".into(), Deed::Publish { edited: false });
        }
        if guards.poisoned
            && let Some((person, rule)) = guards::poison(company, seed)
        {
            let (user, _) = self.user(person);
            let who = format!("{} ({})", user.display_name(), user.employee_number);
            self.script.poisoned = Some((who, rule));
        }
        self.dice = before;
    }

    /// What is done to the machine, and to our rights.
    fn blows(&mut self) {
        for _ in 0..self.plan.blows {
            self.story += 1;
            let at = self.dice.between(60, self.busy * 3 / 4);
            let org = self.dice.below(self.company.orgs.len() as u32) as usize;
            let lasts = Duration::from_secs(self.dice.between(30, 1800) as u64);
            let blow = |name, command, end: Option<Value>| Deed::Blow {
                name,
                index: org,
                command,
                end: end.map(|end| (lasts, end)),
            };
            let (words, deed) = match self.dice.below(9) {
                0 => ("the machine stands still".to_owned(), Deed::Pause(lasts)),
                1 | 2 => {
                    let by = SignedDuration::from_secs(self.dice.between(-5400, 5400));
                    (format!("the machine's clock jumps by {by:#}"), Deed::Jump { by, lasts })
                }
                3 => (
                    "the org forgets its log cursors".to_owned(),
                    blow("log cursors dead", json!({"do": "kill_cursors"}), None),
                ),
                4 => {
                    let seconds = self.dice.between(20, 240);
                    let slow = json!({"do": "log_delay", "seconds": seconds});
                    let end = json!({"do": "log_delay", "seconds": 0});
                    (format!("the org's log is {seconds} s late"), blow("log late", slow, Some(end)))
                }
                5 => {
                    let count = 1 + self.dice.below(4);
                    let heavy = json!({"do": "log_page_max", "events": count});
                    let end = json!({"do": "log_page_max", "events": null});
                    (
                        "the org's log answers 500 to large pages".to_owned(),
                        blow("log pages too large", heavy, Some(end)),
                    )
                }
                6 => {
                    let read_only = json!({"do": "read_only", "for_seconds": lasts.as_secs()});
                    ("the org is read-only".to_owned(), blow("read-only", read_only, None))
                }
                7 => {
                    let blind =
                        json!({"do": "narrow_role", "principal": PRINCIPAL, "groups": ["EXEC-Floor"]});
                    let end = json!({"do": "narrow_role", "principal": PRINCIPAL, "groups": null});
                    (
                        "our role in the org is narrowed to a group".to_owned(),
                        blow("role narrowed", blind, Some(end)),
                    )
                }
                _ => {
                    let buckets = ["users", "user", "groups", "logs", "other"];
                    let bucket = buckets[self.dice.below(5) as usize];
                    let spent = json!({"do": "exhaust_bucket", "bucket": bucket, "for_seconds": lasts.as_secs().min(300)});
                    (
                        format!("somebody else uses up the org's {bucket} quota"),
                        blow("quota used up", spent, None),
                    )
                }
            };
            self.push(at, words, deed);
        }
    }

    /// What happens to one person who is there already.
    fn personal(&mut self, story: usize, at: i64, index: u32) {
        let (company, person) = (self.company, &self.company.people[index as usize]);
        let user = company.user_of(index);
        let (org, id) = (usize::from(person.org), user.id.to_string());
        let name = user.display_name();
        let site = usize::from(person.site);
        let account = company.sites[site]
            .accounts
            .iter()
            .find(|account| account.person == Some(index) && account.active)
            .map(|account| u64::from(account.id));
        let does = |verb: &str| json!({"do": verb, "user": id});
        if person.stage == Stage::PreHire {
            self.okta(at, org, format!("{name}, a pre-hire, is activated"), does("activate"));
            return;
        }
        if !self.is_working(index) {
            return;
        }
        let later = self.later(at, 14_400);
        match story {
            0 => {
                let change =
                    json!({"department": "Finance", "costCenter": "CC-220", "division": "Corporate"});
                self.edit(at, org, format!("{name} moves to Finance"), &id, change);
            }
            1 => {
                self.okta(at, org, format!("{name} is suspended for a leave"), does("suspend"));
                self.okta(later, org, format!("{name} is back"), does("unsuspend"));
            }
            2 => {
                let status = |text: &str| json!({"employeeStatus": text});
                self.edit(at, org, format!("{name} goes on leave"), &id, status("Leave"));
                if self.dice.chance(700) {
                    self.edit(later, org, format!("{name} returns from leave"), &id, status("Active"));
                }
            }
            TERMINATED => self.terminate(at, later, user, org, site, account),
            4 => {
                let email = format!("renamed.{}", user.email.to_lowercase());
                let change = json!({"lastName": "Newname", "email": email, "login": email});
                self.edit(at, org, format!("{name} is renamed, with a new address"), &id, change);
            }
            5 => {
                let verb = ["expire_password", "reset_password", "lock"][self.dice.below(3) as usize];
                self.okta(at, org, format!("{name}: {verb}"), does(verb));
            }
            6 => {
                let Some(group) = self.group(org, "APP-iOffice-Users") else { return };
                let member = |verb: &str| json!({"do": verb, "user": id, "group": group});
                self.okta(at, org, format!("{name} leaves the app's group"), member("remove_from_group"));
                // At once, as a rule that is being edited does it: nothing may be lost by that. Or later, or never.
                let back = match self.dice.weighted(&[1, 1, 2]) {
                    0 => at + self.dice.between(2, 60),
                    1 => later,
                    _ => return,
                };
                self.okta(back, org, format!("{name} rejoins the app's group"), member("add_to_group"));
            }
            7 if person.kind == PersonKind::Contractor => {
                let days = self.dice.between(-2, 40);
                let end = company.orgs[org].date_notation.write(self.date(at, days));
                self.edit(
                    at,
                    org,
                    format!("{name}'s contract now ends on {end}"),
                    &id,
                    json!({"contractEndDate": end}),
                );
            }
            8 => {
                let mode = ["hybrid", "remote", "assigned"][self.dice.below(3) as usize];
                self.edit(at, org, format!("{name} works {mode}"), &id, json!({"workMode": mode}));
            }
            9 => {
                let Some(group) = self.group(org, "ROOM-Booking") else { return };
                let verb = ["remove_from_group", "add_to_group"][self.dice.below(2) as usize];
                self.okta(
                    at,
                    org,
                    format!("{name}: {verb} ROOM-Booking"),
                    json!({"do": verb, "user": id, "group": group}),
                );
            }
            10 => self.by_hand(at, site, account, &name),
            11 => self.okta(at, org, format!("{name} is deleted"), does("delete_user")),
            _ => {
                let title = json!({"title": format!("Analyst {}", self.dice.below(100))});
                self.edit(at, org, format!("{name} has a new title"), &id, title);
            }
        }
    }

    fn terminate(
        &mut self,
        at: i64,
        later: i64,
        user: &OktaUser,
        org: usize,
        site: usize,
        account: Option<u64>,
    ) {
        let (id, name) = (user.id.to_string(), user.display_name());
        if let (Some(account), true) = (account, self.dice.chance(500)) {
            self.book(at - 30, site, account, &name);
        }
        match self.dice.weighted(&[6, 2, 2]) {
            0 => {}
            1 => {
                if let Some(group) = self.group(org, "APP-iOffice-Users") {
                    let leave = json!({"do": "remove_from_group", "user": id, "group": group});
                    self.okta(at - 20, org, format!("{name} leaves the app's group"), leave);
                }
            }
            _ => {
                let status = json!({"employeeStatus": "Terminated"});
                self.edit(at - 20, org, format!("{name} is marked as terminated"), &id, status);
            }
        }
        self.okta(at, org, format!("{name} is terminated"), json!({"do": "deactivate", "user": id}));
        match self.dice.weighted(&[5, 2, 2, 2]) {
            0 => {}
            1 => {
                self.okta(later, org, format!("{name} is reactivated"), json!({"do": "activate", "user": id}))
            }
            2 => self.hire(later, Some((user, org)), None),
            _ => self.hire(later, None, Some((user, org))),
        }
    }

    /// Somebody new; or `again`, under their old number; or with the address of somebody who left.
    fn hire(&mut self, at: i64, again: Option<(&OktaUser, usize)>, address_of: Option<(&OktaUser, usize)>) {
        let org = again
            .or(address_of)
            .map_or_else(|| self.dice.below(self.company.orgs.len() as u32) as usize, |(_, org)| org);
        let home = &self.company.orgs[org];
        let contractor = again.is_none() && self.dice.chance(300);
        let days = self.dice.between(-3, 5);
        let mut profile = self.stranger(org, at, days);
        profile["userType"] = if contractor { "Contractor" } else { "Employee" }.into();
        if contractor {
            let end = self.dice.between(10, 200);
            profile["contractEndDate"] = home.date_notation.write(self.date(at, end)).into();
        }
        let (number, email) = (self.number(), self.address(org));
        let mut words = format!("New{} Person ({number}) is hired, starting in {days} days", self.hires);
        if let Some((user, _)) = again {
            profile["employeeNumber"] = Value::from(&*user.employee_number);
            profile["firstName"] = Value::from(&*user.first_name);
            profile["lastName"] = Value::from(&*user.last_name);
            words = format!("{} is rehired as a new user", user.display_name());
        }
        if let Some((user, _)) = address_of {
            profile["email"] = Value::from(&*user.email);
            self.script.shared_address.extend([number.clone(), user.employee_number.to_string()]);
            words = format!("{words}, and gets the address of {}", user.display_name());
        }
        let groups: Vec<String> =
            ["APP-iOffice-Users", "ROOM-Booking"].iter().filter_map(|name| self.group(org, name)).collect();
        let staged = self.dice.chance(400);
        let mut command =
            json!({"do": "create_user", "profile": profile, "activate": !staged, "groups": groups});
        if contractor {
            command["type"] = "contractor".into();
        }
        self.okta(at, org, words, command);
        if staged {
            let later = self.later(at, 7200);
            self.okta(later, org, format!("{email} is activated"), json!({"do": "activate", "user": email}));
        }
    }

    /// The number of whoever was hired last.
    pub(super) fn number(&self) -> String {
        format!("99{:04}", self.hires)
    }

    /// The address of whoever was hired last, in this org.
    pub(super) fn address(&self, org: usize) -> String {
        format!("new.person{}@{}", self.hires, self.company.orgs[org].domain)
    }

    /// The profile of somebody new, who begins so many days later.
    pub(super) fn stranger(&mut self, org: usize, at: i64, days: i64) -> Value {
        self.hires += 1;
        let home = &self.company.orgs[org];
        let site = &self.company.sites[org % self.company.sites.len()];
        let email = self.address(org);
        let office = self.dice.pick(&site.buildings).code.to_string();
        let mode = *self.dice.pick(&["assigned", "hybrid", "remote"]);
        json!({
            "login": email, "email": email, "firstName": format!("New{}", self.hires), "lastName": "Person",
            "employeeNumber": self.number(), "department": "Finance", "costCenter": "CC-220", "division": "Corporate",
            "organization": &*home.name, "title": "Analyst", "officeLocation": office, "timezone": "UTC",
            "userType": "Employee", "startDate": home.date_notation.write(self.date(at, days)),
            "employeeStatus": "Active", "workMode": mode,
        })
    }

    fn by_hand(&mut self, at: i64, site: usize, account: Option<u64>, name: &str) {
        let Some(account) = account else { return };
        let (words, fields) = match self.dice.below(4) {
            0 => ("changes the title of", json!({"jobTitle": "By hand"})),
            1 => ("unseats", json!({"room": null})),
            2 => {
                let command = json!({"do": "deactivate_user", "user": account});
                let deed = Deed::Command { vendor: Vendor::Ioffice, index: site, command };
                self.push(at, format!("somebody deactivates {name} by hand"), deed);
                return;
            }
            _ => {
                let text = format!("note {at}");
                self.script.notes.push(Note { story: self.story, site, account, text: text.clone() });
                ("leaves a note on", json!({ NOTE_FIELD: text }))
            }
        };
        let command = json!({"do": "edit_user", "user": account, "fields": fields});
        let deed = Deed::Command { vendor: Vendor::Ioffice, index: site, command };
        self.push(at, format!("somebody {words} {name} by hand"), deed);
    }

    fn book(&mut self, at: i64, site: usize, account: u64, name: &str) {
        let home = &self.company.sites[site];
        let Some(center) = home.centers.iter().find(|center| center.module == "reservation") else { return };
        let Some(room) = home.rooms.iter().find(|room| room.reservable) else { return };
        let start = self.moment(at).as_millisecond() + 86_400_000 * self.dice.between(1, 60);
        let command = json!({"do": "book", "user": account, "room": room.id, "center": center.id, "start": start, "end": start + 3_600_000});
        let deed = Deed::Command { vendor: Vendor::Ioffice, index: site, command };
        self.push(at, format!("{name} books a room"), deed);
    }

    pub(super) fn group(&self, org: usize, name: &str) -> Option<String> {
        let groups = &self.company.orgs[org].groups;
        let found = groups.iter().find(|group| &*group.name == name && group.source == GroupSource::Okta);
        found.map(|group| group.id.to_string())
    }

    fn moment(&self, at: i64) -> Timestamp {
        self.company.settings.now + SignedDuration::from_secs(at)
    }

    pub(super) fn date(&self, at: i64, days: i64) -> jiff::civil::Date {
        (self.moment(at) + SignedDuration::from_hours(24 * days)).to_zoned(TimeZone::UTC).date()
    }

    /// Some time after `at`, within the busy time.
    pub(super) fn later(&mut self, at: i64, most: i64) -> i64 {
        (at + self.dice.between(5, most)).min(self.busy - 1)
    }

    pub(super) fn edit(&mut self, at: i64, org: usize, words: String, user: &str, profile: Value) {
        self.okta(at, org, words, json!({"do": "update_profile", "user": user, "profile": profile}));
    }

    pub(super) fn okta(&mut self, at: i64, org: usize, words: String, command: Value) {
        self.push(at, words, Deed::Command { vendor: Vendor::Okta, index: org, command });
    }

    pub(super) fn push(&mut self, at: i64, words: String, deed: Deed) {
        let after = Duration::from_secs(at.clamp(1, self.busy - 1) as u64);
        self.script.steps.push(Step { after, words, deed, story: Some(self.story) });
    }
}

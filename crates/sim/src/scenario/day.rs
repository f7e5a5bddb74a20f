//! The steps of the day.

use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    act::{self, Act},
    cast::{Candidate, Casting, Player},
};
use crate::{
    faults::{Effect, Rule, Target},
    world::{Account, Company, Group, GroupSource, OktaUser, PersonKind, Stage, UserStatus},
};

/// One day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Day {
    pub start: Timestamp,
    /// By time.
    pub steps: Vec<Step>,
    /// The site whose badge system is told who may enter, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doors: Option<u16>,
}

/// Something happens at a moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    pub at: Timestamp,
    pub topic: Topic,
    /// One sentence for people who watch.
    pub words: String,
    pub acts: Vec<Act>,
    pub expect: Vec<Expectation>,
}

/// What a step is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    Joiner,
    DepartmentMove,
    Leave,
    ReturnFromLeave,
    Termination,
    OneOrgTermination,
    ContractEnd,
    MergedAccount,
    Rename,
    HandEdit,
    HookOutage,
    QuotaStorm,
    ProfileUpdate,
}

/// What must be true once things are quiet, and no later than `by` where that is set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Expectation {
    pub who: Player,
    pub words: String,
    pub check: Check,
    pub by: Option<Timestamp>,
}

/// The same, so that a program can look: at iOffice site `who.site`, at the accounts of `who`; at the badge system.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Exactly one active account has this e-mail.
    OneActiveAccount { email: String },
    /// The account that existed at the start is still the one, and active.
    SameAccount { account: u32 },
    /// A field of the account equals a text. `costCenter` means the item's name.
    Field { email: String, field: String, value: String },
    /// The account has the role in a center of this module that serves the building with this code.
    Role { email: String, module: String, building: String, role: String },
    /// The account holds no permission at all.
    NoPermissions { account: u32 },
    /// The account sits in this room.
    Seat { account: u32, room: u32 },
    /// Account inactive or gone; no permission, seat, section, policy category; no reservation after `at`.
    FullyRevoked { account: u32, at: Timestamp },
    /// The badge system lets them enter the area, from this moment on where it is set.
    Entry { holder: String, area: String, from: Option<Timestamp> },
    /// The badge system opens nothing to them, from `at` on.
    NoEntry { holder: String, at: Timestamp },
}

struct Writer<'a> {
    company: &'a Company,
    cast: Casting<'a>,
    start: Timestamp,
    steps: Vec<Step>,
    doors: Option<u16>,
}

/// How long after a termination everything must be gone when both APIs answer.
const REVOKED_WITHIN: SignedDuration = SignedDuration::from_mins(5);

impl Day {
    /// The day of `company` that begins at its present moment. Parts that nobody can play are left out: a company of
    /// 60 people with lived-in accounts has a player for each.
    pub fn of(company: &Company) -> Self {
        Self::written(company, None)
    }

    /// The same where `site`, by its place, has a badge system that is told who may enter: its people's doors are part of what
    /// the day expects, and whoever leaves is one of them, if any of them can play the part.
    pub fn with_doors(company: &Company, site: u16) -> Self {
        Self::written(company, Some(site))
    }

    fn written(company: &Company, doors: Option<u16>) -> Self {
        let start = company.settings.now;
        let mut writer = Writer { company, cast: Casting::new(company), start, steps: Vec::new(), doors };
        writer.joiners();
        writer.newcomer();
        writer.department_move();
        writer.leave();
        writer.return_from_leave();
        writer.termination(135, Topic::Termination);
        writer.one_org_termination();
        writer.hook_outage();
        writer.rename();
        writer.merged_account();
        writer.quota_storm();
        writer.hand_edit();
        writer.contract_end();
        let mut steps = writer.steps;
        steps.sort_by_key(|step| step.at);
        Self { start, steps, doors }
    }

    /// The moment of the last step.
    pub fn end(&self) -> Timestamp {
        self.steps.iter().map(|step| step.at).max().unwrap_or(self.start)
    }

    /// All expectations, in order.
    pub fn expectations(&self) -> impl Iterator<Item = &Expectation> {
        self.steps.iter().flat_map(|step| &step.expect)
    }
}

impl Writer<'_> {
    fn minute(&self, minutes: i64) -> Timestamp {
        self.start + minutes.minutes()
    }

    fn step(&mut self, at: Timestamp, topic: Topic, words: String, acts: Vec<Act>, expect: Vec<Expectation>) {
        self.steps.push(Step { at, topic, words, acts, expect });
    }

    fn user(&self, player: &Player) -> &OktaUser {
        self.company.user_of(player.person.unwrap_or_default())
    }

    fn account(&self, player: &Player) -> Option<&Account> {
        let accounts = &self.company.sites[usize::from(player.site)].accounts;
        player.account.and_then(|id| accounts.iter().find(|account| account.id == id))
    }

    fn group(&self, org: u16, name: &str) -> Option<&Group> {
        let groups = &self.company.orgs[usize::from(org)].groups;
        groups.iter().find(|group| &*group.name == name && group.source == GroupSource::Okta)
    }

    /// That the building opens to somebody, where doors are told. `code` is what Okta calls it; `start` the first day there.
    fn enters(&self, who: &Player, words: &str, code: &str, start: Option<Timestamp>) -> Option<Expectation> {
        let site = self.doors.filter(|site| *site == who.site)?;
        let buildings = &self.company.sites[usize::from(site)].buildings;
        let building = buildings.iter().find(|building| building.code.eq_ignore_ascii_case(code))?;
        let (holder, area) = (who.employee_number.clone(), building.name.to_string());
        Some(expectation(who, &format!("{area} {words}"), Check::Entry { holder, area, from: start }))
    }

    /// That no door opens to somebody any more.
    fn shut_out(
        &self,
        who: &Player,
        words: &str,
        at: Timestamp,
        by: Option<Timestamp>,
    ) -> Option<Expectation> {
        self.doors.filter(|site| *site == who.site)?;
        let check = Check::NoEntry { holder: who.employee_number.clone(), at };
        Some(Expectation { by, ..expectation(who, words, check) })
    }

    /// Pre-hires become members of the app's group; the first is activated on the spot.
    fn joiners(&mut self) {
        // Near enough to their first day to be prepared for, and with an address that no account has already.
        let soon = (self.start + (24 * 6).hours()).to_zoned(TimeZone::UTC).date();
        let company = self.company;
        let bare = |text: &str| match text.trim().to_lowercase().split_once('@') {
            Some((local, domain)) => format!("{}@{domain}", local.split('+').next().unwrap_or(local)),
            None => text.to_owned(),
        };
        let joiners = self.cast.choose_many(3, |candidate| {
            let site = &company.sites[usize::from(candidate.person.site)];
            let same = |text: &str| bare(text) == bare(&candidate.user.email);
            candidate.person.stage == Stage::PreHire
                && candidate.person.start <= soon
                && candidate.user.dirt.is_clean()
                && candidate.account.is_none()
                && !site.accounts.iter().any(|account| account.email.as_deref().is_some_and(same))
        });
        for (nth, player) in joiners.into_iter().enumerate() {
            let Some(group) = self.group(player.org, "APP-iOffice-Users") else { continue };
            let id = player.okta_id.clone().unwrap_or_default();
            let mut acts = vec![act::add_member(player.org, group.id.as_str(), &id)];
            acts.extend(
                self.group(player.org, "ROOM-Booking")
                    .map(|g| act::add_member(player.org, g.id.as_str(), &id)),
            );
            if nth == 0 {
                acts.push(act::lifecycle(player.org, &id, "activate"));
            }
            let user = self.user(&player);
            let mut expect = joined(&player, &user.email, &user.department, &user.office_location);
            expect.extend(self.enters(
                &player,
                "opens to them from the first day on",
                &user.office_location,
                None,
            ));
            let words =
                format!("{} joins on {} and may use the workplace", player.name, self.start_of(&player));
            self.step(self.minute(5 + nth as i64), Topic::Joiner, words, acts, expect);
        }
    }

    fn start_of(&self, player: &Player) -> String {
        player
            .person
            .map_or_else(String::new, |person| self.company.people[person as usize].start.to_string())
    }

    /// Somebody whom nobody knew before, starting the day after tomorrow.
    fn newcomer(&mut self) {
        let Some(building) = self.company.sites[0].buildings.first() else { return };
        let org = &self.company.orgs[0];
        let tomorrow = (self.start + 48.hours()).to_zoned(TimeZone::UTC).date();
        let email = format!("marisol.thorngate@{}", org.domain);
        let mut profile = Map::new();
        for (name, value) in [
            ("login", email.as_str()),
            ("email", &email),
            ("firstName", "Marisol"),
            ("lastName", "Thorngate"),
            ("employeeNumber", "990001"),
            ("department", "Facilities"),
            ("costCenter", "CC-210"),
            ("division", "Corporate"),
            ("organization", &org.name),
            ("title", "Coordinator"),
            ("userType", "Employee"),
            ("countryCode", &building.country_code),
            ("timezone", &building.timezone),
            ("officeLocation", &building.code),
            ("startDate", &org.date_notation.write(tomorrow)),
            ("employeeStatus", "Pre-hire"),
            ("workMode", "assigned"),
        ] {
            profile.insert(name.to_owned(), Value::from(value));
        }
        let groups: Vec<&str> = ["APP-iOffice-Users", "ROOM-Booking"]
            .into_iter()
            .filter_map(|name| self.group(0, name))
            .map(|group| group.id.as_str())
            .collect();
        let acts = vec![act::create_user(0, profile, &groups)];
        let player = Player {
            person: None,
            name: "Marisol Thorngate".to_owned(),
            org: 0,
            okta_id: None,
            login: email.clone(),
            employee_number: "990001".to_owned(),
            site: 0,
            account: None,
        };
        let mut expect = joined(&player, &email, "Facilities", &building.code);
        let zone = TimeZone::get(&building.timezone).unwrap_or(TimeZone::UTC);
        let begins = tomorrow.to_zoned(zone).ok().map(|begins| begins.timestamp());
        expect.extend(self.enters(&player, "opens to her from the first day on", &building.code, begins));
        let words = format!("HR enters Marisol Thorngate, who starts on {tomorrow}");
        self.step(self.minute(20), Topic::Joiner, words, acts, expect);
    }

    /// A profile edit that group rules turn into one leave and one join, some time apart.
    fn department_move(&mut self) {
        let Some(player) = self.cast.choose(|candidate| {
            working(candidate.person.stage, candidate.user)
                && candidate.is_plain()
                && candidate.account.is_some()
                && &*candidate.user.department != "Finance"
                && candidate.person.kind == PersonKind::Employee
        }) else {
            return;
        };
        let user = self.user(&player);
        let email = user.email.to_string();
        let words = format!("{} moves from {} to Finance", player.name, user.department);
        let change = json!({"department": "Finance", "costCenter": "CC-220", "division": "Corporate", "title": "Analyst"});
        let acts = vec![act::edit_profile(player.org, &id_of(&player), change)];
        let mut expect = vec![
            field(&player, &email, "department", "Finance"),
            field(&player, &email, "costCenter", "Finance"),
            field(&player, &email, "jobTitle", "Analyst"),
        ];
        expect.extend(same_account(&player, "the move is no leave: the account stays the same and active"));
        self.step(self.minute(60), Topic::DepartmentMove, words, acts, expect);
    }

    fn leave(&mut self) {
        let Some(player) = self.cast.choose(|candidate| {
            working(candidate.person.stage, candidate.user)
                && candidate.is_plain()
                && candidate.account.is_some_and(|account| account.room.is_some())
        }) else {
            return;
        };
        let Some((account, room)) =
            self.account(&player).and_then(|account| Some((account.id, account.room?)))
        else {
            return;
        };
        let words =
            format!("{} goes on leave: Okta suspends the user, nobody terminates anything", player.name);
        let acts = vec![act::lifecycle(player.org, &id_of(&player), "suspend")];
        let mut expect = vec![
            expectation(&player, "permissions are paused", Check::NoPermissions { account }),
            expectation(&player, "the seat is kept", Check::Seat { account, room }),
        ];
        expect.extend(same_account(&player, "the account is kept"));
        expect.extend(self.shut_out(&player, "no door opens meanwhile", self.minute(90), None));
        self.step(self.minute(90), Topic::Leave, words, acts, expect);
    }

    fn return_from_leave(&mut self) {
        let Some(player) = self.cast.choose(|candidate| {
            candidate.person.stage == Stage::OnLeave
                && candidate.user.status == UserStatus::Suspended
                && candidate.person.second.is_none()
                && !candidate.is_doubled
        }) else {
            return;
        };
        let acts = vec![
            act::lifecycle(player.org, &id_of(&player), "unsuspend"),
            act::edit_profile(player.org, &id_of(&player), json!({"employeeStatus": "Active"})),
        ];
        let mut expect: Vec<_> =
            same_account(&player, "the account is there and active").into_iter().collect();
        let office = &self.user(&player).office_location;
        expect.extend(self.enters(&player, "opens to them again", office, None));
        let words = format!("{} is back from leave", player.name);
        self.step(self.minute(480), Topic::ReturnFromLeave, words, acts, expect);
    }

    /// Somebody with a booking ahead leaves the company.
    fn termination(&mut self, minute: i64, topic: Topic) {
        let fits = |candidate: &Candidate<'_>| {
            working(candidate.person.stage, candidate.user)
                && candidate.is_plain()
                && candidate.account.is_some_and(|account| account.room.is_some())
        };
        let near = self.doors.and_then(|site| self.cast.choose(|one| one.person.site == site && fits(one)));
        let Some(player) = near.or_else(|| self.cast.choose(fits)) else { return };
        let Some(account) = player.account else { return };
        let at = self.minute(minute);
        let site = &self.company.sites[usize::from(player.site)];
        if let (Some(building), Some(room)) =
            (site.buildings.first(), site.rooms.iter().find(|room| room.kind == 22))
        {
            let start = (self.start + (24 * 9).hours()).as_millisecond();
            let booked =
                act::book(player.site, account, room.id, building.centers[0], start, start + 3_600_000);
            let words = format!("{} books {} for next week", player.name, room.name);
            self.step(at - 30.minutes(), topic, words, vec![booked], Vec::new());
        }
        let acts = vec![act::lifecycle(player.org, &id_of(&player), "deactivate")];
        let words = format!("{} leaves the company: Okta deactivates the user", player.name);
        let revoked = Expectation {
            by: Some(at + REVOKED_WITHIN),
            ..expectation(
                &player,
                "account, permissions, seat, categories and every booking ahead are gone",
                Check::FullyRevoked { account, at },
            )
        };
        let shut = self.shut_out(&player, "no door opens any more", at, Some(at + REVOKED_WITHIN));
        let expect = std::iter::once(revoked).chain(shut).collect();
        self.step(at, topic, words, acts, expect);
    }

    /// With two orgs: somebody who exists in both is deactivated in one of them.
    fn one_org_termination(&mut self) {
        let company = self.company;
        let Some(player) = self.cast.choose(|candidate| candidate.person.second.is_some()) else { return };
        let Some((org, place)) = player.person.and_then(|person| company.people[person as usize].second)
        else {
            return;
        };
        let second = &company.orgs[usize::from(org)].users[place as usize];
        let acts = vec![act::lifecycle(org, second.id.as_str(), "deactivate")];
        let words = format!(
            "{} stops working for {}, and goes on working for {}",
            player.name,
            company.orgs[usize::from(org)].name,
            company.orgs[usize::from(player.org)].name
        );
        let expect =
            same_account(&player, "the account at the first company is not touched").into_iter().collect();
        self.step(self.minute(180), Topic::OneOrgTermination, words, acts, expect);
    }

    /// No hook arrives for half an hour, in which somebody leaves and somebody gets a title.
    fn hook_outage(&mut self) {
        let at = self.minute(210);
        let outage = Rule {
            name: "hook outage".to_owned(),
            until: Some(crate::faults::Moment::After(SignedDuration::from_mins(30))),
            ..Rule::new(Target::Hook, Effect::Unreachable)
        };
        let words = "No event hook arrives for half an hour".to_owned();
        self.step(at, Topic::HookOutage, words, vec![Act::Faults(vec![outage])], Vec::new());
        self.termination(215, Topic::Termination);
        self.title_change(self.minute(220), "Acting Lead");
    }

    fn title_change(&mut self, at: Timestamp, title: &str) {
        let Some(player) = self.cast.choose(|candidate| {
            working(candidate.person.stage, candidate.user)
                && candidate.is_plain()
                && candidate.account.is_some()
        }) else {
            return;
        };
        let email = self.user(&player).email.to_string();
        let acts = vec![act::edit_profile(player.org, &id_of(&player), json!({ "title": title }))];
        let words = format!("{} becomes {title}", player.name);
        let mut expect = vec![field(&player, &email, "jobTitle", title)];
        expect.extend(same_account(&player, "nothing but the title changes"));
        self.step(at, Topic::ProfileUpdate, words, acts, expect);
    }

    fn rename(&mut self) {
        let Some(player) = self.cast.choose(|candidate| {
            working(candidate.person.stage, candidate.user)
                && candidate.is_plain()
                && candidate.account.is_some()
        }) else {
            return;
        };
        let user = self.user(&player);
        let domain = &self.company.orgs[usize::from(player.org)].domain;
        let first = user.login.split('.').next().unwrap_or("new").to_owned();
        let email = format!("{first}.wintermere@{domain}");
        let change = json!({"lastName": "Wintermere", "login": email, "email": email});
        let acts = vec![act::edit_profile(player.org, &id_of(&player), change)];
        let words = format!("{} marries and is now called Wintermere, with a new e-mail", player.name);
        let mut expect = vec![
            field(&player, &email, "lastName", "Wintermere"),
            expectation(
                &player,
                "there is one account with the new e-mail",
                Check::OneActiveAccount { email },
            ),
        ];
        expect.extend(same_account(&player, "it is the account from before, not a second one"));
        self.step(self.minute(260), Topic::Rename, words, acts, expect);
    }

    /// Somebody at iOffice merges an old account into the present one, so that its keys disagree with Okta's.
    fn merged_account(&mut self) {
        let Some(player) = self.cast.choose(|candidate| {
            working(candidate.person.stage, candidate.user)
                && candidate.is_plain()
                && candidate.account.is_some()
        }) else {
            return;
        };
        let Some(account) = player.account else { return };
        let email = self.user(&player).email.to_string();
        let former = format!("2{}", player.employee_number);
        let merged = json!({"userName": format!("m{former}"), "employeeId": former});
        let words = format!("An administrator merges {}'s former account into the present one", player.name);
        let acts = vec![act::edit_account(player.site, account, merged)];
        self.step(self.minute(290), Topic::MergedAccount, words, acts, Vec::new());
        let acts = vec![act::edit_profile(player.org, &id_of(&player), json!({"title": "Advisor"}))];
        let words = format!("{} becomes Advisor; only the e-mail still leads to the account", player.name);
        let mut expect = vec![
            field(&player, &email, "jobTitle", "Advisor"),
            expectation(&player, "no second account appears", Check::OneActiveAccount { email }),
        ];
        expect.extend(same_account(&player, "the merged account is the one that is kept"));
        self.step(self.minute(300), Topic::MergedAccount, words, acts, expect);
    }

    /// Both vendors refuse every second call for five minutes, while five people change titles.
    fn quota_storm(&mut self) {
        let at = self.minute(360);
        let storm = |target: Target| Rule {
            name: "quota storm".to_owned(),
            until: Some(crate::faults::Moment::After(SignedDuration::from_mins(5))),
            probability: 0.5,
            by: Some(SignedDuration::from_secs(20)),
            ..Rule::new(target, Effect::Quota)
        };
        let acts = vec![Act::Faults(vec![storm(Target::Okta), storm(Target::Ioffice)])];
        let words = "Both services refuse every second call for five minutes".to_owned();
        self.step(at, Topic::QuotaStorm, words, acts, Vec::new());
        for nth in 0..5 {
            self.title_change(at + (20 + nth * 10).seconds(), "Senior Advisor");
        }
    }

    /// Facilities give somebody another desk by hand.
    fn hand_edit(&mut self) {
        let Some(player) = self.cast.choose(|candidate| {
            working(candidate.person.stage, candidate.user)
                && candidate.is_plain()
                && candidate.account.is_some_and(|account| account.room.is_some())
        }) else {
            return;
        };
        let Some(account) = player.account else { return };
        let site = &self.company.sites[usize::from(player.site)];
        let own = self.account(&player).and_then(|account| account.room);
        // In the same building, where their own-desk rule is content with any desk.
        let building_of =
            |floor: u32| site.floors.iter().find(|known| known.id == floor).map(|known| known.building);
        let building =
            site.rooms.iter().find(|room| Some(room.id) == own).and_then(|room| building_of(room.floor));
        let taken = |room: u32| site.accounts.iter().any(|account| account.room == Some(room));
        let Some(room) = site.rooms.iter().rev().find(|room| {
            room.kind == 21 && room.active && building_of(room.floor) == building && !taken(room.id)
        }) else {
            return;
        };
        let acts = vec![act::edit_account(player.site, account, json!({"room": {"id": room.id}}))];
        let words = format!("Facilities move {} to desk {} by hand", player.name, room.name);
        let kept = "the desk that facilities chose stays: no rule owns it";
        let expect = vec![expectation(&player, kept, Check::Seat { account, room: room.id })];
        self.step(self.minute(420), Topic::HandEdit, words, acts, expect);
    }

    /// Nobody does anything: the contract's last day simply ends, in the contractor's own time zone.
    fn contract_end(&mut self) {
        let today = self.start.to_zoned(TimeZone::UTC).date();
        let Some(player) = self.cast.choose(|candidate| {
            candidate.person.contract_end == Some(today)
                && candidate.person.stage == Stage::Working
                && candidate.user.contract_end_date.is_some()
                && candidate.account.is_some()
                && !candidate.is_doubled
        }) else {
            return;
        };
        let zone = TimeZone::get(&self.user(&player).timezone).unwrap_or(TimeZone::UTC);
        let over =
            today.tomorrow().ok().and_then(|next| next.to_zoned(zone).ok()).map(|next| next.timestamp());
        let Some((account, at)) = player.account.zip(over) else { return };
        let words = format!("{}'s contract ends with this day, {today}", player.name);
        let revoked = Expectation {
            by: Some(at + REVOKED_WITHIN),
            ..expectation(
                &player,
                "account, permissions, seat and bookings are gone once the day is over where they work",
                Check::FullyRevoked { account, at },
            )
        };
        let shut = self.shut_out(&player, "no door opens any more", at, Some(at + REVOKED_WITHIN));
        let expect = std::iter::once(revoked).chain(shut).collect();
        self.step(at, Topic::ContractEnd, words, Vec::new(), expect);
    }
}

fn working(stage: Stage, user: &OktaUser) -> bool {
    stage == Stage::Working && user.status == UserStatus::Active && user.contract_end_date.is_none()
}

fn id_of(player: &Player) -> String {
    player.okta_id.clone().unwrap_or_else(|| player.login.clone())
}

fn expectation(who: &Player, words: &str, check: Check) -> Expectation {
    Expectation { who: who.clone(), words: words.to_owned(), check, by: None }
}

fn field(who: &Player, email: &str, name: &str, value: &str) -> Expectation {
    let check = Check::Field { email: email.to_owned(), field: name.to_owned(), value: value.to_owned() };
    expectation(who, &format!("{name} is {value}"), check)
}

fn same_account(who: &Player, words: &str) -> Option<Expectation> {
    who.account.map(|account| expectation(who, words, Check::SameAccount { account }))
}

/// What a joiner finds on the first day.
fn joined(who: &Player, email: &str, department: &str, building: &str) -> Vec<Expectation> {
    let role = Check::Role {
        email: email.to_owned(),
        module: "reservation".to_owned(),
        building: building.to_owned(),
        role: "CUSTOMER".to_owned(),
    };
    vec![
        expectation(who, "there is one account", Check::OneActiveAccount { email: email.to_owned() }),
        field(who, email, "department", department),
        field(who, email, "costCenter", department),
        expectation(who, &format!("rooms in {building} can be booked"), role),
    ]
}

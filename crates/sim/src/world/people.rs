//! Draws the natural persons and their Okta users.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::{
    App, CustomAttribute, DateNotation, Dice, Dirt, DirtSet, OktaId, OktaUser, Org, Person, PersonKind,
    Stage, UserStatus, UserType, WorldSettings,
    geography::{self, City, DEPARTMENTS, NAMES},
    intern::Intern,
    names,
};

pub(super) struct Drawn {
    pub people: Vec<Person>,
    pub orgs: Vec<Org>,
}

/// Roles that a world of at least 60 people surely contains, given to the last people of the list.
const CAST: [(Stage, PersonKind, Status); 16] = [
    (Stage::PreHire, PersonKind::Employee, Status::Usual),
    (Stage::PreHire, PersonKind::Employee, Status::Usual),
    (Stage::PreHire, PersonKind::Contractor, Status::Usual),
    (Stage::OnLeave, PersonKind::Employee, Status::SuspendedLeave),
    (Stage::OnLeave, PersonKind::Employee, Status::MarkedLeave),
    (Stage::Left, PersonKind::Employee, Status::Usual),
    (Stage::Left, PersonKind::Contractor, Status::Usual),
    (Stage::Rehired, PersonKind::Employee, Status::FormerSelf),
    (Stage::Working, PersonKind::Contractor, Status::EndsToday),
    (Stage::Working, PersonKind::Contractor, Status::EndsSoon),
    (Stage::Working, PersonKind::Contractor, Status::Overdue),
    (Stage::Working, PersonKind::Employee, Status::Locked),
    (Stage::Working, PersonKind::Employee, Status::Expired),
    (Stage::Working, PersonKind::Employee, Status::Recovering),
    (Stage::Working, PersonKind::Contractor, Status::Usual),
    (Stage::Working, PersonKind::Intern, Status::Usual),
];

/// Whether the person at this place plays one of the surely present roles.
pub(super) fn is_cast(person: u32, people: u32) -> bool {
    role_of(person, people).is_some()
}

fn role_of(person: u32, people: u32) -> Option<(Stage, PersonKind, Status)> {
    let from_end = people.checked_sub(person + 1)?;
    (people >= 60).then(|| CAST.get(from_end as usize).copied()).flatten()
}

/// What is special about somebody's Okta status or contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Usual,
    Locked,
    Expired,
    Recovering,
    Fresh,
    SuspendedLeave,
    MarkedLeave,
    FormerSelf,
    EndsToday,
    EndsSoon,
    Overdue,
}

/// Draws everybody. Groups come later.
pub(super) fn draw(settings: &WorldSettings, intern: &mut Intern) -> Drawn {
    let mut draft = Draft::new(settings, intern);
    let managers = draft.departments(settings.people);
    for index in 0..settings.people {
        draft.person(index, managers[index as usize], settings);
    }
    draft.second_presences(settings);
    Drawn { people: draft.people, orgs: draft.orgs }
}

struct Draft<'a> {
    dice: Dice,
    intern: &'a mut Intern,
    first: Vec<(Arc<str>, String)>,
    last: Vec<(Arc<str>, String)>,
    /// How many people already share a first and a last name.
    namesakes: Vec<u32>,
    /// Per site: city, building code and the city's shared texts.
    places: Vec<Vec<Place>>,
    sites_of_org: Vec<Vec<u16>>,
    department_of: Vec<u8>,
    seniority: Vec<u8>,
    today: Date,
    people: Vec<Person>,
    orgs: Vec<Org>,
}

struct Place {
    city: &'static City,
    code: Arc<str>,
}

impl<'a> Draft<'a> {
    fn new(settings: &WorldSettings, intern: &'a mut Intern) -> Self {
        let mut pool = |list: Vec<&'static str>| {
            list.into_iter().map(|name| (intern.text(name), names::plain(name))).collect::<Vec<_>>()
        };
        let (first, last) = (pool(names::first()), pool(names::last()));
        let per_site = settings.people.div_ceil(u32::from(settings.sites));
        let places = (0..settings.sites)
            .map(|site| {
                (0..geography::building_count(per_site))
                    .map(|building| Place {
                        city: geography::city_of(site, building),
                        code: intern.text(&geography::building_of(site, building).1),
                    })
                    .collect()
            })
            .collect();
        let sites_of_org = (0..settings.orgs)
            .map(|org| {
                let own: Vec<u16> = (0..settings.sites).filter(|site| site % settings.orgs == org).collect();
                if own.is_empty() { vec![org % settings.sites] } else { own }
            })
            .collect();
        let orgs = (0..settings.orgs).map(|index| empty_org(index, settings.now)).collect();
        Self {
            dice: Dice::new(settings.seed, "people"),
            namesakes: vec![0; first.len() * last.len()],
            first,
            last,
            places,
            sites_of_org,
            department_of: Vec::new(),
            seniority: Vec::new(),
            today: settings.now.to_zoned(TimeZone::UTC).date(),
            people: Vec::with_capacity(settings.people as usize),
            orgs,
            intern,
        }
    }

    /// Gives everybody a department and a manager: in each department a tree with eight reports a node, its root
    /// reporting to person 0.
    fn departments(&mut self, people: u32) -> Vec<Option<u32>> {
        let weights: Vec<u32> = DEPARTMENTS.iter().map(|department| department.weight).collect();
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); DEPARTMENTS.len()];
        let mut managers = Vec::with_capacity(people as usize);
        for index in 0..people {
            let department = if index == 0 { 0 } else { self.dice.weighted(&weights) };
            let place = members[department].len();
            managers.push(match (index, place) {
                (0, _) => None,
                (_, 0) => Some(0),
                (_, place) => Some(members[department][(place - 1) / 8]),
            });
            members[department].push(index);
            self.department_of.push(department as u8);
        }
        self.seniority = vec![0; people as usize];
        for list in &members {
            let leads = list.len().div_ceil(8);
            for (place, index) in list.iter().enumerate() {
                self.seniority[*index as usize] = match place {
                    0 => 4,
                    _ if place < leads => 3,
                    _ => self.dice.weighted(&[3, 5, 3]) as u8,
                };
            }
        }
        managers
    }

    fn person(&mut self, index: u32, manager: Option<u32>, settings: &WorldSettings) {
        let leads_others = self.seniority[index as usize] >= 3;
        let (stage, kind, status) = if let Some(role) = role_of(index, settings.people) {
            role
        } else if leads_others {
            (Stage::Working, PersonKind::Employee, Status::Usual)
        } else {
            self.role()
        };
        let org = (index % u32::from(settings.orgs)) as u16;
        let sites = &self.sites_of_org[usize::from(org)];
        let site = sites[self.dice.below(sites.len() as u32) as usize];
        let building = self.building(site);
        let start = match stage {
            Stage::PreHire => self.shift(self.today, 1, 14),
            Stage::Rehired => self.shift(self.today, -300, -20),
            _ => self.shift(self.today, -3200, -20),
        };
        let contract_end = (kind == PersonKind::Contractor).then(|| match (status, stage) {
            (Status::EndsToday, _) => self.today,
            (Status::EndsSoon, _) => self.shift(self.today, 1, 14),
            (Status::Overdue, _) => self.shift(self.today, -40, -1),
            (_, Stage::Left) => self.shift(self.today, -400, -2),
            (_, Stage::PreHire) => self.shift(start, 60, 360),
            _ => self.shift(self.today, 15, 400),
        });
        let user = self.orgs[usize::from(org)].users.len() as u32;
        let executive = self.department_of[index as usize] == 0 || self.seniority[index as usize] == 4;
        self.people.push(Person {
            stage,
            kind,
            org,
            user,
            second: None,
            site,
            building,
            manager,
            start,
            contract_end,
            executive,
        });
        self.okta_user(index, status, settings);
    }

    fn role(&mut self) -> (Stage, PersonKind, Status) {
        let kind = match self.dice.below(1000) {
            0..120 => PersonKind::Contractor,
            120..150 => PersonKind::Intern,
            _ => PersonKind::Employee,
        };
        let (stage, status) = match self.dice.below(1000) {
            0..15 => (Stage::PreHire, Status::Usual),
            15..27 => (Stage::OnLeave, Status::SuspendedLeave),
            27..37 => (Stage::OnLeave, Status::MarkedLeave),
            37..90 => (Stage::Left, Status::Usual),
            90..94 => (Stage::Rehired, Status::FormerSelf),
            94..98 => (Stage::Rehired, Status::Usual),
            98..108 => (Stage::Working, Status::Locked),
            108..123 => (Stage::Working, Status::Expired),
            123..130 => (Stage::Working, Status::Recovering),
            130..140 => (Stage::Working, Status::Fresh),
            _ => (Stage::Working, Status::Usual),
        };
        if kind == PersonKind::Contractor && stage == Stage::Working {
            let ending = match self.dice.below(100) {
                0..2 => Status::Overdue,
                2..3 => Status::EndsToday,
                3..10 => Status::EndsSoon,
                _ => status,
            };
            return (stage, kind, ending);
        }
        (stage, kind, status)
    }

    /// The first buildings are larger than the last.
    fn building(&mut self, site: u16) -> u32 {
        let count = self.places[usize::from(site)].len() as u32;
        self.dice.below(count).min(self.dice.below(count))
    }

    fn shift(&mut self, from: Date, low: i64, high: i64) -> Date {
        let days = self.dice.between(low, high);
        from.checked_add(days.days()).unwrap_or(from)
    }

    fn moment(&mut self, day: Date) -> Timestamp {
        let seconds = self.dice.between(6 * 3600, 20 * 3600);
        day.to_zoned(TimeZone::UTC)
            .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp() + seconds.seconds())
    }

    fn okta_user(&mut self, index: u32, status: Status, settings: &WorldSettings) {
        let person = self.people[index as usize].clone();
        let (first, last) = (
            self.dice.below(self.first.len() as u32) as usize,
            self.dice.below(self.last.len() as u32) as usize,
        );
        let namesakes = &mut self.namesakes[first * self.last.len() + last];
        *namesakes += 1;
        let number = *namesakes;
        let org = usize::from(person.org);
        let domain = Arc::clone(&self.orgs[org].domain);
        let suffix = if number == 1 { String::new() } else { number.to_string() };
        let login: Arc<str> =
            format!("{}.{}{suffix}@{domain}", self.first[first].1, self.last[last].1).as_str().into();
        let department = &DEPARTMENTS[usize::from(self.department_of[index as usize])];
        let place = &self.places[usize::from(person.site)][person.building as usize];
        let (city, code) = (place.city, Arc::clone(&place.code));
        let mut dirt = DirtSet::default();
        let employee_number: Arc<str> = (40_000 + index).to_string().as_str().into();
        let manager_id = person.manager.map(|manager| {
            let by_email = self.dice.chance(15);
            let chief = &self.people[manager as usize];
            let chief = &self.orgs[usize::from(chief.org)].users[chief.user as usize];
            if by_email {
                dirt.add(Dirt::ManagerByEmail);
            }
            Arc::clone(if by_email { &chief.email } else { &chief.employee_number })
        });
        let (okta_status, mark) = self.okta_status(person.stage, status);
        let hired = match person.stage {
            Stage::PreHire => self.shift(self.today, -20, -1),
            Stage::Rehired if status != Status::FormerSelf => self.shift(person.start, -2000, -400),
            _ => person.start,
        };
        let created = self.moment(hired);
        let activated = (okta_status != UserStatus::Staged).then(|| created + 1.second());
        let changed_day = match person.stage {
            Stage::Left => self.shift(self.today, -300, -1),
            Stage::OnLeave => self.shift(self.today, -90, -1),
            Stage::PreHire => hired,
            _ => self.shift(person.start, 0, 19),
        };
        let status_changed = activated.map(|at| self.moment(changed_day).max(at));
        let last_login = match okta_status {
            UserStatus::Staged | UserStatus::Provisioned => None,
            UserStatus::Deprovisioned | UserStatus::Suspended => status_changed.map(|at| at - 9.hours()),
            _ => {
                let day = self.shift(self.today, -6, -1);
                Some(self.moment(day))
            }
        };
        let edited_day = self.shift(self.today, -200, -1);
        let edited = self.moment(edited_day);
        let last_updated = status_changed.unwrap_or(created).max(edited.min(settings.now)).min(settings.now);
        let contract_end_date = self.contract_end(&person, &mut dirt, org);
        if status == Status::Overdue {
            dirt.add(Dirt::Overdue);
        }
        let notation = self.orgs[org].date_notation;
        let work_mode =
            *["assigned", "hybrid", "remote"].get(self.dice.weighted(&[60, 30, 10])).unwrap_or(&"assigned");
        let mobile_phone = self.dice.chance(850).then(|| self.phone(city).into_boxed_str());
        let nick_name = self.dice.chance(30).then(|| {
            let nick: String = self.first[first].0.chars().take(3).collect();
            self.intern.text(&nick)
        });
        let seniority = usize::from(self.seniority[index as usize]);
        let title = if index > 0 && self.department_of[index as usize] == 0 && seniority == 4 {
            department.titles[3]
        } else {
            department.titles[seniority]
        };
        let organization = Arc::clone(&self.orgs[org].name);
        let user = OktaUser {
            id: OktaId::of("00u", person.org, u64::from(person.user) + 1),
            person: index,
            status: okta_status,
            user_type: u8::from(person.kind == PersonKind::Contractor),
            created,
            activated,
            status_changed,
            last_login,
            last_updated,
            password_changed: last_login.map(|at| at - 2.hours()),
            email: Arc::clone(&login),
            login,
            first_name: Arc::clone(&self.first[first].0),
            last_name: Arc::clone(&self.last[last].0),
            nick_name,
            employee_number,
            department: self.intern.text(department.name),
            cost_center: self.intern.text(department.cost_center),
            division: self.intern.text(department.division),
            organization,
            title: self.intern.text(title),
            manager_id,
            label: self.intern.text(person.kind.label()),
            city: self.intern.text(city.name),
            country_code: self.intern.text(city.country_code),
            locale: self.intern.text(city.locale),
            timezone: self.intern.text(city.timezone),
            mobile_phone,
            office_location: code,
            start_date: Some(notation.write(person.start).into()),
            contract_end_date,
            employee_status: mark.map(|mark| self.intern.text(mark)),
            work_mode: self.intern.text(work_mode),
            dirt,
        };
        let former = (status == Status::FormerSelf).then(|| self.former_self(&user));
        self.orgs[org].users.push(user);
        self.orgs[org].users.extend(former);
    }

    /// The DEPROVISIONED user of somebody's earlier employment.
    fn former_self(&mut self, user: &OktaUser) -> OktaUser {
        let org = &self.orgs[usize::from(self.people[user.person as usize].org)];
        let place = org.users.len() as u64 + 2;
        let left = user.created - 24.hours() * self.dice.between(60, 700);
        let created = left - 24.hours() * self.dice.between(200, 1500);
        let old: Arc<str> = user.login.replacen('@', ".old@", 1).as_str().into();
        OktaUser {
            id: OktaId::of("00u", org.index, place),
            status: UserStatus::Deprovisioned,
            created,
            activated: Some(created + 1.second()),
            status_changed: Some(left),
            last_login: Some(left - 9.hours()),
            last_updated: left,
            password_changed: Some(created + 2.hours()),
            login: Arc::clone(&old),
            email: old,
            employee_status: Some(self.intern.text("Terminated")),
            dirt: Dirt::FormerSelf.into(),
            ..user.clone()
        }
    }

    /// Okta status and `employeeStatus`. One leaver in two carries no mark: the status alone must do.
    fn okta_status(&mut self, stage: Stage, status: Status) -> (UserStatus, Option<&'static str>) {
        match (stage, status) {
            (Stage::PreHire, _) => (UserStatus::Staged, Some("Pre-hire")),
            (Stage::Left, _) => (UserStatus::Deprovisioned, self.dice.chance(500).then_some("Terminated")),
            (Stage::OnLeave, Status::MarkedLeave) => (UserStatus::Active, Some("Leave")),
            (Stage::OnLeave, _) => (UserStatus::Suspended, self.dice.chance(300).then_some("Leave")),
            (_, Status::Locked) => (UserStatus::LockedOut, Some("Active")),
            (_, Status::Expired) => (UserStatus::PasswordExpired, Some("Active")),
            (_, Status::Recovering) => (UserStatus::Recovery, Some("Active")),
            (_, Status::Fresh) => (UserStatus::Provisioned, Some("Active")),
            _ => (UserStatus::Active, self.dice.chance(900).then_some("Active")),
        }
    }

    fn contract_end(&mut self, person: &Person, dirt: &mut DirtSet, org: usize) -> Option<Box<str>> {
        let end = person.contract_end?;
        let notation = self.orgs[org].date_notation;
        // Whoever plays a part in a scripted day keeps a readable date: these oddities fall on the others.
        let near = end < self.today.checked_add(15.days()).unwrap_or(end);
        match self.dice.below(100) {
            0..3 if !near => {
                dirt.add(Dirt::NoEndDate);
                None
            }
            3..5 if !near => {
                dirt.add(Dirt::UnreadableDate);
                Some((*self.dice.pick(&["TBD", "end of Q3", "2026-02-30", "see contract"])).into())
            }
            5..8 if !near => {
                dirt.add(Dirt::OddDateNotation);
                let all = [
                    DateNotation::Iso,
                    DateNotation::MonthDayYear,
                    DateNotation::DayMonthYear,
                    DateNotation::Instant,
                ];
                let others: Vec<_> = all.into_iter().filter(|other| *other != notation).collect();
                Some(self.dice.pick(&others).write(end).into())
            }
            _ => Some(notation.write(end).into()),
        }
    }

    /// A phone as somebody typed it.
    fn phone(&mut self, city: &City) -> String {
        let (a, b, c) = (self.dice.below(900) + 100, self.dice.below(1000), self.dice.below(10_000));
        let dial = city.dial;
        match self.dice.below(6) {
            0 => format!("+{dial} {a} {b:03} {c:04}"),
            1 => format!("+{dial}{a}{b:03}{c:04}"),
            2 => format!("00{dial} {a} {b:03}{c:04}"),
            3 => format!("({a}) {b:03}-{c:04}"),
            4 => format!("+{dial} (0) {a}/{b:03}.{c:04}"),
            _ => format!("{a}-{b:03}-{c:04} ext. {}", self.dice.below(90) + 10),
        }
    }

    /// With several orgs, one person in five hundred, and at least one, also has a user in the next org.
    fn second_presences(&mut self, settings: &WorldSettings) {
        if settings.orgs < 2 {
            return;
        }
        let wanted = (settings.people / 500).max(1) as usize;
        let fits = |index: &usize, among_leads: bool| {
            let person = &self.people[*index];
            let user = &self.orgs[usize::from(person.org)].users[person.user as usize];
            person.stage == Stage::Working
                && person.kind == PersonKind::Employee
                && user.status == UserStatus::Active
                && (self.seniority[*index] >= 3) == among_leads
        };
        let everybody = 0..self.people.len();
        // Leads only where there is nobody else: others' managers should not be told apart by org.
        let chosen: Vec<usize> = (everybody.clone().filter(|index| fits(index, false)))
            .chain(everybody.filter(|index| fits(index, true)))
            .take(wanted)
            .collect();
        for index in chosen {
            let person = &self.people[index];
            let other = (person.org + 1) % settings.orgs;
            let site = self.sites_of_org[usize::from(other)][0];
            let twin = self.orgs[usize::from(person.org)].users[person.user as usize].clone();
            let place = &self.places[usize::from(site)][0];
            let target = &self.orgs[usize::from(other)];
            let number = target.users.len() as u32;
            let local = twin.login.split('@').next().unwrap_or_default();
            let login: Arc<str> = format!("{local}@{}", target.domain).as_str().into();
            let user = OktaUser {
                id: OktaId::of("00u", other, u64::from(number) + 1),
                email: Arc::clone(&login),
                login,
                organization: Arc::clone(&target.name),
                office_location: Arc::clone(&place.code),
                start_date: Some(target.date_notation.write(person.start).into()),
                ..twin
            };
            self.orgs[usize::from(other)].users.push(user);
            self.people[index].second = Some((other, number));
        }
    }
}

/// An org without people and groups.
pub(super) fn empty_org(index: u16, now: Timestamp) -> Org {
    let (name, subdomain) = NAMES[usize::from(index) % NAMES.len()];
    let custom = |name, title, contractors_only| CustomAttribute { name, title, contractors_only };
    Org {
        index,
        id: OktaId::of("00o", index, 1),
        name: name.into(),
        subdomain: subdomain.into(),
        domain: format!("{subdomain}.example").as_str().into(),
        date_notation: if index.is_multiple_of(2) { DateNotation::Iso } else { DateNotation::MonthDayYear },
        user_types: vec![
            UserType {
                id: OktaId::of("oty", index, 1),
                schema_id: OktaId::of("osc", index, 1),
                name: "user",
                display_name: "User",
                default: true,
            },
            UserType {
                id: OktaId::of("oty", index, 2),
                schema_id: OktaId::of("osc", index, 2),
                name: "contractor",
                display_name: "Contractor",
                default: false,
            },
        ],
        custom_attributes: vec![
            custom("officeLocation", "Office", false),
            custom("startDate", "Start date", false),
            custom("contractEndDate", "Contract end", true),
            custom("employeeStatus", "Employee status", false),
            custom("workMode", "Work mode", false),
        ],
        users: Vec::new(),
        groups: Vec::new(),
        rules: Vec::new(),
        app: App {
            id: OktaId::of("0oa", index, 1),
            name: "ioffice_workplace",
            label: "iOffice Workplace",
            group: 0,
            created: now - 24.hours() * 900,
        },
    }
}

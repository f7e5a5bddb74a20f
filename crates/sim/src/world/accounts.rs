//! Accounts, seats and reservations of each site, with the disorder of a site in use for years.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, ToSpan};

use super::{
    Account, Accounts, Company, Dice, Dirt, DirtSet, OktaUser, Person, PersonKind, Reservation, Role, Site,
    Stage,
    geography::DEPARTMENTS,
    intern::Intern,
    people,
    places::{self, CONFERENCE_ROOM, EXECUTIVE, EXECUTIVE_ITEM, HOT_DESK, WORKSTATION},
};

/// The first id given to a person's account; lower ones belong to non-persons.
const FIRST_PERSON: u32 = 5001;
const SERVICE_ACCOUNT: u32 = 5000;

/// Fills `accounts` and `reservations` of every site.
pub(super) fn add(company: &mut Company, intern: &mut Intern) {
    let mut sites = std::mem::take(&mut company.sites);
    let holders = Holders::of(company);
    for site in &mut sites {
        let mut draft = Draft::new(site, company, intern);
        draft.not_persons();
        match company.settings.accounts {
            Accounts::Empty => {}
            Accounts::Tidy => draft.tidy(&holders),
            Accounts::Lived => draft.lived(&holders),
        }
        site.accounts.sort_by_key(|account| account.id);
    }
    company.sites = sites;
}

/// By site: whose account may exist there, and in which building they sit.
struct Holders(BTreeMap<u16, Vec<Holder>>);

#[derive(Clone, Copy)]
struct Holder {
    person: u32,
    org: u16,
    user: u32,
    building: u32,
}

impl Holders {
    fn of(company: &Company) -> Self {
        let mut out: BTreeMap<u16, Vec<Holder>> = BTreeMap::new();
        for (index, person) in company.people.iter().enumerate() {
            let index = index as u32;
            out.entry(person.site).or_default().push(Holder {
                person: index,
                org: person.org,
                user: person.user,
                building: person.building,
            });
            if let Some((org, user)) = person.second {
                // The second org's users live in that org's first site; see `people`.
                let site = company.people.iter().find(|other| other.org == org).map_or(0, |other| other.site);
                if site != person.site {
                    out.entry(site).or_default().push(Holder { person: index, org, user, building: 0 });
                }
            }
        }
        Self(out)
    }

    fn at(&self, site: u16) -> &[Holder] {
        self.0.get(&site).map_or(&[], Vec::as_slice)
    }
}

/// The groups that decide about more than the usual booking role.
#[derive(Clone, Copy)]
enum Pass {
    Visitors,
    Executives,
}

struct Draft<'a> {
    dice: Dice,
    /// By org, the place of each [`Pass`] in its group list.
    passes: Vec<[usize; 2]>,
    site: &'a mut Site,
    company: &'a Company,
    intern: &'a mut Intern,
    now: Timestamp,
    next_id: u32,
    /// Free seats by building: workstations, executive rooms.
    desks: Vec<[Vec<u32>; 2]>,
    /// Sections by building.
    sections: Vec<Vec<u32>>,
    conference: Vec<Vec<u32>>,
    hot_desks: Vec<Vec<u32>>,
}

impl<'a> Draft<'a> {
    fn new(site: &'a mut Site, company: &'a Company, intern: &'a mut Intern) -> Self {
        let count = site.buildings.len();
        let building_of: BTreeMap<u32, usize> = site
            .floors
            .iter()
            .map(|floor| (floor.id, (floor.building - site.buildings[0].id) as usize))
            .collect();
        let mut desks = vec![[Vec::new(), Vec::new()]; count];
        let mut conference = vec![Vec::new(); count];
        let mut hot_desks = vec![Vec::new(); count];
        // Reversed, so that `pop` hands out the lowest ids first.
        for room in site.rooms.iter().rev().filter(|room| room.active) {
            let building = building_of[&room.floor];
            match room.kind {
                WORKSTATION => desks[building][0].push(room.id),
                EXECUTIVE if room.capacity == 1 => desks[building][1].push(room.id),
                CONFERENCE_ROOM => conference[building].push(room.id),
                HOT_DESK => hot_desks[building].push(room.id),
                _ => {}
            }
        }
        let mut sections = vec![Vec::new(); count];
        for section in &site.sections {
            sections[building_of[&section.floor]].push(section.id);
        }
        let seed = company.settings.seed ^ (u64::from(site.index) << 32);
        let passes = company
            .orgs
            .iter()
            .map(|org| {
                ["VISITOR-Managers", "EXEC-Floor"].map(|name| {
                    org.groups.iter().position(|group| &*group.name == name).unwrap_or(usize::MAX)
                })
            })
            .collect();
        Self {
            dice: Dice::new(seed, "accounts"),
            passes,
            now: company.settings.now,
            next_id: FIRST_PERSON,
            site,
            company,
            intern,
            desks,
            sections,
            conference,
            hot_desks,
        }
    }

    /// The vendor's account, kiosks, the service account.
    fn not_persons(&mut self) {
        let subdomain = Arc::clone(&self.site.subdomain);
        let service = format!("lanyard.sync@{subdomain}.example");
        let rows = [
            (1, "Customer", "Service", "ioffice", Some("support@ioffice.example"), Dirt::Vendor),
            (2, "Space Panel", "Device", "$@spacepaneldeviceuser@$", None, Dirt::Kiosk),
            (3, "Wayfinding", "Device", "$@wayfindingdeviceuser@$", None, Dirt::Kiosk),
            (4, "Visitor Panel", "Device", "$@visitorpaneldeviceuser@$", None, Dirt::Kiosk),
            (
                SERVICE_ACCOUNT,
                "Sync",
                "Service",
                "lanyard.sync",
                Some(service.as_str()),
                Dirt::ServiceAccount,
            ),
        ];
        for (id, first, last, user_name, email, dirt) in rows {
            let mut account = self.bare(id, first, last, user_name, email);
            account.site_admin = matches!(dirt, Dirt::Vendor | Dirt::ServiceAccount);
            account.dirt.add(dirt);
            self.site.accounts.push(account);
        }
        self.site.service_account = SERVICE_ACCOUNT;
    }

    fn bare(&mut self, id: u32, first: &str, last: &str, user_name: &str, email: Option<&str>) -> Account {
        let created = self.now - 24.hours() * 1100;
        Account {
            id,
            person: None,
            first_name: self.intern.text(first),
            last_name: self.intern.text(last),
            known_as: None,
            user_name: user_name.into(),
            email: email.map(Into::into),
            employee_id: None,
            job_title: None,
            department: None,
            company: None,
            phone: None,
            user_type: places::EMPLOYEE,
            cost_center: None,
            cost_centers: Box::default(),
            room: None,
            section: None,
            seat_classification: None,
            site_admin: false,
            permissions: Box::default(),
            active: true,
            created,
            updated: created,
            dirt: DirtSet::default(),
        }
    }

    fn tidy(&mut self, holders: &Holders) {
        for holder in holders.at(self.site.index) {
            if self.company.people[holder.person as usize].stage.is_employed() {
                let account = self.faithful(holder);
                self.site.accounts.push(account);
            }
        }
    }

    fn lived(&mut self, holders: &Holders) {
        for holder in holders.at(self.site.index) {
            let person = &self.company.people[holder.person as usize];
            // The surely present roles are told apart by what they are, not by dirt on top.
            let in_cast =
                people::is_cast(holder.person, self.company.settings.people) || person.second.is_some();
            let mut account = match person.stage {
                Stage::PreHire => continue,
                Stage::Left if !self.dice.chance(150) && !in_cast => continue,
                Stage::Left => {
                    let mut account = self.faithful(holder);
                    account.dirt.add(Dirt::LeftButKept);
                    account
                }
                _ if self.dice.chance(20) && !in_cast => continue,
                _ => self.faithful(holder),
            };
            let user = &self.company.orgs[usize::from(holder.org)].users[holder.user as usize];
            if !in_cast {
                self.soil(&mut account, user);
            }
            self.book(&account, holder.building as usize);
            let twin = self.dice.chance(4).then(|| self.twin(&account));
            self.site.accounts.push(account);
            self.site.accounts.extend(twin);
        }
        self.orphans(holders.at(self.site.index).len());
        self.shared_inboxes();
        self.address_changes_hands(holders);
        self.administrators();
    }

    /// The account as it should be: equal to Okta, seated, with a role in the building's reservation center.
    fn faithful(&mut self, holder: &Holder) -> Account {
        let company = self.company;
        let person: &Person = &company.people[holder.person as usize];
        let user: &OktaUser = &company.orgs[usize::from(holder.org)].users[holder.user as usize];
        let id = self.next_id;
        self.next_id += 1;
        let building = holder.building as usize;
        let cost_center =
            self.site.items.iter().find(|item| item.depth == 81 && item.name == user.department);
        let cost_center = cost_center.map(|item| item.id);
        let executive_desk = person.executive.then(|| self.desks[building][1].pop()).flatten();
        let (room, section, seat) = match (executive_desk, &*user.work_mode) {
            (Some(desk), _) => (Some(desk), None, Some("assigned")),
            (None, "remote") => (None, None, Some("remote")),
            (None, "hybrid") => {
                let sections = &self.sections[building];
                let section = (!sections.is_empty()).then(|| *self.dice.pick(sections));
                (None, section, section.map(|_| "hybrid"))
            }
            (None, _) => match self.desks[building][0].pop() {
                Some(desk) => (Some(desk), None, Some("assigned")),
                None => (None, None, None),
            },
        };
        let centers = &self.site.buildings[building].centers;
        let mut permissions = vec![(centers[0], Role::Customer)];
        if self.is_member(holder, Pass::Visitors) {
            permissions.push((centers[2], Role::Operator));
        }
        let executive_floor = self.is_member(holder, Pass::Executives);
        let contractor = person.kind == PersonKind::Contractor;
        Account {
            id,
            person: Some(holder.person),
            first_name: Arc::clone(&user.first_name),
            last_name: Arc::clone(&user.last_name),
            known_as: user.nick_name.clone(),
            user_name: Arc::clone(&user.login),
            email: Some(Arc::clone(&user.email)),
            employee_id: Some(Arc::clone(&user.employee_number)),
            job_title: Some(Arc::clone(&user.title)),
            department: Some(Arc::clone(&user.department)),
            company: Some(Arc::clone(&user.organization)),
            phone: user.mobile_phone.clone(),
            user_type: if contractor { places::CONTRACTORS } else { places::EMPLOYEE },
            cost_center,
            cost_centers: if executive_floor { Box::new([EXECUTIVE_ITEM]) } else { Box::default() },
            room,
            section,
            seat_classification: seat,
            site_admin: false,
            permissions: permissions.into_boxed_slice(),
            active: true,
            created: user.created.max(self.now - 24.hours() * 1100),
            updated: self.now - 24.hours() * self.dice.between(1, 300),
            dirt: DirtSet::default(),
        }
    }

    fn is_member(&self, holder: &Holder, group: Pass) -> bool {
        let org = &self.company.orgs[usize::from(holder.org)];
        let place = self.passes[usize::from(holder.org)][group as usize];
        org.groups.get(place).is_some_and(|group| group.members.binary_search(&holder.user).is_ok())
    }

    /// Years of hand edits, imports and mergers. Shares as documented on [`Dirt`].
    fn soil(&mut self, account: &mut Account, user: &OktaUser) {
        let email = account.email.clone().unwrap_or_else(|| Arc::from(""));
        if self.dice.chance(60) {
            account.dirt.add(Dirt::LetterCase);
            let (local, domain) = email.split_once('@').unwrap_or((&email, ""));
            let mixed = match self.dice.below(3) {
                0 => email.to_uppercase(),
                1 => format!("{}@{domain}", capitals(local)),
                _ => format!("{local}@{}", capitals(domain)),
            };
            account.email = Some(mixed.as_str().into());
            account.user_name = capitals(&account.user_name).as_str().into();
        } else if self.dice.chance(10) {
            account.dirt.add(Dirt::PlusAddress);
            account.email = Some(email.replacen('@', "+office@", 1).as_str().into());
        } else if self.dice.chance(20) {
            account.dirt.add(Dirt::StaleEmail);
            let old = format!("{}.{}", &user.employee_number, email);
            account.email = Some(old.as_str().into());
            account.user_name = old.as_str().into();
        }
        if self.dice.chance(30) {
            account.dirt.add(Dirt::Spaces);
            account.email = account.email.take().map(|email| format!(" {email} ").as_str().into());
            account.first_name = format!("{} ", account.first_name).as_str().into();
            account.last_name = format!("  {}", account.last_name).as_str().into();
        }
        if self.dice.chance(40) {
            account.dirt.add(Dirt::LeadingZeros);
            account.employee_id = Some(format!("000{}", user.employee_number).as_str().into());
        } else if self.dice.chance(40) {
            account.dirt.add(Dirt::NoEmployeeId);
            account.employee_id = None;
        } else if self.dice.chance(5) {
            account.dirt.add(Dirt::Merged);
            let former = format!("2{}", &user.employee_number);
            account.user_name = format!("m{former}").as_str().into();
            account.employee_id = Some(former.as_str().into());
        }
        if self.dice.chance(40) {
            account.dirt.add(Dirt::StaleDepartment);
            let other = self.dice.below(DEPARTMENTS.len() as u32) as usize;
            account.department = Some(self.intern.text(DEPARTMENTS[other].name));
            account.cost_center = Some(places::cost_center_item(other));
        }
        if self.dice.chance(30) {
            account.dirt.add(Dirt::StaleTitle);
            account.job_title = Some(self.intern.text("Trainee"));
        }
        if self.dice.chance(300) {
            account.dirt.add(Dirt::PhoneNotation);
            let digits: String =
                account.phone.as_deref().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
            account.phone = (!digits.is_empty()).then(|| format!("Tel. {digits}").into_boxed_str());
        }
        if self.dice.chance(50) {
            account.dirt.add(Dirt::EmptyMarks);
        }
    }

    /// A second account of the same person, made by an import that knew another e-mail.
    fn twin(&mut self, account: &Account) -> Account {
        let id = self.next_id;
        self.next_id += 1;
        let user_name: Arc<str> = format!("{}2", account.user_name.trim()).as_str().into();
        let mut dirt = DirtSet::default();
        dirt.add(Dirt::Twin);
        Account {
            id,
            email: account.email.as_ref().map(|email| email.trim().replacen('@', ".2@", 1).as_str().into()),
            user_name,
            room: None,
            section: None,
            seat_classification: None,
            permissions: Box::default(),
            dirt,
            ..account.clone()
        }
    }

    fn orphans(&mut self, people: usize) {
        for nth in 0..(people / 100).max(1) {
            let id = self.next_id;
            self.next_id += 1;
            let (first, last) = *self.dice.pick(&[
                ("Walter", "Quill"),
                ("Ottilie", "Brandt"),
                ("Casimir", "Thorne"),
                ("Philippa", "Vance"),
                ("Leopold", "Marsh"),
                ("Henrietta", "Stone"),
            ]);
            let user_name = format!("{}.{}.{nth}", first.to_lowercase(), last.to_lowercase());
            let email = format!("{user_name}@{}.example", self.site.subdomain);
            let mut account = self.bare(id, first, last, &user_name, Some(&email));
            account.employee_id = Some(format!("1{:05}", nth).as_str().into());
            account.permissions = Box::new([(self.site.centers[0].id, Role::Customer)]);
            account.room = self.desks[0][0].pop();
            account.dirt.add(Dirt::Orphan);
            self.site.accounts.push(account);
        }
    }

    fn shared_inboxes(&mut self) {
        for building in 0..self.site.buildings.len() {
            let id = self.next_id;
            self.next_id += 1;
            let code = self.site.buildings[building].code.to_lowercase();
            let email = format!("reception.{code}@{}.example", self.site.subdomain);
            let mut account = self.bare(id, "Reception", "Desk", &email, Some(&email));
            let centers = &self.site.buildings[building].centers;
            account.permissions = Box::new([(centers[0], Role::Operator), (centers[2], Role::Operator)]);
            account.dirt.add(Dirt::SharedInbox);
            self.site.accounts.push(account);
        }
    }

    /// Some leavers' accounts hold the e-mail that a working person has today.
    fn address_changes_hands(&mut self, holders: &Holders) {
        let wanted = holders.at(self.site.index).len() / 1000 + 1;
        let mut accounts = std::mem::take(&mut self.site.accounts);
        let leavers: Vec<usize> = accounts
            .iter()
            .enumerate()
            .filter(|(_, account)| account.dirt.has(Dirt::LeftButKept))
            .map(|(place, _)| place)
            .take(wanted)
            .collect();
        let newcomers: Vec<Arc<str>> = holders
            .at(self.site.index)
            .iter()
            .filter(|holder| self.company.people[holder.person as usize].stage == Stage::PreHire)
            .map(|holder| &self.company.orgs[usize::from(holder.org)].users[holder.user as usize])
            .map(|user| Arc::clone(&user.email))
            .take(wanted)
            .collect();
        for (place, email) in leavers.into_iter().zip(newcomers) {
            accounts[place].email = Some(email);
            accounts[place].dirt.add(Dirt::EmailChangedHands);
        }
        self.site.accounts = accounts;
    }

    /// Two people of facilities or IT administer the site; every center has an administrator among the people.
    fn administrators(&mut self) {
        let staff: Vec<usize> = (0..self.site.accounts.len())
            .filter(|place| {
                let account = &self.site.accounts[*place];
                account.person.is_some_and(|person| {
                    let stage = self.company.people[person as usize].stage;
                    let user = self.company.user_of(person);
                    stage == Stage::Working && matches!(&*user.department, "Facilities" | "IT")
                })
            })
            .collect();
        for place in staff.iter().take(2) {
            self.site.accounts[*place].site_admin = true;
            self.site.accounts[*place].dirt.add(Dirt::SiteAdmin);
        }
        let Some(others) = staff.get(2..).filter(|others| !others.is_empty()) else { return };
        for center in &self.site.centers {
            let account = &mut self.site.accounts[others[center.id as usize % others.len()]];
            let mut permissions: Vec<_> =
                account.permissions.iter().copied().filter(|(held, _)| *held != center.id).collect();
            permissions.push((center.id, Role::Administrator));
            permissions.sort_unstable_by_key(|(held, _)| *held);
            account.permissions = permissions.into_boxed_slice();
        }
    }

    /// One person in four holds bookings: some past, some ahead, a weekly series now and then.
    fn book(&mut self, account: &Account, building: usize) {
        if !self.dice.chance(250) {
            return;
        }
        let repeats = if self.dice.chance(150) { 6 } else { self.dice.between(1, 3) };
        let hybrid = account.section.is_some();
        let rooms = if hybrid { &self.hot_desks[building] } else { &self.conference[building] };
        if rooms.is_empty() {
            return;
        }
        let room = *self.dice.pick(rooms);
        let center = self.site.buildings[building].centers[0];
        let (hour, weekly) = (self.dice.between(7, 16), repeats == 6);
        let today = self.now.as_second() / 86_400 * 86_400;
        let first = self.dice.between(-6, 20);
        for nth in 0..repeats {
            let day = first + nth * if weekly { 7 } else { 1 };
            let start = Timestamp::from_second(today + day * 86_400 + hour * 3600).unwrap_or(self.now);
            let id = 68_001 + self.site.reservations.len() as u32;
            self.site.reservations.push(Reservation {
                id,
                user: account.id,
                room,
                center,
                name: if hybrid {
                    "Desk"
                } else {
                    self.dice.pick::<&str>(&["Roadmap review", "Interview", "Team sync", "Budget round"])
                },
                start,
                end: start + if hybrid { 8.hours() } else { 1.hour() },
                all_day: false,
                people: if hybrid { 1 } else { self.dice.between(2, 8) as u16 },
                cancelled: self.dice.chance(30),
                made_in_ioffice: !self.dice.chance(100),
                created: self.now - 24.hours() * self.dice.between(1, 30),
            });
        }
    }
}

/// Each word with a capital: `ines.okafor` gives `Ines.Okafor`.
fn capitals(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut start = true;
    for letter in text.chars() {
        out.push(if start { letter.to_ascii_uppercase() } else { letter });
        start = !letter.is_alphanumeric();
    }
    out
}

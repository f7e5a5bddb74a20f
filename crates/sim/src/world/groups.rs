//! Groups, rules and memberships of each org.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{Timestamp, ToSpan};

use super::{
    Company, Dice, DirectoryGroup, Group, GroupRule, GroupSource, OktaId, Org, Person, PersonKind, Stage,
    UserStatus, geography::DEPARTMENTS, intern::Intern,
};

/// Adds to every org:
///
/// - `Everyone` (built in);
/// - by rule: `DEPT-…` per department, `LOC-…` per building code, `CONTRACTORS`;
/// - by hand: `APP-iOffice-Users`, `ROOM-Booking`, `VISITOR-Managers`, `EXEC-Floor`;
/// - imported from Active Directory, names partly equal to the above: `DEPT-Facilities`, `ROOM-Booking`, `VPN-Users`,
///   `All Staff`.
pub(super) fn add(company: &mut Company, intern: &mut Intern) {
    let now = company.settings.now;
    for org in &mut company.orgs {
        let mut dice = Dice::new(company.settings.seed ^ u64::from(org.index), "groups");
        let mut draft = Draft { org_index: org.index, now, groups: Vec::new(), rules: Vec::new() };
        draft.everyone();
        draft.by_rule(org, intern);
        draft.by_hand(org, &company.people, &mut dice);
        draft.imported(org, &mut dice);
        let app =
            draft.groups.iter().position(|group| &*group.name == "APP-iOffice-Users").unwrap_or_default();
        org.app.group = app as u32;
        org.groups = draft.groups;
        org.rules = draft.rules;
    }
}

struct Draft {
    org_index: u16,
    now: Timestamp,
    groups: Vec<Group>,
    rules: Vec<GroupRule>,
}

impl Draft {
    fn group(&mut self, name: &str, description: &str, source: GroupSource, members: Vec<u32>) -> u32 {
        let place = self.groups.len() as u32;
        let age = 24.hours() * (900 - i64::from(place % 300));
        self.groups.push(Group {
            id: OktaId::of("00g", self.org_index, u64::from(place) + 1),
            source,
            name: name.into(),
            description: description.into(),
            created: self.now - age,
            last_updated: self.now - age,
            last_membership_updated: self.now - 24.hours() * i64::from(place % 20 + 1),
            members,
        });
        place
    }

    fn everyone(&mut self) {
        self.group("Everyone", "All users in your organization", GroupSource::BuiltIn, Vec::new());
    }

    fn by_rule(&mut self, org: &Org, intern: &mut Intern) {
        let mut departments: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let mut offices: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let mut contractors = Vec::new();
        for (place, user) in org.users.iter().enumerate() {
            let place = place as u32;
            departments.entry(&user.department).or_default().push(place);
            offices.entry(&user.office_location).or_default().push(place);
            if &*user.label == PersonKind::Contractor.label() {
                contractors.push(place);
            }
        }
        for department in &DEPARTMENTS {
            let members = departments.remove(department.name).unwrap_or_default();
            let slug = department.name.replace(' ', "-").replace('&', "and");
            let name = format!("DEPT-{slug}");
            let group =
                self.group(&name, &format!("{} department", department.name), GroupSource::Okta, members);
            self.rule(&name, "department", intern.text(department.name), group);
        }
        for (code, members) in offices {
            let name = format!("LOC-{code}");
            let group = self.group(&name, &format!("Works at {code}"), GroupSource::Okta, members);
            self.rule(&name, "officeLocation", intern.text(code), group);
        }
        let group = self.group("CONTRACTORS", "External workers", GroupSource::Okta, contractors);
        self.rule("CONTRACTORS", "userType", intern.text(PersonKind::Contractor.label()), group);
    }

    fn rule(&mut self, name: &str, attribute: &'static str, value: Arc<str>, group: u32) {
        let number = self.rules.len() as u64 + 1;
        self.rules.push(GroupRule {
            id: OktaId::of("0pr", self.org_index, number),
            name: name.into(),
            expression: format!("user.{attribute}==\"{value}\"").as_str().into(),
            attribute,
            value,
            group,
            created: self.now - 24.hours() * 800,
        });
    }

    fn by_hand(&mut self, org: &Org, people: &[Person], dice: &mut Dice) {
        let mut users = Vec::new();
        let mut rooms = Vec::new();
        let mut visitors = Vec::new();
        let mut executives = Vec::new();
        for (place, user) in org.users.iter().enumerate() {
            let place = place as u32;
            let person = &people[user.person as usize];
            // Deactivation leaves memberships in place, so some leavers are still members.
            let lingers = user.status == UserStatus::Deprovisioned && !dice.chance(600);
            let employed = user.status != UserStatus::Deprovisioned || lingers;
            if employed && (person.stage != Stage::PreHire || dice.chance(500)) {
                users.push(place);
            }
            if employed && person.kind != PersonKind::Contractor && dice.chance(700) {
                rooms.push(place);
            }
            let front_desk = matches!(&*user.department, "Facilities" | "People");
            if employed
                && person.kind == PersonKind::Employee
                && dice.chance(if front_desk { 500 } else { 10 })
            {
                visitors.push(place);
            }
            if employed && person.executive {
                executives.push(place);
            }
        }
        let okta = || GroupSource::Okta;
        self.group("APP-iOffice-Users", "May use the workplace app", okta(), users);
        self.group("ROOM-Booking", "May book conference rooms", okta(), rooms);
        self.group("VISITOR-Managers", "May register visitors", okta(), visitors);
        self.group("EXEC-Floor", "May use the executive floor", okta(), executives);
    }

    fn imported(&mut self, org: &Org, dice: &mut Dice) {
        for (name, description, share) in [
            ("DEPT-Facilities", "Facilities, from the directory", 30),
            ("ROOM-Booking", "Old room mailbox delegates", 100),
            ("VPN-Users", "Remote access", 600),
            ("All Staff", "Distribution list", 950),
        ] {
            let members = (0..org.users.len() as u32)
                .filter(|place| {
                    org.users[*place as usize].status != UserStatus::Deprovisioned && dice.chance(share)
                })
                .collect();
            let external = format!("{:016x}{:016x}", dice.bits(), dice.bits());
            let base = org.domain.split('.').map(|part| format!("DC={part}")).collect::<Vec<_>>().join(",");
            let directory = DirectoryGroup {
                sam_account_name: name.replace(' ', "_").as_str().into(),
                dn: format!("CN={name},OU=Groups,{base}").as_str().into(),
                windows_domain_qualified_name: format!("{}\\{name}", org.subdomain.to_uppercase())
                    .as_str()
                    .into(),
                external_id: external.as_str().into(),
            };
            self.group(name, description, GroupSource::Directory(directory), members);
        }
    }
}

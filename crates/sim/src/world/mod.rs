//! A company from a seed, from which both faces draw their first state.
//!
//! [`Company::generate`] is a pure function: equal settings give equal worlds, byte for byte when serialised. The
//! world is compact: people who share a department, a city or a first name share its text.
//!
//! What is wrong with a generated world on purpose is listed in [`dirt::Dirt`].

mod accounts;
pub mod dice;
pub mod dirt;
mod geography;
mod groups;
pub mod id;
pub mod import;
mod intern;
mod names;
pub mod org;
mod people;
mod places;
pub mod site;

use jiff::{Timestamp, civil::Date};
use serde::Serialize;

pub use self::{
    dice::Dice,
    dirt::{Dirt, DirtSet},
    id::OktaId,
    import::{Export, ExportError},
    org::{
        App, CustomAttribute, DateNotation, DirectoryGroup, Group, GroupRule, GroupSource, OktaUser, Org,
        UserStatus, UserType,
    },
    site::{
        Account, AccountType, Building, Category, CategoryItem, Center, Depth, Floor, Neighborhood,
        Reservation, ReservationRule, Role, Room, RoomType, Section, Site,
    },
};

/// What to generate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorldSettings {
    pub seed: u64,
    /// Natural persons, at least 1. Leavers and pre-hires count.
    pub people: u32,
    /// Okta orgs, 1 to 8.
    pub orgs: u16,
    /// iOffice sites, 1 to 8. Org `o` lives in site `o % sites`; with more sites than orgs, people of an org are
    /// split over its sites by building.
    pub sites: u16,
    /// The present: start dates, contract ends and bookings are placed around it.
    pub now: Timestamp,
    pub accounts: Accounts,
}

impl Default for WorldSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            people: 200,
            orgs: 1,
            sites: 1,
            now: Timestamp::from_second(1_777_881_600).unwrap_or_default(), // 2026-05-04T08:00:00Z
            accounts: Accounts::Lived,
        }
    }
}

/// What iOffice holds about people at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Accounts {
    /// Accounts of most people, with drift and dirt: a site in use for years.
    Lived,
    /// Accounts of exactly the people who should have one, equal to Okta.
    Tidy,
    /// No person's account: only the vendor's, the kiosks' and the service account.
    Empty,
}

/// A company: its people, its Okta orgs and its iOffice sites.
#[derive(Debug, Clone, Serialize)]
pub struct Company {
    pub settings: WorldSettings,
    pub people: Vec<Person>,
    pub orgs: Vec<Org>,
    pub sites: Vec<Site>,
}

/// The truth about one natural person.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    pub stage: Stage,
    pub kind: PersonKind,
    /// Org of the main Okta user.
    pub org: u16,
    /// Place of the main Okta user in that org's list.
    pub user: u32,
    /// A second Okta user in another org: that org and the place there.
    pub second: Option<(u16, u32)>,
    /// Site that the person belongs to.
    pub site: u16,
    /// Place in that site's building list.
    pub building: u32,
    /// Place in [`Company::people`].
    pub manager: Option<u32>,
    /// First working day.
    pub start: Date,
    /// Last day of the contract, for contractors who have one.
    pub contract_end: Option<Date>,
    pub executive: bool,
}

/// Where in their working life somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Stage {
    /// STAGED, with a start date in the coming days.
    PreHire,
    Working,
    /// Away for a time: SUSPENDED, or ACTIVE with `employeeStatus` `Leave`.
    OnLeave,
    /// Left: DEPROVISIONED.
    Left,
    /// Left and came back; working now.
    Rehired,
}

impl Stage {
    /// Whether the person should hold an account today: employed, on leave included.
    pub fn is_employed(self) -> bool {
        matches!(self, Self::Working | Self::OnLeave | Self::Rehired)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum PersonKind {
    Employee,
    Contractor,
    Intern,
}

impl PersonKind {
    /// Okta's label `userType`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Employee => "Employee",
            Self::Contractor => "Contractor",
            Self::Intern => "Intern",
        }
    }
}

impl Company {
    /// Draws a company. Counts outside the bounds of [`WorldSettings`] are brought inside them.
    pub fn generate(settings: &WorldSettings) -> Self {
        let settings = WorldSettings {
            people: settings.people.max(1),
            orgs: settings.orgs.clamp(1, 8),
            sites: settings.sites.clamp(1, 8),
            ..settings.clone()
        };
        let mut intern = intern::Intern::default();
        let drawn = people::draw(&settings, &mut intern);
        let mut company = Self { people: drawn.people, orgs: drawn.orgs, sites: Vec::new(), settings };
        groups::add(&mut company, &mut intern);
        company.sites = places::draw(&company, &mut intern);
        accounts::add(&mut company, &mut intern);
        company
    }

    /// SHA-256 of the company as JSON: equal worlds have equal digests.
    pub fn digest(&self) -> String {
        struct Sink(aws_lc_rs::digest::Context);
        impl std::io::Write for Sink {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.update(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let sink = Sink(aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256));
        let mut sink = std::io::BufWriter::with_capacity(1 << 16, sink);
        let written = serde_json::to_writer(&mut sink, self);
        match written.map_err(std::io::Error::from).and_then(|()| sink.into_inner().map_err(Into::into)) {
            Ok(sink) => sink.0.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
            Err(error) => error.to_string(),
        }
    }

    /// The main Okta user of a person.
    pub fn user_of(&self, person: u32) -> &OktaUser {
        let person = &self.people[person as usize];
        &self.orgs[usize::from(person.org)].users[person.user as usize]
    }
}

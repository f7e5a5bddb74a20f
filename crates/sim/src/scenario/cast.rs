//! Chooses who plays which part, each person at most once.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::world::{Account, Company, Dirt, OktaUser, Person};

/// Somebody in the story, with what is needed to find them on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Player {
    /// Place in [`Company::people`]; `None` for somebody whom the day itself creates.
    pub person: Option<u32>,
    pub name: String,
    pub org: u16,
    pub okta_id: Option<String>,
    /// Before any change that the day makes.
    pub login: String,
    pub employee_number: String,
    pub site: u16,
    /// The account at the start of the day, if there is one.
    pub account: Option<u32>,
}

pub(super) struct Casting<'a> {
    company: &'a Company,
    /// By site and person: places in the site's account list.
    accounts: BTreeMap<(u16, u32), Vec<usize>>,
    taken: BTreeSet<u32>,
}

/// A candidate for a part.
pub(super) struct Candidate<'a> {
    pub person: &'a Person,
    pub user: &'a OktaUser,
    /// The one account, if there is exactly one and it is active.
    pub account: Option<&'a Account>,
    /// Whether iOffice holds more than one.
    pub is_doubled: bool,
}

impl Candidate<'_> {
    /// Plain to find and plain to judge: one account without dirt, in no other org.
    pub(super) fn is_plain(&self) -> bool {
        self.person.second.is_none()
            && !self.is_doubled
            && !self.person.executive
            && self.user.dirt.is_clean()
            && self.account.is_none_or(|account| !account.site_admin && account.dirt.is_clean())
    }
}

impl<'a> Casting<'a> {
    pub(super) fn new(company: &'a Company) -> Self {
        let mut accounts: BTreeMap<(u16, u32), Vec<usize>> = BTreeMap::new();
        for site in &company.sites {
            for (place, account) in site.accounts.iter().enumerate() {
                if let Some(person) = account.person {
                    accounts.entry((site.index, person)).or_default().push(place);
                }
            }
        }
        // Whoever leads others stays, so that no part changes somebody else's manager.
        let taken = company.people.iter().filter_map(|person| person.manager).collect();
        Self { company, accounts, taken }
    }

    /// The first free person who fits, who is then taken.
    pub(super) fn choose(&mut self, fits: impl Fn(&Candidate<'_>) -> bool) -> Option<Player> {
        let found = (0..self.company.people.len() as u32)
            .find(|index| !self.taken.contains(index) && fits(&self.candidate(*index)))?;
        self.taken.insert(found);
        Some(self.player(found))
    }

    /// Up to `count` people who fit.
    pub(super) fn choose_many(&mut self, count: usize, fits: impl Fn(&Candidate<'_>) -> bool) -> Vec<Player> {
        (0..count).map_while(|_| self.choose(&fits)).collect()
    }

    fn candidate(&self, index: u32) -> Candidate<'a> {
        let person = &self.company.people[index as usize];
        let held = self.accounts.get(&(person.site, index)).map_or(&[][..], Vec::as_slice);
        let site = &self.company.sites[usize::from(person.site)];
        let account = match held {
            [one] => {
                Some(&site.accounts[*one]).filter(|account| account.active && !account.dirt.has(Dirt::Twin))
            }
            _ => None,
        };
        Candidate { person, user: self.company.user_of(index), account, is_doubled: held.len() > 1 }
    }

    fn player(&self, index: u32) -> Player {
        let candidate = self.candidate(index);
        Player {
            person: Some(index),
            name: candidate.user.display_name(),
            org: candidate.person.org,
            okta_id: Some(candidate.user.id.to_string()),
            login: candidate.user.login.to_string(),
            employee_number: candidate.user.employee_number.to_string(),
            site: candidate.person.site,
            account: candidate.account.map(|account| account.id),
        }
    }
}

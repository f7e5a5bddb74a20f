//! Who is one person, and which account is theirs: decided here once more, from the keys that the policy names and
//! from nothing that an engine says.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::{
    identity::{Identity, Look},
    key,
    site::{self, SiteSide},
    standing::Standing,
};
use crate::world::{Company, Dirt};

/// Everybody who is one person at one site: Okta users with the same employee number.
pub(super) struct Person<'a> {
    pub site: u16,
    pub name: String,
    pub identities: Vec<&'a Identity<'a>>,
    pub claim: Claim,
    /// What they could claim if what was there at the start of the day is somebody else's.
    otherwise: Claim,
    /// Okta knew them when the day began.
    was_there: bool,
    /// By what the state says now; and the Okta user that decides it.
    pub standing: Standing,
    pub look: Look<'a>,
}

/// Which account belongs to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claim {
    /// None at the start of the day, and none made since.
    Nothing,
    /// This one, from before the day or made during it.
    One(u64),
    /// Several made during the day.
    Several(Vec<u64>),
    /// The keys do not say, so that nobody may touch these.
    Unclear(String, Vec<u64>),
}

/// All persons, and whose each account is.
pub(super) struct People<'a> {
    pub list: Vec<Person<'a>>,
    /// By site and account: place in `list`.
    pub owner: HashMap<(u16, u64), usize>,
    /// By site and account: whoever is set aside over it.
    pub unclear: HashMap<(u16, u64), Vec<usize>>,
    by_number: HashMap<(u16, String), usize>,
    by_email: HashMap<(u16, String), usize>,
}

impl<'a> Person<'a> {
    /// What the person should have at `at`, and the Okta user that decides it.
    pub fn standing_at(&self, at: Timestamp) -> Option<(Standing, Look<'a>)> {
        let looks = self.identities.iter().filter_map(|identity| identity.at(at));
        let judged = looks.map(|look| (alive_first(Standing::of(&look)), look));
        judged.min_by(|(a, _), (b, _)| a.0.cmp(&b.0)).map(|((_, standing), look)| (standing, look))
    }
}

/// What the person should have by what the state says now, and the Okta user that decides it.
fn present<'a>(identities: &[&'a Identity<'a>], now: Timestamp) -> Option<(Standing, Look<'a>)> {
    let looks = identities.iter().map(|identity| identity.present(now));
    let judged = looks.map(|look| (alive_first(Standing::of(&look)), look));
    judged.min_by(|(a, _), (b, _)| a.0.cmp(&b.0)).map(|((_, standing), look)| (standing, look))
}

/// Whoever works or is on leave in any org governs; among several, the first org.
fn alive_first(standing: Standing) -> (u8, Standing) {
    let order = match &standing {
        Standing::Active | Standing::Paused => 0,
        Standing::Aside(_) => 1,
        Standing::Ended => 2,
        Standing::NotYet => 3,
        Standing::Out => 4,
    };
    (order, standing)
}

/// Accounts by key, live ones of people.
#[derive(Default)]
struct Keys {
    number: HashMap<String, Vec<u64>>,
    email: HashMap<String, Vec<u64>>,
    user_name: HashMap<String, Vec<u64>>,
}

impl Keys {
    fn add(&mut self, account: u64, number: &str, email: &str, user_name: &str) {
        let pairs = [
            (&mut self.number, key::number(number)),
            (&mut self.email, key::email(email)),
            (&mut self.user_name, key::text(user_name)),
        ];
        for (map, key) in pairs {
            map.entry(key.unwrap_or_default()).or_default().push(account);
        }
    }

    fn find<'m>(map: &'m HashMap<String, Vec<u64>>, key: Option<&String>) -> &'m [u64] {
        key.and_then(|key| map.get(key)).map_or(&[], Vec::as_slice)
    }
}

/// What a site's accounts were at the start of the day.
struct Start {
    keys: Keys,
    numbers: HashMap<u64, String>,
    emails: HashMap<u64, String>,
    administrators: BTreeSet<u64>,
    ids: BTreeSet<u64>,
}

impl Start {
    fn of(company: &Company, site: u16) -> Self {
        let mut start = Self {
            keys: Keys::default(),
            numbers: HashMap::new(),
            emails: HashMap::new(),
            administrators: BTreeSet::new(),
            ids: BTreeSet::new(),
        };
        for account in &company.sites[usize::from(site)].accounts {
            let id = u64::from(account.id);
            start.ids.insert(id);
            let is_person =
                ![Dirt::Kiosk, Dirt::Vendor, Dirt::ServiceAccount].iter().any(|dirt| account.dirt.has(*dirt));
            if !is_person || !account.active {
                continue;
            }
            let number = account.employee_id.as_deref().unwrap_or_default();
            let email = account.email.as_deref().unwrap_or_default();
            start.keys.add(id, number, email, &account.user_name);
            start.numbers.extend(key::number(number).map(|number| (id, number)));
            start.emails.extend(key::email(email).map(|email| (id, email)));
            if account.site_admin {
                start.administrators.insert(id);
            }
        }
        start
    }

    /// The account that was theirs when the day began.
    fn claim(&self, look: &Look<'_>) -> Claim {
        let number = look.text("employeeNumber").and_then(|text| key::number(&text));
        let email = look.text("email").and_then(|text| key::email(&text));
        let login = look.text("login").and_then(|text| key::text(&text));
        let found = [
            ("employee number", Keys::find(&self.keys.number, number.as_ref())),
            ("e-mail", Keys::find(&self.keys.email, email.as_ref())),
            ("user name", Keys::find(&self.keys.user_name, login.as_ref())),
        ];
        let Some((rank, (word, accounts))) =
            found.into_iter().enumerate().find(|(_, (_, accounts))| !accounts.is_empty())
        else {
            return Claim::Nothing;
        };
        let unclear = |why: String| Claim::Unclear(why, accounts.to_vec());
        let [one] = accounts else {
            return unclear(format!("{} accounts with their {word}", accounts.len()));
        };
        if self.administrators.contains(one) {
            return unclear("the account is a site administrator's".to_owned());
        }
        let differs = |held: Option<&String>, own: Option<&String>| {
            held.zip(own).is_some_and(|(held, own)| held != own)
        };
        if rank > 0 && differs(self.numbers.get(one), number.as_ref()) {
            return unclear(format!("the account with their {word} has another employee number"));
        }
        if rank > 1 && differs(self.emails.get(one), email.as_ref()) {
            return unclear(format!("the account with their {word} has another e-mail"));
        }
        Claim::One(*one)
    }
}

/// Joins Okta users to persons and persons to accounts.
pub(super) fn people<'a>(
    company: &Company,
    identities: &'a [Identity<'a>],
    sites: &[SiteSide<'a>],
    began: Timestamp,
    now: Timestamp,
) -> People<'a> {
    let mut groups: BTreeMap<(u16, String), Vec<&'a Identity<'a>>> = BTreeMap::new();
    for identity in identities {
        let look = identity.present(now);
        let Some(site) = site_of(company.orgs.len(), sites, &look) else { continue };
        let number = look.text("employeeNumber").and_then(|text| key::number(&text));
        groups
            .entry((site, number.unwrap_or_else(|| format!("?{}", identity.id))))
            .or_default()
            .push(identity);
    }
    let starts: Vec<Start> = sites.iter().map(|site| Start::of(company, site.index)).collect();
    let made: Vec<Keys> = sites.iter().zip(&starts).map(|(site, start)| made(site, start)).collect();
    let mut people = People {
        list: Vec::new(),
        owner: HashMap::new(),
        unclear: HashMap::new(),
        by_number: HashMap::new(),
        by_email: HashMap::new(),
    };
    for ((site, _), identities) in groups {
        let Some((standing, look)) = present(&identities, now) else { continue };
        let place = usize::from(site);
        people.list.push(Person {
            site,
            name: look.name(),
            claim: claim(&identities, &look, &starts[place], &made[place], began, now),
            otherwise: claimed_since(&looks(&identities, &look, now), &made[place]),
            was_there: identities.iter().any(|identity| identity.at(began).is_some()),
            identities,
            standing,
            look,
        });
    }
    people.settle(now);
    people
}

/// Accounts made since the day began, by key. Inactive ones count: they may have ended again.
fn made(site: &SiteSide<'_>, start: &Start) -> Keys {
    let mut keys = Keys::default();
    for (id, account) in site.accounts.iter().filter(|(id, _)| !start.ids.contains(id)) {
        let text = |name| site::text(account, name);
        keys.add(*id, text("employeeId"), text("email"), text("userName"));
    }
    keys
}

fn claim<'a>(
    identities: &[&'a Identity<'a>],
    governor: &Look<'a>,
    start: &Start,
    made: &Keys,
    began: Timestamp,
    now: Timestamp,
) -> Claim {
    let looks = looks(identities, governor, now);
    let then = looks.iter().map(|look| look.identity.at(began).unwrap_or(*look));
    let held = then.map(|look| start.claim(&look)).find(|claim| *claim != Claim::Nothing);
    if let Some(Claim::One(account)) = held {
        return Claim::One(account);
    }
    match (claimed_since(&looks, made), held) {
        (Claim::Nothing, Some(held)) => held,
        (since, _) => since,
    }
}

/// The governor first.
fn looks<'a>(identities: &[&'a Identity<'a>], governor: &Look<'a>, now: Timestamp) -> Vec<Look<'a>> {
    let others = identities.iter().map(|identity| identity.present(now));
    std::iter::once(*governor).chain(others).collect()
}

/// What was made for them since the day began.
fn claimed_since(looks: &[Look<'_>], made: &Keys) -> Claim {
    let new: BTreeSet<u64> = looks
        .iter()
        .flat_map(|look| {
            let number = look.text("employeeNumber").and_then(|text| key::number(&text));
            let email = look.text("email").and_then(|text| key::email(&text));
            let found = Keys::find(&made.number, number.as_ref()).iter();
            found.chain(Keys::find(&made.email, email.as_ref())).copied().collect::<Vec<_>>()
        })
        .collect();
    match new.into_iter().collect::<Vec<_>>().as_slice() {
        [] => Claim::Nothing,
        [one] => Claim::One(*one),
        several => Claim::Several(several.to_vec()),
    }
}

/// Org `n` of `k` belongs to the sites `n`, `n + k`, …, told apart by the building code; the last takes the rest.
fn site_of(orgs: usize, sites: &[SiteSide<'_>], look: &Look<'_>) -> Option<u16> {
    let org = usize::from(look.identity.org);
    let own: Vec<&SiteSide<'_>> = sites.iter().skip(org).step_by(orgs.max(1)).collect();
    let Some((last, others)) = own.split_last() else {
        return sites.get(org % sites.len().max(1)).map(|site| site.index);
    };
    let office = look.text("officeLocation").unwrap_or_default();
    let named = others.iter().find(|site| site.building(&office).is_some());
    Some(named.unwrap_or(last).index)
}

impl<'a> People<'a> {
    /// Two persons who lead to one account are both unclear; afterwards everything can be looked up.
    fn settle(&mut self, now: Timestamp) {
        let mut claimants: HashMap<(u16, u64), Vec<usize>> = HashMap::new();
        for (place, person) in self.list.iter().enumerate() {
            let governed = person.standing != Standing::Out;
            if let (Claim::One(account), true) = (&person.claim, governed) {
                claimants.entry((person.site, *account)).or_default().push(place);
            }
        }
        for ((_, account), places) in claimants.into_iter().filter(|(_, places)| places.len() > 1) {
            // Whoever came during the day, with the address of somebody who was there, has no claim to what was theirs.
            let first: Vec<usize> =
                places.iter().copied().filter(|place| self.list[*place].was_there).collect();
            if first.len() == 1 {
                for place in places.into_iter().filter(|place| *place != first[0]) {
                    self.list[place].claim = self.list[place].otherwise.clone();
                }
                continue;
            }
            let names: Vec<String> = places.iter().map(|place| self.list[*place].name.clone()).collect();
            for place in places {
                let why = format!("one account for {}", names.join(" and "));
                self.list[place].claim = Claim::Unclear(why, vec![account]);
            }
        }
        for (place, person) in self.list.iter().enumerate() {
            match &person.claim {
                Claim::Nothing => {}
                Claim::One(account) => {
                    self.owner.insert((person.site, *account), place);
                }
                Claim::Several(accounts) => {
                    self.owner.extend(accounts.iter().map(|account| ((person.site, *account), place)));
                }
                Claim::Unclear(_, accounts) => {
                    for account in accounts {
                        self.unclear.entry((person.site, *account)).or_default().push(place);
                    }
                }
            }
            // Nobody reports to somebody who was deleted.
            let looks = person.identities.iter().map(|identity| identity.present(now));
            for look in looks.filter(|look| !look.is_gone()) {
                let identity = look.identity;
                if let Some(number) = look.text("employeeNumber").and_then(|text| key::number(&text)) {
                    self.by_number.insert((identity.org, number), place);
                }
                if let Some(email) = look.text("email").and_then(|text| key::email(&text)) {
                    self.by_email.insert((identity.org, email), place);
                }
            }
        }
    }

    /// The account of the manager whom the profile names, live and in the person's own site.
    pub fn manager_account(&self, look: &Look<'_>, site: &SiteSide<'_>) -> Option<u64> {
        let text = look.text("managerId")?;
        let org = look.identity.org;
        let by_email = key::email(&text).and_then(|email| self.by_email.get(&(org, email)));
        let place = by_email.or_else(|| self.by_number.get(&(org, key::number(&text)?)))?;
        let manager = &self.list[*place];
        match manager.claim {
            Claim::One(account) if manager.site == site.index => {
                site.accounts.get(&account).is_some_and(|held| site::is_live(held)).then_some(account)
            }
            _ => None,
        }
    }
}

/// Live accounts of one person beyond those that the day began with, by employee number and by e-mail.
pub(super) fn doubled(company: &Company, site: &SiteSide<'_>) -> Vec<(String, Vec<u64>, usize)> {
    let began = Start::of(company, site.index);
    let mut present = Keys::default();
    for (id, account) in site.accounts.iter().filter(|(_, account)| site::is_live(account)) {
        present.add(*id, site::text(account, "employeeId"), site::text(account, "email"), "");
    }
    let mut seen: BTreeSet<u64> = BTreeSet::new();
    let mut found = Vec::new();
    for (now, then) in [(&present.number, &began.keys.number), (&present.email, &began.keys.email)] {
        let sorted: BTreeMap<&String, &Vec<u64>> = now.iter().collect();
        for (key, accounts) in sorted {
            let allowed = then.get(key).map_or(1, |held| held.len().max(1));
            let new = accounts.iter().any(|account| !seen.contains(account));
            if !key.is_empty() && accounts.len() > allowed && new {
                seen.extend(accounts);
                found.push((key.clone(), accounts.clone(), allowed));
            }
        }
    }
    found
}

/// Whether nobody stands behind an account that was there when the day began: the vendor's, a kiosk, a shared inbox, an
/// orphan; or somebody who administers the site.
pub(super) fn foreign(company: &Company, site: u16) -> HashMap<u64, &'static str> {
    let kinds = [
        (Dirt::Vendor, "the vendor's account"),
        (Dirt::Kiosk, "a kiosk"),
        (Dirt::ServiceAccount, "the service account"),
        (Dirt::SiteAdmin, "a site administrator"),
        (Dirt::SharedInbox, "a shared inbox"),
        (Dirt::Orphan, "an orphan"),
    ];
    let accounts = company.sites[usize::from(site)].accounts.iter();
    accounts
        .filter_map(|account| {
            let (_, words) = kinds.iter().find(|(dirt, _)| account.dirt.has(*dirt))?;
            Some((u64::from(account.id), *words))
        })
        .collect()
}

//! Policies written for a customer: the starter from what was found, and the demonstration company's.

mod demo;
mod starter;
mod tests;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use lanyard_model::{
    id::{AccountId, SiteId, TenantId},
    identity::{Group, GroupKind, Identity},
    place::Catalogue,
};

pub use self::{demo::demo_policy, starter::starter};
use crate::date::DateFormat;

/// What is known before there is a policy.
#[derive(Clone, Debug, Default)]
pub struct StarterFacts {
    pub tenants: Vec<TenantFacts>,
    pub sites: Vec<SiteFacts>,
}

#[derive(Clone, Debug)]
pub struct TenantFacts {
    pub id: TenantId,
    pub groups: Vec<Group>,
    /// Names in the user schema, base and custom.
    pub attributes: BTreeSet<String>,
    /// Values in use, of the attributes in [`ASKED`].
    pub values: BTreeMap<String, BTreeSet<String>>,
    /// Notations that dates in custom attributes are written in.
    pub dates: Vec<String>,
    /// How many people were looked at.
    pub people: usize,
}

#[derive(Clone, Debug)]
pub struct SiteFacts {
    pub id: SiteId,
    pub catalogue: Catalogue,
    /// Who receives contractors whose manager is not known.
    pub default_host: Option<AccountId>,
    /// Whether the site's badge system is told who may enter what.
    pub doors: bool,
}

/// Attributes whose values shape a starter policy, if there are at most [`VALUES_MAX`] of them.
pub const ASKED: &[&str] = &[
    "department",
    "division",
    "userType",
    "employeeStatus",
    "leaveStatus",
    "workMode",
    "officeLocation",
    "officeCode",
    "building",
    "city",
];

/// Names under which organisations keep the first day.
pub(crate) const START: &[&str] =
    &["startDate", "hireDate", "start_date", "hire_date", "employmentStartDate"];

/// Names under which organisations keep the last day of a contract.
pub(crate) const END: &[&str] = &[
    "contractEndDate",
    "contract_end_date",
    "endDate",
    "end_date",
    "account_deactivation_date",
    "expirationDate",
];

/// Notations that are looked for, the certain ones first.
const NOTATIONS: &[&str] =
    &["YYYY-MM-DD", "date-time", "DD.MM.YYYY", "YYYY/MM/DD", "MM/DD/YYYY", "DD/MM/YYYY"];

/// An attribute with more values than this is not one that a table has a row for each of.
pub const VALUES_MAX: usize = 200;

impl TenantFacts {
    /// Gathers what a starter needs. `identities` may be a sample. An attribute counts as present if the schema names
    /// it or somebody has it.
    pub fn gather<'a>(
        id: TenantId,
        groups: Vec<Group>,
        schema: impl IntoIterator<Item = String>,
        identities: impl IntoIterator<Item = &'a Identity>,
    ) -> Self {
        let mut attributes: BTreeSet<String> = schema.into_iter().collect();
        let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let formats: Vec<_> = NOTATIONS.iter().filter_map(|name| DateFormat::parse(name)).collect();
        let mut read = vec![0_usize; formats.len()];
        let mut people = 0;
        for identity in identities {
            people += 1;
            for (name, _) in identity.profile.iter() {
                if !attributes.contains(&**name) {
                    attributes.insert(name.to_string());
                }
            }
            for text in START.iter().chain(END).filter_map(|name| identity.profile.text(name)) {
                for (count, format) in read.iter_mut().zip(&formats) {
                    *count += usize::from(format.read(text.trim()).is_some());
                }
            }
            for name in ASKED {
                if let Some(text) = identity.profile.text(name) {
                    let known = values.entry((*name).to_owned()).or_default();
                    if known.len() <= VALUES_MAX && !known.contains(text.trim()) {
                        known.insert(text.trim().to_owned());
                    }
                }
            }
        }
        values.retain(|_, known| known.len() <= VALUES_MAX);
        // The two slash notations read each other's early days: only the one that reads more is meant.
        let [.., american, european] = read.as_mut_slice() else { unreachable!("six notations") };
        let (a, e) = (*american, *european);
        if a <= e {
            *american = 0;
        }
        if e <= a {
            *european = 0;
        }
        let found = NOTATIONS.iter().zip(&read).filter(|(_, count)| **count > 0);
        Self {
            id,
            groups,
            attributes,
            values,
            people,
            dates: found.map(|(name, _)| (*name).to_owned()).collect(),
        }
    }

    /// A group by name. Where several share it, one kept in Okta itself counts, then the smallest id.
    fn group(&self, name: &str) -> Option<&Group> {
        self.groups
            .iter()
            .filter(|group| &*group.name == name)
            .min_by_key(|group| (group.kind != GroupKind::Native, &group.id))
    }
}

impl StarterFacts {
    /// Whether any tenant has the attribute.
    fn has(&self, attribute: &str) -> bool {
        self.tenants.iter().any(|tenant| tenant.attributes.contains(attribute))
    }

    /// The values of an attribute over all tenants.
    fn values(&self, attribute: &str) -> BTreeSet<&str> {
        self.tenants
            .iter()
            .filter_map(|tenant| tenant.values.get(attribute))
            .flatten()
            .map(String::as_str)
            .collect()
    }
}

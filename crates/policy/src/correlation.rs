//! Keys by which accounts, identities and persons are found equal.

use std::cmp::Ordering;

use lanyard_model::{
    account::{Account, FieldName},
    fold,
    id::{SiteId, TenantId},
    identity::Identity,
};

use crate::{
    document::{Correlation, Document, Fold, Key, ManagerKind},
    policy::Policy,
};

/// A value to look accounts up by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchTerm {
    /// The key's name in the policy (`employee number`).
    pub kind: String,
    pub field: FieldName,
    /// As the identity spells it, trimmed.
    pub value: String,
    /// What candidates are compared by.
    pub folded: String,
}

/// Who somebody's manager is said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagerRef {
    /// As the attribute spells it.
    pub text: String,
    /// Ways to look the person up, in order. Never empty.
    pub keys: Vec<ManagerKey>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ManagerKey {
    /// Okta's user id, in the same tenant.
    OktaId(String),
    /// Folded with [`fold::number`].
    EmployeeNumber(String),
    /// Folded with [`fold::email`].
    Email(String),
    /// Folded with [`fold::text`].
    Login(String),
}

pub(crate) fn folded(fold: Fold, value: &str) -> Option<String> {
    match fold {
        Fold::Number => fold::number(value),
        Fold::Email => fold::email(value),
        Fold::EmailWithoutTag => fold::email_without_tag(value),
        Fold::Text => Some(fold::text(value)).filter(|text| !text.is_empty()),
    }
}

impl Correlation {
    fn identity_value(key: &Key, identity: &Identity) -> Option<(String, String)> {
        let value = identity.profile.get(&key.attribute)?.to_text();
        Some((value.trim().to_owned(), folded(key.fold, &value)?))
    }
}

impl Policy {
    /// The keys, in order of precedence: name, Okta attribute, field of the account.
    pub fn key_names(&self) -> impl Iterator<Item = (&str, &str, &FieldName)> {
        self.document().correlation.keys.iter().map(|key| (key.kind.as_str(), &*key.attribute, &key.field))
    }

    /// Whether both find accounts, and persons, by the same keys.
    pub fn finds_by_the_same_keys(&self, other: &Self) -> bool {
        self.document().correlation == other.document().correlation
    }

    /// Keys of an identity, folded, in order of precedence.
    pub fn identity_keys(&self, identity: &Identity) -> Vec<(String, String)> {
        let keys = &self.document().correlation.keys;
        keys.iter()
            .filter_map(|key| Some((key.kind.clone(), Correlation::identity_value(key, identity)?.1)))
            .collect()
    }

    /// Keys of an account, folded, in order of precedence.
    pub fn account_keys(&self, account: &Account) -> Vec<(String, String)> {
        let keys = &self.document().correlation.keys;
        keys.iter()
            .filter_map(|key| {
                let value = account.fields.get(&key.field)?;
                Some((key.kind.clone(), folded(key.fold, value)?))
            })
            .collect()
    }

    /// A field's value as the key of this kind folds it. `None`: there is no such key, or nothing is left of the value.
    pub fn folded_key(&self, kind: &str, value: &str) -> Option<String> {
        let keys = &self.document().correlation.keys;
        keys.iter().find(|key| key.kind == kind).and_then(|key| folded(key.fold, value))
    }

    /// What to search a site for, in order of precedence.
    pub fn search_terms(&self, identity: &Identity) -> Vec<SearchTerm> {
        let keys = &self.document().correlation.keys;
        keys.iter()
            .filter_map(|key| {
                let (value, folded) = Correlation::identity_value(key, identity)?;
                Some(SearchTerm { kind: key.kind.clone(), field: key.field, value, folded })
            })
            .collect()
    }

    /// Equal for the identities of one person in several tenants. `None`: nothing joins this one to others.
    pub fn person_key(&self, identity: &Identity) -> Option<String> {
        self.person_term(identity).map(|(kind, folded)| format!("{kind}:{folded}"))
    }

    /// What the identities of one person in several tenants are found by: the key's name, and the value as it is compared.
    pub fn person_term(&self, identity: &Identity) -> Option<(String, String)> {
        let correlation = &self.document().correlation;
        let key = correlation.keys.get(correlation.person?)?;
        let (_, folded) = Correlation::identity_value(key, identity)?;
        Some((key.kind.clone(), folded))
    }

    /// The key that says most about who somebody is: the one that joins persons, or the first where none is named.
    /// `None`: the identity has no value for it.
    pub fn strongest_key(&self, identity: &Identity) -> Option<String> {
        let correlation = &self.document().correlation;
        let key = correlation.keys.get(correlation.person.unwrap_or(0))?;
        let (_, folded) = Correlation::identity_value(key, identity)?;
        Some(format!("{}:{folded}", key.kind))
    }

    /// Which tenant's identity governs an account in `site` that identities of both are linked to: `Less` if `a`'s.
    /// The order of the routes to that site decides; equal only for equal tenants.
    pub fn governs_before(&self, a: &TenantId, b: &TenantId, site: &SiteId) -> Ordering {
        let rank = |tenant: &TenantId| {
            let routes = &self.document().routes;
            routes
                .iter()
                .position(|route| route.site == *site && route.tenant.as_ref().is_none_or(|of| of == tenant))
                .unwrap_or(usize::MAX)
        };
        rank(a).cmp(&rank(b)).then_with(|| a.cmp(b))
    }
}

/// The manager that the profile names.
pub(crate) fn manager_reference(document: &Document, identity: &Identity) -> Option<ManagerRef> {
    let rule = document.manager.as_ref()?;
    let text = identity.profile.get(&rule.attribute)?.to_text();
    let text = text.trim();
    let okta_id = text.len() == 20 && text.starts_with("00u");
    let email = fold::email(text);
    let named = text.contains('=') && text.contains(',');
    let keys = rule.order.iter().filter_map(|kind| match kind {
        ManagerKind::OktaId => okta_id.then(|| ManagerKey::OktaId(text.to_owned())),
        ManagerKind::EmployeeNumber => (!okta_id && !named && email.is_none())
            .then(|| fold::number(text))
            .flatten()
            .map(ManagerKey::EmployeeNumber),
        ManagerKind::Email => email.clone().map(ManagerKey::Email),
        ManagerKind::Login => {
            (!okta_id && !named && !text.is_empty()).then(|| ManagerKey::Login(fold::text(text)))
        }
    });
    let keys: Vec<_> = keys.collect();
    (!keys.is_empty()).then(|| ManagerRef { text: text.to_owned(), keys })
}

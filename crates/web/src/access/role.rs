//! Roles, what each permits, and where.

use std::collections::BTreeSet;

use lanyard_model::id::{SiteId, TenantId};
use serde::{Deserialize, Serialize};

/// What somebody is here. Roles add up; none contains another but `owner`, which has everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees people, places, plans and what happened.
    Viewer,
    /// Also asks for looks and sweeps, and presses the stop button.
    Operator,
    /// Also writes policy drafts and publishes.
    PolicyEditor,
    /// Also decides on what waits for an approval.
    Approver,
    /// Also reads the audit log and takes evidence away.
    Auditor,
    /// Everything, settings, roles and tokens included.
    Owner,
    /// For a monitoring system: `/metrics` and nothing else.
    Metrics,
}

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Permit {
    /// To be somebody.
    SignedIn,
    See,
    Operate,
    EditPolicy,
    Approve,
    Audit,
    Own,
    Metrics,
}

impl Role {
    pub const ALL: [Self; 7] = [
        Self::Viewer,
        Self::Operator,
        Self::PolicyEditor,
        Self::Approver,
        Self::Auditor,
        Self::Owner,
        Self::Metrics,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::PolicyEditor => "policy_editor",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Owner => "owner",
            Self::Metrics => "metrics",
        }
    }

    /// Reads [`Self::as_str`]'s words; hyphens are as good as underscores.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.replace('-', "_");
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    pub fn permits(self, permit: Permit) -> bool {
        match (self, permit) {
            (_, Permit::SignedIn) | (Self::Owner | Self::Metrics, Permit::Metrics) | (Self::Owner, _) => true,
            (Self::Metrics, _) => false,
            (_, Permit::See)
            | (Self::Operator, Permit::Operate | Permit::Metrics)
            | (Self::PolicyEditor, Permit::EditPolicy)
            | (Self::Approver, Permit::Approve)
            | (Self::Auditor, Permit::Audit) => true,
            _ => false,
        }
    }
}

impl Permit {
    /// The least role that has it, for the sentence that refuses.
    pub(crate) fn least_role(self) -> Role {
        match self {
            Self::SignedIn | Self::See => Role::Viewer,
            Self::Operate => Role::Operator,
            Self::EditPolicy => Role::PolicyEditor,
            Self::Approve => Role::Approver,
            Self::Audit => Role::Auditor,
            Self::Own => Role::Owner,
            Self::Metrics => Role::Metrics,
        }
    }
}

/// A role, and where it holds. An empty list means everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    pub role: Role,
    #[serde(default)]
    pub tenants: Vec<TenantId>,
    #[serde(default)]
    pub sites: Vec<SiteId>,
}

impl Grant {
    pub fn everywhere(role: Role) -> Self {
        Self { role, tenants: Vec::new(), sites: Vec::new() }
    }

    pub fn is_everywhere(&self) -> bool {
        self.tenants.is_empty() && self.sites.is_empty()
    }

    /// Whether it reaches something of this tenant and this site; `None` is what belongs to no particular one, which
    /// only a grant without a list reaches.
    pub fn reaches(&self, tenant: Option<&TenantId>, site: Option<&SiteId>) -> bool {
        let holds_tenant =
            tenant.map_or(self.tenants.is_empty(), |id| self.tenants.is_empty() || self.tenants.contains(id));
        let holds_site =
            site.map_or(self.sites.is_empty(), |id| self.sites.is_empty() || self.sites.contains(id));
        holds_tenant && holds_site
    }
}

/// The tenants that a permit reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    Everywhere,
    Only(BTreeSet<TenantId>),
}

impl Reach {
    /// Of these grants for this permit.
    pub fn of(grants: &[Grant], permit: Permit) -> Self {
        let mut only = BTreeSet::new();
        for grant in grants.iter().filter(|grant| grant.role.permits(permit)) {
            if grant.tenants.is_empty() {
                return Self::Everywhere;
            }
            only.extend(grant.tenants.iter().cloned());
        }
        Self::Only(only)
    }

    pub fn holds(&self, tenant: &TenantId) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Only(tenants) => tenants.contains(tenant),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_permits_what_its_name_says_and_no_more() {
        use Permit::*;
        let all = [SignedIn, See, Operate, EditPolicy, Approve, Audit, Own, Metrics];
        let permits = |role: Role| all.into_iter().filter(|p| role.permits(*p)).collect::<Vec<_>>();
        assert_eq!(permits(Role::Viewer), [SignedIn, See]);
        assert_eq!(permits(Role::Operator), [SignedIn, See, Operate, Metrics]);
        assert_eq!(permits(Role::PolicyEditor), [SignedIn, See, EditPolicy]);
        assert_eq!(permits(Role::Approver), [SignedIn, See, Approve]);
        assert_eq!(permits(Role::Auditor), [SignedIn, See, Audit]);
        assert_eq!(permits(Role::Owner), all);
        assert_eq!(permits(Role::Metrics), [SignedIn, Metrics]);
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("policy-editor"), Some(Role::PolicyEditor));
        assert_eq!(Role::parse("root"), None);
    }

    #[test]
    fn a_grant_reaches_its_own_tenants_and_sites_only() {
        let (north, south) = (TenantId::new("north"), TenantId::new("south"));
        let (london, oslo) = (SiteId::new("london"), SiteId::new("oslo"));
        let grant = Grant { role: Role::Viewer, tenants: vec![north.clone()], sites: vec![london.clone()] };
        for (tenant, site, reached) in [
            (Some(&north), Some(&london), true),
            (Some(&north), None, false),
            (Some(&north), Some(&oslo), false),
            (Some(&south), Some(&london), false),
            (None, Some(&london), false),
            (None, None, false),
        ] {
            assert_eq!(grant.reaches(tenant, site), reached, "{tenant:?} {site:?}");
        }
        assert!(Grant::everywhere(Role::Viewer).reaches(None, None));
        let own_north = Grant { role: Role::Owner, tenants: vec![north.clone()], sites: vec![] };
        let reach = Reach::of(&[own_north, Grant::everywhere(Role::Viewer)], Permit::Own);
        assert_eq!(
            reach,
            Reach::Only([north].into()),
            "being a viewer everywhere makes nobody owner everywhere"
        );
    }
}

//! Somebody who asks.

use lanyard_model::id::{IdentityId, SiteId, TenantId};

use super::role::{Grant, Permit, Reach, Role};

/// The name of a demo's guest.
pub(crate) const DEMO: &str = "demo";
/// The name of this machine's command line.
pub(crate) const COMMAND_LINE: &str = "command line";

/// Somebody who may ask, with what they may.
#[derive(Debug, Clone)]
pub struct Caller {
    /// As people know them.
    pub name: String,
    /// Stable and unique, for records: `okta:TENANT/USER`, `token:ID`, `owner-link`, `command-line`, `demo`.
    pub subject: String,
    pub grants: Vec<Grant>,
    /// To be sent back with every write; empty for tokens.
    pub csrf: String,
    /// By token, without cookie: no proof against other sites' pages is needed.
    pub by_token: bool,
    /// Name of the session, so that it can be ended.
    pub(crate) session: Option<String>,
}

impl Caller {
    /// This machine's command line, by the token in the data folder.
    pub(crate) fn command_line() -> Self {
        Self {
            name: COMMAND_LINE.into(),
            subject: "command-line".into(),
            grants: vec![Grant::everywhere(Role::Owner)],
            csrf: String::new(),
            by_token: true,
            session: None,
        }
    }

    /// In a demo, everybody on this machine.
    pub(crate) fn guest(csrf: String) -> Self {
        Self {
            name: DEMO.into(),
            subject: "demo".into(),
            grants: vec![Grant::everywhere(Role::Owner)],
            csrf,
            by_token: false,
            session: None,
        }
    }

    /// The person in Okta, for whoever signed in there.
    pub fn identity(&self) -> Option<IdentityId> {
        let (tenant, user) = self.subject.strip_prefix("okta:")?.split_once('/')?;
        Some(IdentityId::new(TenantId::new(tenant), user))
    }

    /// Words of the caller's roles, each once.
    pub fn roles(&self) -> Vec<&'static str> {
        let words: std::collections::BTreeSet<_> =
            self.grants.iter().map(|grant| grant.role.as_str()).collect();
        words.into_iter().collect()
    }

    pub fn may(&self, permit: Permit) -> bool {
        self.grants.iter().any(|grant| grant.role.permits(permit))
    }

    /// For what concerns everybody: no grant that names tenants or sites is enough.
    pub fn may_everywhere(&self, permit: Permit) -> bool {
        self.grants.iter().any(|grant| grant.role.permits(permit) && grant.is_everywhere())
    }

    /// For something of this tenant and site; `None` is what belongs to no particular one.
    pub fn may_at(&self, permit: Permit, tenant: Option<&TenantId>, site: Option<&SiteId>) -> bool {
        self.grants.iter().any(|grant| grant.role.permits(permit) && grant.reaches(tenant, site))
    }

    /// Whether something of this tenant and site may be shown.
    pub fn sees(&self, tenant: Option<&TenantId>, site: Option<&SiteId>) -> bool {
        self.may_at(Permit::See, tenant, site)
    }

    /// Whether anything of this tenant may be shown, be it in one site only.
    pub fn sees_tenant(&self, tenant: &TenantId) -> bool {
        self.grants.iter().any(|grant| {
            grant.role.permits(Permit::See) && (grant.tenants.is_empty() || grant.tenants.contains(tenant))
        })
    }

    /// Whether a person of this tenant who has accounts in these sites may be shown.
    pub fn sees_person(&self, tenant: &TenantId, sites: &[SiteId]) -> bool {
        self.sees(Some(tenant), None) || sites.iter().any(|site| self.sees(Some(tenant), Some(site)))
    }

    /// A site is shown to whoever has a role that is not bound to other sites.
    pub fn sees_site(&self, site: &SiteId) -> bool {
        self.grants.iter().any(|grant| {
            grant.role.permits(Permit::See) && (grant.sites.is_empty() || grant.sites.contains(site))
        })
    }

    pub fn sees_everything(&self) -> bool {
        self.may_everywhere(Permit::See)
    }

    /// Tenants whose people may be shown.
    pub fn reach(&self) -> Reach {
        Reach::of(&self.grants, Permit::See)
    }
}

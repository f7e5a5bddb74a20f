//! What every handler shares.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard_engine::{
    Engine,
    ports::{Store, StoreFailure},
};
use lanyard_model::id::{SiteId, TenantId};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;

use crate::{
    access::SignIn,
    decide::Chat,
    desks::{ConnectionDesk, EvidenceDesk, KeptConnection},
    traffic::Traffic,
};

/// How the server was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Stand-ins beside it; everybody on this machine may look and act.
    Demo,
    Serve,
}

impl Mode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Serve => "serve",
        }
    }
}

/// Who may provision by SCIM.
#[derive(Default)]
pub struct ScimSettings {
    /// Token of each tenant; a tenant without one has no SCIM endpoint.
    pub tokens: BTreeMap<TenantId, SecretString>,
    /// Address under which clients reach this server, for the location of resources; without one it is a path.
    pub public_url: Option<String>,
}

/// Why an org has no event hook, and what a person can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoHook {
    pub why: String,
    /// `None`: it is to be so.
    pub fix: Option<String>,
}

/// What the server may be told.
pub struct WebSettings {
    pub mode: Mode,
    pub version: String,
    /// In a demo: whoever opens it is its owner, without signing in.
    pub guests: bool,
    /// Secret of each tenant's event hook; a tenant without one takes no deliveries.
    pub hook_secrets: BTreeMap<TenantId, SecretString>,
    pub scim: ScimSettings,
    /// Addresses shown beside tenants and sites.
    pub tenant_urls: BTreeMap<String, String>,
    pub site_urls: BTreeMap<String, String>,
    /// Tenants whose event hook nobody keeps.
    pub no_hooks: BTreeMap<TenantId, NoHook>,
    /// Lets the command line in.
    pub local_token: SecretString,
}

/// The demo's own controls.
#[async_trait]
pub trait DemoControl: Send + Sync {
    /// The story as the console shows it.
    fn story(&self) -> Value;

    /// Makes something happen now.
    ///
    /// # Errors
    /// A sentence.
    async fn act(&self, kind: &str) -> Result<Value, String>;
}

/// Runs a command line verb inside the server, for a command line that finds the folder open.
#[async_trait]
pub trait VerbRunner: Send + Sync {
    /// Answers `{"exit": n, "text": …, "json": …}`.
    async fn run(&self, verb: Value) -> Value;
}

/// What the server itself remembers while it runs.
#[derive(Default)]
pub struct Remembered {
    /// What joined: it is in the settings from the next start.
    joins: RwLock<Joins>,
    pub(crate) traffic: Traffic,
    /// When each site was first read: once known, it stays so.
    first_reads: RwLock<BTreeMap<SiteId, Timestamp>>,
}

#[derive(Default)]
struct Joins {
    hook_secrets: BTreeMap<TenantId, SecretString>,
    tenant_urls: BTreeMap<String, String>,
    site_urls: BTreeMap<String, String>,
    no_hooks: BTreeMap<TenantId, NoHook>,
}

impl Remembered {
    pub(crate) fn take_in(&self, kept: &KeptConnection) {
        let mut joins = self.joins.write().unwrap_or_else(PoisonError::into_inner);
        if kept.is_site {
            joins.site_urls.insert(kept.id.clone(), kept.url.clone());
        } else {
            joins.tenant_urls.insert(kept.id.clone(), kept.url.clone());
            let tenant = TenantId::new(kept.id.as_str());
            joins.hook_secrets.extend(kept.hook_secret.clone().map(|secret| (tenant.clone(), secret)));
            joins.no_hooks.extend(kept.no_hook.clone().map(|none| (tenant, none)));
        }
    }

    /// When anything of a site's accounts was first read; `None`: never.
    pub(crate) async fn first_read(
        &self,
        store: &dyn Store,
        site: &SiteId,
    ) -> Result<Option<Timestamp>, StoreFailure> {
        let known = self.first_reads.read().unwrap_or_else(PoisonError::into_inner).get(site).copied();
        if known.is_some() {
            return Ok(known);
        }
        let found = store.held_since(site).await?;
        if let Some(at) = found {
            self.first_reads.write().unwrap_or_else(PoisonError::into_inner).insert(site.clone(), at);
        }
        Ok(found)
    }

    pub(crate) fn hook_secret(&self, settings: &WebSettings, tenant: &TenantId) -> Option<SecretString> {
        let joins = self.joins.read().unwrap_or_else(PoisonError::into_inner);
        settings.hook_secrets.get(tenant).or_else(|| joins.hook_secrets.get(tenant)).cloned()
    }

    pub(crate) fn no_hook(&self, settings: &WebSettings, tenant: &TenantId) -> Option<NoHook> {
        let joins = self.joins.read().unwrap_or_else(PoisonError::into_inner);
        settings.no_hooks.get(tenant).or_else(|| joins.no_hooks.get(tenant)).cloned()
    }

    pub(crate) fn tenant_url(&self, settings: &WebSettings, tenant: &TenantId) -> Option<String> {
        let joins = self.joins.read().unwrap_or_else(PoisonError::into_inner);
        settings.tenant_urls.get(tenant.as_str()).or_else(|| joins.tenant_urls.get(tenant.as_str())).cloned()
    }

    pub(crate) fn site_url(&self, settings: &WebSettings, site: &SiteId) -> Option<String> {
        let joins = self.joins.read().unwrap_or_else(PoisonError::into_inner);
        settings.site_urls.get(site.as_str()).or_else(|| joins.site_urls.get(site.as_str())).cloned()
    }
}

/// Shared by all handlers.
pub struct WebState {
    pub engine: Arc<Engine>,
    pub settings: WebSettings,
    pub sign_in: SignIn,
    pub demo: Option<Arc<dyn DemoControl>>,
    pub verbs: Option<Arc<dyn VerbRunner>>,
    /// The chat app whose buttons decide, if there is one.
    pub chat: Option<Arc<dyn Chat>>,
    pub desks: Desks,
    pub remembered: Remembered,
}

/// What needs the data folder; a server without one has none.
#[derive(Default, Clone)]
pub struct Desks {
    pub evidence: Option<Arc<dyn EvidenceDesk>>,
    pub connections: Option<Arc<dyn ConnectionDesk>>,
}

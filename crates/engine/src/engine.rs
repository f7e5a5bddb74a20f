//! The engine itself: ports, policy in force, shared state. The loops live in their own modules.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use lanyard_model::{
    id::{SiteId, TenantId},
    place::Catalogue,
};
use lanyard_policy::{Bound, Policy};
use tokio::sync::{Notify, watch};

use crate::{
    EngineSettings,
    clock::Clock,
    journal::line,
    latency::Latency,
    ports::{Directory, PortFailure, Progress, Store, StoreFailure, Workplace, Write, Wrote},
    site::SiteState,
};

/// Everything from outside.
pub struct Ports {
    pub clock: Arc<dyn Clock>,
    pub store: Arc<dyn Store>,
    pub directories: Vec<Arc<dyn Directory>>,
    pub workplaces: Vec<Arc<dyn Workplace>>,
}

/// A policy with its names resolved against the catalogues.
pub struct Active {
    pub policy: Arc<Policy>,
    pub bound: Bound,
}

/// One running engine. Shared by reference between loops, web and command line.
pub struct Engine {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Arc<dyn Store>,
    directories: BTreeMap<TenantId, Arc<dyn Directory>>,
    sites: BTreeMap<SiteId, Arc<SiteState>>,
    active: RwLock<Arc<Active>>,
    pub(crate) settings: EngineSettings,
    stopped: AtomicBool,
    /// Signalled when something may have become due.
    pub(crate) wake: Notify,
    /// Rises when something happened that a watcher may want to see.
    news: watch::Sender<u64>,
    pub latency: Latency,
}

/// The store's mark of a pressed stop button.
const STOPPED: &str = "stopped";

impl Engine {
    /// Puts an engine together. Nothing is read or started yet: see [`Engine::load`].
    pub fn new(ports: Ports, policy: Policy, settings: EngineSettings) -> Self {
        let now = ports.clock.now();
        let sites: BTreeMap<_, _> = ports
            .workplaces
            .into_iter()
            .map(|port| (port.site().clone(), Arc::new(SiteState::new(port, now))))
            .collect();
        let policy = Arc::new(policy);
        let bound = policy.bind(&catalogues(&sites));
        Self {
            clock: ports.clock,
            store: ports.store,
            directories: ports.directories.into_iter().map(|d| (d.tenant().clone(), d)).collect(),
            sites,
            active: RwLock::new(Arc::new(Active { policy, bound })),
            settings,
            stopped: AtomicBool::new(false),
            wake: Notify::new(),
            news: watch::channel(0).0,
            latency: Latency::default(),
        }
    }

    /// Reads what must be in memory before work begins: the stop mark and each site's catalogue. A site that cannot
    /// be read is reported and tried again by the loops; the others go on.
    ///
    /// # Errors
    /// Only when the store cannot be read.
    pub async fn load(&self, progress: &dyn Progress) -> Result<Vec<(SiteId, PortFailure)>, StoreFailure> {
        self.stopped.store(self.store.meta(STOPPED).await?.as_deref() == Some("yes"), Ordering::SeqCst);
        Ok(self.refresh_catalogues(progress).await)
    }

    /// Reads every site's catalogue anew and resolves the policy's names against them.
    pub async fn refresh_catalogues(&self, progress: &dyn Progress) -> Vec<(SiteId, PortFailure)> {
        let mut failures = Vec::new();
        for (id, site) in &self.sites {
            if let Err(failure) = site.refresh(progress).await {
                failures.push((id.clone(), failure));
            }
        }
        self.rebind(None);
        failures
    }

    /// Puts another policy in force.
    pub fn publish(&self, policy: Policy) {
        self.rebind(Some(Arc::new(policy)));
    }

    fn rebind(&self, policy: Option<Arc<Policy>>) {
        let policy = policy.unwrap_or_else(|| Arc::clone(&self.active().policy));
        let bound = policy.bind(&catalogues(&self.sites));
        *self.active.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Active { policy, bound });
    }

    pub fn active(&self) -> Arc<Active> {
        Arc::clone(&self.active.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub fn settings(&self) -> &EngineSettings {
        &self.settings
    }

    pub fn directories(&self) -> &BTreeMap<TenantId, Arc<dyn Directory>> {
        &self.directories
    }

    pub fn sites(&self) -> &BTreeMap<SiteId, Arc<SiteState>> {
        &self.sites
    }

    /// Whether the stop button is pressed: nothing is written upstream.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Presses (or releases) the stop button. It takes hold before the next operation of any look.
    ///
    /// # Errors
    /// When the mark cannot be made durable; in memory a stop holds all the same.
    pub async fn set_stopped(&self, stopped: bool, by: &str) -> Result<(), StoreFailure> {
        if stopped {
            self.stopped.store(true, Ordering::SeqCst);
        }
        let now = self.clock.now();
        let mut batch =
            vec![Write::Meta { key: STOPPED.into(), value: if stopped { "yes" } else { "no" }.into() }];
        for tenant in self.directories.keys() {
            let title = if stopped { "stopped: nothing is written to any site" } else { "resumed" };
            batch.push(line(tenant, now, "control", title).detail(format!("by {by}")).write());
        }
        self.write(batch).await?;
        if !stopped {
            self.stopped.store(false, Ordering::SeqCst);
            self.wake.notify_waiters();
        }
        Ok(())
    }

    /// Rises with each change a watcher may want to see.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    pub(crate) async fn write(&self, batch: Vec<Write>) -> Result<Vec<Wrote>, StoreFailure> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let _busy = self.clock.busy();
        let wrote = self.store.write(batch).await?;
        self.news.send_modify(|n| *n = n.wrapping_add(1));
        Ok(wrote)
    }
}

fn catalogues(sites: &BTreeMap<SiteId, Arc<SiteState>>) -> BTreeMap<SiteId, Catalogue> {
    sites.iter().map(|(id, site)| (id.clone(), (*site.catalogue()).clone())).collect()
}

//! Orgs and sites that join a running engine: from the next turn of the loops they are read like all others.

use std::sync::{Arc, PoisonError};

use lanyard_model::id::{SiteId, TenantId};

use crate::{
    Engine,
    ports::{Directory, HookWish, StoreFailure, Workplace},
    site::SiteState,
};

impl Engine {
    /// Takes in another org, with the hook it should have. Answers whether it is new.
    pub fn join_directory(&self, directory: &Arc<dyn Directory>, hook: Option<HookWish>) -> bool {
        let tenant = directory.tenant().clone();
        // Whoever asks for newcomers finds the org and its hook at once.
        let mut hooks = self.joined_hooks.lock().unwrap_or_else(PoisonError::into_inner);
        let joined = self.directories.grow(|known| {
            (!known.contains_key(&tenant)).then(|| {
                let mut all = known.clone();
                all.insert(tenant.clone(), Arc::clone(directory));
                all
            })
        });
        if joined {
            hooks.extend(hook.map(|wish| (tenant, wish)));
        }
        drop(hooks);
        if joined {
            self.tell_joined();
        }
        joined
    }

    /// Takes in another site. With `sign_off` nothing is written there before somebody signs it off. Answers whether it
    /// is new.
    ///
    /// # Errors
    /// When an earlier sign-off cannot be read; the site has not joined then.
    pub async fn join_site(
        &self,
        workplace: Arc<dyn Workplace>,
        sign_off: bool,
    ) -> Result<bool, StoreFailure> {
        let site = workplace.site().clone();
        if sign_off {
            // The bar is there before the site is.
            self.bar(site.clone(), &workplace.address()).await?;
        }
        let state = Arc::new(SiteState::new(workplace, self.clock.now()));
        let joined = self.sites.grow(|known| {
            (!known.contains_key(&site)).then(|| {
                let mut all = known.clone();
                all.insert(site.clone(), Arc::clone(&state));
                all
            })
        });
        if joined {
            self.rebind(None);
            self.tell_joined();
        }
        Ok(joined)
    }

    fn tell_joined(&self) {
        self.joined.send_modify(|n| *n = n.wrapping_add(1));
        self.to_sweep.notify_one();
    }
}

/// What the loops follow already.
#[derive(Default)]
pub(crate) struct Followed {
    tenants: Vec<TenantId>,
    sites: Vec<SiteId>,
}

/// What joined since the last question.
pub(crate) struct Newcomers {
    pub tenants: Vec<TenantId>,
    pub sites: Vec<SiteId>,
    pub hooks: Vec<(TenantId, HookWish)>,
}

impl Followed {
    pub fn newcomers(&mut self, engine: &Engine) -> Newcomers {
        let mut joined = engine.joined_hooks.lock().unwrap_or_else(PoisonError::into_inner);
        let tenants: Vec<_> =
            engine.directories().keys().filter(|id| !self.tenants.contains(id)).cloned().collect();
        let sites: Vec<_> = engine.sites().keys().filter(|id| !self.sites.contains(id)).cloned().collect();
        self.tenants.extend(tenants.iter().cloned());
        self.sites.extend(sites.iter().cloned());
        let hooks = std::mem::take(&mut *joined);
        Newcomers { tenants, sites, hooks }
    }
}

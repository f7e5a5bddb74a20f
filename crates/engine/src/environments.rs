//! Environments: which tenant's people are in which site.

use jiff::{SignedDuration, Timestamp};
use lanyard_model::id::{SiteId, TenantId};

use crate::{Engine, ports::StoreFailure};

/// An answer is good for so long: links of a hundred thousand people are counted at once.
const GOOD_FOR: SignedDuration = SignedDuration::from_secs(60);

/// A tenant in a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    pub tenant: TenantId,
    pub site: SiteId,
    /// With a link into the site.
    pub people: u64,
}

/// When they were counted, and what came of it.
pub(crate) type Read = (Timestamp, Vec<Environment>);

impl Engine {
    /// Every tenant in every site in which somebody of it is known, by tenant and site; at most a minute old.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn environments(&self) -> Result<Vec<Environment>, StoreFailure> {
        let now = self.clock.now();
        let mut known = self.environments.lock().await;
        if let Some((at, all)) = known.as_ref().filter(|(at, _)| now.duration_since(*at) < GOOD_FOR) {
            // Set back, a clock must not keep an answer for ever.
            if *at <= now {
                return Ok(all.clone());
            }
        }
        let counts = self.store.link_counts().await?;
        let all: Vec<_> = counts
            .into_iter()
            .filter(|(tenant, site, _)| {
                self.directories().contains_key(tenant) && self.sites().contains_key(site)
            })
            .map(|(tenant, site, people)| Environment { tenant, site, people })
            .collect();
        // Nothing is counted in no time, and is what changes first.
        *known = (!all.is_empty()).then(|| (now, all.clone()));
        Ok(all)
    }
}

//! Since when who is where is known: the first complete comparison of a tenant's people in a site.

use std::collections::HashMap;

use jiff::Timestamp;
use lanyard_engine::{ports::SweepRecord, sweep::SweepScope};
use lanyard_model::id::{SiteId, TenantId};

use super::Scope;

/// By site in scope: when the first certified comparison ended that read the site and the tenant. Sites that never had one are
/// left out.
///
/// What a comparison of everything read is not on record for ever; but nothing that it could have read was known before it. So
/// one that was over before anything was known of the tenant, or of the site, was before they were connected.
pub fn baselines(scope: &Scope<'_>) -> anyhow::Result<HashMap<SiteId, Timestamp>> {
    let tenant = scope.archive.tenant_known_since(&scope.ask.tenant)?;
    let sweeps = scope.archive.sweeps(Timestamp::MIN, Timestamp::MAX)?;
    let mut found = HashMap::new();
    for (site, _) in &scope.sites {
        let known = scope.archive.site_known_since(site)?.max(tenant);
        let ended = sweeps.iter().filter(|sweep| covers(sweep, &scope.ask.tenant, site));
        let ended = ended.filter_map(|sweep| sweep.ended_at.filter(|_| sweep.certified));
        if let Some(first) = ended.filter(|at| known.is_none_or(|known| *at >= known)).min() {
            found.insert(site.clone(), first);
        }
    }
    Ok(found)
}

/// Whether a comparison reads the tenant in any site in scope.
pub fn reads(scope: &Scope<'_>, sweep: &SweepRecord) -> bool {
    scope.sites.iter().any(|(site, _)| covers(sweep, &scope.ask.tenant, site))
}

/// Whether a comparison of this scope reads the tenant and the site; see the engine's scopes of sweeps.
fn covers(sweep: &SweepRecord, tenant: &TenantId, site: &SiteId) -> bool {
    let (tenant, site) = (Some(tenant.clone()), Some(site.clone()));
    let parts = [(None, None), (tenant.clone(), None), (None, site.clone()), (tenant, site)];
    parts.into_iter().any(|(tenant, site)| sweep.scope == SweepScope { site, tenant }.to_string())
}

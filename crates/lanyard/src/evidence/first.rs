//! Since when who is where is known: the first complete comparison of a tenant's people in a site.

use std::collections::HashMap;

use jiff::Timestamp;
use lanyard_engine::{ports::SweepRecord, sweep::SweepScope};
use lanyard_model::id::SiteId;

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
        let ended = sweeps.iter().filter(|sweep| covers(scope, sweep, site));
        let ended = ended.filter_map(|sweep| sweep.ended_at.filter(|_| sweep.certified));
        if let Some(first) = ended.filter(|at| known.is_none_or(|known| *at >= known)).min() {
            found.insert(site.clone(), first);
        }
    }
    Ok(found)
}

/// Whether a comparison reads the tenant in any site in scope.
pub fn reads(scope: &Scope<'_>, sweep: &SweepRecord) -> bool {
    scope.sites.iter().any(|(site, _)| covers(scope, sweep, site))
}

/// What a comparison read, of whatever tenants and sites.
pub fn compared(scope: &Scope<'_>, sweep: &SweepRecord) -> SweepScope {
    let tenants = || scope.tenants.iter().chain([&scope.ask.tenant]);
    SweepScope::of_key(&sweep.scope, |name| tenants().any(|tenant| tenant.as_str() == name))
}

/// Whether a comparison reads the pack's tenant in the site.
fn covers(scope: &Scope<'_>, sweep: &SweepRecord, site: &SiteId) -> bool {
    let compared = compared(scope, sweep);
    compared.tenant.is_none_or(|tenant| tenant == scope.ask.tenant)
        && compared.site.is_none_or(|known| known == *site)
}

//! What a data folder knows of the tenants, for checks that call nobody. Read beside a server that works in it, and never
//! written.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use lanyard_engine::{
    definitions::{self, Fields},
    gone_groups::{self, GoneGroups},
    sweep::SweepScope,
};
use lanyard_model::id::{GroupId, TenantId};
use lanyard_policy::{Known, Policy, Problems, Ways};
use lanyard_store::Archive;

use crate::{settings::Settings, wiring};

/// Mistakes of a policy that can be read, and what could not be checked.
pub fn lint(policy: &Policy, dir: &Path) -> (Problems, Vec<String>) {
    let known = known(dir);
    let mut unchecked = known.unchecked();
    unchecked.push("names of places, centers and items: no site was asked".to_owned());
    (policy.lint(&known), unchecked)
}

/// What the settings have for messages, for the `[notify]` of a policy.
pub fn ways(settings: &Settings) -> Ways {
    Ways { mail: settings.mail.is_some(), secrets: settings.secrets.keys().cloned().collect() }
}

/// Groups and attributes as the last sweep saw them. What one tenant lacks is known of none: better unchecked than wrongly
/// refused.
fn known(dir: &Path) -> Known {
    let Ok(settings) = Settings::load(dir) else { return Known::default() };
    let known = Known { ways: Some(ways(&settings)), ..Known::default() };
    let Ok(archive) = Archive::open(wiring::store_folder(dir)) else { return known };
    let tenants: Vec<&str> = settings.tenants.iter().map(|tenant| tenant.id.as_str()).collect();
    let types = schema(&archive, &tenants);
    let attributes = types.as_ref().map(|types| types.keys().cloned().collect());
    let groups = groups(&archive, &tenants);
    Known { attributes, types: types.unwrap_or_default(), groups, gone: gone(&archive, &tenants), ..known }
}

/// Groups that were deleted, as far as a server saw it.
fn gone(archive: &Archive, tenants: &[&str]) -> GoneGroups {
    let kept = |tenant: &&str| archive.meta(&gone_groups::key(&TenantId::new(*tenant))).ok().flatten();
    tenants.iter().flat_map(|tenant| gone_groups::read(kept(tenant).as_deref())).collect()
}

fn groups(archive: &Archive, tenants: &[&str]) -> Option<BTreeMap<GroupId, String>> {
    let mut all = BTreeMap::new();
    for tenant in tenants {
        let list = archive.groups(&TenantId::new(*tenant)).ok().filter(|list| !list.is_empty())?;
        all.extend(list.into_iter().map(|group| (group.id, group.name.to_string())));
    }
    Some(all).filter(|all| !all.is_empty())
}

fn schema(archive: &Archive, tenants: &[&str]) -> Option<BTreeMap<String, BTreeSet<String>>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for tenant in tenants {
        let kept =
            archive.meta(&definitions::key(&SweepScope::of_tenant(&TenantId::new(*tenant)))).ok()??;
        let fields: Fields = serde_json::from_str(&kept).ok()?;
        for (name, kind) in fields {
            all.entry(name).or_default().insert(kind);
        }
    }
    Some(all).filter(|all| !all.is_empty())
}

//! Restrictions beat grants: what they keep away, and what two flows say against each other.

use std::collections::BTreeSet;

use lanyard_model::{account::Role, desired::NotGiven, fold, id::CenterId};

use super::Merge;
use crate::{
    bind::{Ids, Site},
    document::{Centers, Kind, Outcome},
    parameter::filled,
};

/// Roles that one outcome of a restriction keeps away: this one and every stronger one. A weaker one stays.
pub(super) struct Bar {
    /// Its place among what is denied, and among the outcomes of its flow.
    pub(super) at: (usize, usize),
    pub(super) centers: BTreeSet<CenterId>,
    pub(super) role: Role,
}

impl Merge<'_, '_> {
    /// What the restrictions say of roles.
    pub(super) fn bars(&self) -> Vec<Bar> {
        let mut bars = Vec::new();
        for (place, (at, _)) in self.denied.iter().enumerate() {
            let flow = &self.scene.document.flows[*at];
            let Some(ids) = self.scene.site.flows.get(*at) else { continue };
            for (one, (outcome, ids)) in flow.never.iter().zip(&ids.never).enumerate() {
                let Kind::Role { role, centers, .. } = &outcome.kind else { continue };
                let centers = centers_of(centers, ids, self.scene.site);
                bars.push(Bar { at: (place, one), centers, role: *role });
            }
        }
        bars
    }

    /// Restrictions beat grants.
    pub(super) fn deny(&mut self) {
        for (place, (at, reason)) in std::mem::take(&mut self.denied).into_iter().enumerate() {
            let flow = &self.scene.document.flows[at];
            let Some(ids) = self.scene.site.flows.get(at) else { continue };
            for (one, (outcome, ids)) in flow.never.iter().zip(&ids.never).enumerate() {
                match (&outcome.kind, ids) {
                    (Kind::Role { .. }, _) => {
                        let here = (place, one);
                        for (_, center) in self.barred.iter().filter(|(bar, _)| *bar == here) {
                            let label = format!("role in center {center}");
                            let denied =
                                reason.clone().map(|because| NotGiven { label, because, unmet: false });
                            self.desired.not_given.extend(denied);
                        }
                    }
                    (Kind::Door(_), Ids::Doors(names)) => {
                        let wanted =
                            |area: &String| names.iter().any(|name| fold::text(name) == fold::text(area));
                        let denied: Vec<_> =
                            self.desired.doors.keys().filter(|area| wanted(area)).cloned().collect();
                        for area in denied {
                            self.desired.doors.remove(&area);
                            let label = format!("entry to {area}");
                            let denied =
                                reason.clone().map(|because| NotGiven { label, because, unmet: false });
                            self.desired.not_given.extend(denied);
                        }
                    }
                    (Kind::Item { name, .. }, Ids::Items(items)) => {
                        let before = self.desired.items.len();
                        self.desired.items.retain(|item, _| !items.contains(item));
                        if self.desired.items.len() < before {
                            let label = name.clone();
                            let denied =
                                reason.clone().map(|because| NotGiven { label, because, unmet: false });
                            self.desired.not_given.extend(denied);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

/// The centers that an outcome may be about.
fn centers_of(centers: &Centers, ids: &Ids, site: &Site) -> BTreeSet<CenterId> {
    match (centers, ids) {
        (Centers::Serving(module), _) => {
            let module = fold::text(&filled(module, &site.values));
            site.modules.get(&module).cloned().unwrap_or_default()
        }
        (_, Ids::Centers(found, _)) => found.clone(),
        _ => BTreeSet::new(),
    }
}

/// Whether what one flow forbids (`not`) is what another would give.
pub(crate) fn keeps_away(not: (&Outcome, &Ids), give: (&Outcome, &Ids), site: &Site) -> bool {
    match (&not.0.kind, &give.0.kind) {
        (Kind::Role { role: least, centers: not_in, .. }, Kind::Role { role, centers, .. }) => {
            role >= least && !centers_of(not_in, not.1, site).is_disjoint(&centers_of(centers, give.1, site))
        }
        (Kind::Role { .. }, Kind::TableRoles) | (Kind::Item { .. }, Kind::TableItems) => true,
        (Kind::Item { .. }, Kind::Item { .. }) => match (not.1, give.1) {
            (Ids::Items(not), Ids::Item(Ok(give))) => not.contains(give),
            _ => false,
        },
        (Kind::Door(_), Kind::Door(_)) => match (not.1, give.1) {
            (Ids::Doors(not), Ids::Doors(give)) => {
                not.iter().any(|name| give.iter().any(|area| fold::text(area) == fold::text(name)))
            }
            _ => false,
        },
        _ => false,
    }
}

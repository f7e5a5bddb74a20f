//! What reviews removed, withheld from what policy wants.

use std::{collections::HashMap, sync::Arc};

use lanyard_model::{
    desired::{Because, Desired, Lifecycle, NotGiven, SeatWish},
    id::{CenterId, IdentityId, ItemId, SectionId, SiteId},
};

use super::{PAGE, body, campaign::Withheld};
use crate::{
    Engine,
    ports::{StoreFailure, WITHHELD},
};

/// Rights withheld by reviews, in memory: asked for in every decision.
pub type WithheldRights = HashMap<(IdentityId, SiteId), Vec<(Right, String)>>;

/// What can be withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Right {
    Role(CenterId),
    Item(ItemId),
    /// Any assigned desk: who lost it in a review gets no other one before it is lifted.
    Seat,
    /// A seat in this neighbourhood section.
    Section(SectionId),
    /// Entry to an area, by the badge system's name.
    Door(String),
}

impl Right {
    pub(super) fn of(kind: &str, key: i64, name: &str) -> Option<Self> {
        match kind {
            "role" => Some(Self::Role(CenterId(key))),
            "item" => Some(Self::Item(ItemId(key))),
            "seat" => Some(Self::Seat),
            "section" => Some(Self::Section(SectionId(key))),
            "door" => Some(Self::Door(name.to_owned())),
            _ => None,
        }
    }
}

/// Takes what reviews removed out of what policy wants, and makes it ours to take away, whoever gave it.
pub fn withhold(withheld: &WithheldRights, mut desired: Desired, site: &SiteId) -> Desired {
    if withheld.is_empty() || !matches!(desired.lifecycle, Lifecycle::Active) {
        return desired;
    }
    let Some(all) = withheld.get(&(desired.identity.clone(), site.clone())) else { return desired };
    for (right, why) in all {
        let (label, wanted) = match right {
            Right::Role(center) => {
                Arc::make_mut(&mut desired.owned).centers.insert(*center);
                (format!("role in center {center}"), desired.roles.remove(center).is_some())
            }
            Right::Item(item) => {
                Arc::make_mut(&mut desired.owned).items.insert(*item);
                (format!("category item {item}"), desired.items.remove(item).is_some())
            }
            Right::Door(area) => (format!("door {area}"), desired.doors.remove(area).is_some()),
            // No desk is wanted any more, and nothing else instead: what we gave is planned away behind the gates, what
            // facilities gave stays, and no other write (a classification, say) goes ahead of the removal.
            Right::Seat => {
                let desk = matches!(&desired.seat, Some(want) if matches!(want.value, SeatWish::Desk { .. }));
                if desk {
                    desired.seat = None;
                }
                ("seat".to_owned(), desk)
            }
            Right::Section(key) => {
                let section = SeatWish::Section { section: *key };
                let wanted = desired.seat.as_ref().is_some_and(|want| want.value == section);
                if wanted {
                    desired.seat = None;
                }
                (format!("section {key}"), wanted)
            }
        };
        if wanted {
            let because = Because { rule: "review".into(), row: None, text: why.clone() };
            desired.not_given.push(NotGiven { label, because, unmet: false });
        }
    }
    desired
}

impl Engine {
    /// Reads what reviews withhold; at start, and after each decision.
    pub(crate) async fn load_withheld(&self) -> Result<(), StoreFailure> {
        let mut all = WithheldRights::new();
        let mut skip = 0;
        loop {
            let (documents, total) = self.store.document_page(WITHHELD, skip, PAGE).await?;
            for document in &documents {
                let one: Withheld = body(document)?;
                if let Some(right) = Right::of(&one.kind, one.key, &one.name) {
                    all.entry((one.identity, one.site)).or_default().push((right, one.reason));
                }
            }
            skip += documents.len();
            if documents.is_empty() || skip as u64 >= total {
                break;
            }
        }
        *self.withheld.write().unwrap_or_else(std::sync::PoisonError::into_inner) = all;
        Ok(())
    }

    /// What policy wants, less what reviews removed.
    pub(crate) fn withhold(&self, desired: Arc<Desired>, site: &SiteId) -> Arc<Desired> {
        let withheld = self.withheld.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if withheld.is_empty() {
            return desired;
        }
        Arc::new(withhold(&withheld, Arc::unwrap_or_clone(desired), site))
    }
}

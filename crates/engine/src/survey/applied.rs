//! What is known to be applied, read page by page beside the list of people.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
};

use lanyard_model::{
    desired::Applied,
    id::{IdentityId, SiteId},
};

use super::{CHUNK, TenantSurvey};
use crate::{Engine, pages::Pages, ports::StoreFailure};

/// What is known to be applied in one site, read beside the list of a tenant's people: both are by user id.
#[derive(Default)]
pub(super) struct AppliedPages {
    pages: Pages,
    waiting: VecDeque<(IdentityId, Applied)>,
}

impl AppliedPages {
    /// Of the people in these rows.
    pub(super) async fn take(
        &mut self,
        engine: &Engine,
        site: &SiteId,
        tenant: &TenantSurvey,
        rows: Range<u32>,
    ) -> Result<BTreeMap<u32, Applied>, StoreFailure> {
        let mut found = BTreeMap::new();
        let mut row = rows.start;
        while row < rows.end {
            let Some((known, _)) = self.waiting.front() else {
                if self.pages.ended() {
                    break;
                }
                let page = engine.store.applied_page(site, &tenant.tenant, self.pages.after(), CHUNK).await?;
                match page.last() {
                    Some((last, _)) => self.pages.seen(&last.user),
                    None => self.pages.end(),
                }
                self.waiting.extend(page);
                continue;
            };
            match (*known.user).cmp(tenant.identities.user(row)) {
                // Of somebody who is listed no more.
                std::cmp::Ordering::Less => drop(self.waiting.pop_front()),
                std::cmp::Ordering::Equal => {
                    found.extend(self.waiting.pop_front().map(|(_, applied)| (row, applied)));
                    row += 1;
                }
                std::cmp::Ordering::Greater => row += 1,
            }
        }
        Ok(found)
    }
}

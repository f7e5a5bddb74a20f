//! Who holds which category item, for sites whose users do not show it themselves (§4; A-42).

use std::collections::{BTreeMap, BTreeSet};

use lanyard_model::{
    id::{AccountId, ItemId},
    signal::Lane,
};

use crate::{client::IofficeClient, fields::Fields, listing::Collection, outcome::ReadError};

/// Items asked about at most, each with a list of its own. A site with more is left unread: to write somebody's whole
/// list without knowing all of it would take the rest away.
const ITEMS_MAX: usize = 300;
/// Pages of one item's list at most.
const PAGES_MAX: u32 = 2_000;

impl IofficeClient {
    /// Accounts by item, over all items besides cost centers. `None`: the site does not tell, or has too many items.
    pub(crate) async fn scan_holders(
        &self,
        lane: Lane,
    ) -> Result<Option<BTreeMap<AccountId, BTreeSet<ItemId>>>, ReadError> {
        let items = self.learnt().grantable_items.clone();
        if items.len() > ITEMS_MAX {
            return Ok(None);
        }
        let mut held: BTreeMap<AccountId, BTreeSet<ItemId>> = BTreeMap::new();
        for item in items {
            let list = Collection {
                endpoint: "GET /categories/items/{id}/users",
                segments: vec!["categories".into(), "items".into(), item.to_string(), "users".into()],
                filters: Vec::new(),
                selector: Some("userName".into()),
                lane,
                count_endpoint: None,
            };
            let id = |row: &serde_json::Value| Fields::of(row).id().map(AccountId);
            match self.session().search(&list, PAGES_MAX, id).await {
                Ok(Some(holders)) => {
                    for account in holders {
                        held.entry(account).or_default().insert(item);
                    }
                }
                Ok(None) | Err(ReadError::NotFound | ReadError::Refused(_) | ReadError::Forbidden { .. }) => {
                    return Ok(None);
                }
                Err(e) => return Err(e),
            }
        }
        Ok(Some(held))
    }
}

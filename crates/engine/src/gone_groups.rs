//! Groups that were in Okta once: what they were called last, and since when they are gone. Whatever still names one can be told
//! by it; nothing is decided by it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{
    id::{GroupId, TenantId},
    identity::Group,
};
use lanyard_policy::GoneGroup;

use crate::{
    Engine,
    ports::{StoreFailure, Write},
};

/// Groups by id.
pub type GoneGroups = BTreeMap<GroupId, GoneGroup>;

/// Those of a tenant that are remembered; of more, the first to go are forgotten.
const KEPT_MAX: usize = 2_000;

/// Where the groups are kept that a tenant had once, as JSON.
pub fn key(tenant: &TenantId) -> String {
    format!("groups_gone:{tenant}")
}

/// What is kept there. What cannot be read is not known.
pub fn read(kept: Option<&str>) -> GoneGroups {
    kept.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// What is known after somebody heard that `gone` are gone; of a list `listed` is all that is there. Who is gone already stays
/// gone since then.
fn after(
    mut known: GoneGroups,
    gone: impl IntoIterator<Item = (GroupId, Option<String>, Timestamp)>,
    listed: Option<&BTreeSet<&GroupId>>,
) -> GoneGroups {
    for (id, name, since) in gone {
        let one = known.entry(id).or_insert(GoneGroup { name: None, since });
        if one.name.is_none() {
            one.name = name;
        }
    }
    if let Some(listed) = listed {
        // A list that was not whole said so of somebody who is there.
        known.retain(|id, _| !listed.contains(id));
    }
    while known.len() > KEPT_MAX {
        let Some(first) = known.iter().min_by_key(|(_, one)| one.since).map(|(id, _)| id.clone()) else {
            break;
        };
        known.remove(&first);
    }
    known
}

impl Engine {
    /// Every tenant's, as far as they were seen to go.
    pub(crate) async fn gone_groups(&self) -> Result<GoneGroups, StoreFailure> {
        let mut all = GoneGroups::new();
        for tenant in self.directories().keys() {
            all.extend(read(self.store.meta(&key(tenant)).await?.as_deref()));
        }
        Ok(all)
    }

    /// Remembers groups that an event says were deleted, under the names of the last list.
    pub(crate) async fn note_deleted_groups(
        &self,
        tenant: &TenantId,
        deleted: &[(GroupId, Timestamp)],
    ) -> Result<Option<Write>, StoreFailure> {
        if deleted.is_empty() {
            return Ok(None);
        }
        let groups = self.store.groups(tenant).await?;
        let name = |id: &GroupId| groups.iter().find(|group| group.id == *id).map(|g| g.name.to_string());
        let gone = deleted.iter().map(|(id, at)| (id.clone(), name(id), *at));
        self.note_gone_groups(tenant, gone, None).await
    }

    /// Remembers what one list of a tenant's groups had and the next has not.
    pub(crate) async fn note_unlisted_groups(
        &self,
        tenant: &TenantId,
        (before, now_listed): (&[Group], &[Group]),
        now: Timestamp,
    ) -> Result<Option<Write>, StoreFailure> {
        let listed: BTreeSet<&GroupId> = now_listed.iter().map(|group| &group.id).collect();
        let gone = before.iter().filter(|group| !listed.contains(&group.id));
        let gone = gone.map(|group| (group.id.clone(), Some(group.name.to_string()), now));
        self.note_gone_groups(tenant, gone, Some(&listed)).await
    }

    /// `None`: all of it is known.
    async fn note_gone_groups(
        &self,
        tenant: &TenantId,
        gone: impl Iterator<Item = (GroupId, Option<String>, Timestamp)> + Send,
        listed: Option<&BTreeSet<&GroupId>>,
    ) -> Result<Option<Write>, StoreFailure> {
        let kept = self.store.meta(&key(tenant)).await?;
        let known = read(kept.as_deref());
        let news = after(known.clone(), gone, listed);
        Ok((news != known).then(|| Write::Meta {
            key: key(tenant),
            value: serde_json::to_string(&news).unwrap_or_else(|_| "{}".into()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap_or_default()
    }

    fn gone(id: &str, name: Option<&str>, seconds: i64) -> (GroupId, Option<String>, Timestamp) {
        (id.into(), name.map(str::to_owned), at(seconds))
    }

    #[test]
    fn who_is_gone_stays_gone_since_then_under_the_last_name() {
        let known = after(GoneGroups::new(), [gone("00g1", None, 5), gone("00g2", Some("Floor 9"), 6)], None);
        let known = after(known, [gone("00g1", Some("Rooms"), 7), gone("00g2", Some("Else"), 8)], None);
        let told: Vec<_> =
            known.iter().map(|(id, one)| (id.as_str(), one.name.as_deref(), one.since)).collect();
        assert_eq!(told, [("00g1", Some("Rooms"), at(5)), ("00g2", Some("Floor 9"), at(6))]);
        let back = GroupId::from("00g1");
        let known = after(known, [], Some(&BTreeSet::from([&back])));
        assert_eq!(known.keys().map(GroupId::as_str).collect::<Vec<_>>(), ["00g2"], "it is listed again");
        let text = serde_json::to_string(&known).unwrap();
        assert_eq!(read(Some(&text)), known);
        assert_eq!(read(Some("no JSON")), GoneGroups::new());
    }

    #[test]
    fn the_first_to_go_are_forgotten() {
        let many = (0..KEPT_MAX + 3).map(|n| gone(&format!("00g{n}"), None, n as i64));
        let known = after(GoneGroups::new(), many, None);
        assert_eq!((known.len(), known.values().map(|one| one.since).min()), (KEPT_MAX, Some(at(3))));
    }
}

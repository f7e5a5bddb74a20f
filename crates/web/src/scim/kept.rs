//! Resources as documents of the store. Deleted users leave a tombstone in a collection of their own.

use jiff::Timestamp;
use lanyard_engine::ports::{Document, DocumentKey, Store, StoreFailure};
use lanyard_model::id::TenantId;
use lanyard_scim::{Filter, Kind, Resource, body::Page, filter::Field, resource::Meta};
use rand::Rng as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Tenant;

/// A resource and its place in the store.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) resource: Resource,
    created: Timestamp,
    modified: Timestamp,
    version: i64,
}

/// The document's body.
#[derive(Serialize, Deserialize)]
struct BodyV1 {
    created: Timestamp,
    modified: Timestamp,
    attributes: Map<String, Value>,
}

impl Kept {
    pub(super) fn new(id: String, resource: Resource, at: Timestamp) -> Self {
        Self { id, resource, created: at, modified: at, version: 0 }
    }

    /// With another content, as of `at`.
    pub(super) fn changed(&self, resource: Resource, at: Timestamp) -> Self {
        Self { resource, modified: at, ..self.clone() }
    }

    fn read(kind: Kind, document: Document) -> Result<Self, StoreFailure> {
        let Document { key, version, body, .. } = document;
        let body: BodyV1 = serde_json::from_value(body).map_err(|e| {
            StoreFailure::Damaged(format!("the kept {} {key} cannot be read: {e}", kind.name()))
        })?;
        let resource = Resource::from_kept(kind, body.attributes);
        Ok(Self { id: key, resource, created: body.created, modified: body.modified, version })
    }

    /// The document of a living resource.
    pub(super) fn document(&self, tenant: &TenantId) -> Result<Document, StoreFailure> {
        let keys = self.resource.keys().into_iter().map(|key| DocumentKey {
            kind: key.field.name().to_owned(),
            value: key.value,
            sole: key.sole,
        });
        let body = BodyV1 {
            created: self.created,
            modified: self.modified,
            attributes: self.resource.attributes().clone(),
        };
        Ok(Document {
            collection: living(tenant, self.resource.kind()),
            key: self.id.clone(),
            version: self.version,
            keys: keys.collect(),
            body: serde_json::to_value(body).map_err(|e| StoreFailure::Damaged(e.to_string()))?,
        })
    }

    /// What stays of it when it is deleted. Many tombstones may bear one name.
    pub(super) fn tombstone(&self, tenant: &TenantId) -> Result<Document, StoreFailure> {
        let mut document = self.document(tenant)?;
        document.collection = gone(tenant, self.resource.kind());
        document.version = 0;
        document.keys.iter_mut().for_each(|key| key.sole = false);
        Ok(document)
    }

    pub(super) fn location(&self, tenant: &Tenant) -> String {
        format!("{}/{}/{}", tenant.base, self.resource.kind().endpoint(), self.id)
    }

    pub(super) fn render(&self, tenant: &Tenant) -> Value {
        let (created, modified) = (self.created.to_string(), self.modified.to_string());
        self.resource.render(Meta {
            id: &self.id,
            location: &self.location(tenant),
            created: &created,
            modified: &modified,
        })
    }
}

fn living(tenant: &TenantId, kind: Kind) -> String {
    format!("scim:{tenant}:{}", kind.endpoint())
}

fn gone(tenant: &TenantId, kind: Kind) -> String {
    format!("scim:{tenant}:{}:gone", kind.endpoint())
}

/// A new id: random, in the form of a UUID.
pub(super) fn fresh_id() -> String {
    let mut bytes = [0_u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// A tenant's resources.
pub(super) struct Shelf<'s> {
    pub(super) store: &'s dyn Store,
    pub(super) tenant: &'s TenantId,
}

impl Shelf<'_> {
    pub(super) async fn one(&self, kind: Kind, id: &str) -> Result<Option<Kept>, StoreFailure> {
        Ok(self.many(kind, &[id.to_owned()]).await?.pop())
    }

    /// Those of these ids that there are.
    pub(super) async fn many(&self, kind: Kind, ids: &[String]) -> Result<Vec<Kept>, StoreFailure> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.store.documents(&living(self.tenant, kind), ids).await?;
        found.into_iter().map(|document| Kept::read(kind, document)).collect()
    }

    /// A part of all, in the order of creation, and how many there are.
    pub(super) async fn page(&self, kind: Kind, page: Page) -> Result<(Vec<Kept>, u64), StoreFailure> {
        let collection = living(self.tenant, kind);
        let (found, total) = self.store.document_page(&collection, page.skip(), page.count).await?;
        let found: Result<_, _> = found.into_iter().map(|document| Kept::read(kind, document)).collect();
        Ok((found?, total))
    }

    /// All that the filter lets through.
    pub(super) async fn matching(&self, kind: Kind, filter: &Filter) -> Result<Vec<Kept>, StoreFailure> {
        let found = match filter.narrowest() {
            None => Vec::new(),
            Some((Field::Id, id)) => self.many(kind, &[id.to_owned()]).await?,
            Some((field, value)) => self.by(kind, field, value).await?,
        };
        Ok(found.into_iter().filter(|kept| filter.matches(&kept.id, &kept.resource)).collect())
    }

    pub(super) async fn by(&self, kind: Kind, field: Field, folded: &str) -> Result<Vec<Kept>, StoreFailure> {
        let found = self.store.documents_by_key(&living(self.tenant, kind), field.name(), folded).await?;
        found.into_iter().map(|document| Kept::read(kind, document)).collect()
    }

    /// The newest tombstone that a new resource takes up again: the same name, and not somebody else's Okta id.
    pub(super) async fn tombstone_for(
        &self,
        resource: &Resource,
    ) -> Result<Option<(Document, Kept)>, StoreFailure> {
        let kind = resource.kind();
        let Some(name) = resource.keys().into_iter().find(|key| key.sole) else { return Ok(None) };
        let collection = gone(self.tenant, kind);
        let found = self.store.documents_by_key(&collection, name.field.name(), &name.value).await?;
        for document in found.into_iter().rev() {
            let kept = Kept::read(kind, document.clone())?;
            let ids = (kept.resource.external_id(), resource.external_id());
            if !matches!(ids, (Some(old), Some(new)) if old != new) {
                return Ok(Some((document, Kept { version: 0, ..kept })));
            }
        }
        Ok(None)
    }
}

//! Users: reading them into accounts, writing sparse updates (§3).

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use jiff::Timestamp;
use lanyard_model::{
    account::{Account, AccountKind, FIELDS, FieldName, Role, Seat},
    id::{AccountId, AccountKey, CenterId, FloorId, ItemId, RoomId, SectionId, SiteId, UserTypeId},
    plan::AccountPatch,
};
use serde_json::{Map, Value, json};

use crate::fields::{Fields, as_id};

/// Everything that the engine compares, in one projection. `custom01` to `custom30` are appended.
const SELECTOR: &str = "userName,email,firstName,lastName,knownAs,middleName,employeeId,jobTitle,department,company,\
phone,extension,mobile,fax,address,city,state,postalCode,assistantName,comments,alternateDelivery,userType(id,name),\
room(floor(building)),seatClassification,neighborhoodSection,costCenter,costCenters(category),siteAdmin,\
permissions(center(module),role),active,dateUpdated,lastUpdatedBy";

/// All writable text properties; rows share their names.
static TEXTS: LazyLock<Vec<FieldName>> = LazyLock::new(|| {
    let custom = (1..=30).map(|n| format!("custom{n:02}"));
    FIELDS
        .iter()
        .map(|name| (*name).to_owned())
        .chain(custom)
        .filter_map(|name| FieldName::new(&name))
        .collect()
});

/// The projection of a user.
pub(crate) fn selector() -> &'static str {
    static WHOLE: LazyLock<String> = LazyLock::new(|| {
        let custom = (1..=30).map(|n| format!(",custom{n:02}"));
        std::iter::once(SELECTOR.to_owned()).chain(custom).collect()
    });
    &WHOLE
}

/// Who we are, so that our own account is never governed.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnAccount {
    pub id: Option<AccountId>,
    pub user_name: Option<String>,
}

/// A user as read, with what the model has no word for.
#[derive(Debug, Clone)]
pub(crate) struct UserRow {
    pub account: Account,
    /// Entries whose role the model does not know; kept so that a whole-list write does not drop them.
    pub foreign_roles: Vec<(CenterId, String)>,
}

/// Reads a user. `None` without an id.
pub(crate) fn read_user(row: &Value, site: &SiteId, own: &OwnAccount, read_at: Timestamp) -> Option<UserRow> {
    let f = Fields::of(row);
    let id = AccountId(f.id()?);
    let mut fields = BTreeMap::new();
    for name in TEXTS.iter() {
        if let Some(value) = f.text(name.as_str()) {
            fields.insert(*name, value);
        }
    }
    let user_name = f.text("userName").unwrap_or_default();
    let (roles, foreign_roles) = match f.list("permissions") {
        Some(list) => {
            let (known, foreign) = read_roles(list);
            (Some(known), foreign)
        }
        None => (None, Vec::new()),
    };
    let room = f.inside("room");
    let account = Account {
        key: AccountKey { site: site.clone(), id },
        kind: kind(id, &user_name, own),
        active: f.flag("active"),
        fields,
        user_type: f.reference("userType").map(|r| (UserTypeId(r.id), r.name.unwrap_or_default().into())),
        seat: f.reference("room").map(|r| Seat {
            room: RoomId(r.id),
            floor: room.reference("floor").map(|floor| FloorId(floor.id)),
        }),
        section: f.reference("neighborhoodSection").map(|r| SectionId(r.id)),
        seat_class: f.text("seatClassification").map(|s| Arc::from(s.to_lowercase())),
        cost_center: f.reference("costCenter").map(|r| ItemId(r.id)),
        items: f.references("costCenters").map(|list| list.into_iter().map(|r| ItemId(r.id)).collect()),
        roles,
        site_admin: f.flag("siteAdmin"),
        updated_at: f.millis("dateUpdated"),
        updated_by: f.reference("lastUpdatedBy").map(|r| AccountId(r.id)),
        read_at,
    };
    Some(UserRow { account, foreign_roles })
}

/// Reads a permission list into known and other roles by center (§3.5).
pub(crate) fn read_roles(list: &[Value]) -> (BTreeMap<CenterId, Role>, Vec<(CenterId, String)>) {
    let mut known = BTreeMap::new();
    let mut foreign = Vec::new();
    for entry in list {
        let f = Fields::of(entry);
        let (Some(center), Some(text)) = (f.reference("center"), f.text("role")) else { continue };
        match Role::parse(&text) {
            Some(role) => {
                known.insert(CenterId(center.id), role);
            }
            None => foreign.push((CenterId(center.id), text)),
        }
    }
    (known, foreign)
}

fn kind(id: AccountId, user_name: &str, own: &OwnAccount) -> AccountKind {
    let is_own = own.id == Some(id)
        || own
            .user_name
            .as_deref()
            .is_some_and(|name| !user_name.is_empty() && name.eq_ignore_ascii_case(user_name));
    match () {
        () if is_own => AccountKind::Own,
        () if id.0 == 1 => AccountKind::Vendor,
        () if user_name.starts_with("$@") && user_name.ends_with("@$") => AccountKind::Device,
        () => AccountKind::Person,
    }
}

/// Writes a patch as a sparse body: only what changes, references as `{"id": n}` (§1.7, §14.3).
pub(crate) fn write_patch(patch: &AccountPatch) -> Map<String, Value> {
    let mut body = Map::new();
    for (name, value) in &patch.fields {
        // `""` and `null` both clear text where A-10 holds; `""` is what the vendor's own form sends.
        body.insert(name.as_str().to_owned(), json!(value.as_deref().unwrap_or_default()));
    }
    let reference = |id: Option<i64>| id.map_or(Value::Null, |id| json!({"id": id}));
    if let Some(id) = patch.user_type {
        body.insert("userType".into(), reference(Some(id.0)));
    }
    if let Some(item) = patch.cost_center {
        body.insert("costCenter".into(), reference(item.map(|i| i.0)));
    }
    if let Some(items) = &patch.items {
        body.insert("costCenters".into(), items.iter().map(|i| json!({"id": i.0})).collect());
    }
    if let Some(room) = patch.seat {
        body.insert("room".into(), reference(room.map(|r| r.0)));
    }
    if let Some(class) = &patch.seat_class {
        body.insert("seatClassification".into(), json!(class.as_ref()));
    }
    if let Some(section) = patch.section {
        body.insert("neighborhoodSection".into(), reference(section.map(|s| s.0)));
    }
    body
}

/// `{"available": "true"}`, text or boolean.
pub(crate) fn read_available(value: &Value) -> Option<bool> {
    Fields::of(value).flag("available")
}

/// The id in the answer to a create.
pub(crate) fn created_id(value: &Value) -> Option<AccountId> {
    as_id(value).map(AccountId)
}

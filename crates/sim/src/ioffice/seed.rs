//! First states: an empty site, and a site of a generated company.

use serde_json::{Value, json};

use super::{
    IofficeFace,
    doc::Doc,
    journal::Calls,
    list::ListCache,
    load::Load,
    noun::Noun,
    places::buildings,
    reservations::Reservation,
    settings::IofficeSettings,
    state::State,
    table::Id,
    users::{Role, Seating, User},
    visitors::VisitorType,
};
use crate::{
    journal::Journal,
    world::{self, Site},
};

/// When the site was set up, milliseconds.
const SET_UP: i64 = 1_717_200_000_000;
const VENDOR: Id = 1;
const KIOSKS: &[&str] =
    &["$@spacepaneldeviceuser@$", "$@wayfindingdeviceuser@$", "$@visitorpaneldeviceuser@$"];
const FIRST_PERSON: Id = 5_000;

impl IofficeFace {
    /// A site with nothing but what every site has: vendor, kiosk and service accounts, user types, statuses.
    pub fn empty(settings: IofficeSettings) -> Self {
        let mut state = standard();
        for (id, name, required) in [(1, "Employee", false), (2, "Contractors", true), (3, "Visitor", false)]
        {
            let fields = json!([
                type_field(8, "employeeId", "Employee ID", false, 1),
                type_field(9, "company", "Company", required, 2),
            ]);
            state.insert_doc(Noun::UserType, id, Doc::new(SET_UP).with("name", name).with("fields", fields));
        }
        state.insert_doc(
            Noun::Category,
            1,
            Doc::new(SET_UP)
                .with("name", "Cost center")
                .with("code", "CC")
                .with("categoryType", json!([{"id": 1, "name": "User"}])),
        );
        let mut vendor = account("Customer", "Service", "ioffice");
        vendor.site_admin = true;
        vendor.set_text("email", "support@ioffice.example");
        state.users.put(VENDOR, vendor);
        for (id, name) in (2..).zip(KIOSKS) {
            state.users.put(id, account("Device", "User", name));
        }
        state.users.start_ids_at(FIRST_PERSON);
        let service = state.users.push(account("Lanyard", "Service", &settings.service_user_name));
        Self::assemble(settings, state, service)
    }

    /// The site of a generated company as [`world`](crate::world) draws it.
    pub fn from_world(site: &Site, settings: IofficeSettings) -> Self {
        let mut state = standard();
        state.org_name = site.subdomain.to_string();
        places(&mut state, site);
        groups(&mut state, site);
        for account in &site.accounts {
            state.users.put(account.id, user(account));
        }
        state.users.start_ids_at(FIRST_PERSON);
        for reservation in &site.reservations {
            state.reservations.put(reservation.id, booking(reservation));
        }
        Self::assemble(settings, state, site.service_account)
    }

    fn assemble(settings: IofficeSettings, mut state: State, service: Id) -> Self {
        state.service_account = service;
        state.users.edit(service, |user| {
            user.set_text("userName", settings.service_user_name.as_str());
            user.password = Some(settings.service_password.as_str().into());
            user.site_admin = settings.service_site_admin;
            user.active = true;
        });
        Self {
            settings,
            state,
            journal: Journal::default(),
            calls: Calls::default(),
            load: Load::default(),
            cache: ListCache::default(),
            requests: 0,
        }
    }
}

fn account(first: &str, last: &str, user_name: &str) -> User {
    let mut user = User::new(SET_UP);
    user.set_text("firstName", first);
    user.set_text("lastName", last);
    user.set_text("userName", user_name);
    user
}

fn type_field(id: Id, code: &str, name: &str, required: bool, sort_order: usize) -> Value {
    let base = json!({"id": id, "code": code, "name": name});
    json!({"id": id, "code": code, "name": name, "required": required, "sortOrder": sort_order, "baseField": base})
}

/// What no world decides: statuses, move types, countries, field definitions, visitor types.
fn standard() -> State {
    let mut state = State::new();
    let mut put = |noun, id, doc| state.insert_doc(noun, id, doc);
    let named = |name: &str| Doc::new(SET_UP).with("name", name);
    for (id, code, name, locked) in [
        (9, "pen", "Pending", None),
        (10, "apr", "Approved by Manager", None),
        (11, "sub", "In Progress", Some(true)),
        (12, "0", "Rejected", Some(false)),
    ] {
        let status = named(name).with("code", code);
        put(Noun::MoveStatus, id, locked.map_or(status.clone(), |locked| status.with("locked", locked)));
    }
    for (id, code, name) in [
        (1, "new", "New Person"),
        (2, "move", "Employee Move"),
        (3, "terminate", "Exiting Employee"),
        (4, "move", "Move Office Equipment"),
    ] {
        put(Noun::MoveType, id, named(name).with("typeCode", code).with("fields", json!([])));
    }
    put(Noun::MoveTask, 1, named("Pack boxes").with("fields", json!([])));
    for (id, name, two) in
        [(77, "Germany", "DE"), (221, "United Kingdom", "GB"), (223, "United States of America (the)", "US")]
    {
        put(Noun::Country, id, country_doc(name, two).with("defaultSelected", id == 223));
    }
    for (id, mapping, code, label) in
        [(301, "categoryDepth", "costCenter1", "Division"), (302, "building", "leaseArea", "Lease area")]
    {
        let field = named(label).with("code", code).with("mappingCode", mapping).with("dataType", "TEXT");
        put(Noun::FieldDef, id, field.with("length", 500).with("required", false).with("dynamic", false));
    }
    put(Noun::SpaceGroup, 1, named("Workspace").with("hexColor", "#5AB1C4"));
    put(Noun::MailStop, 1, named("Main desk"));
    for name in ["Guest", "Contractor", "Candidate"] {
        state.visitors.types.push(VisitorType { name: name.into(), active: true, icon: "person".into() });
    }
    state.visitors.registrations.start_ids_at(3_300);
    state.visitors.visitors.start_ids_at(3_400);
    state.reservations.start_ids_at(60_000);
    state
}

/// Codes of two and three letters of the countries that generated worlds build in.
const COUNTRIES: &[(&str, &str)] = &[
    ("BR", "BRA"),
    ("CA", "CAN"),
    ("CZ", "CZE"),
    ("DE", "DEU"),
    ("ES", "ESP"),
    ("FR", "FRA"),
    ("GB", "GBR"),
    ("IN", "IND"),
    ("JP", "JPN"),
    ("KE", "KEN"),
    ("NZ", "NZL"),
    ("PL", "POL"),
    ("SE", "SWE"),
    ("TR", "TUR"),
    ("US", "USA"),
];

fn country_doc(name: &str, two: &str) -> Doc {
    let doc = Doc::new(SET_UP).with("name", name).with("alpha2Code", two);
    match COUNTRIES.iter().find(|(code, _)| *code == two) {
        Some((_, three)) => doc.with("isoCode", *three),
        None => doc,
    }
}

/// A country as an address carries it (§5), listed from now on if it was not yet.
fn country(state: &mut State, code: &str, name: &str) -> Value {
    let known = state.docs(Noun::Country).iter().find(|(_, doc)| doc.text("alpha2Code") == code);
    let id = known.map(|(id, _)| id).unwrap_or_else(|| {
        let id = state.docs(Noun::Country).next_id();
        state.insert_doc(Noun::Country, id, country_doc(name, code).with("defaultSelected", false));
        id
    });
    let doc = state.doc(Noun::Country, id);
    let mut shown = json!({ "id": id });
    for field in ["name", "alpha2Code", "isoCode", "defaultSelected"] {
        if let Some(value) = doc.and_then(|doc| doc.get(field)) {
            shown[field] = value.clone();
        }
    }
    shown
}

fn places(state: &mut State, site: &Site) {
    let named = |name: &str| Doc::new(SET_UP).with("name", name);
    for building in &site.buildings {
        let country = country(state, &building.country_code, &building.country);
        let address = buildings::address(&building.street, &building.city, &building.postal_code, &country);
        let doc = named(&building.name).with("code", &*building.code).with("address", address);
        state.insert_doc(
            Noun::Building,
            building.id,
            doc.with("metric", true).with("costCenters", json!([])),
        );
    }
    for floor in &site.floors {
        let doc = named(&floor.name).with("building", floor.building).with("area", floor.area);
        state.insert_doc(Noun::Floor, floor.id, doc.with("drawingAvailable", true));
    }
    for (order, kind) in site.room_types.iter().enumerate() {
        let doc = named(kind.name)
            .with("typeCode", kind.code)
            .with("occupiable", kind.occupiable)
            .with("contentFlag", if kind.occupiable { 3 } else { 1 })
            .with("cost", 0.0)
            .with("parkingSpace", false)
            .with("defaultRoomType", order == 0)
            .with("sortOrder", order)
            .with("spaceTypeGroup", 1);
        state.insert_doc(Noun::RoomType, kind.id, doc);
    }
    for room in &site.rooms {
        let doc = named(&room.name)
            .with("floor", room.floor)
            .with("type", room.kind)
            .with("capacity", room.capacity)
            .with("reservable", room.reservable)
            .with("active", room.active);
        state.insert_doc(Noun::Room, room.id, doc);
    }
    for center in &site.centers {
        let doc =
            named(&center.name).with("module", center.module).with("buildings", center.buildings.clone());
        state.insert_doc(Noun::Center, center.id, doc);
    }
    for neighborhood in &site.neighborhoods {
        let doc =
            named(&neighborhood.name).with("code", &*neighborhood.code).with("center", neighborhood.center);
        state.insert_doc(Noun::Neighborhood, neighborhood.id, doc);
    }
    for section in &site.sections {
        let doc = named(&section.name)
            .with("neighborhood", section.neighborhood)
            .with("floor", section.floor)
            .with("rooms", section.rooms.clone())
            .with("coordinates", "[]");
        state.insert_doc(Noun::Section, section.id, doc);
    }
}

fn groups(state: &mut State, site: &Site) {
    let named = |name: &str| Doc::new(SET_UP).with("name", name);
    for kind in &site.user_types {
        let fields = kind.fields.iter().enumerate().map(|(order, (code, label, required))| {
            type_field(8 + Id::try_from(order).unwrap_or(0), code, label, *required, order + 1)
        });
        let fields: Value = fields.collect();
        state.insert_doc(Noun::UserType, kind.id, named(kind.name).with("fields", fields));
    }
    for category in &site.categories {
        let kinds = json!([{"id": 1, "name": "User"}]);
        let doc = named(category.name).with("code", category.code).with("categoryType", kinds);
        state.insert_doc(Noun::Category, category.id, doc);
    }
    for depth in &site.depths {
        let doc = named(depth.name)
            .with("code", depth.code)
            .with("level", depth.level)
            .with("category", depth.category);
        state.insert_doc(Noun::Depth, depth.id, doc);
    }
    for item in &site.items {
        let doc = named(&item.name)
            .with("code", &*item.code)
            .with("depth", item.depth)
            .with("category", item.category);
        let doc = match item.parent {
            Some(parent) => doc.with("costCenterParent", parent),
            None => doc,
        };
        state.insert_doc(Noun::Item, item.id, doc);
    }
    for rule in &site.reservation_rules {
        let mut stored = json!({ "$type$": rule.kind });
        if let Some(fields) = stored.as_object_mut() {
            fields.extend(rule.value.iter().map(|value| ("value".to_owned(), Value::from(&**value))));
            for (name, id) in
                [("roomTypeId", rule.room_type), ("roomId", rule.room), ("neighborhoodId", rule.neighborhood)]
            {
                fields.extend(id.map(|id| (name.to_owned(), id.into())));
            }
        }
        state.rules.entry(rule.center).or_default().push(stored);
    }
}

fn user(account: &world::Account) -> User {
    let mut user = User::new(account.created.as_millisecond());
    for (name, text) in [
        ("firstName", Some(&account.first_name)),
        ("lastName", Some(&account.last_name)),
        ("knownAs", account.known_as.as_ref()),
        ("userName", Some(&account.user_name)),
        ("email", account.email.as_ref()),
        ("employeeId", account.employee_id.as_ref()),
        ("jobTitle", account.job_title.as_ref()),
        ("department", account.department.as_ref()),
        ("company", account.company.as_ref()),
    ] {
        if let Some(text) = text {
            user.set_text(name, text.clone()); // Shared with the world and with other accounts.
        }
    }
    user.set_text("phone", account.phone.as_deref().unwrap_or_default());
    user.user_type = account.user_type;
    user.cost_center = account.cost_center.unwrap_or(0);
    user.cost_centers = account.cost_centers.clone();
    user.room = account.room.unwrap_or(0);
    user.section = account.section.unwrap_or(0);
    user.seating = account.seat_classification.and_then(Seating::parse).unwrap_or_default();
    user.site_admin = account.site_admin;
    user.permissions = account.permissions.iter().map(|(center, role)| (*center, role_of(*role))).collect();
    user.active = account.active;
    user.updated = account.updated.as_millisecond();
    user.pack();
    user
}

fn role_of(role: world::Role) -> Role {
    match role {
        world::Role::Customer => Role::Customer,
        world::Role::Manager => Role::Manager,
        world::Role::Operator => Role::Operator,
        world::Role::Administrator => Role::Administrator,
    }
}

fn booking(row: &world::Reservation) -> Reservation {
    Reservation {
        name: row.name.into(),
        notes: None,
        start: row.start.as_millisecond(),
        end: row.end.as_millisecond(),
        all_day: row.all_day,
        checked_in: false,
        checked_out: false,
        cancelled: row.cancelled,
        made_in_ioffice: row.made_in_ioffice,
        checked_in_at: 0,
        user: row.user,
        room: row.room,
        center: row.center,
        people: row.people.into(),
        guests: None,
        cancellation_reason: None,
        created: row.created.as_millisecond(),
        updated: row.created.as_millisecond(),
    }
}

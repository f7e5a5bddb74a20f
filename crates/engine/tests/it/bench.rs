//! A small company: two tenants, two sites, one policy; an engine that can die and be born again on the same store.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc, time::Duration};

use jiff::Timestamp;
use lanyard_engine::{
    Engine, EngineSettings, Ports,
    clock::Clock,
    ports::*,
    whatif::{WhatIf, WhatIfError},
};
use lanyard_model::{
    id::*,
    identity::{AttributeValue, Groups, Identity, Profile, Status},
    place::{Building, Catalogue, Center, Floor, Item, Room},
    signal::{Event, Lane, Source},
};
use lanyard_policy::{Policy, PolicyFiles};
use lanyard_store::SqliteStore;

use crate::{
    fakes::{Manual, Office, Okta},
    mortal::{Death, Mortal},
};

pub const APP: &str = "00gAPPIOFFICE";
pub const ROOMS: &str = "00gROOMBOOKING";
pub const EXEC: &str = "00gEXECFLOOR";

const POLICY: &str = r#"
format = 1
name = "bench"

[sites.hq]
default_host = 1000

[groups]
"APP" = { acme = "00gAPPIOFFICE", beta = "00gAPPIOFFICE" }
"ROOMS" = { acme = "00gROOMBOOKING", beta = "00gROOMBOOKING" }
"EXEC" = { acme = "00gEXECFLOOR", beta = "00gEXECFLOOR" }

[[route]]
site = "south"
if = [{ attribute = "officeLocation", in = ["TANN"] }]

[[route]]
site = "hq"
if = [{ attribute = "officeLocation", in = ["PIER"] }]

[correlation]
person = "employee number"
keys = [
  { kind = "employee number", attribute = "employeeNumber", field = "employeeId", compare = "number" },
  { kind = "e-mail", attribute = "email", field = "email", compare = "email without tag" },
]

[scope]
if = [{ group = "APP" }]
on_leaving = "end"
deactivated = "whatever their groups"

[lifecycle]
zone = "UTC"
dates = ["YYYY-MM-DD"]
settle_seconds = 90

[lifecycle.start]
attribute = "startDate"
prepare_days = 7
without_date = "wait"

[lifecycle.end]
attribute = "contractEndDate"
if = [{ attribute = "userType", is = "Contractor" }]
the_day_itself = "still counts"
warn_days = 14
tell = ["it"]

[[lifecycle.leave]]
id = "suspended"
if = [{ status = "SUSPENDED" }]
loses = ["permissions"]

[profile]
firstName = "firstName"
lastName = "lastName"
email = "email"
userName = "login"
employeeId = "employeeNumber"
department = "department"

[[flow]]
id = "desk"
template = "new-user"
sentence = "Everybody has a desk."
priority = 100
look_up = "places"
then = [{ place = "desk" }]

[[flow]]
id = "first-day"
template = "new-user"
sentence = "A desk is booked for the first day."
look_up = "places"
then = [{ booking = "day one", title = "First day", kind = "Hot desk", from = "09:00", to = "17:00" }]

[[flow]]
id = "rooms"
template = "group-change"
sentence = "Members of ROOMS may book rooms."
if = [{ group = "ROOMS" }]
look_up = "places"
then = [{ role = "customer", module = "reservation" }]

[[flow]]
id = "executives"
template = "group-change"
sentence = "Members of EXEC may use the executive floor."
priority = 50
if = [{ group = "EXEC" }]
then = [{ item = "Access policy / Executive floor" }]

[[flow]]
id = "arrival"
template = "contractor-expiry"
sentence = "The front desk knows a contractor's first day."
if = [{ attribute = "userType", is = "Contractor" }]
look_up = "places"
then = [{ visit = "arrival", visitor_type = "Contractor", at = "09:00", notes = "First day" }]

[guardrails]
max_people = MAX_PEOPLE
max_percent = 100
window_hours = 24
shrink_percent_max = 50
certificate_required = true
protected = [{ attribute = "legalHold", is = "yes" }]

[notify.it]
email = ["it@acme.example"]
"#;

const PLACES: &str = "site,attribute:officeLocation,building,kind\n\
                      hq,PIER,Pier House,Workstation\n\
                      south,TANN,Tannery,Workstation\n";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// One building: three workstations (rooms 11 to 13), two hot desks (14, 15), a reservation and a visitor center.
fn catalogue(site: &str, building: &str, now: Timestamp) -> Catalogue {
    let mut all = Catalogue::empty(site.into(), now);
    let id = BuildingId(1);
    for (center, module) in [(51, "reservation"), (52, "visitor"), (53, "space")] {
        let center = CenterId(center);
        all.centers.insert(
            center,
            Center { id: center, name: module.into(), module: module.into(), buildings: vec![id] },
        );
    }
    let centers = all.centers.keys().copied().collect();
    all.buildings.insert(id, Building { id, name: building.into(), code: building.into(), centers });
    let item = ItemId(520);
    all.items.insert(
        item,
        Item {
            id: item,
            name: "Executive floor".into(),
            code: "EXEC".into(),
            category: CategoryId(12),
            category_name: "Access policy".into(),
            parent: None,
        },
    );
    let floor = FloorId(2);
    all.floors.insert(floor, Floor { id: floor, name: "Level 1".into(), building: id });
    for number in 11..16 {
        let id = RoomId(number);
        let hot = number > 13;
        let room = Room {
            id,
            name: format!("1-0{number}").as_str().into(),
            floor,
            kind: if hot { "Hot desk" } else { "Workstation" }.into(),
            occupiable: true,
            active: true,
            reservable: hot,
            capacity: 1,
            occupants: vec![],
        };
        all.rooms.insert(id, room);
    }
    all
}

/// Somebody employed in the building PIER, in the group of the app and in ROOMS.
pub fn person(tenant: &str, user: &str, first: &str, number: &str) -> Identity {
    let mut profile = Profile::default();
    let mail = format!("{}@acme.example", first.to_lowercase());
    for (name, value) in [
        ("login", mail.as_str()),
        ("email", &mail),
        ("firstName", first),
        ("lastName", "Okafor"),
        ("employeeNumber", number),
        ("department", "Design"),
        ("officeLocation", "PIER"),
        ("userType", "Employee"),
    ] {
        profile.set(name, AttributeValue::Text(value.into()));
    }
    Identity {
        id: IdentityId::new(tenant.into(), user),
        status: Status::Active,
        transitioning: false,
        profile,
        groups: Groups::new([APP.into(), ROOMS.into()], true),
        created: None,
        activated: None,
        status_changed: Some(at("2026-05-04T07:00:00Z")),
        last_updated: Some(at("2026-05-04T07:00:00Z")),
        type_id: None,
        read_at: at("2026-05-04T07:00:00Z"),
    }
}

pub fn set(identity: &mut Identity, name: &str, value: &str) {
    identity.profile.set(name, AttributeValue::Text(value.into()));
}

pub struct World {
    pub clock: Arc<Manual>,
    pub acme: Arc<Okta>,
    pub beta: Arc<Okta>,
    pub hq: Arc<Office>,
    pub south: Arc<Office>,
    pub store: Arc<SqliteStore>,
    pub mortal: Arc<Mortal>,
    pub engine: Arc<Engine>,
    pub settings: EngineSettings,
    pub max_people: u32,
    /// Replacements in the policy's text, from the next birth on.
    pub edits: Vec<(&'static str, &'static str)>,
    /// The badge system of one site, from the next birth on.
    pub doors: Option<Arc<dyn DoorFeed>>,
    events: usize,
}

impl World {
    pub async fn new() -> Self {
        Self::dying(None).await
    }

    pub async fn dying(death: Option<Death>) -> Self {
        let clock = Arc::new(Manual::new(at("2026-05-04T08:00:00Z")));
        let now = clock.now();
        let office = |site: &str, building: &str| {
            Arc::new(Office::new(catalogue(site, building, now), Arc::clone(&clock)))
        };
        let okta = |tenant: &str| {
            let okta = Okta::new(tenant, Arc::clone(&clock));
            okta.change(|state| {
                state.groups.extend([APP.into(), ROOMS.into(), EXEC.into(), "00gOTHERGROUP".into()])
            });
            Arc::new(okta)
        };
        let store = Arc::new(SqliteStore::in_memory().unwrap());
        let mortal = Arc::new(Mortal::new(Arc::clone(&store), death));
        let (acme, beta) = (okta("acme"), okta("beta"));
        let (hq, south) = (office("hq", "Pier House"), office("south", "Tannery"));
        let settings = EngineSettings::default();
        let max_people = 100;
        let edits = Vec::new();
        let engine =
            engine(&clock, &mortal, [&acme, &beta], [&hq, &south], &settings, policy(max_people), None);
        let mut world = Self {
            clock,
            acme,
            beta,
            hq,
            south,
            store,
            mortal,
            engine,
            settings,
            max_people,
            edits,
            doors: None,
            events: 0,
        };
        world.load().await;
        if world.mortal.is_dead() {
            // The first start itself was interrupted.
            world.reborn().await;
        }
        world
    }

    async fn load(&self) {
        tokio::select! {
            loaded = self.engine.load(&Silent) => { loaded.unwrap(); }
            () = self.mortal.died.notified() => {}
        }
    }

    /// Another process on the same store.
    pub async fn reborn(&mut self) {
        self.mortal = Arc::new(Mortal::new(Arc::clone(&self.store), None));
        self.engine = engine(
            &self.clock,
            &self.mortal,
            [&self.acme, &self.beta],
            [&self.hq, &self.south],
            &self.settings,
            edited(self.max_people, &self.edits),
            self.doors.as_ref(),
        );
        self.load().await;
    }

    /// Born again with the edited policy, still to die.
    pub async fn mortal_reborn(&mut self, death: Option<Death>) {
        self.mortal = Arc::new(Mortal::new(Arc::clone(&self.store), death));
        self.engine = engine(
            &self.clock,
            &self.mortal,
            [&self.acme, &self.beta],
            [&self.hq, &self.south],
            &self.settings,
            edited(self.max_people, &self.edits),
            self.doors.as_ref(),
        );
        self.load().await;
        if self.mortal.is_dead() {
            self.reborn().await;
        }
    }

    /// Another process on the same store, which does not die.
    pub async fn undying(&self) -> Arc<Engine> {
        let store = Arc::new(Mortal::new(Arc::clone(&self.store), None));
        engine(
            &self.clock,
            &store,
            [&self.acme, &self.beta],
            [&self.hq, &self.south],
            &self.settings,
            edited(self.max_people, &self.edits),
            self.doors.as_ref(),
        )
    }

    /// Another process that has read its memory and no site yet, as `serve` begins.
    pub async fn restarted(&mut self) {
        self.mortal = Arc::new(Mortal::new(Arc::clone(&self.store), None));
        self.engine = engine(
            &self.clock,
            &self.mortal,
            [&self.acme, &self.beta],
            [&self.hq, &self.south],
            &self.settings,
            edited(self.max_people, &self.edits),
            self.doors.as_ref(),
        );
        self.engine.load_memory().await.unwrap();
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn okta(&self, tenant: &str) -> &Okta {
        if tenant == "acme" { &self.acme } else { &self.beta }
    }

    /// Puts the person into Okta, as new or instead, and says so by hook.
    pub async fn say(&mut self, person: Identity) {
        let id = person.id.clone();
        self.okta(id.tenant.as_str()).change(|state| {
            state.people.insert(id.user.to_string(), person);
        });
        self.signal(&id, false).await;
    }

    /// Changes the person in Okta and says so.
    pub async fn alter(&mut self, id: &IdentityId, change: impl FnOnce(&mut Identity)) {
        self.okta(id.tenant.as_str()).change(|state| {
            change(state.people.get_mut(&*id.user).unwrap());
        });
        self.signal(id, false).await;
    }

    pub async fn leave(&mut self, id: &IdentityId) {
        let now = self.clock.now();
        self.alter(id, |person| {
            person.status = Status::Deprovisioned;
            person.status_changed = Some(now);
        })
        .await;
    }

    /// As [`World::leave`], and nobody tells of it.
    pub fn leave_unheard(&self, id: &IdentityId) {
        let now = self.clock.now();
        self.okta(id.tenant.as_str()).change(|state| {
            let person = state.people.get_mut(&*id.user).unwrap();
            (person.status, person.status_changed) = (Status::Deprovisioned, Some(now));
            person.transitioning = false;
        });
    }

    /// As [`World::leave`], heard of at a moment of before.
    pub async fn leave_heard_at(&mut self, id: &IdentityId, at: Timestamp) {
        self.leave_unheard(id);
        self.tell_at(id, "test", Lane::Normal, false, at).await;
    }

    pub async fn signal(&mut self, id: &IdentityId, deletion: bool) {
        self.tell(id, "test", Lane::Normal, deletion).await;
    }

    /// As [`World::signal`], of an event that was heard at a moment of before.
    pub async fn signal_heard_at(&mut self, id: &IdentityId, at: Timestamp) {
        self.tell_at(id, "test", Lane::Normal, false, at).await;
    }

    /// An event of that kind came.
    pub async fn tell(&mut self, id: &IdentityId, kind: &str, lane: Lane, deletion: bool) {
        self.tell_at(id, kind, lane, deletion, self.clock.now()).await;
    }

    async fn tell_at(&mut self, id: &IdentityId, kind: &str, lane: Lane, deletion: bool, at: Timestamp) {
        self.events += 1;
        let event = Event {
            tenant: id.tenant.clone(),
            uuid: format!("evt{}", self.events).as_str().into(),
            kind: kind.into(),
            published: None,
            users: vec![id.user.clone()],
            groups: vec![],
            lane,
            deletion,
            ours: false,
            membership: None,
        };
        let write = Write::Signals {
            tenant: id.tenant.clone(),
            source: Source::Hook,
            delivery: None,
            events: vec![event],
            cursor: None,
            at,
            coalesce: Duration::ZERO,
        };
        self.store.write(vec![write]).await.unwrap();
    }

    /// Works until nothing is due within `span`, moving the clock from one due moment to the next. A death on the
    /// way is followed by a rebirth after the lease.
    pub async fn quiet_for(&mut self, span: Duration) {
        let end = self.clock.now() + span;
        for _ in 0..200 {
            let engine = Arc::clone(&self.engine);
            tokio::select! {
                () = engine.work_until_quiet() => {}
                () = self.mortal.died.notified() => {}
            }
            if self.mortal.is_dead() {
                self.clock.pass(Duration::from_secs(601));
                self.reborn().await;
                continue;
            }
            match self.store.next_due().await.unwrap() {
                Some(due) if due <= end => self.clock.set(due),
                _ => {
                    self.clock.set(end);
                    return;
                }
            }
        }
        panic!("it never gets quiet: {:?}", self.store.dead_work(10).await);
    }

    pub async fn quiet(&mut self) {
        self.quiet_for(Duration::from_secs(300)).await;
    }

    /// The whole answer, when its pages are kept.
    pub async fn whatif(&self, draft: &PolicyFiles, read_groups: bool) -> Result<WhatIf, WhatIfError> {
        let answer = self.engine.whatif_told(draft, read_groups, &Silent, WhatIf::clone).await;
        self.engine.pages_kept().await;
        answer
    }

    pub async fn sweep(&self) -> lanyard_engine::sweep::SweepReport {
        self.engine.sweep(None, "test", &Silent).await.unwrap()
    }

    /// Open findings, by key.
    pub async fn findings(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.store.findings(1000).await.unwrap().into_iter().map(|f| f.key).collect();
        keys.sort();
        keys
    }

    pub async fn lines(&self, kind: &str) -> usize {
        let filter = ActivityFilter { limit: 10_000, ..ActivityFilter::default() };
        self.store.activity(&filter).await.unwrap().iter().filter(|k| k.entry.kind == kind).count()
    }

    /// Both sites as text, ids left out.
    pub fn shown(&self) -> String {
        let mut text = String::new();
        for office in [&self.hq, &self.south] {
            office.change(|state| {
                let mut rows: Vec<String> = Vec::new();
                for account in state.accounts.values() {
                    let mut row = account.field("userName").unwrap_or("?").to_owned();
                    row += if account.is_live() { "" } else { " inactive" };
                    if let Some(seat) = account.seat {
                        let _ = write!(row, " seat {}", seat.room);
                    }
                    for (center, role) in account.roles.iter().flatten() {
                        let _ = write!(row, " {} in {center}", role.as_str());
                    }
                    let booked =
                        state.bookings.values().filter(|b| b.host == account.id() && !b.cancelled).count();
                    if booked > 0 {
                        let _ = write!(row, " {booked} booked");
                    }
                    rows.push(row);
                }
                rows.extend(state.visits.iter().map(|visit| format!("visit {visit}")));
                rows.sort();
                for row in rows {
                    let _ = writeln!(text, "{row}");
                }
            });
        }
        text
    }

    /// Intents without an outcome.
    pub async fn open_intents(&self) -> usize {
        self.store.open_intents(None).await.unwrap().len()
    }
}

pub fn policy(max_people: u32) -> Policy {
    edited(max_people, &[])
}

/// The policy's files with some text replaced.
pub fn files(max_people: u32, edits: &[(&str, &str)]) -> PolicyFiles {
    let mut text = POLICY.replace("MAX_PEOPLE", &max_people.to_string());
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    PolicyFiles {
        toml: ("policy.toml".into(), text),
        tables: BTreeMap::from([("places".to_owned(), PLACES.to_owned())]),
    }
}

fn edited(max_people: u32, edits: &[(&str, &str)]) -> Policy {
    Policy::parse(&files(max_people, edits)).unwrap_or_else(|problems| panic!("{}", problems.render()))
}

fn engine(
    clock: &Arc<Manual>,
    store: &Arc<Mortal>,
    directories: [&Arc<Okta>; 2],
    workplaces: [&Arc<Office>; 2],
    settings: &EngineSettings,
    policy: Policy,
    doors: Option<&Arc<dyn DoorFeed>>,
) -> Arc<Engine> {
    let ports = Ports {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        store: Arc::clone(store) as Arc<dyn Store>,
        directories: directories.map(|d| Arc::clone(d) as Arc<dyn Directory>).to_vec(),
        workplaces: workplaces.map(|w| Arc::clone(w) as Arc<dyn Workplace>).to_vec(),
    };
    let feeds = doors.into_iter().cloned().collect();
    Arc::new(Engine::new(ports, policy, settings.clone()).with_doors(feeds))
}

//! The auditor: a small company brought to the right state by raw requests is found right, and each wrong is found.

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use http::Request;
use jiff::{SignedDuration, Timestamp, ToSpan};
use lanyard_sim::{
    badge::{BadgeFace, BadgeSettings},
    clock::SimClock,
    face::{Face, Handled, Inspect},
    host::{AdjustableClock, DeskName, Rehearsal, Vendor},
    ioffice::{IofficeFace, IofficeSettings},
    okta::{OktaFace, OktaSettings, Spread},
    scenario::{
        Check, Day, Expectation, Player, Step, Topic,
        audit::{AuditReport, Record, audit, audit_records},
    },
    world::{Account, Accounts, Company, UserStatus, WorldSettings},
};
use serde_json::{Value, json};

const ANA: u32 = 0;
const BEN: u32 = 1;
const CLEO: u32 = 2;
const DAN: u32 = 3;
const EVA: u32 = 4;
const FINN: u32 = 5;
const IDA: u32 = 7;

/// First and last name, department, division, work mode, groups beside the app's.
type Part = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

const CAST: [Part; 8] = [
    ("Ana", "Ruiz", "Finance", "Corporate", "assigned", &["ROOM-Booking"]),
    ("Ben", "Tait", "Research", "Engineering", "hybrid", &["VISITOR-Managers"]),
    ("Cleo", "Moss", "Finance", "Corporate", "remote", &["EXEC-Floor"]),
    ("Dan", "Roth", "Finance", "Corporate", "assigned", &["EXEC-Floor"]),
    ("Eva", "Lind", "Finance", "Corporate", "assigned", &["ROOM-Booking"]),
    ("Finn", "Aho", "Finance", "Corporate", "assigned", &["ROOM-Booking"]),
    ("Gus", "Webb", "Finance", "Corporate", "assigned", &["ROOM-Booking"]),
    ("Ida", "Falk", "Finance", "Corporate", "assigned", &["ROOM-Booking"]),
];

/// Eight people of one org in the first building of one site. Cleo is a contractor, Eva is on leave, Finn is not
/// governed, Gus has two accounts, Ida starts in three days.
fn company() -> Company {
    let settings = WorldSettings { people: 8, accounts: Accounts::Empty, ..WorldSettings::default() };
    let mut company = Company::generate(&settings);
    let now = company.settings.now;
    let date = |days: i64| (now + (24 * days).hours()).to_string()[..10].to_owned();
    let (org, site) = (&mut company.orgs[0], &mut company.sites[0]);
    org.users.truncate(CAST.len());
    for (nth, (user, (first, last, department, division, mode, _))) in
        (0_u32..).zip(org.users.iter_mut().zip(CAST))
    {
        let email = format!("{}@northgate.example", first.to_lowercase());
        (user.first_name, user.last_name, user.nick_name) = (first.into(), last.into(), None);
        (user.login, user.email) = (email.as_str().into(), email.as_str().into());
        user.employee_number = format!("10{nth}").as_str().into();
        (user.department, user.division, user.work_mode) = (department.into(), division.into(), mode.into());
        (user.title, user.organization) = ("Clerk".into(), "Northgate".into());
        (user.label, user.user_type) =
            (if nth == CLEO { "Contractor" } else { "Employee" }.into(), u8::from(nth == CLEO));
        user.status = match nth {
            EVA => UserStatus::Suspended,
            IDA => UserStatus::Staged,
            _ => UserStatus::Active,
        };
        user.employee_status = None;
        user.mobile_phone = (nth == ANA).then(|| "0044 (0) 20 123".into());
        user.office_location = Arc::clone(&site.buildings[0].code);
        user.timezone = "UTC".into();
        user.start_date = Some(date(if nth == IDA { 3 } else { -300 }).into());
        user.contract_end_date = (nth == CLEO).then(|| date(60).into());
        user.manager_id = None;
    }
    for group in &mut org.groups {
        let by_hand = CAST.iter().zip(0_u32..).filter(|((.., groups), _)| groups.contains(&&*group.name));
        group.members = match &*group.name {
            "APP-iOffice-Users" => (0..8).filter(|nth| *nth != FINN).collect(),
            _ => by_hand.map(|(_, nth)| nth).collect(),
        };
    }
    for id in [6001, 6002] {
        let plain = site.accounts[0].clone();
        site.accounts.push(Account {
            id,
            user_name: format!("gus{id}").as_str().into(),
            email: Some(format!("gus{id}@northgate.example").as_str().into()),
            employee_id: Some("0106".into()),
            site_admin: false,
            dirt: Default::default(),
            ..plain
        });
    }
    company
}

struct Office {
    company: Company,
    okta: OktaFace,
    site: IofficeFace,
    badge: BadgeFace,
    now: Timestamp,
    day: Day,
}

impl Office {
    fn new() -> Self {
        let company = company();
        let now = company.settings.now;
        // The end of a transition is in no journal; what follows from it must be judged all the same.
        let okta = OktaSettings { transition: Spread::between(500, 500), ..OktaSettings::exact() };
        let settings = IofficeSettings { load_limits: false, ..IofficeSettings::default() };
        Self {
            okta: OktaFace::from_world(okta, &company.orgs[0], now),
            site: IofficeFace::from_world(&company.sites[0], settings),
            badge: BadgeFace::new(BadgeSettings::with_key(b"the key of a badge system for tests", "t0ken")),
            day: Day { start: now, steps: Vec::new(), doors: None },
            now,
            company,
        }
    }

    /// One call of the service account.
    fn call(&mut self, method: &str, path: &str, body: Value) -> Value {
        let settings = self.site.settings();
        let request = Request::builder()
            .method(method)
            .uri(format!("/external/api/rest/v2{path}"))
            .header("x-auth-username", &settings.service_user_name)
            .header("x-auth-password", &settings.service_password)
            .header("content-type", "application/json")
            .body(if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) })
            .expect("a request");
        let Handled::Reply(reply) = self.site.handle(request, self.now) else { panic!("an answer at once") };
        let text = String::from_utf8_lossy(reply.response.body()).into_owned();
        assert!(reply.response.status().is_success(), "{method} {path}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    fn put(&mut self, account: u64, mut body: Value) {
        body["id"] = account.into();
        self.call("PUT", &format!("/users/{account}"), body);
    }

    fn grant(&mut self, account: u64, roles: &[(u32, &str)]) {
        let list =
            roles.iter().map(|(center, role)| json!({"role": role, "center": {"id": center}})).collect();
        self.call("PUT", &format!("/users/{account}/permissions"), list);
    }

    fn okta(&mut self, verb: &str, nth: u32) {
        let user = self.company.orgs[0].users[nth as usize].id.to_string();
        let now = self.now;
        self.okta.command(&json!({"do": verb, "user": user}), now).expect("a known command");
    }

    fn centers(&self, module: &str) -> Vec<u32> {
        let site = &self.company.sites[0];
        let serves = |buildings: &[u32]| buildings.contains(&site.buildings[0].id);
        let all = site.centers.iter().filter(|center| center.module == module && serves(&center.buildings));
        all.map(|center| center.id).collect()
    }

    fn room(&self, kind: u32, nth: usize) -> u32 {
        let site = &self.company.sites[0];
        let here: BTreeSet<u32> = site
            .floors
            .iter()
            .filter(|floor| floor.building == site.buildings[0].id)
            .map(|floor| floor.id)
            .collect();
        let rooms =
            site.rooms.iter().filter(|room| room.kind == kind && room.active && here.contains(&room.floor));
        rooms.map(|room| room.id).nth(nth).expect("a room")
    }

    fn account(&self, nth: u32) -> u64 {
        let state = self.site.inspect(Inspect::State);
        let number = format!("10{nth}");
        let found = state["users"]
            .as_array()
            .expect("users")
            .iter()
            .find(|user| user["employeeId"] == number.as_str());
        found.and_then(|user| user["id"].as_u64()).expect("an account")
    }

    /// Everything as the demonstration policy wants it, written down call by call.
    fn settle(&mut self) {
        let site = &self.company.sites[0];
        let item = |name: &str| site.items.iter().find(|item| &*item.name == name).expect("an item").id;
        let (finance, research, executive) = (item("Finance"), item("Research"), item("Executive floor"));
        let section = site.sections[1].id;
        assert_eq!(&*site.sections[1].name, "Zone 2");
        let end = (self.now + (24 * 60).hours()).as_millisecond() / 86_400_000 * 86_400_000;
        let desks: Vec<u32> = (0..3).map(|nth| self.room(21, nth)).collect();
        let throne = self.room(23, 0);
        for (nth, more) in [
            (ANA, json!({"costCenter": {"id": finance}, "room": {"id": desks[0]}, "phone": "+4420123"})),
            (BEN, json!({"costCenter": {"id": research}})),
            (
                CLEO,
                json!({"costCenter": {"id": finance}, "userType": {"id": 2}, "custom02": end.to_string()}),
            ),
            (
                DAN,
                json!({"costCenter": {"id": finance}, "room": {"id": throne}, "costCenters": [{"id": executive}]}),
            ),
            (EVA, json!({"costCenter": {"id": finance}, "room": {"id": desks[1]}})),
            (IDA, json!({"costCenter": {"id": finance}, "room": {"id": desks[2]}})),
        ] {
            let (first, last, department, ..) = CAST[nth as usize];
            let email = format!("{}@northgate.example", first.to_lowercase());
            let mut body = json!({
                "firstName": first, "lastName": last, "email": email, "userName": email, "employeeId": format!("10{nth}"),
                "jobTitle": "Clerk", "department": department, "company": "Northgate", "custom01": "Okta",
                "userType": {"id": 1},
            });
            body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            self.call("POST", "/users", body);
        }
        let [ana, ben, cleo, ida] = [ANA, BEN, CLEO, IDA].map(|nth| self.account(nth));
        self.put(ben, json!({"seatClassification": "hybrid", "neighborhoodSection": {"id": section}}));
        self.put(cleo, json!({"seatClassification": "remote"}));
        let booking: Vec<(u32, &str)> =
            self.centers("reservation").into_iter().map(|center| (center, "CUSTOMER")).collect();
        self.grant(ana, &booking);
        self.grant(ida, &booking);
        self.grant(ben, &[(self.centers("visitor")[0], "OPERATOR")]);
        let start = (self.now + 72.hours()).as_millisecond() / 86_400_000 * 86_400_000 + 9 * 3_600_000;
        self.book(ida, "First day", self.room(24, 0), start);
    }

    fn book(&mut self, account: u64, name: &str, room: u32, start: i64) -> u64 {
        let center = self.centers("reservation")[0];
        let body = json!({
            "name": name, "startDate": start, "endDate": start + 8 * 3_600_000, "allDay": false, "numberOfPeople": 1,
            "user": {"id": account}, "room": {"id": room}, "center": {"id": center},
        });
        self.call("POST", "/reservations", body)["id"].as_u64().expect("an id")
    }

    fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        let _ = self.okta.advance(self.now);
    }

    fn audit(&self) -> AuditReport {
        let record = |vendor, face: &dyn Face| Record {
            desk: DeskName { vendor, index: 0 },
            state: face.inspect(Inspect::State),
            journal: face.inspect(Inspect::Journal),
            calls: face.inspect(Inspect::Calls),
        };
        let records = vec![
            record(Vendor::Okta, &self.okta),
            record(Vendor::Ioffice, &self.site),
            record(Vendor::Badge, &self.badge),
        ];
        audit_records(&self.company, &self.day, records, self.now)
    }
}

/// `who: what, expected -> found`, with first names.
fn differences(report: &AuditReport) -> Vec<String> {
    let first = |who: &str| who.split(' ').next().unwrap_or_default().to_owned();
    let line = |d: &lanyard_sim::scenario::audit::Difference| {
        format!("{}: {}, {} -> {}", first(&d.who), d.what, d.expected, d.found)
    };
    report.differences.iter().map(line).collect()
}

fn wrongs(report: &AuditReport) -> Vec<String> {
    let list = &report.wrongful_removal_list;
    list.iter().map(|wrong| format!("{} ({}): {}", wrong.who, wrong.standing, wrong.what)).collect()
}

#[test]
fn the_right_state_is_found_right() {
    let mut office = Office::new();
    office.settle();
    let report = office.audit();
    assert_eq!(differences(&report), Vec::<String>::new());
    assert!(report.converged && report.untouched_foreign);
    assert_eq!((report.duplicates, report.wrongful_removals, report.repeated_writes), (0, 0, 0));
    let kinds: Vec<(&str, usize)> =
        report.writes_by_kind.iter().map(|(kind, n)| (kind.as_str(), *n)).collect();
    let expected = [("account made", 6), ("account updated", 2), ("booked", 1), ("permissions set", 3)];
    assert_eq!((kinds.as_slice(), report.writes), (&expected[..], 12));
    assert_eq!((report.calls["ioffice"].answered, report.calls["ioffice"].throttled), (12, 0));
    let aside: Vec<(&str, bool)> =
        report.aside.iter().map(|aside| (aside.why.as_str(), aside.changed)).collect();
    assert_eq!(aside, [("2 accounts with their employee number", false)], "Gus");
}

#[test]
fn a_journal_that_is_not_whole_proves_nothing() {
    let mut office = Office::new();
    office.settle();
    let bounded = json!({ "do": "settings", "settings": { "journal_max": 1 } });
    office.site.command(&bounded, office.now).expect("a setting");
    let account = office.account(ANA);
    for turn in 0..400 {
        office.put(account, json!({ "id": account, "comments": format!("{turn} {}", "x".repeat(400)) }));
    }
    let journal = office.site.inspect(Inspect::Journal);
    let gone = lanyard_sim::face::forgotten(&journal);
    assert!(gone > 100 && journal[1]["seq"] == gone + 1, "{gone}: {}", journal[1]["seq"]);
    let report = office.audit();
    assert!(!report.converged);
    let expected = format!("ioffice/0: {gone} writes of its journal are gone");
    assert!(report.problems[0].starts_with(&expected), "{:?}", report.problems);
}

#[test]
fn an_untouched_company_lacks_everything_and_is_accused_of_nothing() {
    let report = Office::new().audit();
    assert!(!report.converged && report.untouched_foreign);
    let lacks = |who: &str| format!("{who}: account, one -> none");
    assert_eq!(differences(&report), ["Ana", "Ben", "Cleo", "Dan", "Ida"].map(lacks));
    assert_eq!((report.duplicates, report.wrongful_removals, report.writes), (0, 0, 0));
}

/// What is done to the settled company, and the differences, wrongful removals and foreign writes that must be seen.
type Wrong = (
    &'static str,
    fn(&mut Office),
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

const WRONGS: [Wrong; 12] = [
    (
        "a seat taken from somebody who works",
        |office| office.put(office.account(ANA), json!({"room": null})),
        &["Ana: seat, Workstation in Pier House -> "],
        &["Ana Ruiz (100) (active): the seat SEAT was taken"],
        &[],
    ),
    (
        "an account taken from somebody on leave",
        |office| {
            let eva = office.account(EVA);
            office.call("DELETE", &format!("/users/{eva}"), Value::Null);
        },
        &["Eva: account, kept during the leave -> inactive"],
        &["Eva Lind (104) (paused): the account was deactivated"],
        &[],
    ),
    (
        "a role taken from a member of the group",
        |office| office.grant(office.account(BEN), &[]),
        &["Ben: role in center 63, OPERATOR -> "],
        &["Ben Tait (101) (active): the role in center 63 went from OPERATOR to none"],
        &[],
    ),
    (
        "a booking cancelled for somebody who works",
        |office| {
            let start = (office.now + 48.hours()).as_millisecond();
            let booking = office.book(office.account(ANA), "Review", office.room(22, 0), start);
            office.call("PUT", &format!("/reservations/{booking}/cancel"), Value::Null);
        },
        &[],
        &["Ana Ruiz (100) (active): the booking \"Review\" was cancelled"],
        &[],
    ),
    (
        "permissions during a leave",
        |office| office.grant(office.account(EVA), &[(61, "CUSTOMER")]),
        &["Eva: permissions, paused -> 1 permissions"],
        &[],
        &[],
    ),
    (
        "a role that no rule gives",
        |office| office.grant(office.account(DAN), &[(63, "OPERATOR")]),
        &["Dan: role in center 63,  -> OPERATOR"],
        &[],
        &[],
    ),
    (
        "the executive floor for a contractor",
        |office| office.put(office.account(CLEO), json!({"costCenters": [{"id": 520}]})),
        &["Cleo: category item,  -> Executive floor"],
        &[],
        &[],
    ),
    (
        "a stale title, an old spelling of the phone",
        |office| office.put(office.account(ANA), json!({"jobTitle": "Trainee", "phone": "0044 20 123"})),
        &["Ana: jobTitle, Clerk -> Trainee", "Ana: phone, +4420123 -> 0044 20 123"],
        &[],
        &[],
    ),
    (
        "a kiosk edited",
        |office| office.put(2, json!({"jobTitle": "Panel"})),
        &[],
        &[],
        &["a kiosk: was written to"],
    ),
    (
        "a property that no rule owns",
        |office| office.put(office.account(ANA), json!({"custom07": "x"})),
        &[],
        &[],
        &["no rule's: wrote custom07"],
    ),
    (
        "somebody set aside is changed",
        |office| office.put(6001, json!({"jobTitle": "Clerk"})),
        &["Gus: set aside, unchanged: 2 accounts with their employee number -> account 6001 was written to"],
        &[],
        &["somebody set aside: was written to"],
    ),
    (
        "the desk of the first day is booked twice",
        |office| {
            let start = (office.now + 72.hours()).as_millisecond() / 86_400_000 * 86_400_000 + 9 * 3_600_000;
            office.book(office.account(IDA), "First day", office.room(24, 1), start);
        },
        &["Ida: desk for the first day, booked once -> booked 2 times"],
        &[],
        &[],
    ),
];

#[test]
fn every_wrong_is_seen_and_nothing_else() {
    for (words, act, differ, wrong, foreign) in WRONGS {
        let mut office = Office::new();
        office.settle();
        office.wait(60);
        act(&mut office);
        let report = office.audit();
        let seat = office.room(21, 0).to_string();
        let wrong: Vec<String> = wrong.iter().map(|line| line.replace("SEAT", &seat)).collect();
        assert_eq!(differences(&report), differ, "{words}");
        assert_eq!(wrongs(&report), wrong, "{words}");
        let touched: Vec<String> =
            report.touched.iter().map(|touched| format!("{}: {}", touched.whose, touched.what)).collect();
        assert_eq!(touched, foreign, "{words}");
        assert_eq!(
            (report.converged, report.untouched_foreign),
            (differ.is_empty(), foreign.is_empty()),
            "{words}"
        );
        assert_eq!(report.duplicates, 0, "{words}");
    }
}

#[test]
fn a_second_account_is_a_duplicate() {
    let mut office = Office::new();
    office.settle();
    let body = json!({
        "firstName": "Ana", "lastName": "Ruiz", "email": "ANA+desk@northgate.example", "userName": "ana2",
        "employeeId": "00100", "userType": {"id": 1},
    });
    office.call("POST", "/users", body);
    let report = office.audit();
    assert_eq!((report.duplicates, report.duplicate_list[0].key.as_str()), (1, "100"));
    assert_eq!(differences(&report), ["Ana: account, one -> 2 live accounts"]);
}

/// Ana, in the story.
fn as_player(account: u64) -> Player {
    Player {
        person: Some(ANA),
        name: "Ana Ruiz".to_owned(),
        org: 0,
        okta_id: None,
        login: "ana@northgate.example".to_owned(),
        employee_number: "100".to_owned(),
        site: 0,
        account: u32::try_from(account).ok(),
    }
}

#[test]
fn a_leavers_clock_runs_until_the_last_thing_is_gone() {
    let mut office = Office::new();
    office.settle();
    office.wait(3600);
    let ana = office.account(ANA);
    let player = as_player(ana);
    let at = office.now;
    let gone = |seconds: i64| Expectation {
        who: player.clone(),
        words: format!("gone in {seconds} s"),
        check: Check::FullyRevoked { account: player.account.unwrap_or_default(), at },
        by: Some(at + SignedDuration::from_secs(seconds)),
    };
    let step = Step {
        at,
        topic: Topic::Termination,
        words: "Ana leaves".to_owned(),
        acts: Vec::new(),
        expect: vec![gone(5), gone(60)],
    };
    office.day.steps.push(step);
    office.okta("deactivate", ANA);
    office.wait(3);
    office.grant(ana, &[]);
    let half = office.audit();
    let seat = half.leavers[0].left.clone();
    assert!(
        seat[0] == "the account is active" && seat[1].starts_with("seat ") && seat.len() == 2,
        "{seat:?}"
    );
    assert_eq!((half.leaver_seconds.as_slice(), half.converged), (&[2.5][..], false), "so far");
    let open: Vec<bool> = half.expectations.iter().map(|expected| expected.ok).collect();
    assert_eq!(open, [false, false]);

    office.wait(4);
    office.put(ana, json!({"room": null}));
    office.call("DELETE", &format!("/users/{ana}"), Value::Null);
    office.wait(600);
    let report = office.audit();
    assert_eq!((report.leaver_seconds_p99, report.leavers[0].left.len()), (6.5, 0));
    assert_eq!((differences(&report), report.wrongful_removals), (Vec::new(), 0));
    let judged: Vec<(bool, bool)> =
        report.expectations.iter().map(|expected| (expected.ok, expected.why.is_empty())).collect();
    assert_eq!(
        judged,
        [(false, false), (true, true)],
        "gone after seven seconds: too late for one, in time for the other"
    );
    assert!(!report.converged);
}

#[test]
fn what_was_taken_before_a_return_was_right_and_after_it_is_not() {
    for (seconds_after_return, wrongful) in [(30, 0), (90, 1)] {
        let mut office = Office::new();
        office.settle();
        office.wait(3600);
        let ben = office.account(BEN);
        office.okta("suspend", BEN);
        office.wait(100);
        office.okta("unsuspend", BEN);
        office.wait(seconds_after_return);
        office.grant(ben, &[]);
        assert_eq!(office.audit().wrongful_removals, wrongful, "{seconds_after_return} s after the return");
    }
}

/// Who may enter, told as one list: the holder's number, and from when until when in days from now.
fn told(office: &mut Office, rows: &[(&str, i64, Option<i64>)]) {
    let area = office.company.sites[0].buildings[0].name.to_string();
    let midnight = |days: i64| {
        let day = (office.now + (24 * days).hours()).to_string()[..10].to_owned();
        format!("{day}T00:00:00Z")
    };
    let mut list = "holder,area,from,until\n".to_owned();
    for (holder, from, until) in rows {
        let until = until.map(midnight).unwrap_or_default();
        list.push_str(&format!("{holder},{area},{},{until}\n", midnight(*from)));
    }
    let told = office.badge.drop_csv("all", list.as_bytes(), office.now);
    assert_eq!(told["problems"], json!([]));
}

#[test]
fn who_may_enter_is_held_against_the_badge_systems_own_record() {
    let mut office = Office::new();
    office.settle();
    office.day.doors = Some(0);
    // Ana, Ben, Cleo until her contract ends, Dan, and Ida from her first day on.
    let right = [
        ("100", -300, None),
        ("101", -300, None),
        ("102", -300, Some(61)),
        ("103", -300, None),
        ("107", 3, None),
    ];
    told(&mut office, &right);
    let report = office.audit();
    assert_eq!((differences(&report), report.may_enter), (Vec::new(), 5));
    assert!(report.converged);

    // Ben and the end of Cleo's entry are missing; Eva is on leave, Finn is not governed, and nobody has the number 999. Gus is set
    // aside, and left alone.
    let wrong = [
        ("100", -300, None),
        ("102", -300, None),
        ("103", -300, None),
        ("104", -300, None),
        ("105", -300, None),
        ("106", -300, None),
        ("107", 3, None),
        ("999", 0, None),
    ];
    told(&mut office, &wrong);
    let report = office.audit();
    let who: Vec<_> =
        report.differences.iter().map(|d| d.who.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(who, ["Ben", "Cleo", "Eva", "Finn", "badge"], "{:#?}", report.differences);
    assert!(report.differences.iter().all(|difference| difference.what == "doors"));
    let area = &office.company.sites[0].buildings[0].name;
    assert_eq!(wrongs(&report), [format!("Ben Tait (101) (active): entry to {area} was taken back")]);
}

#[test]
fn a_leaver_is_out_when_the_last_door_is_shut() {
    let mut office = Office::new();
    office.settle();
    office.day.doors = Some(0);
    told(
        &mut office,
        &[("100", -300, None), ("101", -300, None), ("102", -300, Some(61)), ("103", -300, None)],
    );
    let (ana, started) = (office.account(ANA), office.now);
    office.wait(10);
    office.okta("deactivate", ANA);
    let at = office.now;
    let shut = |holder: &str, words: &str, by: i64| Expectation {
        who: as_player(ana),
        words: words.to_owned(),
        check: Check::NoEntry { holder: holder.to_owned(), at },
        by: Some(at + SignedDuration::from_secs(by)),
    };
    let expect = vec![shut("100", "in time", 30), shut("100", "too soon", 5), shut("101", "of Ben", 30)];
    let (topic, words) = (Topic::Termination, "Ana leaves".to_owned());
    office.day.steps.push(Step { at, topic, words, acts: Vec::new(), expect });
    office.wait(3);
    office.put(ana, json!({"room": null}));
    office.grant(ana, &[]);
    office.put(ana, json!({"active": false}));
    office.wait(2);
    let open = office.audit();
    let area = office.company.sites[0].buildings[0].name.to_string();
    assert_eq!(open.leavers[0].left, [format!("entry to {area}")], "{:?}", open.leavers);
    office.wait(15);
    told(&mut office, &[("101", -300, None), ("102", -300, Some(61)), ("103", -300, None)]);
    office.wait(100);
    let report = office.audit();
    let leaver = &report.leavers[0];
    assert_eq!((leaver.seconds, leaver.left.as_slice()), (19.5, &[][..]), "from {started} on: {leaver:?}");
    assert_eq!(wrongs(&report), Vec::<String>::new());
    let kept: Vec<_> = report.expectations.iter().map(|one| (one.words.as_str(), one.ok)).collect();
    assert_eq!(
        kept,
        [("in time", true), ("too soon", false), ("of Ben", false)],
        "{:?}",
        report.expectations
    );
}

#[test]
fn the_same_write_twice_is_counted() {
    let mut office = Office::new();
    office.settle();
    let ana = office.account(ANA);
    for _ in 0..3 {
        office.put(ana, json!({"jobTitle": "Clerk"}));
    }
    let report = office.audit();
    assert_eq!((report.repeated_writes, report.converged), (2, true), "the first follows another call");
}

#[tokio::test]
async fn a_company_behind_sockets_is_read_through_its_desks() {
    let world = WorldSettings { people: 80, orgs: 2, sites: 2, ..WorldSettings::default() };
    let clock = Arc::new(AdjustableClock::starting_at(world.now, 0.0));
    let rehearsal = Rehearsal { world, clock: clock.clone(), ..Rehearsal::default() };
    let (company, running) = rehearsal.start().await.expect("loopback can be bound");
    let day = Day::of(&company);
    let report = audit(&company, &day, running.desks(), clock.now());
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!((report.duplicates, report.wrongful_removals, report.writes), (0, 0, 0));
    assert!(report.untouched_foreign && !report.converged);
    assert_eq!(report.expectations.len(), day.expectations().count());
    assert_eq!(report.calls_by_desk.len(), 4);
    let few = audit(&company, &day, &running.desks()[..3], clock.now());
    assert_eq!(few.problems, ["there is no record of ioffice/1"]);
    assert!(!few.converged);
    assert!(serde_json::to_value(&report).expect("JSON")["calls"]["okta"]["answered"].is_u64());
}

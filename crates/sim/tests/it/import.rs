//! A customer's export becomes a world under other names.

use lanyard_sim::{
    okta::{OktaFace, OktaSettings},
    world::{Accounts, Export, WorldSettings},
};
use serde_json::json;

const PEOPLE: &str = "\
login,email,firstName,lastName,employeeNumber,department,costCenter,title,managerId,userType,office,status,workMode,mobilePhone,extra
boss@acme.test,boss@acme.test,Petra,Quick,00042,Board,CC-1,Chief Executive,,Employee,HQ,,assigned,+49 170 1234567,x
Jo.Brown@acme.test, jo.brown+office@acme.test ,JO,Brown,7,Labs,CC-2,Chemist,42,Contractor,HQ,active,hybrid,,x
ann@acme.test,ann@acme.test,Ann,Brown,8,Labs,CC-2,Chemist,BOSS@acme.test,Employee,Annex,DEPROVISIONED,remote,,x
";
const GROUPS: &str =
    "group,login\nLABS-All,jo.brown@acme.test\nLABS-All,ann@acme.test\nROOM-Booking,boss@acme.test\n";
const PLACES: &str = "building,name,city,floor,room,type,capacity\nHQ,Head Office,Ulm,2,2-01,workstation,1\n\
    HQ,,,2,Lake,conference,8\nHQ,,,3,3-01,hot desk,1\n";

fn read(people: &str) -> Result<Export, String> {
    read_bytes(people.as_bytes(), GROUPS)
}

fn read_bytes(people: &[u8], groups: &str) -> Result<Export, String> {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, bytes) in
        [("people.csv", people), ("groups.csv", groups.as_bytes()), ("places.csv", PLACES.as_bytes())]
    {
        std::fs::write(dir.path().join(name), bytes).expect("written");
    }
    Export::read(dir.path()).map_err(|error| error.to_string())
}

#[test]
fn a_column_that_is_not_read_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let (people, groups) = (file("people.csv", PEOPLE), file("groups.csv", "group,logn\n"));
    let told = Export::columns_left_out(&people, Some(&groups), None).expect("headers");
    let told: Vec<&str> = told.iter().filter_map(|text| text.rsplit('/').next()).collect();
    assert_eq!(told, ["people.csv: extra", "groups.csv: logn"]);
    // What is written is read again, every column of it.
    read(PEOPLE).expect("an export").write(&dir.path().join("out")).expect("written");
    let out = |name: &str| dir.path().join("out").join(name);
    let told =
        Export::columns_left_out(&out("people.csv"), Some(&out("groups.csv")), Some(&out("places.csv")));
    assert_eq!(told.expect("headers"), Vec::<String>::new());
}

#[test]
fn pseudonyms_meet_wherever_the_names_met() {
    let original = read(PEOPLE).expect("an export");
    let veiled = |key: &[u8]| {
        let mut export = original.clone();
        export.anonymise(key);
        export
    };
    let export = veiled(b"a key of sixteen bytes");
    assert_eq!(export, veiled(b"a key of sixteen bytes"), "the same key, the same names");
    assert_ne!(export.people[0].login, veiled(b"another key of enough").people[0].login);

    let [boss, jo, ann] = &export.people[..] else { panic!("three people") };
    assert_eq!(jo.manager_id, boss.employee_number.trim_start_matches('0'), "42 and 00042 are one number");
    assert!(boss.employee_number.starts_with("000"));
    assert_eq!(ann.manager_id.to_lowercase(), boss.login.to_lowercase());
    assert_eq!(export.members[0].login.to_lowercase(), jo.login.to_lowercase());
    assert_eq!(jo.last_name, ann.last_name, "namesakes stay namesakes");
    assert_eq!(jo.first_name, jo.first_name.to_uppercase(), "letter case stays");
    assert!(
        jo.email.starts_with(' ') && jo.email.ends_with(' ') && jo.email.contains("+tag@"),
        "{:?}",
        jo.email
    );
    assert_eq!(jo.email.trim().replace("+tag", "").to_lowercase(), jo.login.to_lowercase());
    assert_eq!(boss.mobile_phone.len(), "+49 170 1234567".len());
    assert_eq!((&*jo.department, &*export.members[0].group), ("Labs", "LABS-All"), "structure is kept");

    let dir = tempfile::tempdir().expect("a folder");
    export.write(dir.path()).expect("written");
    assert_eq!(Export::read(dir.path()).expect("read again"), export);
    for file in ["people.csv", "groups.csv", "places.csv"] {
        let text = std::fs::read_to_string(dir.path().join(file)).expect("text").to_lowercase();
        for name in ["petra", "quick", "brown", "acme", "boss", "1234567"] {
            assert!(!text.contains(name), "{file} still says {name}");
        }
    }
}

#[test]
fn an_imported_company_has_its_people_groups_and_places() {
    let export = read(PEOPLE).expect("an export");
    let settings = WorldSettings { accounts: Accounts::Tidy, ..WorldSettings::default() };
    let company = export.company(&settings).expect("a company");
    assert_eq!((company.people.len(), company.orgs.len(), company.sites.len()), (3, 1, 1));
    assert_eq!(company.people[1].manager, Some(0));
    let group =
        |name: &str| company.orgs[0].groups.iter().find(|group| &*group.name == name).expect("a group");
    assert_eq!(group("LABS-All").members, [1, 2]);
    assert_eq!(group("APP-iOffice-Users").members, [0, 1, 2], "made where the export has none");
    let site = &company.sites[0];
    let codes: Vec<&str> = site.buildings.iter().map(|building| &*building.code).collect();
    assert_eq!(codes, ["HQ", "Annex"]);
    assert_eq!((&*site.buildings[0].name, &*site.buildings[0].city), ("Head Office", "Ulm"));
    let of_people: Vec<_> = site.accounts.iter().filter(|account| account.person.is_some()).collect();
    assert_eq!(of_people.len(), 2, "the leaver has none in a tidy site");
    assert!(of_people[0].room.is_some() && of_people[1].section.is_some());
    let items: Vec<&str> = site
        .items
        .iter()
        .filter(|item| Some(item.id) == of_people[1].cost_center)
        .map(|item| &*item.name)
        .collect();
    assert_eq!(items, ["Labs"]);

    let face = OktaFace::from_world(OktaSettings::exact(), &company.orgs[0], settings.now);
    let mut desk = super::okta::desk::Desk::over(face);
    desk.now = settings.now;
    let jo = desk.get("/api/v1/users/Jo.Brown@acme.test");
    assert_eq!(jo.body["profile"]["department"], json!("Labs"));
    let groups = desk.walk(&format!("/api/v1/users/{}/groups", jo.id()), "/profile/name");
    assert_eq!(groups, ["Everyone", "APP-iOffice-Users", "LABS-All"]);
}

#[test]
fn wrong_exports_are_refused_with_the_line() {
    for (people, said) in [
        ("login,email\n,\n", "people.csv, line 2: neither login nor email"),
        ("login\na@x.test\nA@x.test\n", "people.csv, line 3: A@x.test is there twice"),
        ("login,status\na@x.test,gone\n", "people.csv, line 2: gone is no status of Okta's"),
        ("login\n", "people.csv holds nobody"),
        ("login,email\na@x.test\n", "line: 2"),
    ] {
        let wrong = read(people).expect_err("refused");
        assert!(wrong.contains(said), "{wrong}");
    }
}

#[test]
fn tables_are_read_as_spreadsheets_of_every_country_write_them() {
    for text in [
        "login,firstName,title\na@x.test,\"Ann, M.\",Head; Labs\n",
        "login;firstName;title\na@x.test;Ann, M.;\"Head; Labs\"\n",
        "login\tfirstName\ttitle\na@x.test\tAnn, M.\tHead; Labs\n",
        "\u{feff}login , firstName,title\r\n\r\na@x.test,\"Ann, M.\",Head; Labs\r\n",
    ] {
        let export = read(text).expect("an export");
        let [ann] = &export.people[..] else { panic!("one person: {export:?}") };
        assert_eq!(
            [&*ann.login, &ann.first_name, &ann.title],
            ["a@x.test", "Ann, M.", "Head; Labs"],
            "{text}"
        );
    }
}

#[test]
fn a_mistake_is_told_with_the_line_an_editor_shows() {
    for (people, line) in [
        ("login,status\nb@x.test,gone\n", 2),
        ("login,status\r\n\r\na@x.test,\r\n\r\nb@x.test,gone\r\n", 5),
        ("login,title,status\na@x.test,\"Head\nof Labs\",\nb@x.test,,gone\n", 4),
        ("\u{feff}login,status\n\nb@x.test,gone\n", 3),
    ] {
        let said = read(people).expect_err("refused");
        assert!(said.ends_with(&format!("people.csv, line {line}: gone is no status of Okta's")), "{said}");
    }
    let long = format!("login\n{}@x.test\n", "a".repeat(94));
    for (people, groups, parts) in [
        (
            &b"login,firstName\na@x.test,Ren\xe9\n"[..],
            GROUPS,
            ["people.csv", "save the file as CSV in UTF-8"],
        ),
        (
            b"mail,name\na@x.test,A\n",
            GROUPS,
            [
                "people.csv: there is no column login; its columns are mail, name",
                "rename the one that is meant",
            ],
        ),
        (
            b"login\na@x.test\n",
            "group,person\nA,a@x.test\n",
            ["groups.csv: there is no column login", "group, person"],
        ),
        (
            b"login,title\na@x.test,A,B\n",
            GROUPS,
            ["people.csv", "put fields with separators in double quotes"],
        ),
        (long.as_bytes(), GROUPS, ["people.csv, line 2", "at most 100 characters"]),
    ] {
        let said = read_bytes(people, groups).expect_err("refused");
        assert!(parts.iter().all(|part| said.contains(part)), "{parts:?}: {said}");
    }
}

#[test]
fn a_membership_by_number_survives_the_pseudonyms() {
    let groups = "group,login\nLABS-All,7\nLABS-All,00042\nLABS-All,nobody@acme.test\n";
    let mut export = read_bytes(PEOPLE.as_bytes(), groups).expect("an export");
    assert_eq!(export.strangers(), 1);
    export.anonymise(b"a key of sixteen bytes");
    assert_eq!(export.strangers(), 1);
    let settings = WorldSettings { accounts: Accounts::Tidy, ..WorldSettings::default() };
    let company = export.company(&settings).expect("a company");
    let group = company.orgs[0].groups.iter().find(|group| &*group.name == "LABS-All").expect("a group");
    assert_eq!(group.members, [0, 1]);
}

#[test]
fn what_okta_would_not_hold_is_made_to_fit() {
    let far = "\u{1F600}";
    let name = "é".repeat(60);
    let people = format!(
        "login,email,firstName,countryCode,title\nx1,not an address,{name},Germany,Head{far}\nann@x.test,,Ann,DE,\n"
    );
    let company = read(&people).expect("an export").company(&WorldSettings::default()).expect("a company");
    let now = company.settings.now;
    let face = OktaFace::from_world(OktaSettings::exact(), &company.orgs[0], now);
    let mut desk = super::okta::desk::Desk::over(face);
    desk.now = now;
    // The desk holds each answer against the vendor's description.
    let odd = desk.get("/api/v1/users/x1@imported.example").body["profile"].clone();
    assert_eq!(
        (&odd["email"], &odd["firstName"], &odd["title"], odd.get("countryCode")),
        (&json!("notanaddress@imported.example"), &json!("é".repeat(50)), &json!("Head"), None)
    );
    let ann = desk.get("/api/v1/users/ann@x.test").body["profile"].clone();
    assert_eq!((&ann["email"], &ann["countryCode"]), (&json!("ann@x.test"), &json!("DE")));
}

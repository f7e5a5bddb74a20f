//! Mistakes in policies: all at once, each with its place and the fix.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_model::{
    id::GroupId,
    identity::{Groups, Status},
};
use lanyard_policy::{GoneGroup, Known, Policy, PolicyFiles, Ways};

use crate::world;

fn files(toml: &str, tables: &[(&str, &str)]) -> PolicyFiles {
    PolicyFiles {
        toml: ("policy.toml".into(), toml.into()),
        tables: tables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
    }
}

fn problems(toml: &str, tables: &[(&str, &str)]) -> String {
    match Policy::parse(&files(toml, tables)) {
        Ok(_) => "none".into(),
        Err(problems) => problems.render(),
    }
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let toml = r#"format = 1
nmae = "x"

[groups]
rooms = "ROOM-Booking"
app = { north = "00gAPP00001" }

[[route]]
tenant = "North"
sight = "hq"

[correlation]
person = "employe number"
keys = [{ kind = "employee number", attribute = "employeeNumber", field = "employeId", compare = "numbr" }]

[lifecycle]
zone = "Europe/Lundon"
dates = ["YY-MM-DD"]

[lifecycle.end]
attribute = "contractEndDate"
tell = ["facilties"]

[profile]
jobTitel = "title"
phone = { from = "mobilePhone", as = "fone" }

[[flow]]
id = "one"
priority = "high"
if = [{ group = "room" }, { attribute = "city" }, { status = "SUSPENDET" }, {}]
look_up = "palces"
then = [{ role = "custommer", module = "reservation" }, { place = "dekst" }, { item = "x", role = "manager" }]

[[flow]]
id = "one"

[notify.facilities]
email = ["nobody"]

[[schedule]]
id = "nightly"
cron = "0 25 * * *"

[[schedule]]
id = "leap"
cron = "0 2 30 2 *"
"#;
    let places = "group,bilding,floor\nnone,Pier House\nnone,Pier House,Level 1\n";
    insta::assert_snapshot!(problems(toml, &[("places", places)]));
}

#[test]
fn broken_toml_is_told_with_its_place() {
    insta::assert_snapshot!(problems("format = 1\nname = \"x\n[[route]\nsite = hq\n", &[]));
}

#[test]
fn an_empty_policy_lacks_what_it_needs() {
    insta::assert_snapshot!(problems("", &[]));
    insta::assert_snapshot!(problems(
        "format = 2\n[[route]]\nsite = \"hq\"\n[correlation]\nkeys = []\n",
        &[("t", "")]
    ));
}

#[test]
fn the_linter_finds_what_parses_but_is_hardly_meant() {
    let toml = r#"format = 1
[groups]
app = "00gAPP00001"
rooms = "00gGONE0001"
[[route]]
site = "hq"
[correlation]
keys = [{ kind = "n", attribute = "employeNumber", field = "employeeId" }]
[scope]
if = [{ group = "app" }]
[[flow]]
id = "first"
look_up = "places"
then = [{ place = "desk" }]
[[flow]]
id = "second"
if = [{ attribute = "city", is = "Leeds" }]
then = [{ place = "remote" }]
[[flow]]
id = "third"
priority = 1
if = [{ attribute = "city", is = "Leeds" }]
then = [{ cost_center = "a" }]
[[flow]]
id = "fourth"
priority = 1
if = [{ attribute = "city", is_not = ["York", "leeds"] }]
then = [{ cost_center = "b" }]
"#;
    let places = "attribute:departmnet,attribute:city,building\nIT|HR,,A\nhr,Leeds,B\n,,C\nSales,,D\n";
    let policy = match Policy::parse(&files(toml, &[("places", places), ("spare", "building\nA\n")])) {
        Ok(policy) => policy,
        Err(problems) => panic!("{}", problems.render()),
    };
    let known = Known {
        attributes: Some(["employeeNumber", "department", "city"].map(str::to_owned).into()),
        groups: Some(BTreeMap::from([
            (GroupId::from("00gAPP00001"), "APP".into()),
            (GroupId::from("00gNEW00001"), "rooms".into()),
        ])),
        ..Known::default()
    };
    insta::assert_snapshot!(policy.lint(&known).render());
}

#[test]
fn what_the_engine_asks_of_a_policy() {
    let policy = Policy::parse(&world::demo()).expect("the demonstration policy");
    let mira = world::person("northgate");
    let terms: Vec<_> = policy
        .search_terms(&mira)
        .into_iter()
        .map(|term| format!("{}: {} ~ {}", term.field, term.value, term.folded))
        .collect();
    assert_eq!(
        terms,
        [
            "employeeId: 40417 ~ 40417",
            "email: Mira.Okafor@northgate.example ~ mira.okafor@northgate.example",
            "userName: mira.okafor@northgate.example ~ mira.okafor@northgate.example",
        ]
    );
    assert_eq!(policy.person_key(&mira), policy.person_key(&world::person("harborlight")));
    assert_eq!(policy.person_key(&mira).as_deref(), Some("employee number:40417"));
    assert_eq!(policy.guardrails().window_seconds, 86_400);
    assert_eq!(policy.schedules()[0].cron, "0 2 * * *");
    assert_eq!(policy.routes()["it"].email, ["it@harborlight.example"]);
    let (north, harbor) = ("northgate".into(), "harborlight".into());
    assert!(policy.governs_before(&north, &harbor, &"hq".into()).is_lt());
    assert!(policy.governs_before(&north, &harbor, &"south".into()).is_gt());
    assert_eq!(policy.groups().len(), 8);
    let attributes = policy.attributes();
    for name in [
        "employeeNumber",
        "workMode",
        "officeLocation",
        "contractEndDate",
        "managerId",
        "timezone",
        "employeeStatus",
    ] {
        assert!(attributes.contains(name), "{name}");
    }
    let templates: BTreeSet<_> = policy.flows().into_iter().filter_map(|flow| flow.template).collect();
    assert!(templates.contains("new-user") && templates.contains("contractor-expiry"));
}

#[test]
fn the_seal_changes_with_the_content_and_only_with_it() {
    let one = world::demo();
    let seal = |files: &PolicyFiles| Policy::parse(files).expect("a policy").seal().to_owned();
    let mut other = one.clone();
    other.toml.0 = "renamed.toml".into();
    let table = other.tables.remove("places").expect("the table");
    other.tables.insert("places.csv".into(), table.clone());
    assert_eq!(seal(&one), seal(&other));
    assert_eq!(seal(&one).len(), 64);
    other.tables.insert("places.csv".into(), format!("{table}# more\n"));
    assert_ne!(seal(&one), seal(&other));
}

#[test]
fn managers_are_named_in_many_ways() {
    let bound = world::bound(&world::demo());
    let named = |text: &str| {
        let mut mira = world::person("northgate");
        mira.profile.set("managerId", lanyard_model::identity::AttributeValue::Text(text.into()));
        bound.manager_reference(&mira).map(|reference| format!("{:?}", reference.keys))
    };
    for (text, keys) in [
        ("00u00000000000000042", r#"[OktaId("00u00000000000000042")]"#),
        ("0040400", r#"[EmployeeNumber("40400"), Login("0040400")]"#),
        ("Ana@Northgate.example", r#"[Email("ana@northgate.example"), Login("ana@northgate.example")]"#),
    ] {
        assert_eq!(named(text).as_deref(), Some(keys));
    }
    assert_eq!(named("CN=Ana,OU=People"), None);
    assert_eq!(named(" "), None);
}

#[test]
fn protected_people_are_known_even_in_doubt() {
    let body = |rule: &str| {
        format!(
            "format = 1\n[groups]\napp = \"00gAPPIOFFICEx\"\n[[route]]\nsite = \"hq\"\n[correlation]\nkeys = [{{ kind = \"n\", attribute = \"employeeNumber\", field = \"employeeId\" }}]\n[guardrails]\nprotected = [{rule}]\n"
        )
    };
    let protects = |rule: &str, whole: bool| {
        let mut mira = world::person("northgate");
        mira.groups.complete = whole;
        let policy = Policy::parse(&files(&body(rule), &[])).expect("a policy");
        policy.protects(&mira, None).map(|because| because.text)
    };
    let number = r#"{ attribute = "employeeNumber", in = ["40417"] }"#;
    assert_eq!(protects(number, true).as_deref(), Some("employeeNumber is \"40417\""));
    assert_eq!(protects(r#"{ group = "app" }"#, true), None);
    assert!(protects(r#"{ group = "app" }"#, false).is_some());
    assert_eq!(protects("", true), None);
}

#[test]
fn a_named_protection_says_why_and_its_mistakes_have_their_place() {
    let body = |rules: &str| {
        format!(
            "format = 1\n[groups]\napp = \"00gAPPIOFFICEx\"\n[[route]]\nsite = \"hq\"\n[correlation]\nkeys = [{{ kind = \"n\", attribute = \"employeeNumber\", field = \"employeeId\" }}]\n[guardrails]\nprotected = {{ attribute = \"employeeNumber\", is = \"1\" }}\n{rules}"
        )
    };
    let case = "[[guardrails.protection]]\nid = \"case-7\"\nif = [{ attribute = \"employeeNumber\", is = \"40417\" }, { status = \"ACTIVE\" }]\nreason = \"litigation 7\"\nowner = \"Lea Law\"\nuntil = \"2026-12-31\"\n";
    let open = "[[guardrails.protection]]\nid = \"board\"\nif = { group = \"app\" }\n";
    let said = files(&body(&[case, open].concat()), &[]);
    let policy = Policy::parse(&said).expect("a policy");
    let mut mira = world::person("northgate");
    mira.groups = Groups::new([], true);
    let because = policy.protects(&mira, None).expect("protected");
    assert_eq!(because.rule, "guardrails.protection.case-7");
    assert_eq!(because.text, "litigation 7: employeeNumber is \"40417\", status is ACTIVE");
    assert_eq!(policy.protected_by(&mira), [1]);
    mira.groups = Groups::new(["00gAPPIOFFICEx".into()], true);
    assert_eq!(policy.protected_by(&mira), [1, 2]);
    mira.status = Status::Suspended;
    assert_eq!(policy.protected_by(&mira), [2]);

    let told: Vec<String> = lanyard_policy::protections(&said)
        .into_iter()
        .map(|one| {
            let text = |part: Option<String>| part.unwrap_or_else(|| "-".into());
            let until = one.until.map(|day| day.to_string());
            [text(one.id), one.whom, text(one.reason), text(one.owner), text(until)].join(" | ")
        })
        .collect();
    assert_eq!(
        told,
        [
            "- | employeeNumber is \"1\" | - | - | -",
            "case-7 | employeeNumber is \"40417\" and status is \"ACTIVE\" | litigation 7 | Lea Law | 2026-12-31",
            "board | member of \"app\" | - | - | -",
        ]
    );

    for (slip, problem) in [
        (case.replace("2026-12-31", "new year"), "\"new year\" is no day"),
        ("[[guardrails.protection]]\nid = \"x\"\n".into(), "this rule would concern everybody"),
        (open.repeat(2), "there are two protections \"board\""),
        (open.replace("id =", "idd ="), "\"idd\" is not known"),
    ] {
        let told = problems(&body(&slip), &[]);
        assert!(told.contains(problem), "{slip}: {told}");
    }
}

#[test]
fn reactions_are_those_that_the_situation_allows() {
    let policy = |section: &str| {
        format!(
            "format = 1\n[[route]]\nsite = \"hq\"\n[correlation]\nkeys = [{{ kind = \"n\", attribute = \"employeeNumber\", field = \"employeeId\" }}]\n{section}"
        )
    };
    for (section, said) in [
        ("[reactions]\nunmatched = \"end\"", "reactions.unmatched cannot be \"end\""),
        ("[reactions]\nunmatched = \"end\"", "is ended by a person"),
        ("[reactions]\nlinked = \"adopt\"", "reactions.linked cannot be \"adopt\""),
        ("[reactions]\ndeleted = \"alarn\"", "alarm"),
        ("[reactions.sites.hw]\nlinked = \"hold\"", "no route leads to \"hw\""),
        ("[reactions]\nlost = \"hold\"", "\"lost\" is not known in [reactions]"),
    ] {
        let told = problems(&policy(section), &[]);
        assert!(told.contains(said), "{section}: {told}");
    }
    let section = "[reactions]\nlinked = \"hold\"\n[reactions.sites.hq]\nunmatched = \"alarm\"";
    let policy = Policy::parse(&files(&policy(section), &[])).expect("a policy");
    let words = |site: &str| {
        let site = site.into();
        let all = policy.reactions(&site).all();
        all.map(|(situation, reaction)| format!("{} {}", situation.word(), reaction.word()))
            .collect::<Vec<_>>()
    };
    let usual = ["linked hold", "unlinked adopt", "unmatched report", "disputed report", "deleted end"];
    assert_eq!(words("elsewhere"), usual);
    assert_eq!(words("hq")[..3], ["linked hold", "unlinked adopt", "unmatched alarm"]);
}

/// What the linter says of these flows, one line each.
fn linted(flows: &str, tables: &[(&str, &str)], known: &Known) -> Vec<String> {
    let head = "format = 1\n[[route]]\nsite = \"hq\"\n[correlation]\nkeys = [{ kind = \"n\", attribute = \"email\", field = \"email\" }]\n";
    let policy = match Policy::parse(&files(&format!("{head}{flows}"), tables)) {
        Ok(policy) => policy,
        Err(problems) => panic!("{}", problems.render()),
    };
    policy.lint(known).iter().map(ToString::to_string).collect()
}

#[test]
fn whom_messages_go_to_is_held_against_the_ways_that_there_are() {
    let rest = "[notify.it]\nslack_secret = \"slack_ti\"\nemail = [\"it@northgate.example\"]\n";
    let ways = |mail, secrets: &[&str]| Known {
        ways: Some(Ways { mail, secrets: secrets.iter().map(|name| (*name).to_owned()).collect() }),
        ..Known::default()
    };
    assert_eq!(linted(rest, &[], &Known::default()), Vec::<String>::new());
    assert_eq!(linted(rest, &[], &ways(true, &["slack_ti"])), Vec::<String>::new());
    let told = linted(rest, &[], &ways(false, &["slack_it"]));
    assert_eq!(told.len(), 2, "{told:?}");
    let slack =
        "\"it\" tells Slack, and the settings have no secret \"slack_ti\" (did you mean \"slack_it\"?)";
    assert!(told[0].contains(slack), "{told:?}");
    let mail = "\"it\" tells by e-mail, and the settings have no [mail] (add where e-mail goes out: [mail] in lanyard.toml)";
    assert!(told[1].contains(mail), "{told:?}");
}

#[test]
fn groups_named_by_their_id_alone_are_held_against_those_there_are() {
    let flows = "[[flow]]\nid = \"a\"\nif = [{ group = [\"00gGONE0001 # Rooms\", \"00gGONE0002\"] }]\nlook_up = \"places\"\nthen = [{ place = \"desk\" }]\n";
    let places = "group,building\n00gGONE0003,A\n00gHERE0001,B\n";
    let known = Known {
        groups: Some(BTreeMap::from([
            (GroupId::from("00gHERE0001"), "App".into()),
            (GroupId::from("00gNEW00001"), "Rooms".into()),
        ])),
        ..Known::default()
    };
    assert_eq!(
        linted(flows, &[("places", places)], &known),
        [
            "places.csv:2:1: no tenant has the group 00gGONE0003 (it was deleted, or belongs to another tenant)",
            "policy.toml:8:18: no tenant has the group 00gGONE0001 (\"Rooms\") (a group of this name has the id 00gNEW00001: it may have been made anew)",
            "policy.toml:8:41: no tenant has the group 00gGONE0002 (it was deleted, or belongs to another tenant)",
        ]
    );
}

#[test]
fn a_group_made_anew_is_found_by_the_name_that_is_written_beside_its_id() {
    let rest = "[groups]\nBooking = \"00gGONE0001 # Rooms  for all\"\n\
                Visitors = { acme = \"00gGONE0002 # Front desk\", beta = \"00gHERE0001 # Front desk\" }\n\
                Parking = \"00gGONE0003 # Garage\"\n\
                Garage = \"00gGONE0004 # Nobody\"\n";
    let groups = [
        ("00gNEW00001", "Rooms for All"),
        ("00gHERE0001", "Front desk"),
        ("00gNEW00002", "Front desk"),
        ("00gNEW00003", "Parking"),
    ];
    let groups = groups.map(|(id, name)| (GroupId::from(id), name.to_owned())).into();
    let told = linted(rest, &[], &Known { groups: Some(groups), ..Known::default() });
    let told: Vec<_> = told.iter().filter_map(|line| line.split_once(": no tenant has the group ")).collect();
    let anew = "it may have been made anew";
    assert_eq!(
        told.iter().map(|(_, what)| (*what).to_owned()).collect::<Vec<_>>(),
        [
            format!(
                "00gGONE0001 (\"Booking\") (a group called \"Rooms  for all\" has the id 00gNEW00001: {anew})"
            ),
            format!(
                "00gGONE0002 (\"Visitors\") (a group called \"Front desk\" has the id 00gNEW00002: {anew})"
            ),
            format!("00gGONE0003 (\"Parking\") (a group of this name has the id 00gNEW00003: {anew})"),
            "00gGONE0004 (\"Garage\") (it was deleted, or belongs to another tenant)".to_owned(),
        ]
    );
}

#[test]
fn a_group_that_was_deleted_is_told_by_its_last_name() {
    let gone = |name: Option<&str>, since: &str| GoneGroup {
        name: name.map(str::to_owned),
        since: since.parse().expect("an instant"),
    };
    let known = Known {
        groups: Some([("00gNEW00001".into(), "Booking".to_owned())].into()),
        gone: [
            ("00gGONE0001".into(), gone(Some("Visitors"), "2026-05-04T08:00:00Z")),
            ("00gGONE0002".into(), gone(Some("Booking"), "2026-05-05T09:30:00Z")),
            ("00gGONE0003".into(), gone(None, "2026-05-06T00:00:00Z")),
        ]
        .into(),
        ..Known::default()
    };
    let rest = "[[flow]]\nid = \"a\"\nif = [{ any = [{ group = \"00gGONE0001\" }, { group = \"00gGONE0002\" }, \
                { group = \"00gGONE0003\" }, { group = \"00gNEVER0001\" }] }]\n\
                then = [{ todo = \"t\", what = \"w\" }]\n";
    let told: Vec<_> = linted(rest, &[], &known)
        .iter()
        .filter_map(|line| Some(line.split_once(": no tenant has the group ")?.1.to_owned()))
        .collect();
    let fix = "it was deleted: name the group that took its place, or take the rules away that ask for it";
    assert_eq!(
        told,
        [
            format!("00gGONE0001: Okta called it \"Visitors\", and it is gone since 2026-05-04 08:00 UTC ({fix})"),
            "00gGONE0002: Okta called it \"Booking\", and it is gone since 2026-05-05 09:30 UTC (a group called \
             \"Booking\" has the id 00gNEW00001: it may have been made anew)"
                .to_owned(),
            format!("00gGONE0003: it is gone since 2026-05-06 00:00 UTC ({fix})"),
            "00gNEVER0001 (it was deleted, or belongs to another tenant)".to_owned(),
        ]
    );
}

#[test]
fn groups_named_in_expressions_are_held_against_those_there_are() {
    let groups =
        [("00gAPP00001", "APP"), ("00gROOMS001", "Rooms"), ("00gLAB00002", "Lab"), ("00gNEW00001", "FLR-1")];
    let groups = groups.map(|(id, name)| (GroupId::from(id), name.to_owned())).into();
    let known = Known { groups: Some(groups), ..Known::default() };
    let own = "[groups]\n\"FLR-1\" = \"00gGONE0001\"\nRooms = \"00gROOMS001\"\n";
    let told = |condition: &str, known: &Known| {
        let flow = format!(
            "{own}[[flow]]\nid = \"a\"\nif = [{{ cel = \"{condition}\" }}]\nthen = [{{ todo = \"t\", what = \"w\" }}]\n"
        );
        let list = linted(&flow, &[], known).into_iter();
        // The entry itself is told of whatever the expression says.
        list.filter(|line| !line.starts_with("policy.toml:7:1: ")).collect::<Vec<_>>()
    };
    let place = |condition: &str, part: &str| {
        format!("policy.toml:11:{}", "if = [{ cel = \"".len() + condition.find(part).expect("the part") + 1)
    };
    for (condition, part, says) in [
        (
            "groups.exists(g, g.name == 'Romos')",
            "'Romos'",
            "there is no group \"Romos\" in [groups], and an expression sees no other (did you mean \"Rooms\"?)",
        ),
        (
            "user.tenant != 'x' && 'Lab' in groups.map(g, g.name)",
            "'Lab'",
            "there is no group \"Lab\" in [groups], and an expression sees no other (add \"Lab\" = \"00gLAB00002\" to [groups])",
        ),
        (
            "groups.exists(g, g.name in ['Rooms', 'Zoo'])",
            "'Zoo'",
            "there is no group \"Zoo\" in [groups], and an expression sees no other (add it to [groups] with its id)",
        ),
        (
            "groups.filter(g, g.id != '00gLAB00002').size() > 1",
            "'00gLAB",
            "[groups] has no group 00gLAB00002, and an expression sees no other (add \"Lab\" = \"00gLAB00002\" to [groups])",
        ),
        (
            "groups.exists(g, g.id == '00gROOMS01')",
            "'00gROOMS01'",
            "[groups] has no group 00gROOMS01, and an expression sees no other (did you mean \"00gROOMS001\"?)",
        ),
        (
            "groups.exists(g, '00gGONE0001' == g.id)",
            "'00gGONE",
            "no tenant has the group 00gGONE0001 (\"FLR-1\") (a group of this name has the id 00gNEW00001: it may have been made anew)",
        ),
        (
            "groups.exists(g, g.name.startsWith('LAB-'))",
            "'LAB-'",
            "no group in [groups] begins with \"LAB-\": the expression sees no other",
        ),
    ] {
        assert_eq!(told(condition, &known), [format!("{}: {says}", place(condition, part))], "{condition}");
    }
    for fine in [
        "groups.exists(g, g.name == 'Rooms' && g.id == '00gROOMS001')",
        "groups.exists(g, g.name.startsWith('FLR-') || g.name.contains('oo'))",
        "groups.exists(g, g.name.lowerAscii() == 'zoo')",
        "groups.exists(g, g.name == user.profile.team)",
    ] {
        assert_eq!(told(fine, &known), Vec::<String>::new(), "{fine}");
    }
    // Without the tenants' groups only what the policy itself says is known.
    assert_eq!(told("groups.exists(g, g.id == '00gGONE0001')", &Known::default()), Vec::<String>::new());
    assert_eq!(told("groups.exists(g, g.name == 'Lab')", &Known::default()).len(), 1);
}

#[test]
fn who_may_have_several_values_may_fit_two_flows_that_ask_for_one_each() {
    let flows = "[[flow]]\nid = \"a\"\nif = [{ attribute = \"teams\", is = \"Red\" }]\nthen = [{ place = \"desk\", building = \"A\" }]\n\
                 [[flow]]\nid = \"b\"\nif = [{ attribute = \"teams\", is = \"Blue\" }]\nthen = [{ place = \"remote\" }]\n";
    let kind = |kind: &str| Known {
        types: BTreeMap::from([("teams".to_owned(), BTreeSet::from([kind.to_owned()]))]),
        ..Known::default()
    };
    assert_eq!(linted(flows, &[], &kind("string")), Vec::<String>::new());
    assert_eq!(
        linted(flows, &[], &kind("array")),
        [
            "policy.toml:11:6: \"a\" and \"b\" both name a place with priority 0, and somebody may fit both: whoever has \
             all of this: teams is \"Blue\", and teams is \"Red\" (give one of them a higher priority, or conditions \
             that exclude the other's)"
        ]
    );
    // None of several values is the other's.
    let apart = "[[flow]]\nid = \"a\"\nif = [{ attribute = \"city\", is = \"York\" }]\nthen = [{ place = \"desk\", building = \"A\" }]\n\
                 [[flow]]\nid = \"b\"\nif = [{ any = [{ attribute = \"city\", is = \"Leeds\" }, { attribute = \"city\", is = \"Bath\" }] }]\nthen = [{ place = \"remote\" }]\n";
    assert_eq!(linted(apart, &[], &Known::default()), Vec::<String>::new());
}

#[test]
fn tenants_and_sites_of_no_route_are_told() {
    let head = "format = 1\n[groups]\nApp = { northgate = \"00gAPP00001\", nrothgate = \"00gAPP00002\" }\n\
                [[route]]\ntenant = \"northgate\"\nsite = \"hq\"\n[[route]]\ntenant = \"harborlight\"\nsite = \"south\"\n\
                [correlation]\nkeys = [{ kind = \"n\", attribute = \"email\", field = \"email\" }]\n\
                [scope]\nif = [{ group = \"App\" }]\n";
    let flow = "[sites.attic]\ndefault_host = 5\n[tenants.harborlight]\nzone = \"Europe/London\"\n\
                [[flow]]\nid = \"a\"\nif = [{ any = [{ tenant = \"harborlite\" }, { site = [\"hq\", \"soth\"] }] }]\nlook_up = \"t\"\n\
                then = [{ item = \"from table\" }]\n";
    let table = "tenant,site,item\nnorthgate,hq,A\nelsewhere,south,B\n";
    let policy = Policy::parse(&files(&format!("{head}{flow}"), &[("t", table)])).expect("a policy");
    let told: Vec<_> = policy.lint(&Known::default()).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "policy.toml:3:36: no route is for the tenant \"nrothgate\" (did you mean \"northgate\"?)",
            "policy.toml:14:8: no route leads to the site \"attic\" (add a [[route]], or take this away)",
            "policy.toml:20:27: no route is for the tenant \"harborlite\" (did you mean \"harborlight\"?)",
            "policy.toml:20:59: no route leads to the site \"soth\" (did you mean \"south\"?)",
            "t.csv:3:1: no route is for the tenant \"elsewhere\" (add a [[route]], or take this away)",
        ]
    );
    // A route of no tenant takes people of all of them.
    let open = format!("{head}{flow}").replace("tenant = \"harborlight\"\nsite", "site");
    let policy = Policy::parse(&files(&open, &[("t", table)])).expect("a policy");
    let told = policy.lint(&Known::default());
    assert!(told.iter().all(|problem| !problem.message.contains("tenant")), "{told:?}");
}

#[test]
fn first_days_of_one_priority_that_say_different_things_tie() {
    let day = |id: &str, what: &str| {
        format!(
            "[[flow]]\nid = \"{id}\"\nthen = [{{ booking = \"day one\", title = \"{what}\" }}, {{ visit = \"arrival\", notes = \"{what}\" }}]\n"
        )
    };
    let told = |second: &str| {
        let list = linted(&[day("a", "One"), day("b", second)].concat(), &[], &Known::default());
        list.iter()
            .filter_map(|line| line.split(" with priority").next().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    assert_eq!(told("One"), Vec::<String>::new());
    assert_eq!(
        told("Two"),
        ["a booking", "a visit"].map(|what| format!("policy.toml:10:6: \"a\" and \"b\" both name {what}"))
    );
}

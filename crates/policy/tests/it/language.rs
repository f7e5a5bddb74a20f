//! Conditions and transforms, each through a policy of its own: what holds, what does not, and what cannot be told.

use jiff::Timestamp;
use lanyard_model::{desired::Lifecycle, id::SiteId, identity::AttributeValue, place::Catalogue};
use lanyard_policy::{Bound, Facts, Policy, PolicyFiles};

use crate::world;

fn files(rest: &str) -> PolicyFiles {
    let toml = format!(
        "format = 1\n[groups]\nA = \"00gAAAAAAAA\"\nB = \"00gBBBBBBBB\"\n[[route]]\nsite = \"hq\"\n\
         [correlation]\nkeys = [{{ kind = \"e-mail\", attribute = \"email\", field = \"email\" }}]\n{rest}"
    );
    let titles = "attribute:title,value\nSoftware Engineer|SWE,Engineer\nVP,Vice President\n";
    PolicyFiles {
        toml: ("policy.toml".into(), toml),
        tables: [("titles".to_owned(), titles.to_owned())].into(),
    }
}

fn bound(rest: &str) -> Bound {
    let policy = Policy::parse(&files(rest)).unwrap_or_else(|problems| panic!("{}", problems.render()));
    policy.bind(&[(SiteId::from("hq"), Catalogue::empty(SiteId::from("hq"), world::now()))].into())
}

fn now() -> Timestamp {
    world::at("2026-06-10T09:00:00Z")
}

/// What moved then has settled.
fn long_before(now: Timestamp) -> Timestamp {
    now - jiff::SignedDuration::from_hours(9)
}

fn value(text: &str) -> AttributeValue {
    match text.split_once('|') {
        Some(_) => AttributeValue::List(text.split('|').map(Into::into).collect()),
        None => AttributeValue::Text(text.into()),
    }
}

/// `yes`, `no`, or the reason for setting the person aside; and when the answer may change by itself.
fn asked(condition: &str, attributes: &str) -> (String, Option<String>) {
    let bound = bound(&format!(
        "[lifecycle]\nzone = \"Europe/London\"\n[[flow]]\nid = \"x\"\nif = [{condition}]\nthen = [{{ todo = \"yes\", what = \"it holds\" }}]\n"
    ));
    let mut person = world::person("northgate");
    for pair in attributes.split("; ").filter(|pair| !pair.is_empty()) {
        let (name, text) = pair.split_once('=').expect("name=value");
        person.profile.set(name, value(text));
    }
    let desired = bound.evaluate(&person, &Facts::unlinked(long_before(now())), now());
    let answer = match desired.lifecycle {
        Lifecycle::Aside { why } => why,
        _ if desired.todos.is_empty() => "no".to_owned(),
        _ => "yes".to_owned(),
    };
    (answer, desired.review_at.map(|at| at.to_string()))
}

#[test]
fn conditions_hold_or_not_or_cannot_be_told() {
    for (condition, attributes, expected) in [
        ("{ attribute = \"code\", matches = \"CC?-4*\" }", "code=cc1-417", "yes"),
        ("{ attribute = \"code\", matches = \"CC?-4*\" }", "code=CC12-417", "no"),
        ("{ attribute = \"code\", matches = [\"x\", \"*17\"] }", "code=CC12-417", "yes"),
        ("{ attribute = \"email\", domain = \"Northgate.example\" }", "", "yes"),
        ("{ attribute = \"email\", domain = \"@gate.example\" }", "", "no"),
        ("{ attribute = \"mail\", domain = \"münchen.example\" }", "mail=a@xn--mnchen-3ya.example", "yes"),
        ("{ attribute = \"mail\", domain = \"xn--mnchen-3ya.example\" }", "mail=a@MÜNCHEN.example", "yes"),
        ("{ attribute = \"grade\", at_least = 7 }", "grade=7", "yes"),
        ("{ attribute = \"grade\", at_least = 7, at_most = 9 }", "grade=10", "no"),
        ("{ attribute = \"grade\", at_least = 7.5 }", "grade=7", "no"),
        ("{ attribute = \"grade\", at_least = 7 }", "", "no"),
        ("{ attribute = \"grade\", at_least = 7 }", "grade=seven", "grade is \"seven\", which is no number"),
        ("{ attribute = \"grade\", at_most = 7 }", "grade=NaN", "grade is \"NaN\", which is no number"),
        ("{ attribute = \"city\", same_as = \"officeCity\" }", "city=Leeds; officeCity= leeds ", "yes"),
        ("{ attribute = \"city\", same_as = \"officeCity\" }", "city=Leeds; officeCity=York", "no"),
        ("{ attribute = \"city\", same_as = \"officeCity\" }", "city=Leeds", "no"),
        ("{ attribute = \"sites\", has_all = [\"a\", \"b\"] }", "sites=B|C|A", "yes"),
        ("{ attribute = \"sites\", has_all = [\"a\", \"b\"] }", "sites=A|C", "no"),
        ("{ attribute = \"sites\", only = [\"a\", \"b\"] }", "sites=A|B", "yes"),
        ("{ attribute = \"sites\", only = [\"a\", \"b\"] }", "sites=A|C", "no"),
        ("{ attribute = \"sites\", only = [\"a\", \"b\"] }", "", "no"),
        (
            "{ count = 2, of = [{ attribute = \"a\", exists = true }, { attribute = \"b\", exists = true }, { attribute = \"c\", exists = true }] }",
            "a=1; c=1",
            "yes",
        ),
        (
            "{ count = 2, of = [{ attribute = \"a\", exists = true }, { attribute = \"b\", exists = true }, { attribute = \"c\", exists = true }] }",
            "b=1",
            "no",
        ),
        // What is broken decides only where it still could.
        (
            "{ count = 1, of = [{ attribute = \"a\", exists = true }, { attribute = \"b\", at_least = 1 }] }",
            "a=1; b=x",
            "yes",
        ),
        (
            "{ count = 2, of = [{ attribute = \"a\", exists = true }, { attribute = \"b\", at_least = 1 }] }",
            "b=x",
            "no",
        ),
        (
            "{ count = 2, of = [{ attribute = \"a\", exists = true }, { attribute = \"b\", at_least = 1 }] }",
            "a=1; b=x",
            "b is \"x\", which is no number",
        ),
        ("{ attribute = \"day\", within = \"3 days of 2026-06-01\" }", "day=2026-05-29", "yes"),
        ("{ attribute = \"day\", within = \"3 days of 2026-06-01\" }", "day=2026-06-05", "no"),
        ("{ attribute = \"day\", within = \"3 days before 2026-06-01\" }", "day=2026-06-02", "no"),
        (
            "{ attribute = \"day\", within = \"3 days before last\" }",
            "day=2026-06-02; last=2026-06-05",
            "yes",
        ),
        ("{ attribute = \"day\", within = \"3 days before last\" }", "day=2026-06-02", "no"),
        (
            "{ attribute = \"day\", within = \"3 days before last\" }",
            "day=2026-06-02; last=soon",
            "last is \"soon\", which is no date in a declared notation",
        ),
        (
            "{ not = { attribute = \"day\", within = \"3 days of today\" } }",
            "day=soon",
            "day is \"soon\", which is no date in a declared notation",
        ),
    ] {
        assert_eq!(asked(condition, attributes).0, expected, "{condition} of {attributes}");
    }
}

#[test]
fn expressions_hold_or_not_or_cannot_be_told() {
    for (expression, attributes, expected) in [
        ("user.profile.level > '3'", "level=4", "yes"),
        ("int(user.profile.level) + 1 > 4", "level=4", "yes"),
        ("int(user.profile.level) + 1 > 4", "level=3", "no"),
        (
            "int(user.profile.level) > 4",
            "level=four",
            "\"int(user.profile.level) > 4\" cannot be decided: int: string parse error: invalid digit found in string",
        ),
        ("has(user.profile.level) && user.profile.level == 'x'", "", "no"),
        ("has(user.profile.level)", "level=  ", "no"),
        (
            "user.profile.level == 'x'",
            "",
            "\"user.profile.level == 'x'\" cannot be decided: level is empty; has(user.profile.level) asks for that first",
        ),
        // What fails decides only where it still could.
        ("user.tenant == 'northgate' || user.profile.level == 'x'", "", "yes"),
        ("user.tenant == 'other' && user.profile.level == 'x'", "", "no"),
        (
            "user.profile.title > 3",
            "title=VP",
            "\"user.profile.title > 3\" cannot be decided: > cannot be applied to a text and a whole number",
        ),
        ("user.profile.flag", "flag=maybe", "\"user.profile.flag\" gives a text, neither true nor false"),
        ("user.profile.sites.exists(s, s.startsWith('FLR'))", "sites=FLR-1|X", "yes"),
        ("user.profile.sites.all(s, s.startsWith('FLR'))", "sites=FLR-1|X", "no"),
        ("user.status == 'ACTIVE' && groups.size() == 0", "", "yes"),
        ("groups.exists(g, g.name == 'A')", "", "no"),
        ("10 / size(groups) > 1", "", "\"10 / size(groups) > 1\" cannot be decided: it divides by zero"),
    ] {
        let condition = format!("{{ cel = {expression:?} }}");
        assert_eq!(
            asked(&condition, attributes),
            (expected.to_owned(), None),
            "{expression} of {attributes}"
        );
        let turned = match expected {
            "yes" => "no",
            "no" => "yes",
            other => other,
        };
        assert_eq!(asked(&format!("{{ not = {condition} }}"), attributes).0, turned, "not {expression}");
    }
    let long = format!("sites={}x", "x|".repeat(501));
    let (told, _) = asked("{ cel = \"user.profile.sites.size() > 1\" }", &long);
    assert_eq!(
        told,
        "\"user.profile.sites.size() > 1\" cannot be decided: sites has 502 values, more than 500"
    );
}

#[test]
fn an_expression_sees_the_policys_groups_and_waits_for_the_whole_list() {
    let rest = "[[flow]]\nid = \"x\"\nsentence = \"FLR.\"\n\
                if = [{ cel = \"groups.exists(g, g.name.startsWith('A') && g.id == '00gAAAAAAAA')\" }]\n\
                then = [{ todo = \"yes\", what = \"it holds\" }]\n";
    let bound = bound(rest);
    let mut person = world::person("northgate");
    let mut told = |groups: &[&str], whole: bool| {
        let ids = groups.iter().map(|id| lanyard_model::id::GroupId::from(*id));
        person.groups = lanyard_model::identity::Groups::new(ids, whole);
        let desired = bound.evaluate(&person, &Facts::unlinked(long_before(now())), now());
        match (&desired.lifecycle, desired.todos.first(), desired.not_given.first()) {
            (Lifecycle::Aside { why }, ..) => why.clone(),
            (_, Some(todo), _) => todo.because[0].text.clone(),
            (_, _, not) => not.map(|not| not.because.text.clone()).unwrap_or_default(),
        }
    };
    let expression = "groups.exists(g, g.name.startsWith('A') && g.id == '00gAAAAAAAA')";
    assert_eq!(told(&["00gAAAAAAAA", "00gUNHEARD"], true), format!("\"{expression}\" holds: in A"));
    assert_eq!(told(&["00gBBBBBBBB"], true), format!("\"{expression}\" does not hold: in B"));
    assert_eq!(
        told(&["00gUNHEARD"], true),
        format!("\"{expression}\" does not hold: in no group that the policy names")
    );
    assert_eq!(
        told(&["00gAAAAAAAA"], false),
        format!("not known whether \"{expression}\" holds: the list of groups is not whole")
    );
    let ways = {
        person.groups = lanyard_model::identity::Groups::new([], true);
        bound.ways(&person, &Facts::unlinked(long_before(now())), now(), "x")
    };
    assert_eq!(
        (ways[0].gives, ways[0].why.as_str(), &ways[0].change),
        (
            false,
            "\"groups.exists(g, g.name.startsWith('A') && g.id == '00gAAAAAAAA')\" does not hold: in no group that the policy names",
            &None
        )
    );
}

#[test]
fn slips_in_expressions_are_told_at_their_column() {
    let rest = "[profile]\ncustom01 = { cel = \"user.profile.sites\" }\ncustom02 = { cel = \"'a' + 1\" }\n\
                custom03 = { cel = \"user.profile.a\", from = \"b\" }\n[[flow]]\nid = \"x\"\nif = [\n\
                { cel = \"user.profile.level >\" },\n{ cel = 'user.profil.level > 3' },\n\
                { cel = \"user.profile.t\\u00ED > 3\" },\n\
                { cel = \"\"\"\n  user.tenant == \\\"a\\\" &&\n  levle\"\"\" },\n\
                { cel = \"user.profile.level\" },\n{ cel = 7 },\n{ cel = \"1 == 1\", matches = \"x\" },\n\
                { cel = \"\" }]\nthen = []\n";
    let text = Policy::parse(&files(rest)).expect_err("mistakes").to_string();
    insta::assert_snapshot!("slips_in_expressions", text);
    // What only the tenants' schemas can tell.
    let rest = "[profile]\ncustom01 = { cel = \"user.profile.sites\" }\n[[flow]]\nid = \"x\"\nif = [{ cel = \"user.profile.level > 'a' && user.profile.levle > 3\" }]\nthen = [{ todo = \"t\", what = \"w\" }]\n";
    let policy = Policy::parse(&quiet(rest)).unwrap_or_else(|problems| panic!("{}", problems.render()));
    let types = [("level", "integer"), ("sites", "array")];
    let known = lanyard_policy::Known {
        attributes: Some(["level", "sites", "email"].map(str::to_owned).into()),
        types: types.map(|(name, kind)| (name.to_owned(), [kind.to_owned()].into())).into(),
        ..Default::default()
    };
    let lint = policy.lint(&known);
    let found: Vec<_> = lint
        .iter()
        .filter(|problem| problem.severity == lanyard_policy::Severity::Error)
        .map(|problem| {
            let line = policy.files().toml.1.lines().nth(problem.line - 1).unwrap();
            let rest: String = line.chars().skip(problem.column - 1).take(8).collect();
            format!("{rest}: {}", problem.message)
        })
        .collect();
    assert_eq!(
        found,
        [
            "user.pro: no field can hold a list",
            "> 'a' &&: > cannot be applied to a whole number and a text",
            "levle > : no tenant has an attribute \"levle\"",
        ]
    );
}

#[test]
fn a_stretch_says_when_it_begins_and_ends() {
    let stretch = |text: &str, day: &str| {
        asked(&format!("{{ attribute = \"day\", within = \"{text}\" }}"), &format!("day={day}"))
    };
    // Days begin in the zone, an hour ahead of UTC in June.
    for (text, day, answer, turns) in [
        ("7 days of today", "2026-06-20", "no", Some("2026-06-12T23:00:00Z")),
        ("7 days of today", "2026-06-17", "yes", Some("2026-06-24T23:00:00Z")),
        ("7 days of today", "2026-06-03", "yes", Some("2026-06-10T23:00:00Z")),
        ("7 days of today", "2026-06-02", "no", None),
        ("7 days before today", "2026-06-10", "yes", Some("2026-06-17T23:00:00Z")),
        ("7 days after today", "2026-06-10", "yes", Some("2026-06-10T23:00:00Z")),
        ("7 days after today", "2026-06-09", "no", None),
    ] {
        let (said, at) = stretch(text, day);
        assert_eq!((said.as_str(), at.as_deref()), (answer, turns), "{day} within {text}");
    }
}

#[test]
fn transforms_write_one_notation() {
    let field = |rest: &str, attributes: &str| {
        let bound = bound(rest);
        let mut person = world::person("northgate");
        for pair in attributes.split("; ").filter(|pair| !pair.is_empty()) {
            let (name, text) = pair.split_once('=').expect("name=value");
            person.profile.set(name, value(text));
        }
        let desired = bound.evaluate(&person, &Facts::unlinked(long_before(now())), now());
        let found = desired.fields.values().next().map(|want| want.value.clone());
        found.or_else(|| desired.problems.first().cloned()).unwrap_or_else(|| "nothing".to_owned())
    };
    let phone = "[profile]\nphone = { from = \"p\", as = \"phone\" }\n[phone]\ncountry = \"GB\"\nattribute = \"countryCode\"\n[tenants.northgate]\ncountry = \"US\"\n";
    for (rest, attributes, expected) in [
        (phone, "p=(212) 555-0100", "+12125550100"),
        (phone, "p=030 901820; countryCode=de", "+4930901820"),
        (phone, "p=030 901820; countryCode=??", "phone: \"030 901820\" is no phone number of US"),
        (
            "[profile]\ncustom01 = { from = \"m\", as = \"email\" }",
            "m= Ana+Desk@MÜNCHEN.example ",
            "ana+desk@xn--mnchen-3ya.example",
        ),
        (
            "[profile]\ncustom01 = { from = \"m\", as = \"email without tag\" }",
            "m=Ana+Desk@x.example",
            "ana@x.example",
        ),
        (
            "[profile]\ncustom01 = { from = \"m\", as = \"email\" }",
            "m=reception",
            "custom01: \"reception\" is no e-mail address",
        ),
        ("[profile]\ncustom01 = { from = \"n\", as = \"without leading zeros\" }", "n=00417", "417"),
        ("[profile]\ncustom01 = { from = \"n\", as = \"digits\" }", "n=CC-00417", "00417"),
        ("[profile]\ncustom01 = { from = \"d\", as = \"date D.M.YYYY\" }", "d=2026-09-03", "3.9.2026"),
        (
            "[profile]\ncustom01 = { from = \"d\", as = \"date DD/MM/YYYY\" }",
            "d=soon",
            "custom01: \"soon\" is no date in a declared notation",
        ),
        ("[profile]\njobTitle = { look_up = \"titles\" }", "title=swe", "Engineer"),
        ("[profile]\njobTitle = { look_up = \"titles\", as = \"upper case\" }", "title=VP", "VICE PRESIDENT"),
        ("[profile]\njobTitle = { look_up = \"titles\" }", "title=Clerk", "nothing"),
        (
            "[profile]\ncustom01 = { cel = \"user.profile.a.upperAscii() + ', ' + user.profile.b\", as = \"lower case\" }",
            "a=Ok; b=Go  on",
            "ok, go on",
        ),
        ("[profile]\ncustom01 = { cel = \"user.profile.a.split('@')[0].substring(1)\" }", "a=x7@y", "7"),
        ("[profile]\ncustom01 = { cel = \"size(user.profile.a) * 2 > 5 ? 7 : null\" }", "a=xyz", "7"),
        ("[profile]\ncustom01 = { cel = \"size(user.profile.a) * 2 > 5 ? 7 : null\" }", "a=x", "nothing"),
        (
            "[profile]\ncustom01 = { cel = \"user.profile.a\" }",
            "",
            "custom01: \"user.profile.a\" cannot be decided: a is empty; has(user.profile.a) asks for that first",
        ),
        (
            "[profile]\ncustom01 = { cel = \"user.profile.a\" }",
            "a=1|2",
            "custom01: \"user.profile.a\" gives a list, which no field can hold",
        ),
    ] {
        assert_eq!(field(rest, attributes), expected, "{attributes} in {rest}");
    }
}

#[test]
fn slips_are_told_with_place_and_fix() {
    let deep = format!("{}{{ group = \"A\" }}{}", "{ any = [".repeat(10), "] }".repeat(10));
    let rest = format!(
        "[profile]\njobTitle = {{ look_up = \"title\" }}\nphone = {{ from = \"p\", as = \"fone\" }}\n[phone]\ncountry = \"UK\"\n\
         [[flow]]\nid = \"x\"\nif = [\n{{ attribute = \"a\", within = \"3 weeks of today\" }},\n\
         {{ attribute = \"a\", at_least = 3, at_most = 2 }},\n{{ count = 3, of = [{{ group = \"A\" }}] }},\n{{ count = 3 }},\n\
         {{ attribute = \"a\", at_least = \"3\" }},\n{{ attribute = \"a\", domain = \"\" }},\n{deep}]\nthen = []\n"
    );
    let text = Policy::parse(&files(&rest)).expect_err("mistakes").to_string();
    insta::assert_snapshot!("slips_in_conditions_and_transforms", text);
}

/// A site with one building, two floors and one zone, under names of its own.
fn site(id: &str, building: &str) -> Catalogue {
    let mut catalogue = world::catalogues()[&SiteId::from("hq")].clone();
    catalogue.site = SiteId::from(id);
    for known in catalogue.buildings.values_mut() {
        known.name = building.into();
    }
    catalogue
}

const QUIET: &str = "[[route]]\ntenant = \"harborlight\"\nsite = \"south\"\n[[route]]\nsite = \"hq\"\n[correlation]\n\
     keys = [{ kind = \"e-mail\", attribute = \"email\", field = \"email\" }]\n\
     [parameters]\nhouse = \"Mill\"\n\"quiet floor\" = \"Level 2\"\n\
     [[overlay]]\nsite = \"south\"\nset = { house = \"Abbey\", \"quiet floor\" = \"Level 1\" }\n\
     [[flow]]\nid = \"quiet\"\nthen = [{ place = \"desk\", building = \"${house}\", floor = \"${quiet floor}\", \
     otherwise = { field = \"custom03\", text = \"${house}: {floor}\" } }]\n";

fn quiet(rest: &str) -> PolicyFiles {
    PolicyFiles {
        toml: ("policy.toml".into(), format!("format = 1\n{QUIET}{rest}")),
        ..PolicyFiles::default()
    }
}

#[test]
fn a_site_sets_what_is_declared() {
    let tests = "[[test]]\nname = \"north\"\ngiven = { tenant = \"northgate\" }\nexpect = { place = \"desk\", building = \"Mill\", floor = \"Level 2\" }\n\
                 [[test]]\nname = \"south\"\ngiven = { tenant = \"harborlight\" }\nexpect = { place = \"desk\", building = \"Abbey\", floor = \"Level 1\" }\n";
    let tests = format!("[tenants.northgate]\n[tenants.harborlight]\n{tests}");
    let policy = Policy::parse(&quiet(&tests)).unwrap_or_else(|problems| panic!("{}", problems.render()));
    assert_eq!(policy.run_tests().failed(), 0, "{}", policy.run_tests().render(true));
    let sites = [site("hq", "Mill"), site("south", "Abbey")].map(|site| (site.site.clone(), site)).into();
    let bound = policy.bind(&sites);
    assert!(bound.problems().is_empty(), "{}", bound.problems().render());
    let note = |tenant: &str| {
        let desired = bound.evaluate(&world::person(tenant), &Facts::unlinked(long_before(now())), now());
        desired.place_note.map(|want| want.value.text)
    };
    assert_eq!(note("northgate").as_deref(), Some("Mill: Level 2"));
    assert_eq!(note("harborlight").as_deref(), Some("Abbey: Level 1"));
}

#[test]
fn a_tenant_sets_what_is_declared_and_both_together_are_the_most_particular() {
    let routes = "[[overlay]]\ntenant = \"harborlight\"\nset = { \"quiet floor\" = \"Level 2\" }\n";
    let clash = Policy::parse(&quiet(routes)).expect_err("both set it").to_string();
    assert!(clash.contains("site south and tenant harborlight both set \"quiet floor\""), "{clash}");
    let both = format!(
        "{routes}[[overlay]]\ntenant = \"harborlight\"\nsite = \"south\"\nset = {{ \"quiet floor\" = \"Level 3\" }}\n\
         [[overlay]]\ntenant = \"northgate\"\nset = {{ house = \"Tower\" }}\n[tenants.northgate]\n\
         [profile]\ncustom04 = {{ text = \"sits in ${{house}}\" }}\ncustom05 = {{ look_up = \"words\" }}\n\
         [[flow]]\nid = \"tell\"\nthen = [{{ todo = \"t\", what = \"show {{name}} the ${{quiet floor}}\" }}]\n"
    );
    let mut files = quiet(&both);
    files.tables.insert("words".into(), "tenant,value\n,in ${house}\n".into());
    let policy = Policy::parse(&files).unwrap_or_else(|problems| panic!("{}", problems.render()));
    let mut tower = site("hq", "Tower");
    tower
        .floors
        .values_mut()
        .for_each(|floor| floor.name = floor.name.replace("Level 9", "Level 3").as_str().into());
    let mut abbey = site("south", "Abbey");
    abbey
        .floors
        .values_mut()
        .for_each(|floor| floor.name = floor.name.replace("Level 9", "Level 3").as_str().into());
    let sites = [tower, abbey].map(|site| (site.site.clone(), site)).into();
    let bound = policy.bind(&sites);
    let seen = |tenant: &str| {
        let desired = bound.evaluate(&world::person(tenant), &Facts::unlinked(long_before(now())), now());
        let field = |name: &str| {
            let found = desired.fields.iter().find(|(field, _)| field.as_str() == name);
            found.map(|(_, want)| want.value.clone()).unwrap_or_default()
        };
        let todo = desired.todos[0].value.what.clone();
        (field("custom04"), field("custom05"), todo, desired.place_note.map(|want| want.value.text))
    };
    let told = |words: [&str; 4]| {
        let [a, b, c, d] = words.map(str::to_owned);
        (a, b, c, Some(d))
    };
    assert_eq!(
        seen("northgate"),
        told(["sits in Tower", "in Tower", "show Mira Okafor the Level 2", "Tower: Level 2"])
    );
    assert_eq!(
        seen("harborlight"),
        told(["sits in Abbey", "in Abbey", "show Mira Okafor the Level 3", "Abbey: Level 3"])
    );
}

#[test]
fn attributes_are_held_against_their_types() {
    let rest = "[[flow]]\nid = \"t\"\nuntil = \"badge\"\nif = [\n{ attribute = \"badge\", is = \"yes\" },\n\
                { attribute = \"grade\", in = [\"7\", \"eight\"] },\n{ attribute = \"sites\", at_least = 3 },\n\
                { attribute = \"grade\", before = \"today\" },\n{ attribute = \"city\", has_all = [\"A\", \"B\"] },\n\
                { attribute = \"grade\", domain = \"x.example\" },\n{ attribute = \"mixed\", at_least = 3 },\n\
                { attribute = \"badge\", is = \"TRUE\" },\n{ attribute = \"grade\", at_least = 3 }]\n\
                then = [{ todo = \"x\", what = \"y\" }]\n";
    let policy = Policy::parse(&quiet(rest)).unwrap_or_else(|problems| panic!("{}", problems.render()));
    let types = [
        ("badge", vec!["boolean"]),
        ("grade", vec!["integer"]),
        ("sites", vec!["array"]),
        ("city", vec!["string"]),
        ("mixed", vec!["boolean", "string"]),
    ];
    let types = types.map(|(name, kinds)| (name.to_owned(), kinds.into_iter().map(str::to_owned).collect()));
    let known = lanyard_policy::Known { types: types.into(), ..Default::default() };
    let found: Vec<_> = policy
        .lint(&known)
        .iter()
        .filter(|problem| problem.severity == lanyard_policy::Severity::Error)
        .map(|problem| problem.message.clone())
        .collect();
    assert_eq!(
        found,
        [
            "badge is of type boolean, and never a day",
            "badge is of type boolean, and never \"yes\"",
            "grade is of type integer, and never \"eight\"",
            "sites is of type array, and never a number",
            "grade is of type integer, and never a day",
            "city is of type string, and holds one value only",
            "grade is of type integer, and never such a text",
        ]
    );
}

#[test]
fn an_overlay_sets_nothing_else() {
    let rest = "[[overlay]]\nsite = \"sauth\"\nset = { house = \"X\", \"quite floor\" = \"Y\" }\n\
                [[overlay]]\nsite = \"south\"\nset = { house = \"Z\" }\npriority = 3\n\
                [[flow]]\nid = \"b\"\nthen = [{ item = \"Zone ${hose}\" }]\n";
    let text = Policy::parse(&quiet(rest)).expect_err("mistakes").to_string();
    insta::assert_snapshot!("slips_in_overlays", text);
}

#[test]
fn names_that_a_site_lacks_are_told_with_the_nearest() {
    let policy = Policy::parse(&quiet("")).expect("a policy");
    let sites = [site("hq", "Mills"), site("south", "Abbey")].map(|site| (site.site.clone(), site)).into();
    assert_eq!(
        policy.bind(&sites).problems().to_string(),
        "policy.toml:17:9: there is no building \"Mill\" (site hq) (did you mean \"Mills\"?)"
    );
}

#[test]
fn a_row_counts_between_its_days() {
    let mut files = files(
        "[[flow]]\nid = \"x\"\nlook_up = \"moves\"\nthen = [{ item = \"from table\" }]\n[profile]\njobTitle = { look_up = \"titles\" }\n",
    );
    let rows = "until,attribute:city,from,item\n2026-06-12,Leeds,2026-06-08,Quiet zone\n,Leeds,2026-07-01,Executive floor\n,,,Nothing\n";
    files.tables.insert("moves".to_owned(), rows.to_owned());
    let policy = Policy::parse(&files).unwrap_or_else(|problems| panic!("{}", problems.render()));
    let bound = policy.bind(&[(SiteId::from("hq"), world::catalogues()[&SiteId::from("hq")].clone())].into());
    let ask = |day: &str, city: &str| {
        let now = world::at(&format!("{day}T12:00:00Z"));
        let mut person = world::person("northgate");
        person.profile.set("city", value(city));
        let desired = bound.evaluate(&person, &Facts::unlinked(long_before(now)), now);
        let items: Vec<_> = desired.items.keys().map(|item| item.0).collect();
        (items, desired.review_at.map(|at| at.to_string()))
    };
    // The first row that counts on the day wins; the answer is looked at again when a row begins or ends.
    for (day, city, items, review) in [
        ("2026-06-01", "Leeds", vec![], Some("2026-06-08T00:00:00Z")),
        ("2026-06-08", "Leeds", vec![521], Some("2026-06-13T00:00:00Z")),
        ("2026-06-12", "Leeds", vec![521], Some("2026-06-13T00:00:00Z")),
        ("2026-06-13", "Leeds", vec![], Some("2026-07-01T00:00:00Z")),
        ("2026-07-01", "Leeds", vec![520], None),
        ("2026-06-08", "York", vec![], None),
    ] {
        assert_eq!(ask(day, city), (items, review.map(str::to_owned)), "{day} in {city}");
    }
    files.tables.insert("moves".to_owned(), "from,item\nsoon,Quiet zone\n".to_owned());
    let text = Policy::parse(&files).expect_err("a mistake").to_string();
    assert_eq!(text, "moves.csv:2:1: \"soon\" is no day (write it like 2026-09-30)");
}

#[test]
fn bookings_of_a_leaver_stay_by_kind() {
    let rules = "[lifecycle]\nzone = \"Europe/London\"\n\
                 [[lifecycle.bookings]]\nkind = [\"Meeting Room\"]\nthen = \"keep\"\ndays = 14\nhand_over = true\n\
                 [[lifecycle.bookings]]\nthen = \"cancel\"\n";
    let mut person = world::person("northgate");
    person.status = lanyard_model::identity::Status::Deprovisioned;
    person.status_changed = Some(world::at("2026-06-09T23:30:00Z"));
    let desired = bound(rules).evaluate(&person, &Facts::unlinked(long_before(now())), now());
    // They left on the tenth, where they were: everything that begins up to the twenty-fourth stays.
    let kept: Vec<_> = desired
        .keeps
        .iter()
        .map(|kept| (kept.kinds.join(","), kept.until.to_string(), kept.hand_over))
        .collect();
    assert_eq!(
        kept,
        [
            ("meeting room".to_owned(), "2026-06-24T23:00:00Z".to_owned(), true),
            (String::new(), Timestamp::MIN.to_string(), false)
        ]
    );
    person.status = lanyard_model::identity::Status::Active;
    let desired = bound(rules).evaluate(&person, &Facts::unlinked(long_before(now())), now());
    assert!(desired.keeps.is_empty());
    let slips = "[[lifecycle.bookings]]\nthen = \"keep\"\n[[lifecycle.bookings]]\nthen = \"cancel\"\ndays = 3\n[[lifecycle.bookings]]\nkind = \"Desk\"\n";
    let text = Policy::parse(&files(slips)).expect_err("mistakes").to_string();
    for said in [
        "for how many days are they kept?",
        "what is cancelled is neither kept",
        "[lifecycle.bookings] lacks then",
    ] {
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn bookings_of_a_leaver_stay_until_a_day() {
    let rules = "[lifecycle]\nzone = \"Europe/London\"\n\
                 [[lifecycle.bookings]]\nthen = \"keep\"\nuntil = \"2026-07-31\"\n";
    let mut person = world::person("northgate");
    person.status = lanyard_model::identity::Status::Deprovisioned;
    person.status_changed = Some(world::at("2026-06-09T23:30:00Z"));
    let desired = bound(rules).evaluate(&person, &Facts::unlinked(long_before(now())), now());
    let [kept] = desired.keeps.as_slice() else { panic!("{:?}", desired.keeps) };
    // The whole day counts, where the person was.
    assert_eq!(kept.until.to_string(), "2026-07-31T23:00:00Z");
    assert_eq!(kept.because.text, "bookings of any that begin on 2026-07-31 at the latest are kept");
    for (slip, said) in [
        ("then = \"keep\"\nuntil = \"July\"\n", "\"July\" is no day"),
        ("then = \"keep\"\nuntil = \"2026-07-31\"\ndays = 3\n", "until when are they kept"),
        ("then = \"cancel\"\nuntil = \"2026-07-31\"\n", "what is cancelled is neither kept"),
        ("then = \"keep\"\ndays = 3\nhand_over_to = \"anybody\"\n", "anybody"),
    ] {
        let text =
            Policy::parse(&files(&format!("[[lifecycle.bookings]]\n{slip}"))).expect_err(said).to_string();
        assert!(text.contains(said), "{text}");
    }
}

//! Names and groups that are no longer what the policy says they are: nobody loses anything by that, and nobody gets
//! anything.

use std::collections::BTreeMap;

use lanyard_model::{
    desired::Desired,
    id::{BuildingId, CategoryId, CenterId, GroupId, ItemId, SiteId},
    identity::{AttributeValue, Groups, Identity},
    place::{Catalogue, Item},
};
use lanyard_policy::{Bound, Facts, Policy, PolicyFiles, Severity};

use crate::world::{catalogues, now, person};

const HOLD: &str = "00gHOLD00001";
const STAFF: &str = "00gSTAFF0001";

const HEAD: &str = r#"format = 1
[groups]
HOLD = "00gHOLD00001"
STAFF = "00gSTAFF0001"
[[route]]
site = "south"
if = [{ attribute = "division", is = "South" }]
[[route]]
site = "hq"
if = [{ attribute = "division", is = "Engineering" }]
[correlation]
keys = [{ kind = "e-mail", attribute = "email", field = "email" }]
"#;

fn policy(rest: &str) -> Policy {
    let rows = "group,item\nHOLD,Quiet zone\n,Executive floor\n";
    let files = PolicyFiles {
        toml: ("policy.toml".into(), format!("{HEAD}{rest}")),
        tables: [("perks".to_owned(), rows.to_owned())].into(),
    };
    Policy::parse(&files).unwrap_or_else(|problems| panic!("{}", problems.render()))
}

fn mira(division: &str, groups: &[&str]) -> Identity {
    let mut mira = person("northgate");
    mira.profile.set("division", AttributeValue::Text(division.into()));
    mira.groups = Groups::new(groups.iter().map(|group| GroupId::from(*group)), true);
    mira
}

fn facts() -> Facts<'static> {
    Facts::unlinked(now() - jiff::SignedDuration::from_hours(48))
}

fn decided(bound: &Bound, person: &Identity) -> Desired {
    let told = bound.evaluate(person, &facts(), now());
    let mute = bound.evaluate_mute(person, &facts(), now());
    let items = |desired: &Desired| desired.items.keys().copied().collect::<Vec<_>>();
    assert_eq!(
        (items(&told), &told.left_alone, &told.lifecycle),
        (items(&mute), &mute.left_alone, &mute.lifecycle),
        "told or not"
    );
    told
}

fn items(desired: &Desired) -> Vec<i64> {
    desired.items.keys().map(|item| item.0).collect()
}

#[test]
fn a_protection_of_a_site_protects_its_people() {
    let policy = policy("[guardrails]\nprotected = [{ site = \"south\" }]\n");
    let (south, hq) = (SiteId::from("south"), SiteId::from("hq"));
    let protects = |division: &str, site: Option<&SiteId>| {
        policy.protects(&mira(division, &[]), site).map(|because| because.text)
    };
    assert_eq!(protects("South", None).as_deref(), Some("belongs to site south"));
    assert_eq!(
        protects("South", Some(&hq)).as_deref(),
        Some("belongs to site south"),
        "wherever it is looked at"
    );
    assert_eq!(protects("Engineering", Some(&south)), None);
    assert_eq!(policy.protected_by(&mira("South", &[])), [0]);
    // Whom no route leads anywhere any more belongs to the site whose account is looked at.
    assert!(protects("Gone", Some(&south)).is_some());
    assert_eq!((protects("Gone", Some(&hq)), protects("Gone", None)), (None, None));
}

#[test]
fn who_announces_a_visit_may_rest_on_the_site() {
    let flow = "[[flow]]\nid = \"arrival\"\nif = [{ site = \"south\" }]\nthen = [{ visit = \"arrival\", at = \"09:00\" }]\n";
    let bound = policy(flow).bind(&catalogues());
    assert!(bound.may_want_manager(&mira("South", &[]), &facts(), now()));
    assert!(!bound.may_want_manager(&mira("Engineering", &[]), &facts(), now()));
}

const RULES: &str = r#"
[guardrails]
protected = [{ group = "HOLD" }]
[[user_type]]
is = "Contractors"
if = [{ group = "HOLD" }]
[[user_type]]
is = "Employee"
[[flow]]
id = "floor"
if = [{ group = "STAFF" }]
then = [{ item = "Executive floor" }]
[[flow]]
id = "zone"
if = [{ not = { group = "HOLD" } }]
then = [{ item = "Quiet zone" }]
[[flow]]
id = "not-the-floor"
if = [{ group = "HOLD" }]
never = [{ item = "Executive floor" }]
"#;

#[test]
fn nobody_knows_who_was_in_a_group_that_is_gone() {
    let there = policy(RULES);
    let gone = there.with_missing(&[GroupId::from(HOLD)]);
    let staff = mira("Engineering", &[STAFF]);
    let of = |policy: &Policy, person: &Identity| decided(&policy.bind(&catalogues()), person);
    assert_eq!(there.protects(&staff, None), None);
    assert_eq!(items(&of(&there, &staff)), [520, 521]);
    assert_eq!(
        gone.protects(&staff, None).map(|because| because.text).as_deref(),
        Some("not known to be a member of HOLD: the group 00gHOLD00001 no longer exists in Okta")
    );
    let desired = of(&gone, &staff);
    assert_eq!(
        items(&desired),
        Vec::<i64>::new(),
        "the restriction holds, and nothing is given for not being in it"
    );
    let why: Vec<_> = desired.not_given.iter().map(|not| not.because.rule.as_str()).collect();
    assert_eq!(why, ["zone", "not-the-floor"]);
    assert_eq!(desired.user_type, None, "the type of the rule after it could be the wrong one");
    assert_eq!(
        desired.problems,
        ["user type is left alone: a group that the policy names no longer exists in Okta"]
    );
    // Whoever is still known to be in it, is.
    let held = mira("Engineering", &[STAFF, HOLD]);
    assert_eq!(gone.protects(&held, None).map(|because| because.text).as_deref(), Some("member of HOLD"));
    assert_eq!(of(&gone, &held).user_type.map(|want| want.value.0), Some(2));
    assert_eq!(gone.group_name(&GroupId::from(HOLD)).as_deref(), Some("HOLD"), "it is told by its name");
    assert_eq!(gone.group_name(&GroupId::from("00gOTHER0001")), None);
    // Another group that is gone changes nothing of this.
    let other = there.with_missing(&[GroupId::from("00gOTHER0001")]);
    assert_eq!(other.protects(&staff, None), None);
    assert_eq!(items(&of(&other, &staff)), [520, 521]);
}

#[test]
fn rows_and_expressions_that_ask_for_a_group_that_is_gone_give_nothing() {
    let rules = "[[flow]]\nid = \"perk\"\nlook_up = \"perks\"\nthen = [{ item = \"from table\" }]\n\
                 [[flow]]\nid = \"cel\"\nif = [{ cel = \"!groups.exists(g, g.name == 'HOLD')\" }]\nthen = [{ item = \"Quiet zone\" }]\n";
    let there = policy(rules);
    let gone = there.with_missing(&[GroupId::from(HOLD)]);
    let person = mira("Engineering", &[STAFF]);
    assert_eq!(items(&decided(&there.bind(&catalogues()), &person)), [520, 521]);
    let desired = decided(&gone.bind(&catalogues()), &person);
    assert_eq!(items(&desired), Vec::<i64>::new());
    let why = |rule: &str| {
        let not = desired.not_given.iter().find(|not| not.because.rule == rule);
        not.map(|not| not.because.text.clone()).unwrap_or_default()
    };
    assert_eq!(
        why("perk"),
        "row 1 of perks: not known to be a member of HOLD: the group 00gHOLD00001 no longer exists in Okta"
    );
    assert!(why("cel").ends_with("a group that the policy names no longer exists in Okta"), "{}", why("cel"));
}

#[test]
fn a_route_by_a_group_that_is_gone_moves_nobody() {
    let routes = "[[flow]]\nid = \"x\"\nthen = [{ item = \"Quiet zone\" }]\n";
    let toml = format!("{HEAD}{routes}").replace("is = \"South\"", "exists = true }, { group = \"HOLD\"");
    let files = PolicyFiles { toml: ("policy.toml".into(), toml), tables: BTreeMap::new() };
    let there = Policy::parse(&files).unwrap_or_else(|problems| panic!("{}", problems.render()));
    let person = mira("Engineering", &[STAFF]);
    let site = |policy: &Policy| policy.bind(&catalogues()).site_of(&person, now());
    assert_eq!(site(&there), Some("hq".into()));
    assert_eq!(site(&there.with_missing(&[GroupId::from(HOLD)])), None);
}

const GIVES: &str = r#"
[[flow]]
id = "desk"
then = [{ place = "desk", building = "Pier House", floor = ["Level 1", "Level 2"] }]
[[flow]]
id = "book"
then = [{ role = "customer", center = "Pier House reservation" }]
[[flow]]
id = "visitors"
if = [{ group = "STAFF" }]
then = [{ role = "manager", center = "Pier House visitor" }]
[[flow]]
id = "quiet"
if = [{ site = "hq" }]
then = [{ item = "Quiet zone" }]
"#;

fn renamed(change: impl Fn(&mut Catalogue)) -> BTreeMap<SiteId, Catalogue> {
    let mut catalogues = catalogues();
    change(catalogues.get_mut(&SiteId::from("hq")).expect("the site"));
    catalogues
}

#[test]
fn what_was_given_under_a_name_that_is_no_more_stays() {
    let policy = policy(GIVES);
    let left = |change: &dyn Fn(&mut Catalogue)| {
        let bound = policy.bind(&renamed(change));
        let desired = decided(&bound, &mira("Engineering", &[]));
        (desired.left_alone.clone(), desired, bound)
    };
    let (nothing, ..) = left(&|_| {});
    assert!(nothing.is_nothing());
    let (seat, desired, _) = left(&|hq| {
        hq.buildings.get_mut(&BuildingId(10_000)).expect("the building").name = "Pier Hall".into();
    });
    assert!(seat.seat && desired.seat.is_none(), "no wish, and no loss");
    let (seat, desired, _) = left(&|hq| {
        hq.floors.get_mut(&lanyard_model::id::FloorId(10_102)).expect("the floor").name = "Second".into();
    });
    assert!(
        seat.seat && desired.seat.is_some(),
        "one of two floors: whoever has no seat gets one on the other"
    );
    let (roles, desired, bound) = left(&|hq| {
        hq.centers.get_mut(&CenterId(10_001)).expect("the center").name = "Bookings".into();
    });
    assert!(roles.role(CenterId(10_001)) && !roles.item(ItemId(521)) && !roles.seat);
    assert!(
        !roles.role(CenterId(10_003)),
        "a center that is called as the policy says is not the one that is meant"
    );
    let said = "nothing of theirs is taken away until these names are known: roles";
    assert!(desired.problems.iter().any(|problem| problem == said), "{:?}", desired.problems);
    assert!(bound.problems().to_string().contains("there is no center \"Pier House reservation\""));
    let (quiet, ..) = left(&|hq| hq.items.get_mut(&ItemId(521)).expect("the item").name = "Silence".into());
    assert!(quiet.item(ItemId(521)) && !quiet.role(CenterId(10_001)));
    // Two centers of the name: which one was meant is not known.
    let (roles, ..) = left(&|hq| {
        let other = hq.centers[&CenterId(10_001)].clone();
        let id = CenterId(10_009);
        hq.centers.insert(id, lanyard_model::place::Center { id, ..other });
    });
    assert!(roles.role(CenterId(10_001)) && roles.role(CenterId(10_009)));
}

/// The headquarters as it is read once its quiet zone has another name; the other site has one still.
fn silent() -> BTreeMap<SiteId, Catalogue> {
    let before = catalogues();
    let mut after = renamed(|hq| hq.items.get_mut(&ItemId(521)).expect("the item").name = "Silence".into());
    after.get_mut(&SiteId::from("hq")).expect("the site").note_renamed(&before[&SiteId::from("hq")]);
    assert!(after[&SiteId::from("south")].items.values().any(|item| &*item.name == "Quiet zone"));
    after
}

/// What is said of the rules; the table says the same of its row.
fn said(bound: &Bound) -> Vec<(Severity, String)> {
    let of_rules = bound.problems().iter().filter(|problem| problem.file == "policy.toml");
    of_rules.map(|problem| (problem.severity, problem.message.clone())).collect()
}

const QUIET: &str = "[[flow]]\nid = \"quiet\"\nthen = [{ item = \"Quiet zone\" }]\n";
const SAYS: &str = "there is no category item \"Quiet zone\" (site hq, where it is \"Silence\" now)";

#[test]
fn what_is_renamed_in_one_of_several_sites_is_told_of_and_taken_from_nobody_there() {
    let told = |rules: &str, catalogues: &BTreeMap<SiteId, Catalogue>| {
        let bound = policy(rules).bind(catalogues);
        let said = said(&bound).into_iter().map(|(_, message)| message).collect::<Vec<_>>();
        (said, decided(&bound, &mira("Engineering", &[])), decided(&bound, &mira("South", &[])))
    };
    let (said, hq, south) = told(QUIET, &silent());
    assert_eq!(said, [SAYS]);
    assert!(hq.left_alone.item(ItemId(521)), "what they hold stays");
    assert_eq!((items(&south), south.left_alone.is_nothing()), (vec![521], true), "nothing is lost there");
    // A site in which nothing was ever called so need not have it.
    let never_known = renamed(|hq| hq.items.get_mut(&ItemId(521)).expect("the item").name = "Silence".into());
    let (said, hq, _) = told(QUIET, &never_known);
    assert_eq!((said, hq.left_alone.is_nothing()), (vec![], true));
    // Named by its new name too, limited to the other site, called as before, or gone: it is over.
    let both =
        QUIET.replace("{ item = \"Quiet zone\" }", "{ item = \"Quiet zone\" }, { item = \"Silence\" }");
    let (said, hq, _) = told(&both, &silent());
    assert_eq!((said, items(&hq), hq.left_alone.is_nothing()), (vec![], vec![521], true));
    let limited = QUIET.replace("then", "if = [{ site = \"south\" }]\nthen");
    let (said, hq, _) = told(&limited, &silent());
    assert_eq!((said, hq.left_alone.is_nothing()), (vec![], true));
    let hq_then = |change: &dyn Fn(&mut Catalogue)| {
        let mut later = silent();
        let before = later[&SiteId::from("hq")].clone();
        let hq = later.get_mut(&SiteId::from("hq")).expect("the site");
        change(hq);
        hq.note_renamed(&before);
        told(QUIET, &later).0
    };
    assert_eq!(hq_then(&|_| ()), [SAYS], "another read changes nothing");
    assert_eq!(
        hq_then(&|hq| hq.items.get_mut(&ItemId(521)).expect("the item").name = "Quiet Zone".into()),
        Vec::<String>::new()
    );
    assert_eq!(hq_then(&|hq| drop(hq.items.remove(&ItemId(521)))), Vec::<String>::new());
}

#[test]
fn a_restriction_holds_under_a_name_that_is_no_more_in_one_site() {
    let rules = "[[flow]]\nid = \"silence\"\nthen = [{ item = \"Silence\" }]\n\
                 [[flow]]\nid = \"no\"\nif = [{ group = \"STAFF\" }]\nnever = [{ item = \"Quiet zone\" }]\n";
    let bound = policy(rules).bind(&silent());
    assert_eq!(items(&decided(&bound, &mira("Engineering", &[]))), [521]);
    assert_eq!(items(&decided(&bound, &mira("Engineering", &[STAFF]))), Vec::<i64>::new());
    let alone = "[[flow]]\nid = \"no\"\nif = [{ group = \"STAFF\" }]\nnever = [{ item = \"Quiet zone\" }]\n";
    let bound = policy(alone).bind(&silent());
    assert_eq!(said(&bound), [(Severity::Warning, format!("{SAYS}: that is kept away"))]);
}

#[test]
fn a_floor_and_a_center_that_are_renamed_in_one_of_several_sites_stay_with_whoever_has_them() {
    let rules = "[[flow]]\nid = \"desk\"\nthen = [{ place = \"desk\", floor = \"Shared level\" }]\n\
                 [[flow]]\nid = \"book\"\nthen = [{ role = \"customer\", center = \"Shared center\" }]\n";
    let mut before = catalogues();
    for catalogue in before.values_mut() {
        catalogue.floors.values_mut().next().expect("a floor").name = "Shared level".into();
        catalogue.centers.values_mut().next().expect("a center").name = "Shared center".into();
    }
    let hq = SiteId::from("hq");
    let mut after = before.clone();
    let now = after.get_mut(&hq).expect("the site");
    now.floors.values_mut().next().expect("a floor").name = "Ground".into();
    now.centers.values_mut().next().expect("a center").name = "Bookings".into();
    now.note_renamed(&before[&hq]);
    let bound = policy(rules).bind(&after);
    let desired = decided(&bound, &mira("Engineering", &[]));
    let center = *after[&hq].centers.keys().next().expect("a center");
    assert!(desired.left_alone.seat && desired.left_alone.role(center), "{:?}", desired.left_alone);
    assert!(decided(&bound, &mira("South", &[])).left_alone.is_nothing());
    let said = bound.problems().to_string();
    for (was, is) in [("floor \"Shared level\"", "Ground"), ("center \"Shared center\"", "Bookings")] {
        let says = format!("there is no {was} (site hq, where it is \"{is}\" now)");
        assert!(said.contains(&says), "{says}: {said}");
    }
}

#[test]
fn a_name_that_is_meant_for_another_site_keeps_nothing() {
    let both = "[[flow]]\nid = \"book\"\nthen = [{ role = \"customer\", center = [\"Pier House reservation\", \"Tannery reservation\"] }]\n";
    let bound = policy(both).bind(&catalogues());
    for division in ["South", "Engineering"] {
        let desired = decided(&bound, &mira(division, &[]));
        assert_eq!(desired.roles.len(), 1, "{division}");
        assert!(desired.left_alone.is_nothing(), "{division}: {:?}", desired.left_alone);
    }
}

#[test]
fn a_restriction_under_a_name_that_fits_nothing_is_a_mistake() {
    let rules = "[[flow]]\nid = \"quiet\"\nthen = [{ item = \"Access policy / Quiet zone\" }]\n\
                 [[flow]]\nid = \"no\"\nnever = [{ item = \"Quiet zone\" }, { role = \"manager\", center = \"Pier House visitor\" }]\n";
    let policy = policy(rules);
    let errors = |bound: &Bound| {
        let all = bound.problems().iter().filter(|problem| problem.severity == Severity::Error);
        all.map(|problem| problem.message.clone()).collect::<Vec<_>>()
    };
    let fine = policy.bind(&catalogues());
    assert_eq!(errors(&fine), Vec::<String>::new(), "no other site need have it");
    assert_eq!(items(&decided(&fine, &mira("Engineering", &[]))), Vec::<i64>::new());
    // Two of the name: whichever is meant, it is kept away.
    let twice = renamed(|hq| {
        let zone = hq.items[&ItemId(521)].clone();
        let other =
            Item { id: ItemId(522), category: CategoryId(13), category_name: "Parking".into(), ..zone };
        hq.items.insert(other.id, other);
    });
    let bound = policy.bind(&twice);
    assert_eq!(items(&decided(&bound, &mira("Engineering", &[]))), Vec::<i64>::new());
    assert_eq!(
        errors(&bound),
        [
            "several items are called \"Quiet zone\": write \"Category / Item\" (site hq): all of them are kept away"
        ]
    );
    let gone = renamed(|hq| {
        hq.items.get_mut(&ItemId(521)).expect("the item").name = "Silence".into();
        hq.centers.get_mut(&CenterId(10_003)).expect("the center").name = "Desk".into();
    });
    let mut all = gone;
    all.get_mut(&SiteId::from("south")).expect("the site").items.remove(&ItemId(521));
    let said = errors(&policy.bind(&all));
    assert!(
        said.iter().any(|one| one.ends_with("\"Quiet zone\" (site hq, south): it keeps nobody away")),
        "{said:?}"
    );
    assert!(said.iter().any(|one| one.contains("there is no center \"Pier House visitor\"")), "{said:?}");
}

#[test]
fn a_restriction_whose_row_is_not_known_holds() {
    let rules = "[[flow]]\nid = \"floor\"\nthen = [{ item = \"Executive floor\" }]\n\
                 [[flow]]\nid = \"no\"\nlook_up = \"perks\"\nnever = [{ item = \"Executive floor\" }]\n";
    let bound = policy(rules).bind(&catalogues());
    let mut torn = mira("Engineering", &[]);
    torn.groups = Groups::new([], false);
    let desired = decided(&bound, &torn);
    assert_eq!(items(&desired), Vec::<i64>::new());
    let why = desired.not_given.iter().find(|not| not.because.rule == "no").expect("told");
    assert!(why.because.text.starts_with("row 1 of perks: not known to be a member of HOLD"), "{why:?}");
    assert_eq!(bound.restricted_by(&torn, now()), ["no"]);
}

#[test]
fn of_rules_that_ask_the_lesser_ones_are_told_apart() {
    let ask = |id: &str, role: &str, by: &str| {
        format!(
            "[[flow]]\nid = \"{id}\"\nbut_first = {{ approval = [\"{by}\"] }}\n\
             then = [{{ role = \"{role}\", center = \"Pier House reservation\" }}]\n"
        )
    };
    let rules =
        [ask("customers", "customer", "manager"), ask("administrators", "administrator", "role:owner")];
    let bound = policy(&rules.concat()).bind(&catalogues());
    let desired = decided(&bound, &mira("Engineering", &[]));
    let lesser: Vec<_> = desired.lesser.into_iter().collect();
    assert_eq!(lesser, [("role+:10001:ADMINISTRATOR".to_owned(), ["customers".to_owned()].into())]);
    let both = [ask("customers", "customer", "manager"), ask("more", "customer", "role:owner")].concat();
    let desired = decided(&policy(&both).bind(&catalogues()), &mira("Engineering", &[]));
    assert_eq!(desired.lesser, BTreeMap::new());
}

#[test]
fn what_a_rule_that_asks_denies_is_denied_while_it_asks() {
    let rules = "[[flow]]\nid = \"floor\"\nthen = [{ item = \"Executive floor\" }]\n\
                 [[flow]]\nid = \"quiet\"\nbut_first = { approval = [\"manager\"] }\nthen = [{ item = \"Quiet zone\" }]\n\
                 never = [{ item = \"Executive floor\" }]\n";
    let bound = policy(rules).bind(&catalogues());
    let unasked = bound.evaluate_unasked(&mira("Engineering", &[]), &facts(), now());
    assert_eq!(items(&unasked), Vec::<i64>::new());
    assert_eq!(items(&decided(&bound, &mira("Engineering", &[]))), [521]);
}

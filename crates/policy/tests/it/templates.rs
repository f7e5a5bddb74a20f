//! Policies written for a customer, and the shipped one.

use std::{fs, path::Path};

use jiff::ToSpan as _;
use lanyard_model::id::{SiteId, TenantId};
use lanyard_policy::{Facts, Known, Policy, PolicyFiles, StarterFacts, TenantFacts, explain, starter};

use crate::{
    scenario::{Given, check},
    world,
};

fn known(facts: &StarterFacts) -> Known {
    let groups = facts.tenants.iter().flat_map(|tenant| &tenant.groups);
    Known {
        attributes: Some(facts.tenants.iter().flat_map(|tenant| tenant.attributes.clone()).collect()),
        groups: Some(groups.map(|group| (group.id.clone(), group.name.to_string())).collect()),
        ..Known::default()
    }
}

/// Parses, lints and binds without a finding.
fn clean(files: &PolicyFiles, facts: &StarterFacts) {
    let policy = match Policy::parse(files) {
        Ok(policy) => policy,
        Err(problems) => panic!("{}\n{}", problems.render(), files.toml.1),
    };
    let findings = policy.lint(&known(facts));
    assert!(findings.is_empty(), "{}\n{}", findings.render(), files.toml.1);
    let catalogues = facts.sites.iter().map(|site| (site.id.clone(), site.catalogue.clone())).collect();
    let bound = policy.bind(&catalogues);
    assert!(bound.problems().is_empty(), "{}", bound.problems().render());
}

fn demo_facts() -> StarterFacts {
    let mut facts = world::facts();
    for tenant in &mut facts.tenants {
        tenant.attributes.extend(["nickName", "managerId", "employeeStatus"].map(str::to_owned));
    }
    facts
}

#[test]
fn the_demonstration_policy_is_clean() {
    clean(&world::demo(), &demo_facts());
}

#[test]
fn the_starter_is_clean_and_complete() {
    let mut facts = demo_facts();
    for tenant in &mut facts.tenants {
        tenant.values.insert(
            "userType".into(),
            ["Employee", "Contractor", "Service Account"].map(str::to_owned).into(),
        );
        tenant
            .values
            .insert("employeeStatus".into(), ["Active", "Leave", "Terminated"].map(str::to_owned).into());
        tenant.values.insert("department".into(), ["Facilities", "Level 2"].map(str::to_owned).into());
        tenant.values.insert("officeLocation".into(), ["PIER", "TANN"].map(str::to_owned).into());
    }
    let files = starter(&facts);
    clean(&files, &facts);
    insta::assert_snapshot!(format!("{}\n==== places.csv\n{}", files.toml.1, files.tables["places"]));
}

#[test]
fn the_starter_moves_nobody_and_owns_nothing() {
    let facts = demo_facts();
    let bound = world::bound(&starter(&facts));
    let desired = Given::read("seat in 11090 on 10109").evaluate(&bound);
    assert!(desired.owned.centers.is_empty() && desired.owned.items.is_empty());
    check(
        &bound,
        &[
            (
                "a seat held is kept",
                "seat in 11090 on 10109; in ROOMS",
                &["seat 11090 by place", "CUSTOMER in 10001"],
            ),
            ("a seat is given to who has none", "", &["seat on 10101, 10102, 10109 () by place"]),
            ("never governed", "not in APP; linked", &["out of scope"]),
            ("suspended", "status SUSPENDED", &["paused, loses permissions"]),
        ],
    );
}

#[test]
fn the_starter_copes_with_little() {
    let mut facts = world::facts();
    facts.sites.truncate(1);
    let bare = TenantFacts::gather(
        TenantId::from("northgate"),
        Vec::new(),
        ["login", "email", "firstName", "lastName"].map(str::to_owned),
        std::iter::empty(),
    );
    facts.tenants = vec![bare];
    let files = starter(&facts);
    clean(&files, &facts);
    let bound = world::bound(&files);
    check(
        &bound,
        &[
            ("everybody is in scope", "not in APP", &["active"]),
            ("but not machines", "login = svc-backup@northgate.example", &["out of scope"]),
            ("everybody may book", "", &["CUSTOMER in 10001"]),
        ],
    );
    facts.sites[0].catalogue = lanyard_model::place::Catalogue::empty(SiteId::from("hq"), world::now());
    clean(&starter(&facts), &facts);
}

#[test]
fn names_cannot_break_out_of_the_starter() {
    let mut facts = demo_facts();
    facts.sites.truncate(1);
    for building in facts.sites[0].catalogue.buildings.values_mut() {
        building.name = "Q\"uote, \\ and\nline # \u{7}".into();
    }
    for tenant in &mut facts.tenants {
        tenant.values.insert("userType".into(), ["Contr\"actor\\".to_owned(), "test\n".into()].into());
        for group in &mut tenant.groups {
            group.name = format!("{}\"\n[x]", group.name).as_str().into();
        }
    }
    let files = starter(&facts);
    if let Err(problems) = Policy::parse(&files) {
        panic!("{}", problems.render());
    }
}

#[test]
fn decisions_read_as_sentences() {
    let bound = world::bound(&world::demo());
    let catalogue = &world::catalogues()[&SiteId::from("hq")];
    let text = |given: &str| explain(&Given::read(given).evaluate(&bound), catalogue).to_string();
    insta::assert_snapshot!(
        "joiner",
        text(
            "status STAGED; startDate = 2026-05-11; in ROOMS; userType = Contractor; contractEndDate = 2026-05-15; manager is 77"
        )
    );
    insta::assert_snapshot!(
        "leaver",
        text(
            "status DEPROVISIONED; userType = Contractor; contractEndDate = 2026-06-01; governed; visit announced"
        )
    );
    insta::assert_snapshot!(
        "executive",
        text("in EXECUTIVES; in VISITORS; changed 10 s ago; mobilePhone = 0044 (0) 113 496-0999")
    );
}

/// The shipped folder is what the code writes. `LANYARD_WRITE_POLICIES=1` writes it anew.
#[test]
fn the_shipped_folder_is_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/harborlight");
    let files = world::shipped();
    assert!(lanyard_policy::format::format(&files).same_content(&files), "it is in the one spelling");
    let schema = lanyard_policy::schema::TEXT.to_owned();
    let mut all = vec![
        (folder.join(&files.toml.0), &files.toml.1),
        (folder.join(lanyard_policy::schema::FILE), &schema),
    ];
    all.extend(files.tables.iter().map(|(name, text)| (folder.join(format!("{name}.csv")), text)));
    for (path, text) in all {
        if std::env::var_os("LANYARD_WRITE_POLICIES").is_some() {
            fs::create_dir_all(&folder).expect("the folder");
            fs::write(&path, text).expect("a file");
        }
        assert_eq!(&fs::read_to_string(&path).expect("a shipped file"), text, "{}", path.display());
    }
}

#[test]
fn an_unknown_site_is_told() {
    let policy = Policy::parse(&world::demo()).expect("the policy");
    let bound = policy.bind::<lanyard_model::place::Catalogue>(&std::collections::BTreeMap::new());
    let desired =
        bound.evaluate(&world::person("northgate"), &Facts::unlinked(world::now() - 1.hour()), world::now());
    assert_eq!(desired.problems, ["the places of site hq are not known yet"]);
}

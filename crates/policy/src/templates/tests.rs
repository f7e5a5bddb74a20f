//! Tests that the written policies come with: what must stay true of them, whatever is edited.

use std::fmt::Write as _;

use super::{SiteFacts, StarterFacts, TenantFacts, write};

/// One `[[test]]`.
fn test(toml: &mut String, name: &str, given: &str, expect: &str) {
    let name = write::text(name);
    let _ = write!(toml, "\n[[test]]\nname = {name}\ngiven = {{ {given} }}\nexpect = {{ {expect} }}\n");
}

/// What the starter's rules speak of, as far as it was found.
pub(super) struct StarterRules<'a> {
    /// The tenant whose people the tests are about, and the site they belong to.
    pub tenant: &'a TenantFacts,
    pub site: &'a SiteFacts,
    /// Groups of that tenant, by the policy's names.
    pub groups: Vec<&'static str>,
    /// A value of `userType` that means contractor.
    pub contractor: Option<&'a str>,
    /// The attribute with a contract's last day.
    pub end: Option<&'a str>,
    pub books: bool,
}

pub(super) fn starter_tests(toml: &mut String, rules: &StarterRules<'_>) {
    let has = |group: &str| rules.groups.contains(&group);
    let scope = if has("workplace users") { "groups = [\"workplace users\"]\n" } else { "" };
    let _ = write!(
        toml,
        "\n# ---- What must stay true, whatever is edited above --------------------------------------------------------------\n\
         # `lanyard policy test` runs these. They need neither Okta nor iOffice; false means \"nothing of it\".\n\n\
         [person.somebody]\n\
         tenant = \"{}\"\n{scope}\
         profile = {{ firstName = \"Sam\", lastName = \"Doe\", email = \"sam.doe@company.example\", login = \"sam.doe@company.example\" }}\n",
        rules.tenant.id
    );
    let mut add = |name: &str, given: &str, expect: &str| {
        let given = format!("like = \"somebody\"{}{given}", if given.is_empty() { "" } else { ", " });
        test(toml, name, &given, expect);
    };
    if !rules.site.catalogue.buildings.is_empty() {
        add(
            "a seat that somebody has is kept",
            "sits = \"Old building / Level 3\"",
            "standing = \"active\", place = \"desk\", building = \"Old building\", floor = \"Level 3\"",
        );
        add("whoever has no seat gets one", "", "standing = \"active\", place = \"desk\", by = [\"place\"]");
    }
    add(
        "suspended is a leave: permissions rest, the account stays",
        "status = \"SUSPENDED\", governed = true",
        "standing = \"on leave\", loses = [\"permissions\"]",
    );
    add("deactivated is the end", "status = \"DEPROVISIONED\", governed = true", "standing = \"ended\"");
    if has("workplace users") {
        add(
            "whoever is in no group is not touched",
            "groups = []",
            "standing = \"not governed\", place = false, roles = []",
        );
        add(
            "deactivated is the end, whatever the groups",
            "status = \"DEPROVISIONED\", groups = [], governed = true",
            "standing = \"ended\"",
        );
    }
    if rules.books && has("room booking") && !rules.site.catalogue.buildings.is_empty() {
        add(
            "room booking is for its group",
            "also_in = [\"room booking\"]",
            "has = [\"customer of reservation\"]",
        );
        add("and for nobody else", "", "lacks = [\"customer of reservation\"]");
    }
    if let (Some(contractor), Some(end)) = (rules.contractor, rules.end) {
        let profile = |day: &str| {
            format!(
                "governed = true, profile = {{ userType = {}, {end} = \"{day}\" }}",
                write::text(contractor)
            )
        };
        let dates = rules.tenant.dates.first().map_or("YYYY-MM-DD", String::as_str);
        let day = |year: &str| match dates {
            "date-time" => format!("{year}-05-29T00:00:00Z"),
            pattern => pattern
                .replace("YYYY", year)
                .replace("MM", "05")
                .replace("DD", "29")
                .replace('M', "5")
                .replace('D', "29"),
        };
        add("a contract that is over is the end", &profile(&day("2026")), "standing = \"ended\"");
        add("a contract that goes on is not", &profile(&day("2027")), "standing = \"active\"");
        add(
            "an end date that nobody can read changes nothing",
            &profile("end of Q3"),
            "standing = \"set aside\", problem = \"no date\"",
        );
    }
}

const DEMO_HEAD: &str = r#"
# ---------------------------------------------------------------------------------------------------------------------
# What must stay true, whatever is edited above. `lanyard policy test` runs these; they need neither Okta nor iOffice.
# Unless a test says otherwise it is Monday, 1 June 2026, nine o'clock; false means "nothing of it".
"#;

/// Tests of the demonstration company's policy, in the first site of its first org.
pub(super) fn demo_tests(toml: &mut String, facts: &StarterFacts, groups: &[&str]) {
    let (Some(tenant), Some(site)) = (facts.tenants.first(), facts.sites.first()) else { return };
    let Some(building) = site.catalogue.buildings.values().next() else { return };
    if groups.iter().any(|name| tenant.group(name).is_none()) {
        return;
    }
    toml.push_str(DEMO_HEAD);
    let (building, code, site_id) = (&*building.name, write::text(&building.code), &site.id);
    let _ = write!(
        toml,
        "\n[person.mira]                         # works at a desk of her own\n\
         tenant = \"{}\"\n\
         groups = [\"APP-iOffice-Users\"]\n\
         \n[person.mira.profile]\n\
         firstName = \"Mira\"\nlastName = \"Okafor\"\nemail = \"mira.okafor@northgate.example\"\nlogin = \"mira.okafor@northgate.example\"\n\
         employeeNumber = \"40417\"\ndepartment = \"Platform Engineering\"\ndivision = \"Engineering\"\n\
         officeLocation = {code}\nuserType = \"Employee\"\nworkMode = \"assigned\"\nstartDate = \"2024-03-01\"\n\
         \n[person.cole]                         # a contractor, since March\n\
         like = \"mira\"\n\
         profile = {{ firstName = \"Cole\", lastName = \"Reyes\", userType = \"Contractor\", startDate = \"2026-03-02\", contractEndDate = \"2026-12-18\" }}\n",
        tenant.id
    );
    let named = write::text(building);
    let reserve = write::text(&format!("customer of reservation in {building}"));
    let visits = write::text(&format!("operator of visitor in {building}"));
    let mut add = |name: &str, given: &str, expect: &str| test(toml, name, given, expect);
    add(
        "who has a desk of their own sits in their building",
        "like = \"mira\"",
        &format!(
            "standing = \"active\", site = \"{site_id}\", user_type = \"Employee\", cost_center = \"Platform Engineering\",\
             \x20place = \"desk\", building = {named}, kind = \"Workstation\", roles = [], items = [],\
             \x20profile = {{ employeeId = \"40417\", custom02 = false }}"
        ),
    );
    sections(&mut add, site);
    add(
        "remote people have no seat, and still book in their building",
        "like = \"mira\", also_in = [\"ROOM-Booking\"], profile = { workMode = \"remote\" }",
        &format!("place = \"remote\", by = [\"remote\"], roles = [{reserve}]"),
    );
    add(
        "executives sit on their floor",
        "like = \"mira\", also_in = [\"EXEC-Floor\"]",
        &format!(
            "place = \"desk\", floor = \"Level 9\", kind = \"Executive\", building = {named}, by = [\"executive-desk\"], not_by = [\"own-desk\"]"
        ),
    );
    add(
        "remote executives have no seat either",
        "like = \"mira\", also_in = [\"EXEC-Floor\"], profile = { workMode = \"remote\" }",
        "place = \"remote\", items = [\"Executive floor\"]",
    );
    add(
        "room booking and visitors are for their groups",
        "like = \"mira\", also_in = [\"ROOM-Booking\", \"VISITOR-Managers\"]",
        &format!("roles = [{reserve}, {visits}]"),
    );
    add(
        "contractors never get the executive floor, whatever their groups",
        "like = \"cole\", also_in = [\"EXEC-Floor\"]",
        "lacks = [\"Executive floor\"], user_type = \"Contractors\"",
    );
    add(
        "the phone is written in one way",
        "like = \"mira\", profile = { mobilePhone = \"0044 (0) 113 496-0999\" }",
        "profile = { phone = \"+441134960999\" }",
    );
    lives(&mut add, if site.doors { "[\"permissions\", \"doors\"]" } else { "[\"permissions\"]" });
    if site.doors {
        entry(&mut add, &named);
    }
    for (at, tenant) in facts.tenants.iter().enumerate().skip(1) {
        let own = facts.sites.iter().skip(at).step_by(facts.tenants.len()).next_back();
        if let Some(site) = own.or_else(|| facts.sites.get(at % facts.sites.len())) {
            let shut =
                if site.doors || facts.sites.iter().all(|site| !site.doors) { "" } else { ", doors = []" };
            add(
                &format!("people of {} belong to {}", tenant.id, site.id),
                &format!("tenant = \"{}\"", tenant.id),
                &format!("site = \"{}\"{shut}", site.id),
            );
        }
    }
}

fn sections(add: &mut dyn FnMut(&str, &str, &str), site: &SiteFacts) {
    let Some(building) = site.catalogue.buildings.values().next() else { return };
    let inside = |floor| site.catalogue.floors.get(floor).is_some_and(|floor| floor.building == building.id);
    let mut names: Vec<_> = site
        .catalogue
        .sections
        .values()
        .filter(|section| inside(&section.floor))
        .map(|section| &*section.name)
        .collect();
    names.sort_unstable();
    let Some(first) = names.first() else { return };
    let second = names.get(1).unwrap_or(first);
    add(
        "hybrid engineers sit together",
        "like = \"mira\", profile = { workMode = \"hybrid\" }",
        &format!("place = \"section\", section = {}", write::text(second)),
    );
    add(
        "other hybrid people have the other zone",
        "like = \"mira\", profile = { workMode = \"hybrid\", division = \"Finance\" }",
        &format!("place = \"section\", section = {}", write::text(first)),
    );
}

/// Who may enter, and who no longer.
fn entry(add: &mut dyn FnMut(&str, &str, &str), building: &str) {
    add(
        "whoever works here may enter their building, also before they sit there",
        "like = \"mira\"",
        &format!("doors = [{building}]"),
    );
    add(
        "remote people may enter it all the same",
        "like = \"mira\", profile = { workMode = \"remote\" }",
        &format!("doors = [{building}]"),
    );
    add(
        "nothing opens to a leaver",
        "like = \"mira\", status = \"DEPROVISIONED\", governed = true",
        "doors = []",
    );
}

/// Coming, being away, going.
fn lives(add: &mut dyn FnMut(&str, &str, &str), loses: &str) {
    add(
        "before the last week nothing is prepared",
        "like = \"mira\", status = \"STAGED\", profile = { startDate = \"2026-06-15\" }",
        "standing = \"not yet\", place = false, roles = []",
    );
    add(
        "a contractor's first day is prepared a week ahead",
        "like = \"cole\", status = \"STAGED\", manager_known = true, also_in = [\"ROOM-Booking\"], profile = { startDate = \"2026-06-05\" }",
        "standing = \"active\", booking = \"2026-06-05 09:00\", visit = \"2026-06-05 09:00\"",
    );
    add(
        "a contractor without a start date begins when they are activated",
        "like = \"cole\", manager_known = true, activated = \"2026-06-01T08:30:00Z\", profile = { startDate = \"\" }",
        "standing = \"active\", visit = \"2026-06-01 09:00\"",
    );
    add(
        "suspended is a leave: permissions rest, the seat stays",
        "like = \"mira\", status = \"SUSPENDED\", governed = true",
        &format!("standing = \"on leave\", loses = {loses}, place = \"desk\""),
    );
    add(
        "suspended and marked is the end",
        "like = \"mira\", status = \"SUSPENDED\", governed = true, profile = { employeeStatus = \"Terminated\" }",
        "standing = \"ended\", place = false, roles = []",
    );
    add(
        "a mark of leave is a leave",
        "like = \"mira\", governed = true, profile = { employeeStatus = \"Leave\" }",
        &format!("standing = \"on leave\", loses = {loses}"),
    );
    add(
        "a password state is no leave",
        "like = \"mira\", status = \"LOCKED_OUT\", governed = true",
        "standing = \"active\", place = \"desk\"",
    );
    add(
        "a contractor's last day still counts, and the end was announced",
        "like = \"cole\", governed = true, profile = { contractEndDate = \"2026-06-01\" }",
        "standing = \"active\", tells = [\"it\", \"facilities\"]",
    );
    add(
        "the day after, it is over, and that is told once it is true",
        "like = \"cole\", governed = true, profile = { contractEndDate = \"2026-05-31\" }",
        "standing = \"ended\", tells = [\"it\", \"facilities\"]",
    );
    add(
        "an end date that nobody can read changes nothing",
        "like = \"cole\", governed = true, profile = { contractEndDate = \"end of Q3\" }",
        "standing = \"set aside\", problem = \"no date\"",
    );
    add(
        "deactivated is the end, also without any group",
        "like = \"mira\", status = \"DEPROVISIONED\", groups = [], governed = true",
        "standing = \"ended\"",
    );
    add(
        "whoever leaves the group loses the whole account",
        "like = \"mira\", groups = [], governed = true",
        "standing = \"ended\"",
    );
    add(
        "whoever was never in it is not touched",
        "like = \"mira\", groups = []",
        "standing = \"not governed\", place = false, roles = [], items = []",
    );
    add(
        "a list of groups that is not whole proves nothing",
        "like = \"mira\", groups = [], groups_whole = false, governed = true",
        "standing = \"set aside\", problem = \"not whole\"",
    );
}

//! The starter policy that `init` writes from what it finds: careful, complete, and commented for its new owner.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use lanyard_model::{
    fold,
    id::{BuildingId, CategoryId},
    identity::Group,
    place::{COST_CENTER_CATEGORY, Catalogue},
};

use super::{END, START, StarterFacts, TenantFacts, write};
use crate::PolicyFiles;

/// Profile fields and the attributes they are taken from, the first that exists.
const FIELDS: &[(&str, &[&str])] = &[
    ("firstName", &["firstName"]),
    ("lastName", &["lastName"]),
    ("knownAs", &["nickName"]),
    ("email", &["email"]),
    ("userName", &["login"]),
    ("employeeId", &["employeeNumber"]),
    ("jobTitle", &["title"]),
    ("department", &["department"]),
    ("company", &["organization"]),
    ("phone", &["primaryPhone", "mobilePhone"]),
];

/// Attributes that may say where somebody works.
const OFFICES: &[&str] = &["officeLocation", "officeCode", "building", "city"];

/// A careful first policy: it adopts what is there, moves nobody who has a seat, and takes from whoever stays only what it
/// gave.
pub fn starter(facts: &StarterFacts) -> PolicyFiles {
    let found = Found::of(facts);
    let mut toml = String::from(
        "#:schema ./policy.schema.json\n\
         # The policy: who gets what in iOffice, and why. Written by `lanyard init` from what it found; yours to edit.\n\
         #\n\
         # It is careful on purpose. It keeps seats that people have, adds what is missing, and takes from whoever stays\n\
         # only what it gave itself. Whoever leaves loses the whole account. `lanyard plan` shows what it would do; nothing\n\
         # happens before you apply it.\n\
         # A line that begins with # says nothing to the machine.\n\n\
         format = 1\n\
         name = \"Starter policy\"\n",
    );
    tenants(&mut toml, facts);
    groups(&mut toml, facts, &found);
    routes(&mut toml, facts, &found);
    correlation(&mut toml, facts);
    scope(&mut toml, facts, &found);
    lifecycle(&mut toml, facts, &found);
    profile(&mut toml, facts, &found);
    flows(&mut toml, facts, &found);
    toml.push_str(SCHEDULE);
    guardrails(&mut toml, facts);
    toml.push_str(NOTIFY);
    tests(&mut toml, facts, &found);
    let mut tables = BTreeMap::new();
    tables.insert("places".to_owned(), places(facts, &found));
    PolicyFiles { toml: ("policy.toml".to_owned(), toml), tables }
}

const SCHEDULE: &str = r#"
# ---- When everybody is looked at, changed or not --------------------------------------------------------------------

[[schedule]]
id = "nightly"
cron = "0 2 * * *"                    # minute, hour, day, month, weekday: two at night
zone = "UTC"
"#;

const NOTIFY: &str = r#"
# ---- Who is told ----------------------------------------------------------------------------------------------------
# Add entries, then name them in tell = [...] above.
#
# [notify.facilities]
# email = ["facilities@your-company.example"]
# slack_secret = "slack_facilities"   # name of the secret that holds the webhook's address
"#;

/// Leavers that one day may have before somebody should look. A site in use for years shows its old ones on the first
/// day, and that must leave room for the real ones.
const LEAVERS_MIN: usize = 25;

/// Groups that mean something to a workplace, by what they are called.
struct Found<'a> {
    /// Role in the policy → tenant → group.
    groups: Vec<(&'static str, Vec<(&'a TenantFacts, &'a Group)>)>,
    /// The attribute whose values are buildings.
    office: Option<&'static str>,
    /// Values of `userType` that mean contractor.
    contractors: BTreeSet<&'a str>,
    start: Option<&'static str>,
    end: Option<&'static str>,
    executive_item: Option<String>,
    /// The kind of space that every site has for whoever comes first.
    hot_desk: Option<String>,
}

/// What spaces are called that nobody sits at every day.
const HOT_DESKS: &[&str] = &["hot", "flex", "touchdown", "hotel", "shared desk", "drop-in"];

fn says(name: &str, words: &[&str]) -> bool {
    let name = fold::text(name);
    words.iter().any(|word| name.contains(word))
}

impl<'a> Found<'a> {
    fn of(facts: &'a StarterFacts) -> Self {
        let kinds: [(&'static str, &[&str]); 4] = [
            ("workplace users", &["ioffice", "workplace"]),
            ("room booking", &["room-book", "room book", "rooms", "meeting room", "conference"]),
            ("visitor management", &["visitor", "reception", "front desk"]),
            ("executives", &["executive", "exec-", "exec "]),
        ];
        let groups = kinds.map(|(kind, words)| {
            let named = facts.tenants.iter().filter_map(|tenant| {
                let group =
                    tenant.groups.iter().filter(|group| says(&group.name, words)).min_by_key(|group| {
                        (
                            group.kind != lanyard_model::identity::GroupKind::Native,
                            group.name.len(),
                            &group.id,
                        )
                    })?;
                Some((tenant, group))
            });
            (kind, named.collect())
        });
        let buildings: BTreeSet<String> = facts
            .sites
            .iter()
            .flat_map(|site| site.catalogue.buildings.values())
            .flat_map(|building| [fold::text(&building.name), fold::text(&building.code)])
            .collect();
        let hits = |name: &&&'static str| {
            facts.values(name).into_iter().filter(|value| buildings.contains(&fold::text(value))).count()
        };
        let office = OFFICES.iter().rev().filter(|name| hits(name) > 0).max_by_key(hits).copied();
        let contractors = facts
            .values("userType")
            .into_iter()
            .filter(|value| says(value, &["contract", "external", "consultant", "vendor", "temp"]))
            .collect();
        let executive_item = facts
            .sites
            .iter()
            .flat_map(|site| site.catalogue.items.values())
            .find(|item| item.category != COST_CENTER_CATEGORY && says(&item.name, &["executive"]))
            .map(|item| format!("{} / {}", item.category_name, item.name));
        let mut flexible = facts.sites.iter().map(|site| {
            let rooms = site.catalogue.rooms.values();
            let free = rooms.filter(|room| room.active && room.reservable && room.occupiable);
            free.filter(|room| says(&room.kind, HOT_DESKS)).map(|room| room.kind.to_string()).collect()
        });
        let first: BTreeSet<String> = flexible.next().unwrap_or_default();
        let hot_desk =
            flexible.fold(first, |all, site| all.intersection(&site).cloned().collect()).pop_first();
        let known = |names: &[&'static str]| names.iter().find(|name| facts.has(name)).copied();
        Self {
            groups: groups.into(),
            office,
            contractors,
            start: known(START),
            end: known(END),
            executive_item,
            hot_desk,
        }
    }

    fn has(&self, kind: &str) -> bool {
        self.groups.iter().any(|(known, groups)| *known == kind && !groups.is_empty())
    }
}

fn heading(toml: &mut String, text: &str) {
    let _ =
        writeln!(toml, "\n# ---- {text} {}\n", "-".repeat(112_usize.saturating_sub(text.chars().count())));
}

fn guardrails(toml: &mut String, facts: &StarterFacts) {
    let people = facts.tenants.iter().map(|tenant| tenant.people).sum::<usize>().max(1);
    let max = LEAVERS_MIN.max(people.div_ceil(20));
    let percent = (max * 100).div_ceil(people).min(100);
    heading(toml, "How much may be taken away before it waits for a person");
    let _ = writeln!(
        toml,
        "[guardrails]\n\
         # protected = [{{ attribute = \"employeeNumber\", in = [\"1\", \"2\"] }}]   # nothing is ever taken from these people\n\
         {:<38}# may lose something within the window; whoever comes after that waits\n\
         {:<38}# of all people in the site; the smaller limit counts\n\
         window_hours = 24\n\
         shrink_percent_max = 5                # a list that is suddenly shorter than this is not believed\n\
         certificate_required = true           # \"no longer there\" needs proof that the list was whole",
        format!("max_people = {max}"),
        format!("max_percent = {percent}"),
    );
}

fn tenants(toml: &mut String, facts: &StarterFacts) {
    heading(toml, "Tenants (Okta orgs) and sites (iOffice instances)");
    for tenant in &facts.tenants {
        let _ = writeln!(toml, "[tenants.{}]", tenant.id);
        let dates = if tenant.dates.is_empty() {
            vec!["YYYY-MM-DD".into(), "date-time".into()]
        } else {
            tenant.dates.clone()
        };
        let _ = writeln!(toml, "dates = {}    # how this org writes days\n", write::texts(dates));
    }
    for site in &facts.sites {
        let _ = writeln!(toml, "[sites.{}]", site.id);
        match site.default_host {
            Some(host) => {
                let _ = writeln!(toml, "default_host = {host}    # receives contractors whose manager is not known\n");
            }
            None => toml.push_str("# default_host = 5000    # iOffice id of whoever receives contractors without a known manager\n\n"),
        }
    }
}

fn groups(toml: &mut String, facts: &StarterFacts, found: &Found<'_>) {
    heading(toml, "Groups: by id, so that a rename in Okta changes nothing");
    toml.push_str("[groups]\n");
    for (kind, groups) in &found.groups {
        let ids: Vec<_> = groups
            .iter()
            .map(|(tenant, group)| format!("{} = {}", tenant.id, write::text(group.id.as_str())))
            .collect();
        if !ids.is_empty() {
            let names: BTreeSet<_> = groups.iter().map(|(_, group)| &*group.name).collect();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            let _ = writeln!(
                toml,
                "{} = {{ {} }}    # {}",
                write::text(kind),
                ids.join(", "),
                write::comment(&names)
            );
        }
    }
    for (name, place) in located(facts) {
        let ids: Vec<_> =
            place.ids.iter().map(|(tenant, id)| format!("{tenant} = {}", write::text(id))).collect();
        let _ = writeln!(toml, "{} = {{ {} }}", write::text(name), ids.join(", "));
    }
}

/// A group that is called like a building.
struct Located<'a> {
    building: &'a str,
    ids: BTreeMap<&'a str, &'a str>,
}

/// Groups that are called like a building (`LOC-PIER`, `Pier House`). Where a tenant has several of one name, the one
/// kept in Okta itself counts.
fn located(facts: &StarterFacts) -> BTreeMap<&str, Located<'_>> {
    let mut list: BTreeMap<&str, Located<'_>> = BTreeMap::new();
    for tenant in &facts.tenants {
        for group in &tenant.groups {
            let name = fold::text(&group.name);
            let tail = name.split_once(['-', ':', '_', '/']).map_or("", |(_, tail)| tail.trim());
            let building =
                facts.sites.iter().flat_map(|site| site.catalogue.buildings.values()).find(|building| {
                    let names = [fold::text(&building.name), fold::text(&building.code)];
                    names.iter().any(|known| !known.is_empty() && (*known == name || *known == tail))
                });
            if let (Some(building), Some(group)) = (building, tenant.group(&group.name)) {
                let place = list
                    .entry(&group.name)
                    .or_insert_with(|| Located { building: &building.name, ids: BTreeMap::new() });
                place.ids.insert(tenant.id.as_str(), group.id.as_str());
            }
        }
    }
    list
}

fn routes(toml: &mut String, facts: &StarterFacts, found: &Found<'_>) {
    heading(toml, "Which site a person belongs to: the first route that fits");
    if let (Some(office), true) = (found.office, facts.sites.len() > 1) {
        for site in &facts.sites {
            let buildings: BTreeSet<_> = site
                .catalogue
                .buildings
                .values()
                .flat_map(|building| [&*building.code, &*building.name])
                .filter(|name| !name.trim().is_empty())
                .collect();
            if !buildings.is_empty() {
                let names = write::texts(buildings);
                let _ = writeln!(
                    toml,
                    "[[route]]\nsite = \"{}\"\nif = [{{ attribute = \"{office}\", in = {names} }}]\n",
                    site.id
                );
            }
        }
    }
    for (at, tenant) in facts.tenants.iter().enumerate() {
        if let Some(site) = facts.sites.get(at).or(facts.sites.first()) {
            let _ = writeln!(toml, "[[route]]\ntenant = \"{}\"\nsite = \"{}\"\n", tenant.id, site.id);
        }
    }
}

fn correlation(toml: &mut String, facts: &StarterFacts) {
    heading(toml, "How an account is found, in this order");
    let numbered = facts.has("employeeNumber");
    toml.push_str("[correlation]\n");
    if numbered {
        toml.push_str(
            "person = \"employee number\"    # somebody with users in several orgs is one person\n",
        );
    }
    toml.push_str("keys = [\n");
    if numbered {
        toml.push_str(
            "  { kind = \"employee number\", attribute = \"employeeNumber\", field = \"employeeId\", compare = \"number\" },    # 00417 is 417\n",
        );
    }
    toml.push_str(
        "  { kind = \"e-mail\", attribute = \"email\", field = \"email\", compare = \"email\" },\n  \
           { kind = \"user name\", attribute = \"login\", field = \"userName\", compare = \"text\" },\n]\n",
    );
}

fn scope(toml: &mut String, facts: &StarterFacts, found: &Found<'_>) {
    heading(toml, "Who is governed at all");
    toml.push_str("[scope]\n");
    if found.has("workplace users") {
        toml.push_str(
            "if = [{ group = \"workplace users\" }]\n\
             on_leaving = \"end\"    # whoever leaves the group loses the whole account, as leavers do; \"ignore\" leaves it\n\
             deactivated = \"whatever their groups\"    # leavers often lose the group first; or \"only in scope\"\n",
        );
        return;
    }
    let machines: Vec<_> = facts
        .values("userType")
        .into_iter()
        .filter(|value| says(value, &["service", "test", "system", "robot", "shared"]))
        .collect();
    toml.push_str("if = [    # everybody but service and test accounts; better: a group of the people who use iOffice\n");
    if !machines.is_empty() {
        let _ = writeln!(toml, "  {{ attribute = \"userType\", not_in = {} }},", write::texts(machines));
    }
    toml.push_str(
        "  { not = { attribute = \"login\", starts_with = [\"svc\", \"service\", \"test\", \"noreply\", \"admin@\"] } },\n\
         ]\non_leaving = \"ignore\"\n",
    );
}

fn lifecycle(toml: &mut String, facts: &StarterFacts, found: &Found<'_>) {
    heading(toml, "Coming, being away, going");
    toml.push_str(
        "[lifecycle]\nzone = \"UTC\"    # where days begin and end, for example \"Europe/London\"\n",
    );
    if facts.has("timezone") {
        toml.push_str("zone_attribute = \"timezone\"    # unless the person's profile says otherwise\n");
    }
    toml.push_str(
        "settle_seconds = 90    # a move often arrives in two halves: take nothing away before it is whole\n",
    );
    match found.start {
        Some(name) => {
            let _ = writeln!(
                toml,
                "\n[lifecycle.start]\nattribute = \"{name}\"\nprepare_days = 3    # everything is ready this many days before the first day\nwithout_date = \"wait\"",
            );
        }
        None => toml.push_str(
            "\n# [lifecycle.start]    # name the attribute with the first day, and people are prepared before it\n\
             # attribute = \"startDate\"\n# prepare_days = 3\n",
        ),
    }
    match (found.end, found.contractors.is_empty()) {
        (Some(name), false) => {
            let labels = write::texts(&found.contractors);
            let _ = writeln!(
                toml,
                "\n[lifecycle.end]    # contractors lose their workplace at the end of this day\nattribute = \"{name}\"\nif = [{{ attribute = \"userType\", in = {labels} }}]\nthe_day_itself = \"still counts\"\nwarn_days = 14\n# tell = [\"facilities\"]    # see [notify] below",
            );
        }
        _ => toml.push_str(
            "\n# [lifecycle.end]    # name the attribute with a contract's last day, and whom it concerns\n\
             # attribute = \"contractEndDate\"\n# if = [{ attribute = \"userType\", is = \"Contractor\" }]\n",
        ),
    }
    marks(toml, facts);
}

fn marks(toml: &mut String, facts: &StarterFacts) {
    let marks = |words: &[&str]| -> Vec<(&'static str, Vec<&str>)> {
        ["employeeStatus", "leaveStatus"]
            .into_iter()
            .map(|name| {
                (name, facts.values(name).into_iter().filter(|value| says(value, words)).collect::<Vec<_>>())
            })
            .filter(|(_, values)| !values.is_empty())
            .collect()
    };
    for (name, values) in marks(&["terminat", "left the company"]) {
        let _ = writeln!(
            toml,
            "\n[[lifecycle.ended]]    # suspended with this mark is the end, not a leave\nid = \"terminated\"\nif = [{{ status = \"SUSPENDED\" }}, {{ attribute = \"{name}\", in = {} }}]",
            write::texts(values),
        );
    }
    toml.push_str(
        "\n[[lifecycle.leave]]    # suspended in Okta: permissions rest, seat and account stay\n\
         id = \"suspended\"\nif = [{ status = \"SUSPENDED\" }]\nloses = [\"permissions\"]\n",
    );
    for (name, values) in marks(&["leave"]) {
        let _ = writeln!(
            toml,
            "\n[[lifecycle.leave]]\nid = \"marked-{}\"\nif = [{{ attribute = \"{name}\", in = {} }}]\nloses = [\"permissions\"]",
            fold::text(name),
            write::texts(values),
        );
    }
}

fn profile(toml: &mut String, facts: &StarterFacts, found: &Found<'_>) {
    heading(toml, "The profile: iOffice on the left, Okta on the right");
    toml.push_str("[profile]\n");
    for (field, attributes) in FIELDS {
        let known: Vec<_> = attributes.iter().filter(|name| facts.has(name)).collect();
        let _ = match known.as_slice() {
            [] => Ok(()),
            [name] => writeln!(toml, "{field} = \"{name}\""),
            several => writeln!(toml, "{field} = {}    # the first that has a value", write::texts(several)),
        };
    }
    let types: Vec<_> =
        facts.sites.iter().flat_map(|site| site.catalogue.user_types.values()).map(|name| &**name).collect();
    let outside = types.iter().find(|name| says(name, &["contract"]));
    if let (Some(outside), false) = (outside, found.contractors.is_empty()) {
        let labels = write::texts(&found.contractors);
        let _ = writeln!(
            toml,
            "\n[[user_type]]    # the first that fits\nis = {}\nif = [{{ attribute = \"userType\", in = {labels} }}]",
            write::text(outside)
        );
    }
    if let Some(inside) = types.iter().find(|name| says(name, &["employee"])) {
        let _ = writeln!(toml, "\n[[user_type]]\nis = {}", write::text(inside));
    }
    if let Some(name) = ["managerId", "manager"].into_iter().find(|name| facts.has(name)) {
        let _ = writeln!(
            toml,
            "\n[manager]    # who receives a contractor on the first day\nattribute = \"{name}\"\norder = [\"okta id\", \"employee number\", \"email\", \"login\"]"
        );
    }
}

fn flow(toml: &mut String, id: &str, template: &str, sentence: &str, rest: &str) {
    let sentence = write::text(sentence);
    let _ =
        writeln!(toml, "[[flow]]\nid = \"{id}\"\ntemplate = \"{template}\"\nsentence = {sentence}\n{rest}\n");
}

fn flows(toml: &mut String, facts: &StarterFacts, found: &Found<'_>) {
    heading(
        toml,
        "What people get. Each rule is one sentence; a higher priority wins where only one thing is possible",
    );
    flow(
        toml,
        "place",
        "new-user",
        "Whoever has no seat gets a free desk where the table places.csv says; whoever has one keeps it.",
        "priority = 100\nlook_up = \"places\"\nthen = [{ place = \"desk\", only = \"people without a seat\" }]",
    );
    let departments: BTreeSet<String> = facts.values("department").into_iter().map(fold::text).collect();
    let same = facts
        .sites
        .iter()
        .flat_map(|site| site.catalogue.items.values())
        .any(|item| item.category == CategoryId(1) && departments.contains(&fold::text(&item.name)));
    if same {
        flow(
            toml,
            "cost-center",
            "group-change",
            "The cost center is the one called like the department.",
            "then = [{ cost_center_from = \"department\" }]",
        );
    }
    let module = |name: &str| {
        facts
            .sites
            .iter()
            .flat_map(|site| site.catalogue.centers.values())
            .any(|center| center.module.eq_ignore_ascii_case(name))
    };
    if module("reservation") {
        let rule = if found.has("room booking") { "if = [{ group = \"room booking\" }]\n" } else { "" };
        let who = if rule.is_empty() { "Everybody" } else { "The group \"room booking\"" };
        flow(
            toml,
            "room-booking",
            "group-change",
            &format!("{who} may book in the building of their seat."),
            &format!("{rule}then = [{{ role = \"customer\", module = \"reservation\" }}]"),
        );
    }
    if module("visitor") && found.has("visitor management") {
        flow(
            toml,
            "visitor-management",
            "group-change",
            "The group \"visitor management\" receives visitors in the building of their seat.",
            "if = [{ group = \"visitor management\" }]\nthen = [{ role = \"operator\", module = \"visitor\" }]",
        );
    }
    if let (Some(item), true) = (&found.executive_item, found.has("executives")) {
        flow(
            toml,
            "executive-floor",
            "group-change",
            "The group \"executives\" may book the executive spaces.",
            &format!("if = [{{ group = \"executives\" }}]\nthen = [{{ item = {} }}]", write::text(item)),
        );
    }
    if found.start.is_some() && module("reservation") {
        // A booking is refused to whoever has no role in the center.
        let rule = if found.has("room booking") { "if = [{ group = \"room booking\" }]\n" } else { "" };
        flow(
            toml,
            "first-day",
            "new-user",
            match rule {
                "" => "Everybody finds a desk booked for the first day, from nine to five.",
                _ => "Whoever may book rooms finds a desk booked for the first day, from nine to five.",
            },
            &format!(
                "{rule}then = [{{ booking = \"day one\", title = \"First day\",{} from = \"09:00\", to = \"17:00\" }}]",
                // Other spaces may be for some people only, and refuse.
                found
                    .hot_desk
                    .as_ref()
                    .map_or_else(String::new, |kind| format!(" kind = {},", write::text(kind)))
            ),
        );
    }
    // Whoever has no start date begins when Okta activates them.
    if module("visitor") && !found.contractors.is_empty() {
        let labels = write::texts(&found.contractors);
        flow(
            toml,
            "contractor-arrival",
            "contractor-expiry",
            "The front desk knows a contractor's first day; the manager is the host.",
            &format!(
                "if = [{{ attribute = \"userType\", in = {labels} }}]\nthen = [{{ visit = \"arrival\", visitor_type = \"Contractor\", at = \"09:00\" }}]"
            ),
        );
    }
}

fn tests(toml: &mut String, facts: &StarterFacts, found: &Found<'_>) {
    // The tenant that has the most of the groups: its people can show what the rules do.
    let groups_of = |tenant: &TenantFacts| -> Vec<&'static str> {
        let here = found.groups.iter().filter(|(_, groups)| groups.iter().any(|(of, _)| of.id == tenant.id));
        here.map(|(kind, _)| *kind).collect()
    };
    let best = facts.tenants.iter().enumerate().rev().max_by_key(|(_, tenant)| groups_of(tenant).len());
    let Some((at, tenant)) = best else { return };
    let Some(site) = facts.sites.get(at).or(facts.sites.first()) else { return };
    let groups = groups_of(tenant);
    if found.has("workplace users") && !groups.contains(&"workplace users") {
        return;
    }
    let books =
        site.catalogue.centers.values().any(|center| center.module.eq_ignore_ascii_case("reservation"));
    let rules = super::tests::StarterRules {
        tenant,
        site,
        groups,
        contractor: found.contractors.first().copied(),
        end: found.end,
        books,
    };
    super::tests::starter_tests(toml, &rules);
}

/// Occupiable desks of a building.
fn desks(catalogue: &Catalogue, building: BuildingId) -> u32 {
    let inside = |floor| catalogue.floors.get(floor).is_some_and(|floor| floor.building == building);
    let seats = catalogue.rooms.values().filter(|room| room.active && room.occupiable && inside(&room.floor));
    seats.map(|room| room.capacity).sum()
}

fn places(facts: &StarterFacts, found: &Found<'_>) -> String {
    let mut out = String::from(
        "# Where people without a seat are placed. The first row that fits wins; an empty cell fits everybody.\n\
         # More columns are possible: section, room, cost_center, customer, operator, item, attribute:ANYTHING.\n",
    );
    let office = found.office.map(|name| format!("attribute:{name}"));
    let mut header = vec!["site", "group"];
    header.extend(office.as_deref());
    let by_department = facts.has("department");
    header.extend(by_department.then_some("attribute:department"));
    header.extend(["building", "floor", "kind", "comment"]);
    out.push_str(&write::row(&header));
    let mut line =
        |site: &str, group: &str, place: &str, department: &str, building: &str, floor: &str, why: &str| {
            let mut cells = vec![site, group];
            cells.extend(office.is_some().then_some(place));
            cells.extend(by_department.then_some(department));
            cells.extend([building, floor, "", why]);
            out.push_str(&write::row(cells));
        };
    let departments = facts.values("department");
    let located = located(facts);
    for site in &facts.sites {
        let id = site.id.as_str();
        for department in &departments {
            let wanted = fold::text(department);
            if let Some(floor) =
                site.catalogue.floors.values().find(|floor| fold::text(&floor.name) == wanted)
                && let Some(building) = site.catalogue.buildings.get(&floor.building)
            {
                line(
                    id,
                    "",
                    "",
                    department,
                    &building.name,
                    &floor.name,
                    "the floor is called like the department",
                );
            } else if let Some(section) = site
                .catalogue
                .sections
                .values()
                .find(|section| fold::text(&section.neighborhood_name) == wanted)
                && let Some(floor) = site.catalogue.floors.get(&section.floor)
                && let Some(building) = site.catalogue.buildings.get(&floor.building)
            {
                line(
                    id,
                    "",
                    "",
                    department,
                    &building.name,
                    &floor.name,
                    "the neighborhood is called like the department",
                );
            }
        }
        for building in site.catalogue.buildings.values() {
            if let Some(name) = found.office {
                let known = facts.values(name).into_iter().filter(|value| {
                    let value = fold::text(value);
                    value == fold::text(&building.code) || value == fold::text(&building.name)
                });
                for value in known {
                    line(id, "", value, "", &building.name, "", "works there, says the profile");
                }
            }
            for (group, _) in located.iter().filter(|(_, place)| *place.building == *building.name) {
                line(id, group, "", "", &building.name, "", "works there, says the group");
            }
        }
        let largest = site
            .catalogue
            .buildings
            .values()
            .max_by_key(|building| (desks(&site.catalogue, building.id), std::cmp::Reverse(building.id)));
        if let Some(building) = largest {
            line(id, "", "", "", &building.name, "", "everybody else: the building with most desks");
        }
    }
    out
}

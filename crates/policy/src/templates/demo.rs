//! The policy of the demonstration company: all six templates over any number of orgs and sites.

use std::{collections::BTreeMap, fmt::Write as _};

use lanyard_model::place::Catalogue;

use super::{SiteFacts, StarterFacts, write};
use crate::PolicyFiles;

/// Groups that the policy names, where an org has them.
const GROUPS: [&str; 4] = ["APP-iOffice-Users", "ROOM-Booking", "VISITOR-Managers", "EXEC-Floor"];

const HEAD: &str = r#"#:schema ./policy.schema.json
# Who works where, and with which permissions.
#
# This folder is the whole policy: the rules here, and one table (places.csv) that opens in any spreadsheet.
# Nothing happens that is not written here; every change it causes names the rule, and the row, that asked for it.

format = 1
name = "Workplaces of the demonstration company"
"#;

const BODY: &str = r#"
# ---------------------------------------------------------------------------------------------------------------------
# How an account is found, in this order. Spelling does not matter: 00417 is 417, ANA@X.EXAMPLE is ana@x.example.

[correlation]
person = "employee number"            # somebody with a user in two orgs is one person
keys = [
  { kind = "employee number", attribute = "employeeNumber", field = "employeeId", compare = "number" },
  { kind = "e-mail", attribute = "email", field = "email", compare = "email without tag" },
  { kind = "user name", attribute = "login", field = "userName", compare = "text" },
]

# ---------------------------------------------------------------------------------------------------------------------
# Who is governed at all. Whoever leaves the group loses the whole account, as somebody who left does.

[scope]
if = [{ group = "APP-iOffice-Users" }]
on_leaving = "end"
deactivated = "whatever their groups" # leavers often lose the group before they are deactivated

# ---------------------------------------------------------------------------------------------------------------------
# Coming, being away, going.

[lifecycle]
zone = "UTC"
zone_attribute = "timezone"           # days begin and end where the person is
dates = ["YYYY-MM-DD", "MM/DD/YYYY", "DD.MM.YYYY", "date-time"]
settle_seconds = 90                   # a move often arrives in two halves: take nothing away before it is whole

[lifecycle.start]
attribute = "startDate"
prepare_days = 7                      # everything is ready a week before the first day
without_date = "wait"                 # no date: they begin when Okta activates them

[lifecycle.end]                       # template 5: contractor expiry
attribute = "contractEndDate"
if = [{ attribute = "userType", is = "Contractor" }]
the_day_itself = "still counts"       # the last day is a day of work like any other
warn_days = 14                        # two weeks ahead, and when it is done, these are told
tell = ["it", "facilities"]

[[lifecycle.ended]]                   # suspended is a leave, unless somebody wrote down that it is the end
id = "terminated"
if = [{ status = "SUSPENDED" }, { attribute = "employeeStatus", is = "Terminated" }]

[[lifecycle.leave]]
id = "suspended"
if = [{ status = "SUSPENDED" }]
loses = ["permissions"]               # the seat and the account stay

[[lifecycle.leave]]
id = "marked"
if = [{ attribute = "employeeStatus", is = "Leave" }]
loses = ["permissions"]

# ---------------------------------------------------------------------------------------------------------------------
# Template 6, profile update: iOffice on the left, Okta on the right. Only what differs is written.

[profile]
firstName = "firstName"
lastName = "lastName"
knownAs = "nickName"
email = "email"
userName = "login"
employeeId = "employeeNumber"
jobTitle = "title"
department = "department"
company = "organization"
phone = { from = "mobilePhone", as = "phone" }
custom02 = { from = "contractEndDate", as = "date-ms", if = [{ attribute = "userType", is = "Contractor" }] }

[[user_type]]
is = "Contractors"
if = [{ attribute = "userType", is = "Contractor" }]

[[user_type]]
is = "Employee"

[manager]                             # who receives a contractor on the first day
attribute = "managerId"
order = ["okta id", "employee number", "email", "login"]

# ---------------------------------------------------------------------------------------------------------------------
# Template 1, new user: a place by the way somebody works. Executives who come in sit on their floor.

[[flow]]
id = "executive-desk"
template = "new-user"
sentence = "Executives who come in have a desk on the executive floor of their building."
priority = 200
if = [{ group = "EXEC-Floor" }, { not = { attribute = "workMode", is = "remote" } }]
look_up = "places"
then = [
  { place = "desk", kind = "Executive", floor = "Level 9", otherwise = { field = "custom03", text = "{building} / {floor}" } },
]

[[flow]]
id = "own-desk"
template = "new-user"
sentence = "Whoever is neither hybrid nor remote gets a free desk of their own in their building."
priority = 100
if = [{ not = { attribute = "workMode", in = ["hybrid", "remote"] } }]
look_up = "places"
then = [{ place = "desk", otherwise = { field = "custom03", text = "{building}" } }]

[[flow]]
id = "zone"
template = "group-change"
sentence = "Hybrid people sit in the zone that the table has for their division."
priority = 100
if = [{ attribute = "workMode", is = "hybrid" }]
look_up = "places"
then = [{ place = "section", otherwise = { field = "custom03", text = "{building} / {section}" } }]

[[flow]]
id = "remote"
template = "group-change"
sentence = "Remote people have no seat; their building still counts for bookings."
priority = 100
if = [{ attribute = "workMode", is = "remote" }]
look_up = "places"
then = [{ place = "remote" }]

[[flow]]
id = "cost-center"
template = "group-change"
sentence = "The cost center is the one called like the department."
then = [{ cost_center_from = "department" }]

[[flow]]
id = "first-day"
template = "new-user"
sentence = "Whoever may book rooms finds a desk booked for the first day, from nine to five."
if = [{ group = "ROOM-Booking" }]
then = [{ booking = "day one", title = "First day", kind = "Hot desk", from = "09:00", to = "17:00" }]

# ---------------------------------------------------------------------------------------------------------------------
# Template 3, group change: what membership gives, and takes back when it ends.

[[flow]]
id = "room-booking"
template = "group-change"
sentence = "Members of ROOM-Booking may book rooms in the building of their seat."
if = [{ group = "ROOM-Booking" }]
then = [{ role = "customer", module = "reservation" }]

[[flow]]
id = "visitor-management"
template = "group-change"
sentence = "Members of VISITOR-Managers receive visitors in the building of their seat."
if = [{ group = "VISITOR-Managers" }]
then = [{ role = "operator", module = "visitor" }]

[[flow]]
id = "executive-floor"
template = "group-change"
sentence = "Members of EXEC-Floor may book the spaces of the executive floor."
if = [{ group = "EXEC-Floor" }]
then = [{ item = "Access policy / Executive floor" }]
"#;

const DOORS: &str = r#"
# ---------------------------------------------------------------------------------------------------------------------
# Doors. iOffice opens none: a site's badge system is told who may enter what, and a leaver's entry goes before anything else.

[doors]
holder = "employeeNumber"             # by which the badge system knows people
"#;

const REST: &str = r#"
# ---------------------------------------------------------------------------------------------------------------------
# Template 5, contractors: announced at the front desk on arrival, kept off the executive floor.

[[flow]]
id = "contractor-arrival"
template = "contractor-expiry"
sentence = "The front desk knows a contractor's first day; the manager is the host."
if = [{ attribute = "userType", is = "Contractor" }]
then = [{ visit = "arrival", visitor_type = "Contractor", at = "09:00", notes = "First day of a contractor" }]

[[flow]]
id = "contractors-not-executive"
template = "contractor-expiry"
sentence = "Contractors never get the executive floor, whatever their groups."
if = [{ attribute = "userType", is = "Contractor" }]
never = [{ item = "Access policy / Executive floor" }]

# ---------------------------------------------------------------------------------------------------------------------
# Template 4, scheduled reconciliation: everybody is looked at every night.

[[schedule]]
id = "nightly"
cron = "0 2 * * *"                    # at two in the morning
zone = "UTC"

# ---------------------------------------------------------------------------------------------------------------------
# How much may be taken away before a person must agree.

[guardrails]
max_people = 100                      # lose something within the window; the smaller of both limits counts
max_percent = 20                      # years of leavers are still in place when the story begins
window_hours = 24
shrink_percent_max = 5                # a list that is suddenly shorter than this is not believed
certificate_required = true

# ---------------------------------------------------------------------------------------------------------------------
# Who is told.

[notify.it]
email = ["it@harborlight.example"]
slack_secret = "slack_it"

[notify.facilities]
email = ["facilities@harborlight.example"]
slack_secret = "slack_facilities"
"#;

/// The demonstration company's policy for the orgs and sites that were found. An org's people belong to its sites as
/// the generated world has it: org `n` of `k` to the sites `n`, `n + k`, …, told apart by the building code in
/// `officeLocation`.
pub fn demo_policy(facts: &StarterFacts) -> PolicyFiles {
    let mut toml = HEAD.to_owned();
    sites(&mut toml, facts);
    groups(&mut toml, facts);
    routes(&mut toml, facts);
    if facts.sites.iter().any(|site| site.doors) {
        // Column by column, so that the comment beside it stays where it is.
        let (here, also) = ("loses = [\"permissions\"]", "loses = [\"permissions\", \"doors\"]");
        toml.push_str(
            &BODY
                .replace(&format!("{here}         "), also)
                .replace(&format!("{here}\n"), &format!("{also}\n")),
        );
    } else {
        toml.push_str(BODY);
    }
    doors(&mut toml, facts);
    toml.push_str(REST);
    super::tests::demo_tests(&mut toml, facts, &GROUPS);
    PolicyFiles {
        toml: ("policy.toml".to_owned(), toml),
        tables: BTreeMap::from([("places".to_owned(), places(facts))]),
    }
}

fn sites(toml: &mut String, facts: &StarterFacts) {
    for site in &facts.sites {
        if let Some(host) = site.default_host {
            let _ = write!(
                toml,
                "\n[sites.{}]\ndefault_host = {host}                   # receives contractors whose manager is not known\n",
                site.id
            );
        }
    }
}

fn groups(toml: &mut String, facts: &StarterFacts) {
    toml.push_str("\n# Groups by id, so that a rename in Okta changes nothing. The names are this policy's own.\n\n[groups]\n");
    for name in GROUPS {
        let ids: Vec<_> = facts
            .tenants
            .iter()
            .filter_map(|tenant| {
                Some(format!("{} = {}", tenant.id, write::text(tenant.group(name)?.id.as_str())))
            })
            .collect();
        let _ = writeln!(toml, "{} = {{ {} }}", write::text(name), ids.join(", "));
    }
}

/// Entry where a site's badge system is told: to the building of the seat.
fn doors(toml: &mut String, facts: &StarterFacts) {
    let sites: Vec<_> = facts.sites.iter().filter(|site| site.doors).collect();
    if sites.is_empty() {
        return;
    }
    toml.push_str(DOORS);
    for site in sites {
        let _ = write!(
            toml,
            "\n[[flow]]\nid = \"doors-{0}\"\ntemplate = \"new-user\"\n\
             sentence = \"Whoever works at {0} may enter the building of their seat, from the first day to the last.\"\n\
             if = [{{ site = \"{0}\" }}]\nthen = [{{ door = \"building of their seat\" }}]\n",
            site.id
        );
    }
}

/// Building codes of a site, sorted.
fn codes(catalogue: &Catalogue) -> Vec<&str> {
    let mut codes: Vec<_> = catalogue.buildings.values().map(|building| &*building.code).collect();
    codes.sort_unstable();
    codes
}

fn routes(toml: &mut String, facts: &StarterFacts) {
    toml.push_str("\n# Which site a person belongs to: the first line that fits.\n");
    for (at, tenant) in facts.tenants.iter().enumerate() {
        let mut own: Vec<&SiteFacts> = facts.sites.iter().skip(at).step_by(facts.tenants.len()).collect();
        if own.is_empty() {
            own.extend(facts.sites.get(at % facts.sites.len().max(1)));
        }
        let Some((last, others)) = own.split_last() else { continue };
        for site in others {
            let _ = write!(
                toml,
                "\n[[route]]\ntenant = \"{}\"\nsite = \"{}\"\nif = [{{ attribute = \"officeLocation\", in = {} }}]\n",
                tenant.id,
                site.id,
                write::texts(codes(&site.catalogue)),
            );
        }
        let _ = write!(toml, "\n[[route]]\ntenant = \"{}\"\nsite = \"{}\"\n", tenant.id, last.id);
    }
}

/// One row per building for the engineering departments, one for everybody else there.
fn places(facts: &StarterFacts) -> String {
    let mut out = String::from(
        "# Where people sit. The first row that fits wins; an empty cell fits everybody; | means \"or\".\n\
         # officeLocation and division are what Okta says; the rest is what iOffice calls its places.\n",
    );
    out.push_str(&write::row([
        "site",
        "attribute:officeLocation",
        "attribute:division",
        "building",
        "kind",
        "section",
        "comment",
    ]));
    for site in &facts.sites {
        for building in site.catalogue.buildings.values() {
            let mut sections: Vec<_> = site
                .catalogue
                .sections
                .values()
                .filter(|section| {
                    site.catalogue.floors.get(&section.floor).is_some_and(|f| f.building == building.id)
                })
                .map(|section| &*section.name)
                .collect();
            sections.sort_unstable();
            let first = sections.first().copied().unwrap_or_default();
            let second = sections.get(1).copied().unwrap_or(first);
            let line = |division: &str, section: &str, comment: &str| {
                let cells = [
                    site.id.as_str(),
                    &building.code,
                    division,
                    &building.name,
                    "Workstation",
                    section,
                    comment,
                ];
                write::row(cells)
            };
            out.push_str(&line("Engineering", second, "engineers sit together"));
            out.push_str(&line("", first, "everybody else in this building"));
        }
    }
    out
}

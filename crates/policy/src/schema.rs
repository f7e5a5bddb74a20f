//! The JSON Schema of `policy.toml`, for editors: completion, and a first look at mistakes. The linter checks more.

/// JSON Schema (draft 7), as `lanyard policy schema` prints it.
pub const TEXT: &str = include_str!("policy.schema.json");

/// What the file is called beside a policy, and what its first line names (`#:schema ./policy.schema.json`).
pub const FILE: &str = "policy.schema.json";

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::TEXT;
    use crate::{PolicyFiles, parse, structured};

    const SHIPPED: &str = include_str!("../../../policies/harborlight/policy.toml");
    const PLACES: &str = include_str!("../../../policies/harborlight/places.csv");

    /// Reads every section that the format has, so that every key is asked for.
    const EVERYTHING: &str = r#"
format = 1
[tenants.north]
zone = "Europe/London"
[sites.hq]
default_host = 1
doors = "with times"
[doors]
holder = "employeeNumber"
[groups]
"A" = "00gAAAAAAAA"
[[route]]
site = "hq"
if = [{ any = [{ group = "A" }], all = [{ tenant = "north" }], not = [{ status = "ACTIVE" }, { cel = "has(user.profile.x)" }] }]
[correlation]
keys = [{ kind = "k", attribute = "email", field = "email" }]
[scope]
but_first = { hold = "1 day" }
[lifecycle.start]
attribute = "startDate"
[lifecycle.end]
attribute = "endDate"
[[lifecycle.ended]]
if = [{ status = "SUSPENDED" }]
but_first = { stages = [{ after = "1 day", takes = ["seat"] }] }
[[lifecycle.leave]]
if = [{ status = "SUSPENDED" }]
[[lifecycle.bookings]]
then = "keep"
days = 14
[[lifecycle.bookings]]
then = "keep"
until = "2026-12-31"
hand_over_to = "delegate"
[lifecycle.deactivated]
if_it_fails = { retry = 2, every = "1 minute", todo = "x", how = "y", alert = ["it"] }
[lifecycle.deleted]
[lifecycle.new_account]
[parameters]
"quiet floor" = "Level 2"
[[overlay]]
site = "hq"
tenant = "north"
set = { "quiet floor" = "Level 1" }
[phone]
country = "GB"
[profile]
phone = { from = "phone", as = ["phone"] }
custom02 = { from = "day", as = "date DD.MM.YYYY" }
custom03 = { cel = "user.profile.firstName + '!'" }
[[user_type]]
is = "Employee"
[manager]
attribute = "manager"
[[flow]]
id = "a"
then = [
  { place = "desk", room = "1", near = "department", otherwise = { field = "custom01" } },
  { role = "customer", module = "reservation" }, { booking = "day one" }, { visit = "arrival" },
  { todo = "x", what = "y" }, { item = "Z" }, { door = "building of their seat" }, { cost_center = "C" }, { roles = "from table" },
]
never = [{ role = "customer", center = "C" }]
tell = ["it"]
if_it_fails = { retry = 2, every = "1 minute", instead = [{ item = "Y" }], todo = "x", how = "y", alert = ["it"], stop = true }
[[schedule]]
id = "nightly"
cron = "0 2 * * *"
[reactions]
unlinked = "hold"
[reactions.sites.hq]
unmatched = "alarm"
[guardrails]
removals_but_first = { approval = ["manager"] }
removal_window = { from = "09:00", to = "17:00" }
[[guardrails.protection]]
id = "litigation"
if = [{ group = "A" }]
reason = "case 7"
owner = "legal@x.example"
until = "2026-12-31"
[notify.it]
email = ["it@x.example"]
[person.a]
tenant = "north"
profile = { x = "y" }
[[test]]
name = "t"
given = { like = "a", failed = ["a"], profile = { x = "z" } }
expect = { place = "desk", profile = { phone = "1" } }
"#;

    fn schema() -> Json {
        serde_json::from_str(TEXT).unwrap()
    }

    /// The alternatives that a schema stands for, references followed.
    fn ways<'a>(root: &'a Json, node: &'a Json) -> Vec<&'a Json> {
        if let Some(name) = node["$ref"].as_str() {
            return ways(root, &root["definitions"][name.rsplit('/').next().unwrap()]);
        }
        for key in ["anyOf", "allOf"] {
            if let Some(list) = node[key].as_array() {
                return list.iter().flat_map(|part| ways(root, part)).collect();
            }
        }
        vec![node]
    }

    /// The schemas of what stands under `key`, lists looked into.
    fn under<'a>(root: &'a Json, nodes: &[&'a Json], key: &str) -> Vec<&'a Json> {
        let mut found = Vec::new();
        for node in nodes.iter().flat_map(|node| ways(root, node)) {
            let inner = match &node["properties"][key] {
                Json::Null => &node["additionalProperties"],
                inner => inner,
            };
            for way in ways(root, inner).into_iter().filter(|way| way.is_object()) {
                found.extend(ways(root, if way["type"] == "array" { &way["items"] } else { way }));
            }
        }
        found
    }

    fn problems(root: &Json, node: &Json, value: &Json, path: &str, out: &mut Vec<String>) {
        if let Some(name) = node["$ref"].as_str() {
            return problems(root, &root["definitions"][name.rsplit('/').next().unwrap()], value, path, out);
        }
        for part in node["allOf"].as_array().into_iter().flatten() {
            problems(root, part, value, path, out);
        }
        if let Some(list) = node["anyOf"].as_array() {
            let fits = |part: &Json| {
                let mut inner = Vec::new();
                problems(root, part, value, path, &mut inner);
                inner.is_empty()
            };
            if !list.iter().any(fits) {
                out.push(format!("{path}: {value} fits none of the alternatives"));
            }
        }
        if let Some(list) = node["enum"].as_array()
            && !list.contains(value)
        {
            out.push(format!("{path}: {value} is none of {list:?}"));
        }
        if !node["const"].is_null() && node["const"] != *value {
            out.push(format!("{path}: {value} is not {}", node["const"]));
        }
        let kind = match value {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Number(_) => "integer",
            Json::String(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        };
        let kinds: Vec<&str> = match &node["type"] {
            Json::String(kind) => vec![kind],
            Json::Array(list) => list.iter().filter_map(Json::as_str).collect(),
            _ => vec![kind],
        };
        if !kinds.contains(&kind) {
            return out.push(format!("{path}: {value} is {kind}, not {kinds:?}"));
        }
        for (at, item) in value.as_array().into_iter().flatten().enumerate() {
            problems(root, &node["items"], item, &format!("{path}/{at}"), out);
        }
        for (key, inner) in value.as_object().into_iter().flatten() {
            let path = format!("{path}/{key}");
            match (&node["properties"][key], &node["additionalProperties"]) {
                (Json::Null, Json::Bool(false)) => out.push(format!("{path} is not known")),
                (Json::Null, rest) => problems(root, rest, inner, &path, out),
                (known, _) => problems(root, known, inner, &path, out),
            }
        }
        for key in node["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            if value.is_object() && value[key].is_null() {
                out.push(format!("{path} lacks {key}"));
            }
        }
    }

    fn check(text: &str) -> Vec<String> {
        let files = PolicyFiles { toml: ("policy.toml".into(), text.into()), ..PolicyFiles::default() };
        let value = structured::to_json(&files).expect("TOML");
        let mut out = Vec::new();
        problems(&schema(), &schema(), &value["rules"], "", &mut out);
        out
    }

    #[test]
    fn the_shipped_policy_and_one_with_everything_fit_the_schema() {
        assert_eq!(check(SHIPPED), Vec::<String>::new());
        assert_eq!(check(EVERYTHING), Vec::<String>::new());
    }

    #[test]
    fn slips_do_not_fit_the_schema() {
        for (slip, said) in [
            ("format = 2", "/format: 2 is not 1"),
            ("format = 1\nflows = []", "/flows is not known"),
            (
                "format = 1\n[[flow]]\nid = \"a\"\nthen = [{ plaice = \"desk\" }]",
                "/flow/0/then/0/plaice is not known",
            ),
            ("format = 1\n[[flow]]\nid = \"a\"\ntemplate = \"new\"", "/flow/0/template: \"new\" is none of"),
            (
                "format = 1\n[lifecycle]\nsettle_seconds = \"90\"",
                "/lifecycle/settle_seconds: \"90\" is string",
            ),
            ("format = 1\n[[test]]\nname = \"x\"", "/test/0 lacks given"),
        ] {
            let found = check(slip);
            assert!(found.iter().any(|problem| problem.starts_with(said)), "{slip}\nsaid {found:#?}");
        }
    }

    #[test]
    fn every_key_that_is_read_is_in_the_schema() {
        let root = schema();
        let tables = [("places".to_owned(), PLACES.to_owned())].into();
        let shipped = PolicyFiles { toml: ("policy.toml".into(), SHIPPED.into()), tables };
        let all = PolicyFiles { toml: ("policy.toml".into(), EVERYTHING.into()), ..PolicyFiles::default() };
        let mut asked = parse::keys(&shipped);
        asked.extend(parse::keys(&all));
        assert!(asked.len() > 150, "only {} keys were asked for", asked.len());
        for (section, key) in asked {
            let mut nodes = vec![&root];
            for part in section.split('.').filter(|part| !part.is_empty()) {
                nodes = under(&root, &nodes, part);
            }
            let known = nodes.iter().any(|node| !node["properties"][key].is_null());
            assert!(known, "[{section}] reads {key}, which the schema does not know");
        }
    }
}

//! The policy as a table: which rule gives, keeps or takes which right, and whose. For whoever must judge it without
//! reading its files.

use serde_json::Value as Json;

use crate::{PolicyFiles, say, structured, table::asks_by};

/// One rule and one right; where a table completes the rule, one row of it too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleRight {
    /// As reasons name it.
    pub rule: String,
    /// `gives`, `never` (beats every grant), `instead` (where another right cannot be had), `takes`.
    pub effect: &'static str,
    pub right: String,
    /// Whom it concerns: all of it must hold.
    pub whom: String,
    /// Of rules that give one thing only, the higher wins.
    pub priority: Option<i64>,
    /// What must come first; empty: nothing.
    pub asks: String,
    /// When it ends although its conditions still hold; empty: never.
    pub until: String,
    /// The author's sentence.
    pub sentence: String,
    /// The table that completes it, and the number of its row.
    pub row: Option<(String, i64)>,
}

/// What a policy's files say that can concern people of a tenant in any of these sites, in the files' order. Unusable files say
/// what they can.
pub fn rule_rights(files: &PolicyFiles, tenant: &str, sites: &[&str]) -> Vec<RuleRight> {
    let all = structured::to_json(files).unwrap_or_default();
    let scope = Scope { tenant, sites };
    let mut found = Vec::new();
    for flow in list(&all["rules"]["flow"]).iter().filter(|flow| scope.may_fit(&flow["if"])) {
        let rows = match flow["look_up"].as_str() {
            None => vec![Completed::default()],
            Some(name) => completed(&all["tables"], name, &scope),
        };
        found.extend(rows.iter().flat_map(|row| of_flow(flow, row)));
    }
    found.extend(list(&all["rules"]["user_type"]).iter().map(|rule| RuleRight {
        rule: "user type".into(),
        effect: "gives",
        right: format!("the user type {}", text(rule, "is")),
        whom: say::conditions(rule.get("if").unwrap_or(&Json::Array(Vec::new()))),
        ..RuleRight::default()
    }));
    found.extend(of_lifecycle(&all["rules"]));
    found
}

fn list(value: &Json) -> &[Json] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Json, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// Whose rights are asked for.
struct Scope<'s> {
    tenant: &'s str,
    sites: &'s [&'s str],
}

impl Scope<'_> {
    /// Whether what asks by `key` for this name may fit.
    fn has(&self, key: &str, name: &str) -> bool {
        match key {
            "tenant" => name == self.tenant,
            "site" => self.sites.contains(&name),
            _ => true,
        }
    }

    /// Whether conditions may hold for anybody.
    fn may_fit(&self, conditions: &Json) -> bool {
        let parts = match conditions {
            Json::Array(all) => all.as_slice(),
            one => std::slice::from_ref(one),
        };
        let fits = |part: &Json, key: &str| match &part[key] {
            Json::String(name) => self.has(key, name),
            Json::Array(all) => all.iter().filter_map(Json::as_str).any(|name| self.has(key, name)),
            _ => true,
        };
        parts.iter().all(|part| fits(part, "tenant") && fits(part, "site"))
    }
}

/// What a row of a table adds to a rule.
#[derive(Default)]
struct Completed {
    whom: String,
    gives: String,
    until: String,
    row: Option<(String, i64)>,
}

fn completed(tables: &Json, name: &str, scope: &Scope<'_>) -> Vec<Completed> {
    let table = &tables[name];
    let columns: Vec<&str> = list(&table["columns"]).iter().filter_map(Json::as_str).map(str::trim).collect();
    let rows = list(&table["rows"]).iter().zip(1..).filter_map(|(row, number)| {
        let mut done = Completed { row: Some((name.to_owned(), number)), ..Completed::default() };
        let (mut whom, mut gives) = (Vec::new(), Vec::new());
        for (column, cell) in columns.iter().zip(list(row)) {
            let cell = cell.as_str().unwrap_or_default().trim();
            match *column {
                _ if cell.is_empty() => {}
                "comment" => {}
                column if !cell.split('|').any(|name| scope.has(column, name.trim())) => return None,
                "until" => done.until = cell.to_owned(),
                column if asks_by(column) => {
                    whom.push(format!("{} is {cell}", column.trim_start_matches("attribute:")));
                }
                column => gives.push(format!("{column} {cell}")),
            }
        }
        (done.whom, done.gives) = (whom.join(" and "), gives.join(", "));
        Some(done)
    });
    rows.collect()
}

fn of_flow(flow: &Json, row: &Completed) -> Vec<RuleRight> {
    let whom = match flow.get("if") {
        None => "everybody in scope".to_owned(),
        Some(conditions) => say::conditions(conditions),
    };
    let until = match (flow["until"].as_str(), row.until.as_str()) {
        (None, day) => day.to_owned(),
        (Some(attribute), "") => format!("the day in {attribute}"),
        (Some(attribute), day) => format!("the day in {attribute}, {day} at the latest"),
    };
    let line = |effect: &'static str, outcome: &Json| RuleRight {
        rule: text(flow, "id"),
        effect,
        right: joined(&say::outcome(outcome), ": ", &row.gives),
        whom: joined(&whom, " and ", &row.whom),
        priority: flow["priority"].as_i64(),
        asks: asks(&flow["but_first"]),
        until: until.clone(),
        sentence: text(flow, "sentence"),
        row: row.row.clone(),
    };
    let gives = list(&flow["then"]);
    let instead = gives.iter().chain([flow]).flat_map(|part| list(&part["if_it_fails"]["instead"]));
    let gives = gives.iter().map(|outcome| line("gives", outcome));
    let never = list(&flow["never"]).iter().map(|outcome| line("never", outcome));
    gives.chain(never).chain(instead.map(|outcome| line("instead", outcome))).collect()
}

fn joined(first: &str, between: &str, second: &str) -> String {
    if second.is_empty() { first.to_owned() } else { format!("{first}{between}{second}") }
}

/// What leaving, leave and the end of a contract take, and what is asked before an account is made, or something goes that no
/// rule gives any more.
fn of_lifecycle(rules: &Json) -> Vec<RuleRight> {
    const EVERYTHING: &str = "everything";
    let lifecycle = &rules["lifecycle"];
    let takes = |rule: String, right: String, whom: String, of: &Json| RuleRight {
        rule,
        effect: "takes",
        right,
        whom,
        asks: asks(&of["but_first"]),
        ..RuleRight::default()
    };
    let headed = |key: &str| {
        let rules = list(&lifecycle[key]).iter().enumerate();
        let named = rules.map(move |(at, rule)| {
            let id = rule["id"].as_str().map_or_else(|| format!("{key}-{}", at + 1), str::to_owned);
            (format!("lifecycle.{key}.{id}"), say::conditions(&rule["if"]), rule)
        });
        named.collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    let before = asks(&lifecycle["new_account"]["but_first"]);
    if !before.is_empty() {
        found.push(RuleRight {
            rule: "lifecycle.new_account".into(),
            effect: "gives",
            right: "an account, made or switched on again".into(),
            whom: "everybody in scope".into(),
            asks: before,
            ..RuleRight::default()
        });
    }
    for (key, whom) in [("deactivated", "deactivated in Okta"), ("deleted", "deleted in Okta")] {
        found.push(takes(format!("lifecycle.{key}"), EVERYTHING.into(), whom.into(), &lifecycle[key]));
    }
    if let Some(attribute) = lifecycle["end"]["attribute"].as_str() {
        let whom = match &lifecycle["end"]["if"] {
            Json::Null => "everybody".to_owned(),
            conditions => say::conditions(conditions),
        };
        let whom = format!("{whom} and the day in {attribute} is over");
        found.push(takes("lifecycle.end".into(), EVERYTHING.into(), whom, &lifecycle["end"]));
    }
    found
        .extend(headed("ended").into_iter().map(|(id, whom, rule)| takes(id, EVERYTHING.into(), whom, rule)));
    found.extend(headed("leave").into_iter().map(|(id, whom, rule)| {
        let loses = match &rule["loses"] {
            Json::Null => "permissions, doors".to_owned(),
            loses => say::names(loses),
        };
        takes(id, format!("for the time being: {loses}"), whom, rule)
    }));
    if let Some(conditions) = rules["scope"].get("if").filter(|_| rules["scope"]["on_leaving"] != "ignore") {
        let whom = format!("no longer: {}", say::conditions(conditions));
        found.push(takes("scope".into(), EVERYTHING.into(), whom, &rules["scope"]));
    }
    let before = asks(&rules["guardrails"]["removals_but_first"]);
    if !before.is_empty() {
        let right = "what no rule gives any more".into();
        found.push(RuleRight {
            asks: before,
            ..takes("policy".into(), right, "everybody".into(), &Json::Null)
        });
    }
    found
}

/// What must come first, in words.
fn asks(first: &Json) -> String {
    let mut said = Vec::new();
    if let Some(hold) = first["hold"].as_str() {
        said.push(format!("{hold} must pass"));
    }
    if !first["approval"].is_null() {
        let count = first["quorum"].as_i64().unwrap_or(1);
        let votes = if count > 1 { format!("{count} votes of ") } else { String::new() };
        said.push(format!("{votes}{} must agree", say::names(&first["approval"])));
    }
    for stage in list(&first["stages"]) {
        let takes = match &stage["takes"] {
            Json::Null => "permissions, doors".to_owned(),
            takes => say::names(takes),
        };
        said.push(format!("{takes} only {} later", text(stage, "after")));
    }
    said.join("; ")
}

#[cfg(test)]
mod tests {
    use super::{RuleRight, rule_rights};
    use crate::PolicyFiles;

    fn told(rules: &str, tables: &[(&str, &str)]) -> Vec<String> {
        let files = PolicyFiles {
            toml: ("policy.toml".into(), rules.into()),
            tables: tables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        };
        let line = |one: RuleRight| {
            let row = one.row.map(|(table, number)| format!(" [{table} {number}]")).unwrap_or_default();
            let tail = [("asks", one.asks), ("until", one.until)];
            let tail: String = tail
                .iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(what, text)| format!(" ({what}: {text})"))
                .collect();
            format!("{} {}: {} <- {}{tail}{row}", one.rule, one.effect, one.right, one.whom)
        };
        rule_rights(&files, "north", &["pier", "mill"]).into_iter().map(line).collect()
    }

    #[test]
    fn every_right_stands_beside_its_rule_and_those_it_concerns() {
        let rules = r#"
[scope]
if = [{ group = "App" }]
[lifecycle.end]
attribute = "endDate"
if = [{ attribute = "userType", is = "Contractor" }]
[[lifecycle.leave]]
id = "away"
if = [{ status = "SUSPENDED" }]
loses = ["permissions"]
[[flow]]
id = "rooms"
if = [{ group = "Rooms" }]
until = "endDate"
but_first = { hold = "1 day", approval = ["manager", "role:approver"], quorum = 2 }
then = [{ role = "manager", center = "Visitors", if_it_fails = { instead = [{ role = "customer", center = "Visitors" }] } }]
never = [{ item = "Executive floor" }]
[[flow]]
id = "others"
if = [{ tenant = "south" }]
then = [{ item = "South gate" }]
[[flow]]
id = "dock"
if = [{ site = ["dock"] }]
then = [{ item = "Dock gate" }]
[[flow]]
id = "desk"
look_up = "places"
then = [{ place = "desk" }]
[[user_type]]
is = "Employee"
"#;
        let places = "tenant,site,attribute:office,building,until,comment\n,,PIER,Pier House,2026-12-31,old\nsouth,,DOCK,Dock,,\n\
                      south|north,mill,MILL,Mill,,\n,dock,DOCK,Dock,,\n";
        assert_eq!(
            told(rules, &[("places", places)]),
            [
                "rooms gives: the role manager in Visitors <- member of \"Rooms\" (asks: 1 day must pass; 2 votes of manager, \
                 role:approver must agree) (until: the day in endDate)",
                "rooms never: the item Executive floor <- member of \"Rooms\" (asks: 1 day must pass; 2 votes of manager, \
                 role:approver must agree) (until: the day in endDate)",
                "rooms instead: the role customer in Visitors <- member of \"Rooms\" (asks: 1 day must pass; 2 votes of manager, \
                 role:approver must agree) (until: the day in endDate)",
                "desk gives: a desk: building Pier House <- everybody in scope and office is PIER (until: 2026-12-31) [places 1]",
                "desk gives: a desk: building Mill <- everybody in scope and tenant is south|north and site is mill and office is \
                 MILL [places 3]",
                "user type gives: the user type Employee <- everybody",
                "lifecycle.deactivated takes: everything <- deactivated in Okta",
                "lifecycle.deleted takes: everything <- deleted in Okta",
                "lifecycle.end takes: everything <- userType is \"Contractor\" and the day in endDate is over",
                "lifecycle.leave.away takes: for the time being: permissions <- status is \"SUSPENDED\"",
                "scope takes: everything <- no longer: member of \"App\"",
            ]
        );
    }

    #[test]
    fn what_is_asked_beside_the_rules_that_give_something_has_its_row_too() {
        let rules = r#"
[lifecycle.deactivated]
but_first = { stages = [{ after = "3 days", takes = ["account"] }] }
[lifecycle.deleted]
but_first = { approval = ["role:approver"] }
[lifecycle.new_account]
but_first = { approval = ["manager"] }
[guardrails]
removals_but_first = { hold = "2 days" }
"#;
        assert_eq!(
            told(rules, &[]),
            [
                "lifecycle.new_account gives: an account, made or switched on again <- everybody in scope (asks: manager must agree)",
                "lifecycle.deactivated takes: everything <- deactivated in Okta (asks: account only 3 days later)",
                "lifecycle.deleted takes: everything <- deleted in Okta (asks: role:approver must agree)",
                "policy takes: what no rule gives any more <- everybody (asks: 2 days must pass)",
            ]
        );
    }
}

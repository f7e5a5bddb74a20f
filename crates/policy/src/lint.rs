//! What a policy says but hardly means. Needs no site; knows the tenants' schema and groups where they are given.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use lanyard_model::{
    fold,
    id::{GroupId, TenantId},
    identity::AttributeValue,
};
use serde::{Deserialize, Serialize};

use crate::{
    condition::{Condition, GroupTest, Wanted},
    document::{Document, Flow, Kind, Source, Whose},
    expression::{NamedBy, NamedGroup},
    policy::Policy,
    problem::{Findings, Problems, Spot, nearest},
    remedy,
    table::{Row, Table},
    test::Test,
    testing::words,
    typing::{self, Usage},
};

/// What the tenants have. `None`: not known, so not checked.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Attribute names of all tenants' schemas.
    pub attributes: Option<BTreeSet<String>>,
    /// Their types, as Okta calls them (`string`, `boolean`, `number`, `integer`, `array`): one name may have several.
    pub types: BTreeMap<String, BTreeSet<String>>,
    /// Groups of all tenants, with their names.
    pub groups: Option<BTreeMap<GroupId, String>>,
    /// Groups that tenants had once, as far as they were seen to go.
    pub gone: BTreeMap<GroupId, GoneGroup>,
    /// What the settings have for messages.
    pub ways: Option<Ways>,
}

/// A group that was deleted in Okta.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoneGroup {
    /// What it was called last; `None`: it was in no list of ours.
    pub name: Option<String>,
    /// Since when, by Okta's word or by our observation.
    pub since: Timestamp,
}

impl GoneGroup {
    /// `Okta called it "Rooms", and it is gone since 2026-05-04 08:00 UTC`.
    pub fn said(&self) -> String {
        let since = self.since.strftime("%Y-%m-%d %H:%M UTC");
        match &self.name {
            Some(name) => format!("Okta called it \"{name}\", and it is gone since {since}"),
            None => format!("it is gone since {since}"),
        }
    }
}

/// By which ways messages can leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// There is a mail server.
    pub mail: bool,
    /// Names of secrets.
    pub secrets: BTreeSet<String>,
}

impl Known {
    /// What the policy says that could not be held against anything, in words.
    pub fn unchecked(&self) -> Vec<String> {
        let mut list = Vec::new();
        if self.attributes.is_none() {
            list.push("attributes and their types: no schema of the tenants is at hand".to_owned());
        }
        if self.groups.is_none() {
            list.push("ids of groups: not every tenant's groups are known".to_owned());
        }
        list
    }
}

impl Policy {
    /// Findings beyond those of [`Policy::parse`]: errors should keep a policy from being published, warnings need not.
    pub fn lint(&self, known: &Known) -> Problems {
        let mut findings = Findings::default();
        findings.source(&self.files().toml.0, &self.files().toml.1);
        for (name, text) in &self.files().tables {
            findings.source(&format!("{}.csv", name.trim_end_matches(".csv")), text);
        }
        let document = self.document();
        attributes(document, known, &mut findings);
        typing::check(document, &known.types, &mut findings);
        expressions(document, known, &mut findings);
        groups(document, known, &mut findings);
        strangers(document, &mut findings);
        for idle in &document.idle {
            findings.error(&idle.spot, idle.message.clone(), Some(idle.fix.clone()));
        }
        channels(document, known, &mut findings);
        ties(document, known, &mut findings);
        for table in document.tables.values() {
            shadowed(table, &mut findings);
            let in_profile = document
                .profile
                .iter()
                .any(|rule| matches!(&rule.from, Source::Table { name, .. } if *name == table.name));
            if !in_profile && !document.flows.iter().any(|flow| flow.look_up.as_ref() == Some(&table.name)) {
                let spot = crate::problem::Spot { file: format!("{}.csv", table.name), span: 0..0 };
                let fix = format!("add look_up = \"{}\" to a flow, or remove the file", table.name);
                findings.warning(&spot, "no flow looks anything up in this table", Some(fix));
            }
        }
        self.failing_tests(&mut findings);
        findings.finish()
    }

    /// The policy's own tests, where they fail. A warning: whether the rule or the test is wrong, a person must say.
    fn failing_tests(&self, findings: &mut Findings) {
        if self.document().tests.is_empty() {
            return;
        }
        for test in self.results(&mut |_, _, _| {}) {
            if let Some(first) = test.differences.first() {
                let said =
                    |list: &[String]| if list.is_empty() { "nothing".to_owned() } else { list.join(", ") };
                let message = format!(
                    "the test \"{}\" fails: {} should be {}, and is {}",
                    test.name,
                    first.part,
                    said(&first.expected),
                    said(&first.found)
                );
                let fix = "correct the rule, or the test; lanyard policy test says why";
                findings.warning(&test.spot, message, Some(fix.into()));
            }
        }
    }
}

fn attributes(document: &Document, known: &Known, findings: &mut Findings) {
    let Some(schema) = &known.attributes else { return };
    for (name, spot) in &document.mentions {
        if !schema.contains(name) {
            let fix = nearest(name, schema.iter().map(String::as_str))
                .unwrap_or_else(|| "look the name up in Okta: Directory, Profile Editor".into());
            findings.error(spot, format!("no tenant has an attribute \"{name}\""), Some(fix));
        }
    }
}

/// Entries of `[notify]` by which nothing could be sent.
fn channels(document: &Document, known: &Known, findings: &mut Findings) {
    let Some(ways) = &known.ways else { return };
    for (name, channel) in &document.channels {
        let Some(spots) = document.channel_spots.get(name) else { continue };
        if !channel.email.is_empty() && !ways.mail {
            let fix = "add where e-mail goes out: [mail] in lanyard.toml";
            let message = format!("\"{name}\" tells by e-mail, and the settings have no [mail]");
            findings.error(&spots.email, message, Some(fix.into()));
        }
        if let Some(secret) = channel.slack_secret.as_ref().filter(|secret| !ways.secrets.contains(*secret)) {
            let fix = nearest(secret, ways.secrets.iter().map(String::as_str))
                .unwrap_or_else(|| "name a file for it under [secrets] in lanyard.toml".into());
            let message = format!("\"{name}\" tells Slack, and the settings have no secret \"{secret}\"");
            findings.error(&spots.slack_secret, message, Some(fix));
        }
    }
}

/// What expressions do with attributes, now that their types are known.
fn expressions(document: &Document, known: &Known, findings: &mut Findings) {
    for written in &document.expressions {
        for flaw in written.expression.check(written.purpose, &known.types).flaws {
            let spot = findings.inside(&written.spot, flaw.at);
            findings.error(&spot, flaw.message, flaw.fix);
        }
    }
}

fn groups(document: &Document, known: &Known, findings: &mut Findings) {
    let mut used = BTreeSet::new();
    document.visit(&mut |condition| {
        if let Condition::Group(group) = condition {
            used.insert(group.name.clone());
        }
    });
    // An expression may ask for any of them.
    let all_used = document.expressions.iter().any(|written| written.expression.reads_groups());
    for (name, named) in &document.groups {
        if !all_used && !used.contains(name) {
            findings.warning(&named.spot, format!("no rule asks for the group \"{name}\""), None);
        }
        if named.test.ids.is_empty() {
            let fix = "write the id of the group (00g…), one per tenant";
            findings.warning(
                &named.spot,
                format!("\"{name}\" has no id: nobody is a member"),
                Some(fix.into()),
            );
        }
        gone(&named.test, &named.spot, known, findings);
    }
    for (group, spot) in &document.inline_groups {
        gone(group, spot, known, findings);
    }
    for written in &document.expressions {
        for named in written.expression.named_groups() {
            let spot = findings.inside(&written.spot, named.at.clone());
            named_in_expression(document, named, &spot, known, findings);
        }
    }
}

/// A group that an expression names. It sees those of `[groups]` only, by the policy's names: nobody is ever seen in any
/// other.
fn named_in_expression(
    document: &Document,
    named: &NamedGroup,
    spot: &Spot,
    known: &Known,
    findings: &mut Findings,
) {
    let text = named.text.as_str();
    let names = || document.groups.keys().map(String::as_str);
    let part = |words: &str| format!("no group in [groups] {words} \"{text}\": the expression sees no other");
    match named.by {
        NamedBy::Name if document.groups.contains_key(text) => {}
        NamedBy::Name => {
            let there = known.groups.iter().flatten().find(|(_, name)| *name == text);
            let fix = match (nearest(text, names()), there) {
                (_, Some((id, _))) => format!("add \"{text}\" = \"{id}\" to [groups]"),
                (Some(fix), None) => fix,
                (None, None) => "add it to [groups] with its id".to_owned(),
            };
            let message =
                format!("there is no group \"{text}\" in [groups], and an expression sees no other");
            findings.error(spot, message, Some(fix));
        }
        NamedBy::Id => {
            let id = GroupId::new(text);
            let entry =
                document.groups.values().find(|entry| entry.test.ids.iter().any(|(_, own)| *own == id));
            if let Some(entry) = entry {
                let test = GroupTest { ids: vec![(None, id)], ..entry.test.clone() };
                return gone(&test, spot, known, findings);
            }
            let ids = document.groups.values().flat_map(|entry| &entry.test.ids).map(|(_, own)| own.as_str());
            let listed = known.groups.as_ref().map(|groups| groups.get(&id));
            let gone = known.gone.get(&id).filter(|_| listed == Some(None));
            let fix = match listed {
                Some(Some(name)) => format!("add \"{name}\" = \"{id}\" to [groups]"),
                Some(None) if gone.is_some() => GONE_FIX.to_owned(),
                Some(None) => nearest(text, ids)
                    .unwrap_or_else(|| "it was deleted, or belongs to another tenant".to_owned()),
                None => nearest(text, ids).unwrap_or_else(|| "add it to [groups]".to_owned()),
            };
            let told = gone.map_or_else(String::new, |gone| format!("; {}", gone.said()));
            let message = format!("[groups] has no group {id}, and an expression sees no other{told}");
            findings.error(spot, message, Some(fix));
        }
        NamedBy::Beginning if names().any(|name| name.starts_with(text)) => {}
        NamedBy::End if names().any(|name| name.ends_with(text)) => {}
        NamedBy::Part if names().any(|name| name.contains(text)) => {}
        NamedBy::Beginning => findings.warning(spot, part("begins with"), None),
        NamedBy::End => findings.warning(spot, part("ends with"), None),
        NamedBy::Part => findings.warning(spot, part("contains"), None),
    }
}

const GONE_FIX: &str =
    "it was deleted: name the group that took its place, or take the rules away that ask for it";

/// Ids of a group that no tenant has.
fn gone(group: &GroupTest, spot: &Spot, known: &Known, findings: &mut Findings) {
    let Some(groups) = &known.groups else { return };
    let name = &group.name;
    for (_, id) in group.ids.iter().filter(|(_, id)| !groups.contains_key(id)) {
        let anew = |name: &str| {
            let of_name = groups.iter().filter(|(_, other)| fold::text(other) == fold::text(name));
            // What the policy names beside it is another tenant's.
            let others = of_name.map(|(id, _)| id).filter(|id| !group.ids.iter().any(|(_, own)| own == *id));
            let others: Vec<_> = others.map(GroupId::as_str).collect();
            (!others.is_empty()).then(|| others.join(", "))
        };
        let gone = known.gone.get(id);
        // What stands beside the id, else what Okta called it last.
        let mut others = group.beside.get(id).into_iter().chain(gone.and_then(|gone| gone.name.as_ref()));
        let again = anew(name).map(|other| (None, other));
        let fix = match again.or_else(|| others.find_map(|other| Some((Some(other), anew(other)?)))) {
            Some((None, other)) => {
                format!("a group of this name has the id {other}: it may have been made anew")
            }
            Some((Some(called), other)) => {
                format!("a group called \"{called}\" has the id {other}: it may have been made anew")
            }
            None if gone.is_some() => GONE_FIX.into(),
            None => "it was deleted, or belongs to another tenant".into(),
        };
        // An id without a comment has no other name.
        let called = if id.as_str() == name { String::new() } else { format!(" (\"{name}\")") };
        let told = gone.map_or_else(String::new, |gone| format!(": {}", gone.said()));
        findings.error(spot, format!("no tenant has the group {id}{called}{told}"), Some(fix));
    }
}

/// Tenants and sites that no route has: whatever names one concerns nobody.
fn strangers(document: &Document, findings: &mut Findings) {
    let sites: BTreeSet<&str> = document.routes.iter().map(|route| route.site.as_str()).collect();
    // A route without a tenant takes people of all of them.
    let tenants: Option<BTreeSet<&str>> =
        document.routes.iter().map(|route| route.tenant.as_ref().map(TenantId::as_str)).collect();
    let mut check = |what: Whose, name: &str, spot: &Spot| {
        let (known, message) = match what {
            Whose::Site => (Some(&sites), format!("no route leads to the site \"{name}\"")),
            Whose::Tenant => (tenants.as_ref(), format!("no route is for the tenant \"{name}\"")),
        };
        let Some(known) = known.filter(|known| !known.contains(name)) else { return };
        match nearest(name, known.iter().copied()) {
            Some(fix) => findings.error(spot, message, Some(fix)),
            None => findings.warning(spot, message, Some("add a [[route]], or take this away".into())),
        }
    };
    for named in &document.named {
        check(named.what, &named.name, &named.spot);
    }
    for row in document.tables.values().flat_map(|table| &table.rows) {
        for test in &row.tests {
            match test {
                Condition::Site(list) => {
                    list.iter().for_each(|site| check(Whose::Site, site.as_str(), &row.spot));
                }
                Condition::Tenant(list) => {
                    list.iter().for_each(|tenant| check(Whose::Tenant, tenant.as_str(), &row.spot));
                }
                _ => {}
            }
        }
    }
}

/// Whether somebody can have only one of two outcomes.
fn clash(a: &Kind, b: &Kind) -> bool {
    match (a, b) {
        (Kind::Place { .. }, Kind::Place { .. }) | (Kind::CostCenter(_), Kind::CostCenter(_)) => true,
        // Two that say the same are one.
        (
            Kind::Booking { title, kinds, from, to },
            Kind::Booking { title: other, kinds: of, from: begin, to: end },
        ) => (title, kinds, from, to) != (other, of, begin, end),
        (
            Kind::Visit { visitor_type, notes, at },
            Kind::Visit { visitor_type: other, notes: said, at: then },
        ) => (visitor_type, notes, at) != (other, said, then),
        _ => false,
    }
}

/// Two flows of one priority that may both name a single-valued thing for somebody.
fn ties(document: &Document, known: &Known, findings: &mut Findings) {
    let several = several(document, known);
    for what in ["a place", "a cost center", "a booking", "a visit"] {
        let is = |kind: &Kind| match kind {
            Kind::Place { .. } => what == "a place",
            Kind::CostCenter(_) => what == "a cost center",
            Kind::Booking { .. } => what == "a booking",
            Kind::Visit { .. } => what == "a visit",
            _ => false,
        };
        let clashing = |one: &Flow, other: &Flow| {
            let mut mine = one.gives.iter().filter(|mine| is(&mine.kind));
            mine.any(|mine| other.gives.iter().any(|their| clash(&mine.kind, &their.kind)))
        };
        let flows: Vec<&Flow> =
            document.flows.iter().filter(|flow| flow.gives.iter().any(|outcome| is(&outcome.kind))).collect();
        for (at, later) in flows.iter().enumerate() {
            for earlier in &flows[..at] {
                if earlier.priority == later.priority
                    && clashing(earlier, later)
                    && !apart(&earlier.conditions, &later.conditions, &several)
                {
                    let example = remedy::example(document, &[&earlier.conditions, &later.conditions]);
                    let example = match example {
                        Some(words) => format!(": {words}, for example"),
                        // What nobody can make up an example of is told as it stands.
                        None => {
                            let all = earlier.conditions.iter().chain(&later.conditions);
                            let all: BTreeSet<String> = all.map(words).collect();
                            let all: Vec<String> = all.into_iter().collect();
                            format!(": whoever has all of this: {}", all.join(", and "))
                        }
                    };
                    findings.error(
                        &later.spot,
                        format!(
                            "\"{}\" and \"{}\" both name {what} with priority {}, and somebody may fit both{example}",
                            earlier.id, later.id, later.priority
                        ),
                        Some(
                            "give one of them a higher priority, or conditions that exclude the other's"
                                .into(),
                        ),
                    );
                }
            }
        }
    }
}

/// Attributes that may hold several values at once: as the tenants define them, as a rule asks of them, or as a test
/// gives them.
pub(crate) fn several(document: &Document, known: &Known) -> BTreeSet<String> {
    let defined = known.types.iter().filter(|(_, kinds)| kinds.contains("array")).map(|(name, _)| name);
    let asked = document.compared.iter().filter(|compared| compared.usage == Usage::Several);
    let given = document.tests.iter().flat_map(|case| case.given.identity.profile.iter());
    let given = given.filter(|(_, value)| matches!(value, AttributeValue::List(_)));
    defined
        .cloned()
        .chain(asked.map(|compared| compared.attribute.clone()))
        .chain(given.map(|(name, _)| name.to_string()))
        .collect()
}

/// Whether nobody can fit both lists, by a simple look at their parts. Attributes in `several` exclude no other value.
pub(crate) fn apart(a: &[Condition], b: &[Condition], several: &BTreeSet<String>) -> bool {
    let (a, b) = (flat(a), flat(b));
    a.iter().any(|x| b.iter().any(|y| excludes(x, y, several) || excludes(y, x, several)))
}

fn flat(list: &[Condition]) -> Vec<&Condition> {
    list.iter()
        .flat_map(|condition| match condition {
            Condition::All(inner) => flat(inner),
            other => vec![other],
        })
        .collect()
}

/// The condition under a negation.
fn negated(condition: &Condition) -> Option<&Condition> {
    let Condition::Not(inner) = condition else { return None };
    match &**inner {
        Condition::All(list) if list.len() == 1 => list.first(),
        other => Some(other),
    }
}

fn excludes(x: &Condition, y: &Condition, several: &BTreeSet<String>) -> bool {
    if let Some(y) = negated(y) {
        return implies(x, y);
    }
    match (x, y) {
        (_, Condition::Any(list)) => {
            !list.is_empty()
                && list.iter().all(|part| apart(std::slice::from_ref(x), std::slice::from_ref(part), several))
        }
        (Condition::Tenant(a), Condition::Tenant(b)) => a.iter().all(|one| !b.contains(one)),
        (Condition::Site(a), Condition::Site(b)) => a.iter().all(|one| !b.contains(one)),
        (Condition::Status(a), Condition::Status(b)) => a.iter().all(|one| !b.contains(one)),
        (Condition::Attribute { attribute: a, test: x }, Condition::Attribute { attribute: b, test: y })
            if a == b =>
        {
            match (x, y) {
                (Test::Is(x), Test::Is(y)) => {
                    !several.contains(&a.name)
                        && x.iter().all(|one| y.iter().all(|other| one.folded != other.folded))
                }
                (Test::Is(_), Test::Exists(false)) => true,
                (Test::Exists(x), Test::Exists(y)) => x != y,
                _ => false,
            }
        }
        _ => false,
    }
}

/// Whether everybody who fits `x` fits `y`, by a simple look.
fn implies(x: &Condition, y: &Condition) -> bool {
    match (x, y) {
        (_, Condition::Any(list)) => list.iter().any(|part| implies(x, part)),
        (Condition::Any(list), _) => !list.is_empty() && list.iter().all(|part| implies(part, y)),
        (Condition::Cel(a), Condition::Cel(b)) => a.source() == b.source(),
        (Condition::Tenant(a), Condition::Tenant(b)) => a.iter().all(|one| b.contains(one)),
        (Condition::Site(a), Condition::Site(b)) => a.iter().all(|one| b.contains(one)),
        (Condition::Status(a), Condition::Status(b)) => a.iter().all(|one| b.contains(one)),
        (Condition::Group(a), Condition::Group(b)) => {
            !a.ids.is_empty() && a.ids.iter().all(|one| b.ids.contains(one))
        }
        (Condition::Attribute { attribute: a, test: x }, Condition::Attribute { attribute: b, test: y })
            if a == b =>
        {
            match (x, y) {
                (Test::Is(x), Test::Is(y)) => {
                    x.iter().all(|one| y.iter().any(|other| one.folded == other.folded))
                }
                (Test::Is(_), Test::Exists(true)) => true,
                _ => false,
            }
        }
        _ => false,
    }
}

/// Rows that nobody ever reaches, because an earlier row takes everybody who fits them.
fn shadowed(table: &Table, findings: &mut Findings) {
    // A row that asks for one of some values can only cover rows that ask for one of them too: by value, tables of
    // thousands of rows stay quick.
    let mut by_value: HashMap<(&str, &str), Vec<&Row>> = HashMap::new();
    let mut others: Vec<&Row> = Vec::new();
    for row in &table.rows {
        let own = || row.tests.iter().filter_map(values);
        let near =
            own().filter_map(|(name, list)| by_value.get(&(name, list.first()?.folded.as_str()))).flatten();
        let covers =
            |earlier: &&&Row| earlier.tests.iter().all(|test| row.tests.iter().any(|own| implies(own, test)));
        if let Some(earlier) = near.chain(&others).filter(covers).min_by_key(|earlier| earlier.number) {
            findings.warning(
                &row.spot,
                format!(
                    "row {} is never reached: row {} takes everybody who fits it",
                    row.number, earlier.number
                ),
                Some("move it up, or remove it".into()),
            );
        }
        match own().next() {
            Some((name, list)) => {
                let distinct: BTreeSet<_> = list.iter().map(|wanted| wanted.folded.as_str()).collect();
                for value in distinct {
                    by_value.entry((name, value)).or_default().push(row);
                }
            }
            None => others.push(row),
        }
    }
}

/// The values that an attribute must have.
fn values(test: &Condition) -> Option<(&str, &[Wanted])> {
    match test {
        Condition::Attribute { attribute, test: Test::Is(list) } => Some((&attribute.name, list)),
        _ => None,
    }
}

//! Group rules: a small expression over a user, and memberships that follow it in the background, half by half.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    dice::Oid,
    errors::{ApiError, ApiResult},
    event::{self, Cause, Party},
    moment::Moment,
    paging,
    profile::Field,
    request::{Answer, Call},
    settings::OverLimit,
    state::{GroupKey, GroupType, Job, Org, Status, User, UserKey},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleStatus {
    Active,
    Inactive,
    Invalid,
}

impl RuleStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Invalid => "INVALID",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Rule {
    pub id: Oid,
    pub name: String,
    pub expression: String,
    pub condition: Condition,
    pub groups: Vec<Oid>,
    /// People the rule passes over.
    pub excluded: Vec<Oid>,
    pub status: RuleStatus,
    pub created: Moment,
    pub last_updated: Moment,
    /// Memberships this rule gave, which it may take again.
    pub given: std::collections::BTreeSet<(GroupKey, UserKey)>,
}

/// The part of the vendor's expression language that stands for profile rules.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    Equal(String, String),
    NotEqual(String, String),
    StartsWith(String, String),
    Contains(String, String),
    Present(String),
    /// Of a group with one of these ids.
    Member(Vec<String>),
    /// Of a group whose name is, begins with, or contains a text.
    MemberByName(NameTest, String),
    Not(Box<Condition>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
}

/// How a group's name is held against a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameTest {
    Is,
    Begins,
    Contains,
}

impl Condition {
    /// # Errors
    /// A sentence about the first thing that is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { rest: text.trim(), depth: 0 };
        let condition = parser.or()?;
        if parser.rest.is_empty() { Ok(condition) } else { Err(format!("unexpected '{}'", parser.rest)) }
    }

    /// Attribute names used.
    fn attributes(&self) -> Vec<&str> {
        match self {
            Self::Equal(name, _) | Self::NotEqual(name, _) | Self::StartsWith(name, _) => vec![name],
            Self::Contains(name, _) | Self::Present(name) => vec![name],
            Self::Member(_) | Self::MemberByName(..) => Vec::new(),
            Self::Not(inner) => inner.attributes(),
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Condition::attributes).collect(),
        }
    }

    fn looks_at_groups(&self) -> bool {
        match self {
            Self::Member(_) | Self::MemberByName(..) => true,
            Self::Not(inner) => inner.looks_at_groups(),
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::looks_at_groups),
            _ => false,
        }
    }

    fn holds(&self, org: &Org, user: &User) -> bool {
        let text = |name: &str| -> Option<String> {
            match user.profile.get(org.names.key(name)?)? {
                Field::Text(text) => Some(text.to_string()),
                other => Some(other.to_value().to_string()),
            }
        };
        match self {
            Self::Equal(name, wanted) => text(name).as_deref() == Some(wanted),
            Self::NotEqual(name, wanted) => text(name).as_deref() != Some(wanted),
            Self::StartsWith(name, wanted) => {
                text(name).is_some_and(|value| value.starts_with(wanted.as_str()))
            }
            Self::Contains(name, wanted) => text(name).is_some_and(|value| value.contains(wanted.as_str())),
            Self::Present(name) => text(name).is_some(),
            Self::Member(groups) => groups.iter().any(|id| {
                let key = Oid::parse(id).and_then(|id| org.group_ids.get(&id));
                key.is_some_and(|key| user.groups.contains(key))
            }),
            Self::MemberByName(test, text) => {
                let mut names =
                    user.groups.iter().filter_map(|key| org.group_at(*key)).map(|group| &*group.head.name);
                names.any(|name| match test {
                    NameTest::Is => name == text,
                    NameTest::Begins => name.starts_with(text.as_str()),
                    NameTest::Contains => name.contains(text.as_str()),
                })
            }
            Self::Not(inner) => !inner.holds(org, user),
            Self::And(parts) => parts.iter().all(|part| part.holds(org, user)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(org, user)),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn or(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.and()?];
        while self.eat("||") || self.eat_word("or") {
            parts.push(self.and()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Or(parts) })
    }

    fn and(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.term()?];
        while self.eat("&&") || self.eat_word("and") {
            parts.push(self.term()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::And(parts) })
    }

    fn term(&mut self) -> Result<Condition, String> {
        self.depth += 1;
        if self.depth > 100 {
            return Err("the expression is too deep".to_owned());
        }
        if self.rest.starts_with('!') && !self.rest.starts_with("!=") {
            self.eat("!");
            return Ok(Condition::Not(Box::new(self.term()?)));
        }
        if self.eat("(") {
            let inner = self.or()?;
            return if self.eat(")") { Ok(inner) } else { Err("a parenthesis does not close".to_owned()) };
        }
        for (function, make) in [
            ("String.startsWith(", Condition::StartsWith as fn(String, String) -> Condition),
            ("String.stringContains(", Condition::Contains),
        ] {
            if self.eat(function) {
                let name = self.attribute()?;
                self.demand(",")?;
                let value = self.literal()?;
                self.demand(")")?;
                return Ok(make(name, value));
            }
        }
        for (function, test) in [
            ("isMemberOfGroupName(", NameTest::Is),
            ("isMemberOfGroupNameStartsWith(", NameTest::Begins),
            ("isMemberOfGroupNameContains(", NameTest::Contains),
        ] {
            if self.eat(function) {
                let text = self.literal()?;
                self.demand(")")?;
                return Ok(Condition::MemberByName(test, text));
            }
        }
        if self.eat("isMemberOfAnyGroup(") || self.eat("isMemberOfGroup(") {
            let mut groups = vec![self.literal()?];
            while self.eat(",") {
                groups.push(self.literal()?);
            }
            self.demand(")")?;
            return Ok(Condition::Member(groups));
        }
        let name = self.attribute()?;
        let equal = if self.eat("==") {
            true
        } else if self.eat("!=") {
            false
        } else {
            return Err(format!("'user.{name}' must be compared by == or !="));
        };
        if self.eat_word("null") {
            let present = Condition::Present(name);
            return Ok(if equal { Condition::Not(Box::new(present)) } else { present });
        }
        let value = self.literal()?;
        Ok(if equal { Condition::Equal(name, value) } else { Condition::NotEqual(name, value) })
    }

    fn attribute(&mut self) -> Result<String, String> {
        self.demand("user.")?;
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return Err("an attribute name was expected after 'user.'".to_owned());
        }
        self.rest = rest.trim_start();
        Ok(name.to_owned())
    }

    fn literal(&mut self) -> Result<String, String> {
        let quote = self.rest.chars().next().unwrap_or(' ');
        if quote == '"' || quote == '\'' {
            let inner: &'a str = &self.rest[1..];
            let end = inner.find(quote).ok_or("a quoted value does not end")?;
            self.rest = inner[end + 1..].trim_start();
            return Ok(inner[..end].to_owned());
        }
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '.').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        if word.is_empty() { Err("a value was expected".to_owned()) } else { Ok(word.to_owned()) }
    }

    fn eat(&mut self, wanted: &str) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn eat_word(&mut self, wanted: &str) -> bool {
        let head = self.rest.get(..wanted.len()).is_some_and(|head| head.eq_ignore_ascii_case(wanted));
        if !head {
            return false;
        }
        let rest = &self.rest[wanted.len()..];
        if rest.starts_with(char::is_alphanumeric) {
            return false;
        }
        self.rest = rest.trim_start();
        true
    }

    fn demand(&mut self, wanted: &str) -> Result<(), String> {
        if self.eat(wanted) { Ok(()) } else { Err(format!("'{wanted}' was expected at '{}'", self.rest)) }
    }
}

impl Rule {
    fn party(&self) -> Party {
        Party {
            id: self.id.to_string(),
            kind: "GroupRule",
            alternate_id: "unknown".to_owned(),
            display_name: self.name.clone(),
        }
    }
}

impl Org {
    fn rule_value(&self, rule: &Rule, names: bool) -> Value {
        let mut out = json!({
            "type": "group_rule", "id": rule.id.as_str(), "status": rule.status.as_str(), "name": rule.name,
            "created": rule.created.iso(), "lastUpdated": rule.last_updated.iso(),
            "conditions": {
                "people": { "users": { "exclude": rule.excluded.iter().map(Oid::as_str).collect::<Vec<_>>() },
                            "groups": { "exclude": [] } },
                "expression": { "value": rule.expression, "type": "urn:okta:expression:1.0" },
            },
            "actions": { "assignUserToGroups": { "groupIds": rule.groups.iter().map(Oid::as_str).collect::<Vec<_>>() } },
        });
        if names {
            let pairs: Map<String, Value> = rule
                .groups
                .iter()
                .filter_map(|id| {
                    let group = self.group_at(*self.group_ids.get(id)?)?;
                    Some((id.to_string(), Value::from(&*group.head.name)))
                })
                .collect();
            out["_embedded"] = json!({ "groupIdToGroupNameMap": pairs });
        }
        out
    }

    pub fn list_rules(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let limit = paging::limit(call, 50, 200, self.settings.over_limit_lists == OverLimit::Clamp)?;
        let start = match call.given("after") {
            None => 0,
            Some(after) => {
                let place = self.cursors.open(after, call.now)?;
                let at = place.strip_prefix("r").and_then(|at| at.parse::<usize>().ok());
                at.ok_or_else(|| ApiError::refused("after", "Invalid pagination cursor"))? + 1
            }
        };
        let wanted = call.param("search").unwrap_or_default().to_lowercase();
        let names = call.param("expand") == Some("groupIdToGroupNameMap");
        let rules = self.rules.iter().enumerate().skip(start);
        let found: Vec<_> =
            rules.filter(|(_, rule)| rule.name.to_lowercase().contains(&wanted)).take(limit + 1).collect();
        let shown = &found[..found.len().min(limit)];
        let full = self.settings.empty_last_page && found.len() == limit;
        let last = shown.last().filter(|_| full || found.len() > limit);
        let cursor = last.map(|(at, _)| self.cursors.seal(&format!("r{at}"), call.now));
        let rows = shown.iter().map(|(_, rule)| self.rule_value(rule, names)).collect();
        Ok(Answer::value(&rows).linked(paging::links(call, cursor.as_deref(), limit, &[])))
    }

    fn rule_place(&self, id: &str) -> ApiResult<usize> {
        let place = self.rules.iter().position(|rule| rule.id.as_str() == id);
        place.ok_or_else(|| ApiError::missing(id, "GroupRule"))
    }

    pub fn get_rule(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let rule = &self.rules[self.rule_place(id)?];
        Ok(Answer::value(&self.rule_value(rule, call.param("expand") == Some("groupIdToGroupNameMap"))))
    }

    fn wanted_rule(&self, body: &Value) -> ApiResult<Rule> {
        let text = |at: &str| body.pointer(at).and_then(Value::as_str).unwrap_or_default();
        let name = text("/name");
        if name.is_empty() || name.chars().count() > 50 {
            return Err(ApiError::invalid("name", "must be between 1 and 50 characters"));
        }
        if text("/type") != "group_rule" {
            return Err(ApiError::invalid("type", "must be group_rule"));
        }
        let kind = body.pointer("/conditions/expression/type").filter(|kind| !kind.is_null());
        if kind.is_some_and(|kind| kind != "urn:okta:expression:1.0") {
            return Err(ApiError::invalid("conditions.expression.type", "must be urn:okta:expression:1.0"));
        }
        let expression = text("/conditions/expression/value");
        let condition = Condition::parse(expression).map_err(|why| {
            ApiError::invalid("conditions.expression", &format!("Invalid expression: {why}"))
        })?;
        if let Some(unknown) = condition.attributes().into_iter().find(|name| self.names.key(name).is_none())
        {
            return Err(ApiError::invalid("conditions.expression", &format!("Invalid property {unknown}")));
        }
        let ids = body.pointer("/actions/assignUserToGroups/groupIds").and_then(Value::as_array);
        let mut groups = Vec::new();
        for id in ids.into_iter().flatten() {
            let wrong =
                || ApiError::invalid("actions.assignUserToGroups.groupIds", "must be an array of ids");
            let id = id.as_str().ok_or_else(wrong)?;
            let key = Oid::parse(id).and_then(|id| self.group_ids.get(&id).copied());
            match key.and_then(|key| self.group_at(key)) {
                Some(group) if group.head.kind == GroupType::Okta => groups.push(group.head.id),
                Some(_) => return Err(ApiError::of("E0000006")),
                None => return Err(ApiError::missing(id, "UserGroup")),
            }
        }
        if groups.is_empty() {
            return Err(ApiError::invalid("actions", "at least one group is required"));
        }
        let excluded = body.pointer("/conditions/people/users/exclude").and_then(Value::as_array);
        let excluded = excluded.into_iter().flatten().filter_map(|id| Oid::parse(id.as_str()?)).collect();
        Ok(Rule {
            id: Oid::parse("0pr00000000000000000").unwrap_or(self.id),
            name: name.to_owned(),
            expression: expression.to_owned(),
            condition,
            groups,
            excluded,
            status: RuleStatus::Inactive,
            created: self.now,
            last_updated: self.now,
            given: Default::default(),
        })
    }

    pub fn post_rule(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let body = call.json()?;
        let rule = self.wanted_rule(&body)?;
        if self.rules.iter().any(|known| known.name == rule.name) {
            return Err(ApiError::invalid(
                "name",
                "An object with this field already exists in the current organization",
            ));
        }
        let id = self.fresh_id("0pr");
        self.rules.push(Rule { id, ..rule });
        self.record_rule(self.rules.len() - 1, &call.cause.clone(), None);
        self.get_rule(call, id.as_str())
    }

    /// Journals a rule as it is now, and as it was.
    fn record_rule(&mut self, place: usize, cause: &Cause, before: Option<String>) {
        let (id, after) = (self.rules[place].id, self.rule_text(place));
        self.record(cause, "group_rule", id.as_str(), before, Some(after));
    }

    fn rule_text(&self, place: usize) -> String {
        self.rule_value(&self.rules[place], false).to_string()
    }

    /// Only while inactive, and never of `actions`.
    pub fn put_rule(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let body = call.json()?;
        let place = self.rule_place(id)?;
        let wanted = self.wanted_rule(&body)?;
        let (now, before) = (self.now, self.rule_text(place));
        let rule = &mut self.rules[place];
        if rule.status == RuleStatus::Active {
            return Err(ApiError::refused("rule", "Only an inactive rule can be updated"));
        }
        if rule.groups != wanted.groups {
            return Err(ApiError::refused("actions", "The actions of a rule cannot be changed"));
        }
        rule.name = wanted.name;
        rule.expression = wanted.expression;
        rule.condition = wanted.condition;
        rule.excluded = wanted.excluded;
        rule.status = RuleStatus::Inactive;
        rule.last_updated = now;
        self.record_rule(place, &call.cause.clone(), Some(before));
        self.get_rule(call, id)
    }

    pub fn delete_rule(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let place = self.rule_place(id)?;
        let remove = call.flag("removeUsers", false)?;
        let before = self.rule_text(place);
        let rule = self.rules.remove(place);
        self.record(&call.cause.clone(), "group_rule", id, Some(before), None);
        if remove {
            for (group, user) in rule.given {
                let delay = self.draw(|s| s.rule_delay);
                let transaction = call.request_id.to_owned();
                self.later(delay, Job::RuleMove { user, group, add: false, transaction });
            }
        }
        Ok(Answer::empty(StatusCode::ACCEPTED))
    }

    pub fn turn_rule(&mut self, call: &Call<'_>, id: &str, active: bool) -> ApiResult<Answer> {
        let place = self.rule_place(id)?;
        let (now, before) = (self.now, self.rule_text(place));
        let rule = &mut self.rules[place];
        if active && rule.status == RuleStatus::Invalid {
            return Err(ApiError::refused(
                "rule",
                "The rule refers to a group or attribute that does not exist",
            ));
        }
        rule.status = if active { RuleStatus::Active } else { RuleStatus::Inactive };
        rule.last_updated = now;
        let party = rule.party();
        let kind = if active { &event::RULE_TRIGGER } else { &event::RULE_DEACTIVATED };
        self.record_rule(place, &call.cause.clone(), Some(before));
        self.emit(kind, &call.cause.clone(), vec![party], Vec::new());
        if active {
            for user in 0..self.users.len() as u32 {
                self.rules_after_change(user);
            }
        }
        Ok(Answer::no_content())
    }

    /// Plans the halves of the moves that a user's present profile asks for. Deactivated people are left alone.
    pub fn rules_after_change(&mut self, key: UserKey) {
        self.plan_moves(key, 0);
    }

    fn plan_moves(&mut self, key: UserKey, soonest_ms: i64) {
        let Some(user) = self.user_at(key) else { return };
        if self.rules.is_empty() || user.status == Status::Deprovisioned {
            return;
        }
        let mut moves: Vec<(GroupKey, bool)> = Vec::new();
        for rule in &self.rules {
            if rule.status != RuleStatus::Active {
                continue;
            }
            let wanted = !rule.excluded.contains(&user.id) && rule.condition.holds(self, user);
            for id in &rule.groups {
                let Some(group) = self.group_ids.get(id).copied() else { continue };
                let member = user.groups.binary_search(&group).is_ok();
                if wanted && !member {
                    moves.push((group, true));
                } else if !wanted && member && rule.given.contains(&(group, key)) {
                    moves.push((group, false));
                }
            }
        }
        moves.sort_unstable();
        moves.dedup();
        if moves.is_empty() {
            return;
        }
        let transaction = self.dice.text(24);
        self.dice.shuffle(&mut moves);
        for (group, add) in moves {
            let delay = self.draw(|s| s.rule_delay).max(soonest_ms);
            self.later(delay, Job::RuleMove { user: key, group, add, transaction: transaction.clone() });
        }
    }

    /// Rules that look at groups follow a membership too. A second later at the soonest: rules that chase each other would not
    /// come to an end otherwise, and an advance of the clock would be nothing but their moves.
    pub fn rules_after_membership(&mut self, key: UserKey) {
        let looks = |rule: &Rule| rule.status == RuleStatus::Active && rule.condition.looks_at_groups();
        if self.rules.iter().any(looks) {
            self.plan_moves(key, 1_000);
        }
    }

    /// One half of a move. Judged anew, because the profile may have changed meanwhile.
    pub fn rule_move(&mut self, key: UserKey, group: GroupKey, add: bool, transaction: String) {
        let Some(user) = self.user_at(key) else { return };
        let Some(id) = self.group_at(group).map(|group| group.head.id) else { return };
        let asking = |rule: &Rule| {
            rule.status == RuleStatus::Active
                && rule.groups.contains(&id)
                && !rule.excluded.contains(&user.id)
                && rule.condition.holds(self, user)
        };
        let asked = self.rules.iter().any(asking);
        if asked != add || user.status == Status::Deprovisioned {
            return;
        }
        let givers: Vec<usize> =
            (0..self.rules.len()).filter(|at| self.rules[*at].groups.contains(&id)).collect();
        for at in givers {
            if add {
                self.rules[at].given.insert((group, key));
            } else {
                self.rules[at].given.remove(&(group, key));
            }
        }
        let cause = Cause::system(transaction);
        if add {
            self.join(group, key, &cause)
        } else {
            self.leave(group, key, &cause)
        };
    }

    /// A rule whose group is gone becomes INVALID.
    pub fn rules_without_group(&mut self, id: Oid) {
        let hit: Vec<usize> =
            (0..self.rules.len()).filter(|at| self.rules[*at].groups.contains(&id)).collect();
        self.invalidate(hit);
    }

    /// A rule whose attribute is gone becomes INVALID.
    pub fn rules_without_attribute(&mut self, name: &str) {
        let hit = (0..self.rules.len()).filter(|at| self.rules[*at].condition.attributes().contains(&name));
        self.invalidate(hit.collect());
    }

    fn invalidate(&mut self, places: Vec<usize>) {
        for at in places {
            let before = self.rule_text(at);
            self.rules[at].status = RuleStatus::Invalid;
            let party = self.rules[at].party();
            let cause = Cause::system(self.dice.text(24));
            self.record_rule(at, &cause, Some(before));
            self.emit(&event::RULE_INVALIDATE, &cause, vec![party], Vec::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let equal = |name: &str, value: &str| Condition::Equal(name.to_owned(), value.to_owned());
        for (text, expected) in [
            (r#"user.department=="Facilities""#, Some(equal("department", "Facilities"))),
            (
                r#"user.city == 'Leeds' AND (user.title=="Clerk" or user.title != null)"#,
                Some(Condition::And(vec![
                    equal("city", "Leeds"),
                    Condition::Or(vec![equal("title", "Clerk"), Condition::Present("title".to_owned())]),
                ])),
            ),
            (
                r#"String.startsWith(user.costCenter, "CC-2")"#,
                Some(Condition::StartsWith("costCenter".to_owned(), "CC-2".to_owned())),
            ),
            ("user.department", None),
            ("department==\"x\"", None),
            ("user.department==\"x", None),
        ] {
            assert_eq!(Condition::parse(text).ok(), expected, "{text}");
        }
    }
}

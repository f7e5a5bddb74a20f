//! Walks a parsed expression: which attributes it reads, whether it keeps within bounds, and whether its parts fit each other. The
//! interpreter itself knows no types before it runs.

use std::collections::{BTreeMap, BTreeSet};

use cel::common::ast::{
    ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators,
};

use super::{Flaw, NamedBy, NamedGroup, Purpose};
use crate::problem::nearest;

/// Attributes with the types that the tenants give them, as Okta calls them. Empty: nothing is known.
pub(crate) type Types = BTreeMap<String, BTreeSet<String>>;

/// What the walk found.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Attributes with their places in the source, each as often as it stands there.
    pub attributes: Vec<(String, std::ops::Range<usize>)>,
    /// `status` and `tenant`, where they are read.
    pub standing: BTreeSet<&'static str>,
    pub groups: bool,
    /// Groups that it names, with their places in the source.
    pub named: Vec<NamedGroup>,
    pub nests: usize,
    pub flaws: Vec<Flaw>,
}

/// What a part of an expression gives.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// Not known before it runs.
    Any,
    /// What an empty list holds.
    Nothing,
    Bool,
    Int,
    Double,
    /// Whole or not, as the person's value is.
    Number,
    Text,
    List(Box<Kind>),
    Map,
    Group,
    /// A text that is some group's name, or its id.
    GroupText(NamedBy),
    User,
    Profile,
}

use Kind::{Any, Bool, Double, Group, GroupText, Int, List, Nothing, Number, Profile, Text, User};

impl Kind {
    fn words(&self) -> String {
        match self {
            Any => "something".into(),
            Nothing => "nothing".into(),
            Bool => "true or false".into(),
            Int => "a whole number".into(),
            Double => "a number with a fraction".into(),
            Number => "a number".into(),
            Text | GroupText(_) => "a text".into(),
            List(_) => "a list".into(),
            Self::Map => "a map".into(),
            Group => "a group".into(),
            User => "the person".into(),
            Profile => "the profile".into(),
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Int | Double | Number)
    }

    fn is_text(&self) -> bool {
        matches!(self, Text | GroupText(_))
    }

    /// Whosever text it is.
    fn plain(&self) -> Self {
        if self.is_text() { Text } else { self.clone() }
    }

    /// Whether a value of one may be compared with a value of the other.
    fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Any | Nothing, _) | (_, Any | Nothing) => true,
            (List(a), List(b)) => a.fits(b),
            (a, b) => a == b || (a.is_number() && b.is_number()) || (a.is_text() && b.is_text()),
        }
    }

    /// What either may give.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Nothing, kind) | (kind, Nothing) => kind,
            (List(a), List(b)) => List(Box::new(a.or(*b))),
            (a, b) if a == b => a,
            (a, b) if a.is_number() && b.is_number() => Number,
            (a, b) if a.is_text() && b.is_text() => Text,
            _ => Any,
        }
    }
}

/// Functions by name: whether they stand behind a value and a dot, what each part must be, and what they give.
const FUNCTIONS: &[(&str, bool, &[Kind], Kind)] = &[
    ("contains", true, &[Text, Text], Bool),
    ("startsWith", true, &[Text, Text], Bool),
    ("endsWith", true, &[Text, Text], Bool),
    ("lowerAscii", true, &[Text], Text),
    ("upperAscii", true, &[Text], Text),
    ("trim", true, &[Text], Text),
    ("substring", true, &[Text, Int], Text),
    ("substring", true, &[Text, Int, Int], Text),
    ("charAt", true, &[Text, Int], Text),
    ("indexOf", true, &[Text, Text], Int),
    ("lastIndexOf", true, &[Text, Text], Int),
    ("split", true, &[Text, Text], Any),
    ("join", true, &[Any], Text),
    ("join", true, &[Any, Text], Text),
    ("size", true, &[Any], Int),
    ("size", false, &[Any], Int),
    ("int", false, &[Any], Int),
    ("double", false, &[Any], Double),
    ("string", false, &[Any], Text),
];

/// Loops, as people write them.
const LOOPS: [&str; 5] = ["exists", "all", "exists_one", "filter", "map"];

pub(super) fn check(
    tree: &IdedExpr,
    info: &SourceInfo,
    source: &str,
    purpose: Purpose,
    types: &Types,
) -> Checked {
    let mut walk =
        Walk { info, source, types, scope: Vec::new(), looping: false, split: 0, found: Checked::default() };
    let kind = walk.value(tree, 1);
    let whole = 0..source.len();
    match (purpose, kind) {
        (_, Any) | (Purpose::Condition, Bool) => {}
        (Purpose::Condition, other) => {
            let message = format!("a condition is true or false, and this gives {}", other.words());
            walk.flaw(whole, message, Some("compare it: == \"…\", > 3, …".into()));
        }
        (Purpose::Value, kind @ (List(_) | Kind::Map | Group)) => {
            let message = format!("no field can hold {}", kind.words());
            walk.flaw(whole, message, Some("take one value of it, or write .join(\", \")".into()));
        }
        _ => {}
    }
    walk.found
}

struct Walk<'a> {
    info: &'a SourceInfo,
    source: &'a str,
    types: &'a Types,
    /// Names that loops bind.
    scope: Vec<(String, Kind)>,
    looping: bool,
    /// How often texts are split or joined.
    split: usize,
    found: Checked,
}

impl Walk<'_> {
    fn flaw(&mut self, at: std::ops::Range<usize>, message: impl Into<String>, fix: Option<String>) {
        let flaw = Flaw { at, message: message.into(), fix };
        if !self.found.flaws.contains(&flaw) {
            self.found.flaws.push(flaw);
        }
    }

    fn place(&self, expr: &IdedExpr) -> std::ops::Range<usize> {
        let (start, stop) = self.info.offset_for(expr.id).unwrap_or((0, 0));
        let start = (start as usize).min(self.source.len());
        start..(stop as usize + 1).clamp(start, self.source.len())
    }

    /// A part that is used as a value.
    fn value(&mut self, expr: &IdedExpr, nests: usize) -> Kind {
        let kind = self.part(expr, nests);
        if matches!(kind, User | Profile) {
            let fix = "name an attribute: user.profile.department, or user.status, user.tenant";
            self.flaw(self.place(expr), format!("{} is no value", kind.words()), Some(fix.into()));
            return Any;
        }
        kind
    }

    fn part(&mut self, expr: &IdedExpr, nests: usize) -> Kind {
        self.found.nests = self.found.nests.max(nests);
        match &expr.expr {
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Bool,
                LiteralValue::Int(_) => Int,
                LiteralValue::Double(_) => Double,
                LiteralValue::String(_) => Text,
                LiteralValue::Null => Any,
                LiteralValue::UInt(_) => {
                    let fix = Some("write the number without u".to_owned());
                    self.flaw(self.place(expr), "numbers without a sign have no use here", fix);
                    Any
                }
                LiteralValue::Bytes(_) => {
                    let fix = Some("write a text, without b".to_owned());
                    self.flaw(self.place(expr), "bytes have no use here", fix);
                    Any
                }
            },
            Expr::Ident(name) => self.name(expr, name),
            Expr::Select(select) => self.select(expr, select, nests),
            Expr::List(list) => {
                let kinds = list.elements.iter().map(|element| self.value(element, nests + 1));
                List(Box::new(kinds.fold(Nothing, Kind::or)))
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.value(&entry.key, nests + 1);
                        self.value(&entry.value, nests + 1);
                    }
                }
                Kind::Map
            }
            Expr::Struct(made) => {
                let message = format!("nothing is made of type {}", made.type_name);
                self.flaw(self.place(expr), message, None);
                Any
            }
            Expr::Comprehension(inner) => self.looped(expr, inner, nests),
            Expr::Call(call) => {
                let target = call.target.as_deref();
                let parts: Vec<&IdedExpr> = target.into_iter().chain(&call.args).collect();
                if LOOPS.contains(&call.func_name.as_str()) {
                    let message = format!("{} needs a name and what to ask of each", call.func_name);
                    let fix = "write it like groups.exists(g, g.name == \"…\")".to_owned();
                    self.flaw(self.place(expr), message, Some(fix));
                    return Any;
                }
                let kinds: Vec<Kind> = parts.iter().map(|part| self.value(part, nests + 1)).collect();
                match operator(&call.func_name) {
                    Some(sign) => self.operator(expr, &call.func_name, sign, &parts, &kinds),
                    None => self.function(expr, &call.func_name, target.is_some(), &parts, &kinds),
                }
            }
            Expr::Unspecified => {
                self.flaw(self.place(expr), "this is no expression", None);
                Any
            }
        }
    }

    fn name(&mut self, expr: &IdedExpr, name: &str) -> Kind {
        if let Some((_, kind)) = self.scope.iter().rev().find(|(known, _)| known == name) {
            return kind.clone();
        }
        match name {
            "user" => User,
            "groups" => {
                self.found.groups = true;
                List(Box::new(Group))
            }
            _ => {
                let fix = match nearest(name, ["user", "groups"]) {
                    Some(fix) => fix,
                    None => format!("an attribute is called user.profile.{name}; texts stand in quotes"),
                };
                self.flaw(self.place(expr), format!("there is no \"{name}\""), Some(fix));
                Any
            }
        }
    }

    /// Where the field's name stands: behind the dot. In `has(…)` the place is that of the call.
    fn field_place(&self, expr: &IdedExpr, select: &SelectExpr) -> std::ops::Range<usize> {
        let dot = match select.test {
            false => self.place(expr).start,
            true => self.place(&select.operand).start,
        };
        let rest = self.source.get(dot + 1..).unwrap_or_default();
        // Behind a dot of its own where it can be seen: `profile` has a `file` in it.
        let behind_dot = || rest.find(&format!(".{}", select.field)).map(|at| at + 1);
        let found = if select.test {
            behind_dot().or_else(|| rest.find(&select.field))
        } else {
            rest.find(&select.field)
        };
        match found {
            Some(at) => dot + 1 + at..dot + 1 + at + select.field.len(),
            None => self.place(expr),
        }
    }

    fn select(&mut self, expr: &IdedExpr, select: &SelectExpr, nests: usize) -> Kind {
        let of = self.part(&select.operand, nests + 1);
        let at = self.field_place(expr, select);
        let field = select.field.as_str();
        let kind = match of {
            User => match field {
                "profile" => Profile,
                "status" | "tenant" => {
                    self.found.standing.insert(if field == "status" { "status" } else { "tenant" });
                    Text
                }
                _ => {
                    let fix = nearest(field, ["profile", "status", "tenant"])
                        .unwrap_or_else(|| format!("an attribute is called user.profile.{field}"));
                    self.flaw(at, format!("user has no \"{field}\""), Some(fix));
                    Any
                }
            },
            Profile => {
                self.found.attributes.push((field.to_owned(), at));
                self.attribute(field)
            }
            Group => match field {
                "name" => GroupText(NamedBy::Name),
                "id" => GroupText(NamedBy::Id),
                _ => {
                    let fix = nearest(field, ["name", "id"]).or(Some("known: name, id".into()));
                    self.flaw(at, format!("a group has no \"{field}\""), fix);
                    Any
                }
            },
            Any | Kind::Map | Nothing => Any,
            other => {
                self.flaw(at, format!("{} has no \"{field}\"", other.words()), None);
                Any
            }
        };
        if select.test { Bool } else { kind }
    }

    fn attribute(&self, name: &str) -> Kind {
        let Some(kinds) = self.types.get(name) else { return Any };
        let kinds = kinds.iter().map(|kind| match kind.as_str() {
            "string" => Text,
            "boolean" => Bool,
            "integer" => Int,
            "number" => Number,
            "array" => List(Box::new(Text)),
            _ => Any,
        });
        match kinds.fold(Nothing, Kind::or) {
            Nothing => Any,
            kind => kind,
        }
    }

    /// `list.exists(name, …)` and its kin, which the parser has written out as one general loop.
    fn looped(&mut self, expr: &IdedExpr, inner: &ComprehensionExpr, nests: usize) -> Kind {
        if self.looping {
            let fix = "no loop stands in another: ask one list at a time, or use a table".to_owned();
            self.flaw(self.place(expr), "a loop in a loop has no bound on its cost", Some(fix));
            return Any;
        }
        self.looping = true;
        let each = match self.value(&inner.iter_range, nests + 1) {
            List(each) => *each,
            Any | Kind::Map | Nothing => Any,
            other => {
                let at = self.place(&inner.iter_range);
                self.flaw(at, format!("{} is no list to go through", other.words()), None);
                Any
            }
        };
        let known = self.scope.len();
        let first = self.value(&inner.accu_init, nests + 1);
        self.scope.push((inner.accu_var.clone(), first.clone()));
        self.scope.push((inner.iter_var.clone(), each));
        self.scope.extend(inner.iter_var2.iter().map(|name| (name.clone(), Any)));
        self.value(&inner.loop_cond, nests + 1);
        let sum = self.value(&inner.loop_step, nests + 1).or(first);
        self.scope.truncate(known);
        self.scope.push((inner.accu_var.clone(), sum));
        let kind = self.value(&inner.result, nests + 1);
        self.scope.truncate(known);
        self.looping = false;
        kind
    }

    /// Notes the groups that a comparison names: a fixed text against a group's name or id.
    fn name_groups(&mut self, operator: &str, parts: &[&IdedExpr], kinds: &[Kind]) {
        if !matches!(operator, operators::EQUALS | operators::NOT_EQUALS | operators::IN) {
            return;
        }
        let (&[a, b], [of_a, of_b]) = (parts, kinds) else { return };
        for (kind, other) in [(of_a, b), (of_b, a)] {
            let by = match kind {
                GroupText(by) => *by,
                List(each) => match **each {
                    GroupText(by) => by,
                    _ => continue,
                },
                _ => continue,
            };
            match &other.expr {
                Expr::List(list) => list.elements.iter().for_each(|one| self.name_group(by, one)),
                _ => self.name_group(by, other),
            }
        }
    }

    fn name_group(&mut self, by: NamedBy, part: &IdedExpr) {
        let Expr::Literal(LiteralValue::String(text)) = &part.expr else { return };
        let named = NamedGroup { by, text: text.inner().to_owned(), at: self.place(part) };
        if !self.found.named.contains(&named) {
            self.found.named.push(named);
        }
    }

    fn operator(
        &mut self,
        expr: &IdedExpr,
        name: &str,
        sign: &str,
        parts: &[&IdedExpr],
        kinds: &[Kind],
    ) -> Kind {
        let at = self.place(expr);
        self.name_groups(name, parts, kinds);
        let kinds: Vec<Kind> = kinds.iter().map(Kind::plain).collect();
        let kinds = kinds.as_slice();
        let clash = |walk: &mut Self, fix: Option<String>| {
            let words: Vec<_> = kinds.iter().map(Kind::words).collect();
            walk.flaw(at.clone(), format!("{sign} cannot be applied to {}", words.join(" and ")), fix);
        };
        match (name, kinds) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, kinds) => {
                for (part, kind) in parts.iter().zip(kinds).filter(|(_, kind)| !kind.fits(&Bool)) {
                    let message = format!("{sign} needs true or false, and this is {}", kind.words());
                    self.flaw(self.place(part), message, Some("compare it with something".into()));
                }
                Bool
            }
            (operators::CONDITIONAL, [asked, yes, no]) => {
                if !asked.fits(&Bool) {
                    let message = format!("? needs true or false before it, not {}", asked.words());
                    self.flaw(self.place(parts[0]), message, None);
                }
                yes.clone().or(no.clone())
            }
            (operators::EQUALS | operators::NOT_EQUALS, [a, b]) => {
                if !a.fits(b) {
                    let message = format!("{} is never {}", a.words(), b.words());
                    self.flaw(
                        at,
                        message,
                        Some("int(…), double(…) and string(…) turn one into another".into()),
                    );
                }
                Bool
            }
            (
                operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
                [a, b],
            ) => {
                let ordered = |kind: &Kind| kind.is_number() || matches!(kind, Text | Bool | Any | Nothing);
                if !a.fits(b) || !ordered(a) || !ordered(b) {
                    let fix = "int(…) makes a number of a text; dates are compared by before and after";
                    clash(self, Some(fix.into()));
                }
                Bool
            }
            (operators::IN, [one, list]) => {
                match list {
                    List(each) if one.fits(each) => {}
                    Any | Kind::Map | Nothing => {}
                    _ => clash(self, Some("write … in [\"a\", \"b\"]".into())),
                }
                Bool
            }
            (operators::ADD, [List(a), List(b)]) => List(Box::new((**a).clone().or((**b).clone()))),
            (operators::ADD, [Text, Text | Any] | [Any, Text]) => Text,
            (
                operators::ADD
                | operators::SUBSTRACT
                | operators::MULTIPLY
                | operators::DIVIDE
                | operators::MODULO,
                [a, b],
            ) => match (a, b) {
                (Int, Int | Any) | (Any, Int) => Int,
                (Double, Double | Any) | (Any, Double) => Double,
                (Any, Any) => Any,
                (Number | Int | Double, Number | Int | Double) => {
                    let fix = "double(…) around the whole number".to_owned();
                    clash(self, Some(fix));
                    Any
                }
                _ if name == operators::ADD && (*a == Text || *b == Text) => {
                    clash(self, Some("string(…) makes a text of a number".into()));
                    Text
                }
                _ => {
                    clash(self, None);
                    Any
                }
            },
            (operators::NEGATE, [kind]) if kind.is_number() || *kind == Any => kind.clone(),
            (operators::INDEX, [of, at]) => match of {
                List(each) if at.fits(&Int) => (**each).clone(),
                Any | Kind::Map | Nothing => Any,
                _ => {
                    clash(self, None);
                    Any
                }
            },
            _ => {
                clash(self, None);
                Any
            }
        }
    }

    fn function(
        &mut self,
        expr: &IdedExpr,
        name: &str,
        behind_dot: bool,
        parts: &[&IdedExpr],
        kinds: &[Kind],
    ) -> Kind {
        // The parser's own, around what loops ask.
        if name.starts_with('@') {
            return kinds.first().cloned().unwrap_or(Any);
        }
        let at = self.place(expr);
        let forms: Vec<_> = FUNCTIONS.iter().filter(|(known, ..)| *known == name).collect();
        if forms.is_empty() {
            let known = FUNCTIONS.iter().map(|(name, ..)| *name).chain(LOOPS).chain(["has"]);
            let fix = match name {
                "matches" => {
                    Some("{ attribute = \"…\", matches = \"CC?-4*\" } compares with a pattern".into())
                }
                "timestamp" | "duration" | "now" => {
                    Some("before, after and within compare days, and know when the answer changes".into())
                }
                _ => nearest(name, known).or(Some("the functions are listed with the format".into())),
            };
            self.flaw(at, format!("there is no function \"{name}\""), fix);
            return Any;
        }
        let fits = |(_, behind, wanted, _): &&&(&str, bool, &[Kind], Kind)| {
            *behind == behind_dot
                && wanted.len() == kinds.len()
                && wanted.iter().zip(kinds).all(|(wanted, kind)| kind.fits(wanted))
        };
        let Some((_, _, _, gives)) = forms.iter().find(fits) else {
            let words: Vec<_> = kinds.iter().map(Kind::words).collect();
            let words = if words.is_empty() { "nothing".to_owned() } else { words.join(" and ") };
            self.flaw(at, format!("{name} cannot be applied to {words}"), None);
            return forms[0].3.clone();
        };
        let part_of_name = match name {
            "startsWith" => Some(NamedBy::Beginning),
            "endsWith" => Some(NamedBy::End),
            "contains" => Some(NamedBy::Part),
            _ => None,
        };
        if let (Some(by), Some(GroupText(NamedBy::Name)), Some(part)) =
            (part_of_name, kinds.first(), parts.get(1))
        {
            self.name_group(by, part);
        }
        if matches!(name, "split" | "join") {
            self.split += 1;
            // Each could multiply what the one before made.
            if self.split > 2 || self.looping {
                let fix = "split and join stand at most twice in an expression, and in no loop".to_owned();
                self.flaw(at.clone(), format!("one {name} too many"), Some(fix));
            }
            let sign = parts.get(1).map(|part| &part.expr);
            if sign.is_some_and(|sign| !matches!(sign, Expr::Literal(_))) {
                let message = format!("{name} needs a fixed text in quotes");
                self.flaw(at, message, Some(format!("write .{name}(\",\")")));
            }
            if name == "split" {
                return List(Box::new(Text));
            }
        }
        gives.clone()
    }
}

/// As people write it; `None`: it is no operator.
fn operator(name: &str) -> Option<&str> {
    match name {
        operators::IN => Some("in"),
        operators::INDEX => Some("[…]"),
        operators::CONDITIONAL => Some("? :"),
        operators::LOGICAL_NOT => Some("!"),
        operators::NEGATE => Some("-"),
        _ => name.strip_prefix('_')?.strip_suffix('_'),
    }
}

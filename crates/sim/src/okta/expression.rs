//! The expression language of event hook filters, as far as filters use it: paths into the event, selections, sizes,
//! comparisons.
//!
//! ```text
//! event.target.?[type eq 'UserGroup'].size() > 0 && event.actor.alternateId ne 'system@okta.com'
//! ```

use serde_json::Value;

/// Deepest nesting, and most tokens: filters are short.
const DEPTH_MAX: usize = 20;
const TOKENS_MAX: usize = 500;

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression(Node);

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Literal(Value),
    /// A member of the event, or inside a selection of the element.
    Name(String),
    Member(Box<Node>, String),
    At(Box<Node>, usize),
    /// Those elements of a list for which the inner expression holds.
    Select(Box<Node>, Box<Node>),
    Size(Box<Node>),
    Contains(Box<Node>, Box<Node>),
    Compare(Relation, Box<Node>, Box<Node>),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Equal,
    Differs,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Expression {
    /// # Errors
    /// A sentence about the first thing that is not understood.
    pub fn parse(text: &str) -> Result<Self, String> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens, at: 0, depth: 0 };
        let node = parser.or()?;
        match parser.tokens.get(parser.at) {
            None => Ok(Self(node)),
            Some(token) => Err(format!("unexpected {token}")),
        }
    }

    /// Whether it holds of an event. What cannot be compared does not.
    pub fn holds(&self, event: &Value) -> bool {
        truth(&self.0.value(event, event))
    }
}

fn truth(value: &Value) -> bool {
    *value == Value::Bool(true)
}

impl Node {
    /// `here` is the event, or the element of the innermost selection.
    fn value(&self, event: &Value, here: &Value) -> Value {
        let of = |node: &Node| node.value(event, here);
        match self {
            Self::Literal(value) => value.clone(),
            Self::Name(name) if name == "event" => event.clone(),
            Self::Name(name) => here.get(name).cloned().unwrap_or(Value::Null),
            Self::Member(inner, name) => of(inner).get(name).cloned().unwrap_or(Value::Null),
            Self::At(inner, place) => of(inner).get(*place).cloned().unwrap_or(Value::Null),
            Self::Select(inner, test) => {
                let rows = of(inner);
                let rows = rows.as_array().into_iter().flatten();
                rows.filter(|row| truth(&test.value(event, row))).cloned().collect()
            }
            Self::Size(inner) => match of(inner) {
                Value::Array(rows) => rows.len().into(),
                Value::String(text) => text.chars().count().into(),
                _ => 0.into(),
            },
            Self::Contains(inner, wanted) => match (of(inner), of(wanted)) {
                (Value::Array(rows), wanted) => rows.contains(&wanted).into(),
                (Value::String(text), Value::String(wanted)) => text.contains(&wanted).into(),
                _ => false.into(),
            },
            Self::Compare(relation, left, right) => relation.holds(&of(left), &of(right)).into(),
            Self::Not(inner) => (!truth(&of(inner))).into(),
            Self::And(parts) => parts.iter().all(|part| truth(&of(part))).into(),
            Self::Or(parts) => parts.iter().any(|part| truth(&of(part))).into(),
        }
    }
}

impl Relation {
    fn named(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "==" | "eq" => Self::Equal,
            "!=" | "ne" => Self::Differs,
            "<" | "lt" => Self::Less,
            "<=" | "le" => Self::AtMost,
            ">" | "gt" => Self::More,
            ">=" | "ge" => Self::AtLeast,
            _ => return None,
        })
    }

    fn holds(self, left: &Value, right: &Value) -> bool {
        let same = match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => left.total_cmp(&right).is_eq(),
            _ => left == right,
        };
        let order = match (left, right) {
            (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
            _ => left.as_f64().zip(right.as_f64()).map(|(left, right)| left.total_cmp(&right)),
        };
        match self {
            Self::Equal => same,
            Self::Differs => !same,
            Self::Less => order.is_some_and(std::cmp::Ordering::is_lt),
            Self::AtMost => order.is_some_and(std::cmp::Ordering::is_le),
            Self::More => order.is_some_and(std::cmp::Ordering::is_gt),
            Self::AtLeast => order.is_some_and(std::cmp::Ordering::is_ge),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(f64),
    Sign(&'static str),
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) => write!(f, "'{word}'"),
            Self::Text(text) => write!(f, "the text '{text}'"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Sign(sign) => write!(f, "'{sign}'"),
        }
    }
}

const SIGNS: [&str; 16] =
    ["?.", ".?[", "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")", "[", "]", "."];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if out.len() == TOKENS_MAX {
            return Err("the expression is too long".to_owned());
        }
        if first == '\'' || first == '"' {
            let end = rest[1..].find(first).ok_or("a quoted text does not end")?;
            out.push(Token::Text(rest[1..=end].to_owned()));
            rest = &rest[end + 2..];
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            out.push(Token::Number(rest[..end].parse().map_err(|_| "a number is too long")?));
            rest = &rest[end..];
        } else if first.is_alphabetic() || first == '_' || first == '#' {
            let end =
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '#')).unwrap_or(rest.len());
            out.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| format!("unexpected '{first}'"))?;
            out.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        }
        rest = rest.trim_start();
    }
    Ok(out)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn or(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("the expression is too deep".to_owned());
        }
        let mut parts = vec![self.and()?];
        while self.sign("||") || self.word("or") {
            parts.push(self.and()?);
        }
        self.depth -= 1;
        Ok(if parts.len() == 1 { parts.remove(0) } else { Node::Or(parts) })
    }

    fn and(&mut self) -> Result<Node, String> {
        let mut parts = vec![self.comparison()?];
        while self.sign("&&") || self.word("and") {
            parts.push(self.comparison()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Node::And(parts) })
    }

    fn comparison(&mut self) -> Result<Node, String> {
        let mut negated = false;
        while self.sign("!") || self.word("not") {
            negated = !negated;
        }
        let left = self.path()?;
        let relation = match self.tokens.get(self.at) {
            Some(Token::Sign(sign)) => Relation::named(sign),
            Some(Token::Word(word)) => Relation::named(word),
            _ => None,
        };
        let node = match relation {
            None => left,
            Some(relation) => {
                self.at += 1;
                Node::Compare(relation, Box::new(left), Box::new(self.path()?))
            }
        };
        Ok(if negated { Node::Not(Box::new(node)) } else { node })
    }

    fn path(&mut self) -> Result<Node, String> {
        let mut node = match self.next() {
            Some(Token::Sign("(")) => {
                let inner = self.or()?;
                self.demand(")")?;
                inner
            }
            Some(Token::Text(text)) => Node::Literal(text.into()),
            Some(Token::Number(number)) => Node::Literal(number.into()),
            Some(Token::Word(word)) => match word.as_str() {
                "true" => Node::Literal(true.into()),
                "false" => Node::Literal(false.into()),
                "null" => Node::Literal(Value::Null),
                _ => Node::Name(word),
            },
            Some(token) => return Err(format!("unexpected {token}")),
            None => return Err("the expression ends too early".to_owned()),
        };
        loop {
            if self.sign(".?[") {
                let test = self.or()?;
                self.demand("]")?;
                node = Node::Select(Box::new(node), Box::new(test));
            } else if self.sign("[") {
                node = match self.next() {
                    Some(Token::Number(place)) => Node::At(Box::new(node), place as usize),
                    Some(Token::Text(name)) => Node::Member(Box::new(node), name),
                    _ => return Err("a place or a name was expected in '[…]'".to_owned()),
                };
                self.demand("]")?;
            } else if self.sign(".") || self.sign("?.") {
                let Some(Token::Word(name)) = self.next() else {
                    return Err("a name was expected after '.'".to_owned());
                };
                if !self.sign("(") {
                    node = Node::Member(Box::new(node), name);
                    continue;
                }
                node = match name.as_str() {
                    "size" | "length" => Node::Size(Box::new(node)),
                    "contains" => Node::Contains(Box::new(node), Box::new(self.or()?)),
                    _ => return Err(format!("there is no function '{name}'")),
                };
                self.demand(")")?;
            } else {
                return Ok(node);
            }
        }
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn sign(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(sign)) if *sign == wanted);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found =
            matches!(self.tokens.get(self.at), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn demand(&mut self, wanted: &str) -> Result<(), String> {
        if self.sign(wanted) { Ok(()) } else { Err(format!("'{wanted}' was expected")) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn filters_of_the_contract_and_their_mistakes() {
        let event = json!({
            "actor": { "alternateId": "admin@northgate.example" }, "outcome": { "result": "SUCCESS", "reason": null },
            "target": [{ "type": "User", "displayName": "Ines" }, { "type": "UserGroup", "displayName": "Sales" }],
        });
        for (text, expected) in [
            ("event.target.?[type eq 'UserGroup'].size()>0", Some(true)),
            ("event.target.?[type eq 'UserGroup' && displayName eq 'Legal'].size() > 0", Some(false)),
            (
                "event.target.?[type == \"User\"].size() == 1 and event.outcome.result ne 'FAILURE'",
                Some(true),
            ),
            (
                "event.actor.alternateId eq 'system@okta.com' or event.target[1].displayName == 'Sales'",
                Some(true),
            ),
            ("not (event.outcome.reason == null)", Some(false)),
            ("!event.outcome.result.contains('CC')", Some(false)),
            ("event.nothing.at.all eq null", Some(true)),
            ("event?.actor?.alternateId.size() le 23", Some(true)),
            ("event.target", Some(false)),
            ("event.target.?[type eq 'User'", None),
            ("event.target.sort()", None),
            ("event.outcome eq", None),
            ("event.outcome eq 'x' 'y'", None),
            ("event.outcome eq 'x", None),
            ("", None),
            (&"(".repeat(5_000), None),
        ] {
            let parsed = Expression::parse(text).ok();
            assert_eq!(parsed.map(|parsed| parsed.holds(&event)), expected, "{text}");
        }
    }
}

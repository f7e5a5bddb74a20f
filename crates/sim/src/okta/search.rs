//! The vendor's SCIM-like filter language: parsing, and comparing one value. What an attribute means is the caller's.

use super::{
    errors::{ApiError, ApiResult},
    moment::Moment,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Present,
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    Text(String),
    Number(f64),
    Bool(bool),
    Null,
}

/// A parsed expression over attributes of type `A`.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter<A> {
    Compare { attribute: A, operator: Operator, literal: Literal },
    And(Vec<Filter<A>>),
    Or(Vec<Filter<A>>),
}

/// A value to compare with.
#[derive(Debug, Clone, Copy)]
pub enum Fact<'a> {
    Text(&'a str),
    Time(Moment),
    Number(f64),
    Bool(bool),
}

/// Whether strings are compared as they are, or without regard to case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    Exact,
    Ignored,
}

const DEPTH_MAX: usize = 50;
const TERMS_MAX: usize = 200;

/// Parses `text`; `resolve` turns an attribute name and operator into the caller's attribute, or refuses it.
///
/// # Errors
/// A sentence saying what is wrong, or the refusal of `resolve`.
pub fn parse<A>(
    text: &str,
    resolve: &dyn Fn(&str, Operator) -> Result<A, String>,
) -> Result<Filter<A>, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, at: 0, depth: 0, terms: 0, resolve };
    let filter = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(filter),
        Some(extra) => Err(format!("unexpected {extra:?}")),
    }
}

/// Refuses values that the points in time named by `is_time` cannot be compared with.
///
/// # Errors
/// 400 E0000030 for a text that is no date, `otherwise` for a value without the double quotes that dates stand in.
pub fn check_times<A>(filter: &Filter<A>, is_time: &dyn Fn(&A) -> bool, otherwise: &str) -> ApiResult<()> {
    let (attribute, literal) = match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            return parts.iter().try_for_each(|part| check_times(part, is_time, otherwise));
        }
        Filter::Compare { attribute, literal, .. } => (attribute, literal),
    };
    match literal {
        _ if !is_time(attribute) => Ok(()),
        Literal::Null => Ok(()),
        Literal::Text(text) if Moment::parse(text).is_some() => Ok(()),
        Literal::Text(text) => Err(ApiError::of("E0000030").because(format!("'{text}' is not a date"))),
        Literal::Number(_) | Literal::Bool(_) => {
            Err(ApiError::of(otherwise).because("a date must be in double quotes"))
        }
    }
}

impl<A> Filter<A> {
    /// Whether the filter holds, where `compare` answers one comparison.
    pub fn holds(&self, compare: &mut dyn FnMut(&A, Operator, &Literal) -> bool) -> bool {
        match self {
            Self::Compare { attribute, operator, literal } => compare(attribute, *operator, literal),
            Self::And(parts) => parts.iter().all(|part| part.holds(compare)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(compare)),
        }
    }

    /// Comparisons that must hold whenever the filter does.
    pub fn required(&self) -> Vec<(&A, Operator, &Literal)> {
        match self {
            Self::Compare { attribute, operator, literal } => vec![(attribute, *operator, literal)],
            Self::And(parts) => parts.iter().flat_map(Filter::required).collect(),
            Self::Or(_) => Vec::new(),
        }
    }
}

impl Operator {
    /// One comparison; a missing fact satisfies only `ne`, and `eq null`.
    pub fn holds(self, fact: Option<Fact<'_>>, literal: &Literal, case: Case) -> bool {
        let Some(fact) = fact else {
            return self == Self::Ne && *literal != Literal::Null
                || self == Self::Eq && *literal == Literal::Null;
        };
        if self == Self::Present {
            return true;
        }
        match (fact, literal) {
            (Fact::Text(value), Literal::Text(wanted)) => self.texts(value, wanted, case),
            (Fact::Text(value), Literal::Number(wanted)) => self.texts(value, &wanted.to_string(), case),
            (Fact::Text(value), Literal::Bool(wanted)) => self.texts(value, &wanted.to_string(), case),
            (Fact::Time(at), Literal::Text(wanted)) => {
                Moment::parse(wanted).is_some_and(|wanted| self.ordered(at.cmp(&wanted)))
            }
            (Fact::Number(value), Literal::Number(wanted)) => {
                value.partial_cmp(wanted).is_some_and(|order| self.ordered(order))
            }
            (Fact::Number(value), Literal::Text(wanted)) => wanted
                .parse::<f64>()
                .ok()
                .and_then(|wanted| value.partial_cmp(&wanted))
                .is_some_and(|order| self.ordered(order)),
            (Fact::Bool(value), Literal::Bool(wanted)) => self.ordered(value.cmp(wanted)),
            (Fact::Bool(value), Literal::Text(wanted)) => {
                self.texts(if value { "true" } else { "false" }, wanted, Case::Ignored)
            }
            (_, Literal::Null) => self == Self::Ne,
            _ => false,
        }
    }

    fn texts(self, value: &str, wanted: &str, case: Case) -> bool {
        if case == Case::Exact || (self == Self::Eq && value == wanted) {
            return self.exact(value, wanted);
        }
        if value.is_ascii() && wanted.is_ascii() && matches!(self, Self::Eq | Self::Ne | Self::StartsWith) {
            return match self {
                Self::Eq => value.eq_ignore_ascii_case(wanted),
                Self::Ne => !value.eq_ignore_ascii_case(wanted),
                _ => value.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted)),
            };
        }
        self.exact(&value.to_lowercase(), &wanted.to_lowercase())
    }

    fn exact(self, value: &str, wanted: &str) -> bool {
        match self {
            Self::StartsWith => value.starts_with(wanted),
            Self::EndsWith => value.ends_with(wanted),
            Self::Contains => value.contains(wanted),
            _ => self.ordered(value.cmp(wanted)),
        }
    }

    fn ordered(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Present => true,
            Self::StartsWith | Self::EndsWith | Self::Contains => false,
        }
    }

    fn named(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            "pr" => Self::Present,
            "sw" => Self::StartsWith,
            "ew" => Self::EndsWith,
            "co" => Self::Contains,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    Word(String),
    Quoted(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '(' => out.push(Token::Open),
            ')' => out.push(Token::Close),
            '"' => {
                let mut value = String::new();
                loop {
                    match chars.next() {
                        None => return Err("a quoted value does not end".to_owned()),
                        Some('"') => break,
                        Some('\\') => value.extend(chars.next()),
                        Some(c) => value.push(c),
                    }
                }
                out.push(Token::Quoted(value));
            }
            c => {
                let mut word = String::from(c);
                while let Some(next) = chars.next_if(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '"'))
                {
                    word.push(next);
                }
                out.push(Token::Word(word));
            }
        }
    }
    Ok(out)
}

struct Parser<'a, A> {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    terms: usize,
    resolve: &'a dyn Fn(&str, Operator) -> Result<A, String>,
}

impl<A> Parser<'_, A> {
    fn or(&mut self) -> Result<Filter<A>, String> {
        let mut parts = vec![self.and()?];
        while self.word("or") {
            parts.push(self.and()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Or(parts) })
    }

    fn and(&mut self) -> Result<Filter<A>, String> {
        let mut parts = vec![self.term()?];
        while self.word("and") {
            parts.push(self.term()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::And(parts) })
    }

    fn term(&mut self) -> Result<Filter<A>, String> {
        self.terms += 1;
        if self.terms > TERMS_MAX || self.depth > DEPTH_MAX {
            return Err("the expression is too long or too complex".to_owned());
        }
        match self.next() {
            Some(Token::Open) => {
                self.depth += 1;
                let inner = self.or()?;
                self.depth -= 1;
                match self.next() {
                    Some(Token::Close) => Ok(inner),
                    _ => Err("a parenthesis does not close".to_owned()),
                }
            }
            Some(Token::Word(name)) => {
                let operator = match self.next() {
                    Some(Token::Word(word)) => {
                        Operator::named(&word).ok_or_else(|| format!("unknown operator '{word}'"))?
                    }
                    _ => return Err(format!("'{name}' lacks an operator")),
                };
                let attribute = (self.resolve)(&name, operator)?;
                let literal =
                    if operator == Operator::Present { Literal::Null } else { self.literal(&name)? };
                Ok(Filter::Compare { attribute, operator, literal })
            }
            _ => Err("an attribute name was expected".to_owned()),
        }
    }

    fn literal(&mut self, name: &str) -> Result<Literal, String> {
        match self.next() {
            Some(Token::Quoted(text)) => Ok(Literal::Text(text)),
            Some(Token::Word(word)) => match word.as_str() {
                "true" => Ok(Literal::Bool(true)),
                "false" => Ok(Literal::Bool(false)),
                "null" => Ok(Literal::Null),
                _ => word
                    .parse()
                    .map(Literal::Number)
                    .map_err(|_| format!("'{word}' must be in double quotes")),
            },
            _ => Err(format!("'{name}' lacks a value")),
        }
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found =
            matches!(self.tokens.get(self.at), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<bool, ()>) {
        let parsed = parse(text, &|name, _| match name {
            "city" | "n" | "at" | "none" => Ok(name.to_owned()),
            _ => Err("unknown".to_owned()),
        });
        let held = parsed.map_err(|_| ()).map(|filter| {
            filter.holds(&mut |name, operator, literal| {
                let fact = match name.as_str() {
                    "city" => Some(Fact::Text("Leeds")),
                    "n" => Some(Fact::Number(7.0)),
                    "at" => Moment::parse("2026-05-04T09:00:00.000Z").map(Fact::Time),
                    _ => None,
                };
                operator.holds(fact, literal, Case::Ignored)
            })
        });
        assert_eq!(held, expected, "{text}");
    }

    #[test]
    fn precedence_operators_and_refusals() {
        check(r#"city eq "leeds""#, Ok(true));
        check(r#"city EQ "york" or city sw "LE" and n gt 6"#, Ok(true));
        check(r#"(city eq "leeds" or n eq 7) and n lt 7"#, Ok(false));
        check(r#"city eq "leeds" or n eq 7 and n lt 7"#, Ok(true));
        check(r#"at gt "2026-05-04T08:55:00.000Z" and at le "2026-05-04T09:00:00.000Z""#, Ok(true));
        check(r#"none pr"#, Ok(false));
        check(r#"city pr"#, Ok(true));
        check(r#"none eq null"#, Ok(true));
        check(r#"city ne "York""#, Ok(true));
        check(r#"town eq "x""#, Err(()));
        check(r#"city eq"#, Err(()));
        check(r#"city is "x""#, Err(()));
        check(r#"(city eq "x""#, Err(()));
        check(r#"city eq "x" city"#, Err(()));
        check(&"(".repeat(5000), Err(()));
    }
}

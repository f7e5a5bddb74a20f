//! Types of attributes, as the tenants' schemas give them, against what the policy asks of them: a boolean is never before
//! today, and a number is never an address.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    condition::Condition,
    document::Document,
    problem::{Findings, Spot},
    test::Test,
};

/// What an attribute is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Usage {
    /// One of these texts.
    Words(Vec<String>),
    Number,
    Day,
    /// Several values at once.
    Several,
    /// An address, or a pattern of text.
    Text,
    Anything,
}

/// A use of an attribute.
#[derive(Clone, Debug)]
pub(crate) struct Compared {
    pub attribute: String,
    pub usage: Usage,
    pub spot: Spot,
}

impl Usage {
    pub fn of(test: &Test) -> Self {
        match test {
            Test::Is(list) | Test::Only(list) => {
                Self::Words(list.iter().map(|wanted| wanted.folded.clone()).collect())
            }
            Test::HasAll(list) if list.len() > 1 => Self::Several,
            Test::HasAll(list) => Self::Words(list.iter().map(|wanted| wanted.folded.clone()).collect()),
            Test::Domain(_) | Test::Matches(_) => Self::Text,
            Test::Number { .. } => Self::Number,
            Test::Before(_) | Test::After(_) | Test::Within(_) => Self::Day,
            Test::StartsWith(_) | Test::EndsWith(_) | Test::Contains(_) => Self::Anything,
            Test::SameAs(_) | Test::Exists(_) => Self::Anything,
        }
    }

    /// Why an attribute of this type can never be that, and the way out.
    fn clash(&self, kind: &str) -> Option<(String, String)> {
        let never = |what: &str| format!("is of type {kind}, and never {what}");
        match (self, kind) {
            (Self::Words(words), "boolean") => {
                let odd = words.iter().find(|word| !["true", "false"].contains(&word.as_str()))?;
                Some((never(&format!("\"{odd}\"")), "compare with \"true\" or \"false\"".into()))
            }
            (Self::Words(words), "number" | "integer") => {
                let odd = words.iter().find(|word| word.parse::<f64>().is_err())?;
                Some((
                    never(&format!("\"{odd}\"")),
                    "compare with a number, or use at_least and at_most".into(),
                ))
            }
            (Self::Number, "boolean" | "array") => {
                Some((never("a number"), "compare with is, or name another attribute".into()))
            }
            (Self::Day, "boolean" | "number" | "integer" | "array") => {
                Some((never("a day"), "name an attribute that holds a date as text".into()))
            }
            (Self::Several, "string" | "boolean" | "number" | "integer") => Some((
                format!("is of type {kind}, and holds one value only"),
                "use in = […], or name a list".into(),
            )),
            (Self::Text, "boolean" | "number" | "integer") => {
                Some((never("such a text"), "compare with is, at_least or at_most".into()))
            }
            _ => None,
        }
    }
}

/// Holds every use against the types. Where tenants give one name several types, one that fits is enough.
pub(crate) fn check(
    document: &Document,
    types: &BTreeMap<String, BTreeSet<String>>,
    findings: &mut Findings,
) {
    let mut one = |attribute: &str, usage: &Usage, spot: &Spot| {
        let Some(kinds) = types.get(attribute).filter(|kinds| !kinds.is_empty()) else { return };
        let clashes: Vec<_> = kinds.iter().map_while(|kind| usage.clash(kind)).collect();
        if clashes.len() == kinds.len()
            && let Some((why, fix)) = clashes.into_iter().next()
        {
            findings.error(spot, format!("{attribute} {why}"), Some(fix));
        }
    };
    for compared in &document.compared {
        one(&compared.attribute, &compared.usage, &compared.spot);
    }
    for row in document.tables.values().flat_map(|table| &table.rows) {
        for test in &row.tests {
            if let Condition::Attribute { attribute, test } = test {
                one(&attribute.name, &Usage::of(test), &row.spot);
            }
        }
    }
}

//! Walks a TOML document by hand, so that every mistake is reported with its place, and unknown keys with the nearest
//! known one. A key is known once it was asked for.

use std::{
    cell::{Ref, RefCell, RefMut},
    ops::Range,
    sync::Arc,
};

use lanyard_model::identity::AttributeValue;
use toml::de::{DeTable, DeValue};

use crate::{
    condition::GroupTest,
    document::{Idle, NamedPlace, Whose},
    expression::{Expression, Purpose, Written},
    problem::{Findings, Spot, nearest},
    typing::{Compared, Usage},
};

/// Shared by all parts of one document.
pub(crate) struct Report {
    file: String,
    findings: RefCell<Findings>,
    mentions: RefCell<Vec<(String, Spot)>>,
    compared: RefCell<Vec<Compared>>,
    expressions: RefCell<Vec<Written>>,
    groups: RefCell<Vec<(GroupTest, Spot)>>,
    named: RefCell<Vec<NamedPlace>>,
    idle: RefCell<Vec<Idle>>,
    /// Every key that was asked for, by its section.
    #[cfg(test)]
    pub asked: RefCell<std::collections::BTreeSet<(String, &'static str)>>,
}

impl Report {
    pub fn new(file: &str, findings: Findings) -> Self {
        Self {
            file: file.to_owned(),
            findings: RefCell::new(findings),
            mentions: RefCell::default(),
            compared: RefCell::default(),
            expressions: RefCell::default(),
            groups: RefCell::default(),
            named: RefCell::default(),
            idle: RefCell::default(),
            #[cfg(test)]
            asked: RefCell::default(),
        }
    }

    /// Notes that a profile attribute is named here, for the linter and for what is worth keeping.
    pub fn mention(&self, attribute: &Text) {
        let spot = self.spot(attribute.span.clone());
        self.mentions.borrow_mut().push((attribute.value.clone(), spot));
    }

    pub fn take_mentions(&self) -> Vec<(String, Spot)> {
        self.mentions.take()
    }

    /// Notes a group that is named by its id alone.
    pub fn inline_group(&self, group: &GroupTest, span: &Range<usize>) {
        let spot = self.spot(span.clone());
        self.groups.borrow_mut().push((group.clone(), spot));
    }

    pub fn take_inline_groups(&self) -> Vec<(GroupTest, Spot)> {
        self.groups.take()
    }

    /// Notes that a tenant or a site is named here, to be held against the routes.
    pub fn names(&self, what: Whose, text: &Text) {
        let (name, spot) = (text.value.clone(), self.spot(text.span.clone()));
        self.named.borrow_mut().push(NamedPlace { what, name, spot });
    }

    pub fn take_named(&self) -> Vec<NamedPlace> {
        self.named.take()
    }

    /// Notes something that can be read and has no effect.
    pub fn idle(&self, span: &Range<usize>, message: impl Into<String>, fix: impl Into<String>) {
        let (message, fix, spot) = (message.into(), fix.into(), self.spot(span.clone()));
        self.idle.borrow_mut().push(Idle { spot, message, fix });
    }

    pub fn take_idle(&self) -> Vec<Idle> {
        self.idle.take()
    }

    /// Notes how an attribute is used, to be held against its type.
    pub fn compare(&self, attribute: &str, usage: Usage, span: &Range<usize>) {
        let spot = self.spot(span.clone());
        self.compared.borrow_mut().push(Compared { attribute: attribute.to_owned(), usage, spot });
    }

    pub fn take_compared(&self) -> Vec<Compared> {
        self.compared.take()
    }

    /// Notes an expression, to be checked once types are known.
    pub fn express(&self, expression: &Arc<Expression>, purpose: Purpose, span: &Range<usize>) {
        let (expression, spot) = (Arc::clone(expression), self.spot(span.clone()));
        self.expressions.borrow_mut().push(Written { expression, purpose, spot });
    }

    pub fn take_expressions(&self) -> Vec<Written> {
        self.expressions.take()
    }

    /// The place of a part of a text that stands at `span` in the file, quotes and escapes counted.
    pub fn inside(&self, span: &Range<usize>, part: Range<usize>) -> Spot {
        self.findings.borrow().inside(&self.spot(span.clone()), part)
    }

    pub fn spot(&self, span: Range<usize>) -> Spot {
        Spot { file: self.file.clone(), span }
    }

    pub fn error(&self, span: &Range<usize>, message: impl Into<String>, fix: Option<String>) {
        self.findings.borrow_mut().error(&self.spot(span.clone()), message, fix);
    }

    pub fn findings(&self) -> RefMut<'_, Findings> {
        self.findings.borrow_mut()
    }

    pub fn into_findings(self) -> Findings {
        self.findings.into_inner()
    }
}

/// One value with its place.
#[derive(Clone)]
pub(crate) struct Value<'a> {
    pub report: &'a Report,
    /// How messages call it: `flow.priority`.
    pub name: String,
    pub span: Range<usize>,
    value: &'a DeValue<'a>,
}

/// A text with its place.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub value: String,
    pub span: Range<usize>,
}

impl<'a> Value<'a> {
    pub fn error(&self, message: impl Into<String>, fix: Option<String>) {
        self.report.error(&self.span, message, fix);
    }

    fn expected<T>(&self, what: &str) -> Option<T> {
        self.error(format!("{} must be {what}, not {}", self.name, kind(self.value)), None);
        None
    }

    pub fn text(&self) -> Option<Text> {
        match self.value {
            DeValue::String(text) => Some(Text { value: text.to_string(), span: self.span.clone() }),
            _ => self.expected("a text"),
        }
    }

    pub fn is_text(&self) -> bool {
        self.value.is_str()
    }

    pub fn is_section(&self) -> bool {
        self.value.is_table()
    }

    /// `false`: the writer means "nothing of it".
    pub fn is_false(&self) -> bool {
        self.value.as_bool() == Some(false)
    }

    /// A profile value: a text, a number, true or false, or a list of texts. `Some(None)` for an empty text.
    pub fn attribute_value(&self) -> Option<Option<AttributeValue>> {
        match self.value {
            DeValue::String(text) if text.is_empty() => Some(None),
            DeValue::String(text) => Some(Some(AttributeValue::Text(text.as_ref().into()))),
            DeValue::Boolean(value) => Some(Some(AttributeValue::Bool(*value))),
            DeValue::Integer(_) => {
                let number = self.integer(-1_000_000_000_000..1_000_000_000_000)?;
                Some(Some(AttributeValue::Number(number as f64)))
            }
            DeValue::Array(_) => {
                let list = self.texts().into_iter().map(|text| text.value.as_str().into());
                Some(Some(AttributeValue::List(list.collect())))
            }
            _ => self.expected("a text, a whole number, true or false, or a list of texts"),
        }
    }

    pub fn is_list(&self) -> bool {
        self.value.is_array()
    }

    pub fn integer(&self, range: Range<i64>) -> Option<i64> {
        let number = match self.value {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => return self.expected("a whole number"),
        };
        let found = number.filter(|number| range.contains(number));
        if found.is_none() {
            self.error(format!("{} must be from {} to {}", self.name, range.start, range.end - 1), None);
        }
        found
    }

    /// Any finite number.
    pub fn number(&self) -> Option<f64> {
        let number = match self.value {
            DeValue::Integer(_) => {
                self.integer(-1_000_000_000_000..1_000_000_000_000).map(|number| number as f64)
            }
            DeValue::Float(number) => {
                number.as_str().replace('_', "").parse().ok().filter(|n: &f64| n.is_finite())
            }
            _ => return self.expected("a number"),
        };
        if number.is_none() {
            self.error(format!("{} must be a finite number", self.name), None);
        }
        number
    }

    pub fn boolean(&self) -> Option<bool> {
        self.value.as_bool().or_else(|| self.expected("true or false"))
    }

    pub fn list(&self) -> Vec<Value<'a>> {
        match self.value {
            DeValue::Array(items) => items
                .iter()
                .map(|item| Value {
                    report: self.report,
                    name: self.name.clone(),
                    span: item.span(),
                    value: item.get_ref(),
                })
                .collect(),
            _ => self.expected::<()>("a list").map_or_else(Vec::new, |()| Vec::new()),
        }
    }

    /// A text, or a list of texts.
    pub fn texts(&self) -> Vec<Text> {
        match self.value {
            DeValue::Array(_) => self.list().iter().filter_map(Value::text).collect(),
            DeValue::String(_) => self.text().into_iter().collect(),
            _ => self.expected::<()>("a text or a list of texts").map_or_else(Vec::new, |()| Vec::new()),
        }
    }

    pub fn section(&self) -> Option<Section<'a>> {
        match self.value {
            DeValue::Table(table) => Some(Section {
                report: self.report,
                name: self.name.clone(),
                span: self.span.clone(),
                table,
                known: RefCell::default(),
            }),
            _ => self.expected("a table"),
        }
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date (put it in quotes)",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// One table of the document.
pub(crate) struct Section<'a> {
    pub report: &'a Report,
    pub name: String,
    pub span: Range<usize>,
    table: &'a DeTable<'a>,
    known: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub fn root(report: &'a Report, table: &'a DeTable<'a>) -> Self {
        Self { report, name: String::new(), span: 0..0, table, known: RefCell::default() }
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    pub fn spot(&self) -> Spot {
        self.report.spot(self.span.clone())
    }

    pub fn error(&self, message: impl Into<String>, fix: Option<String>) {
        self.report.error(&self.span, message, fix);
    }

    pub fn get(&self, key: &'static str) -> Option<Value<'a>> {
        self.known.borrow_mut().push(key);
        #[cfg(test)]
        self.report.asked.borrow_mut().insert((self.name.clone(), key));
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| Value {
            report: self.report,
            name: self.path(key),
            span: value.span(),
            value: value.get_ref(),
        })
    }

    /// Every entry, for tables whose keys are names of the reader's own (`[profile]`).
    pub fn entries(&self) -> Vec<(Text, Value<'a>)> {
        let mut list: Vec<_> = self
            .table
            .iter()
            .map(|(name, value)| {
                let text = Text { value: name.get_ref().to_string(), span: name.span() };
                let value = Value {
                    report: self.report,
                    name: self.path(name.get_ref()),
                    span: value.span(),
                    value: value.get_ref(),
                };
                (text, value)
            })
            .collect();
        // In the order of the file: TOML itself has none.
        list.sort_by_key(|(name, _)| name.span.start);
        list
    }

    pub fn text(&self, key: &'static str) -> Option<Text> {
        self.get(key).and_then(|value| value.text())
    }

    /// A text, or `Some(None)` for `false`: nothing of it.
    pub fn text_or_none(&self, key: &'static str) -> Option<Option<Text>> {
        let value = self.get(key)?;
        if value.is_false() { Some(None) } else { value.text().map(Some) }
    }

    pub fn string(&self, key: &'static str) -> Option<String> {
        self.text(key).map(|text| text.value)
    }

    /// The name of a profile attribute.
    pub fn attribute(&self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        self.report.mention(&text);
        Some(text.value)
    }

    /// Names of profile attributes.
    pub fn attributes(&self, key: &'static str) -> Vec<String> {
        let texts = self.texts(key);
        texts.iter().for_each(|text| self.report.mention(text));
        texts.into_iter().map(|text| text.value).collect()
    }

    pub fn needed_attribute(&self, key: &'static str) -> Option<String> {
        let text = self.needed(key)?;
        self.report.mention(&text);
        Some(text.value)
    }

    pub fn texts(&self, key: &'static str) -> Vec<Text> {
        self.get(key).map(|value| value.texts()).unwrap_or_default()
    }

    pub fn strings(&self, key: &'static str) -> Vec<String> {
        self.texts(key).into_iter().map(|text| text.value).collect()
    }

    pub fn integer(&self, key: &'static str, range: Range<i64>) -> Option<i64> {
        self.get(key).and_then(|value| value.integer(range))
    }

    pub fn boolean(&self, key: &'static str) -> Option<bool> {
        self.get(key).and_then(|value| value.boolean())
    }

    pub fn section(&self, key: &'static str) -> Option<Section<'a>> {
        self.get(key).and_then(|value| value.section())
    }

    /// The tables of a list of tables.
    pub fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        self.get(key)
            .map(|value| value.list().iter().filter_map(Value::section).collect())
            .unwrap_or_default()
    }

    /// Required text; its absence is an error.
    pub fn needed(&self, key: &'static str) -> Option<Text> {
        let found = self.get(key);
        if found.is_none() {
            self.missing(key);
        }
        found.and_then(|value| value.text())
    }

    pub fn missing(&self, key: &str) {
        let place = if self.name.is_empty() { "the policy".to_owned() } else { format!("[{}]", self.name) };
        self.error(format!("{place} lacks {key}"), Some(format!("add {key} = …")));
    }

    /// Reads one of several fixed words.
    pub fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, value)| *value);
        if found.is_none() {
            let all: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            self.report.error(
                &text.span,
                format!("{} cannot be \"{}\"", self.path(key), text.value),
                Some(
                    nearest(&text.value, words.iter().map(|(word, _)| *word))
                        .unwrap_or_else(|| format!("use one of {}", all.join(", "))),
                ),
            );
        }
        found
    }

    pub fn known(&self) -> Ref<'_, Vec<&'static str>> {
        self.known.borrow()
    }

    /// Reports keys that nobody asked for.
    pub fn finish(&self) {
        let known = self.known();
        for (name, _) in self.table.iter() {
            let key: &str = name.get_ref();
            if known.contains(&key) {
                continue;
            }
            let place = if self.name.is_empty() { "here".to_owned() } else { format!("in [{}]", self.name) };
            let fix = nearest(key, known.iter().copied()).unwrap_or_else(|| {
                let mut all = known.to_vec();
                all.sort_unstable();
                all.dedup();
                format!("known here: {}", all.join(", "))
            });
            self.report.error(&name.span(), format!("\"{key}\" is not known {place}"), Some(fix));
        }
    }
}

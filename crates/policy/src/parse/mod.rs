//! From text to a [`Document`]: every mistake is found in one go.

mod failing;
mod first;
mod flow;
mod lifecycle;
mod rules;
mod test;
mod upgrade;
mod when;

use std::collections::BTreeMap;

use toml::de::DeTable;

pub(crate) use self::when::group_named;
use crate::{
    PolicyFiles,
    document::Document,
    names,
    parameter::Parameters,
    problem::{Findings, Problems, Spot, nearest},
    reaction,
    reader::{Report, Section},
    table,
};

pub(crate) use self::upgrade::FORMAT;

/// Every key that reading these files asks for, by its section.
#[cfg(test)]
pub(crate) fn keys(files: &PolicyFiles) -> std::collections::BTreeSet<(String, &'static str)> {
    read(files, &[]).1
}

#[cfg(test)]
type Asked = std::collections::BTreeSet<(String, &'static str)>;
#[cfg(not(test))]
type Asked = ();

/// Reads everything. Warnings come beside the document; errors instead of it.
/// `tests` are files by name with nothing but people and tests.
pub(crate) fn document(files: &PolicyFiles, tests: &[(String, String)]) -> Result<Document, Problems> {
    read(files, tests).0
}

fn read(files: &PolicyFiles, tests: &[(String, String)]) -> (Result<Document, Problems>, Asked) {
    let (file, text) = &files.toml;
    let mut findings = Findings::default();
    findings.source(file, text);
    let older = match upgrade::upgraded(text, upgrade::STEPS) {
        Ok(upgraded) => upgraded,
        Err(why) => {
            findings.error(&Spot { file: file.clone(), span: 0..0 }, why, None);
            None
        }
    };
    if let Some(text) = older {
        // What is wrong with it is told in the words and lines of the present format.
        let files = PolicyFiles { toml: (file.clone(), text), tables: files.tables.clone() };
        return read(&files, tests);
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        findings.error(&Spot { file: file.clone(), span }, error.message().replace('\n', ", "), None);
    }
    let report = Report::new(file, findings);
    let section = Section::root(&report, root.get_ref());
    let mut document = Document::default();
    let format = section.integer("format", 1..i64::MAX);
    match format {
        Some(FORMAT) => {}
        Some(other) => report.error(
            &section.get("format").map_or(0..0, |value| value.span),
            format!("this is format {other}; this version reads format {FORMAT} and older ones"),
            Some("use a newer version of the program, or export the policy from this one".into()),
        ),
        None if section.get("format").is_none() && errors.is_empty() => section.missing("format"),
        None => {}
    }
    document.name = section.string("name").unwrap_or_else(|| "policy".to_owned());
    document.groups = when::read_groups(&section);
    for (name, text) in &files.tables {
        let name = name.trim_end_matches(".csv");
        let file = format!("{name}.csv");
        let mut findings = report.findings();
        findings.source(&file, text);
        let read = table::read(name, &file, text, &document.groups, &mut findings);
        document.mentions.extend(read.mentions);
        document.inline_groups.extend(read.inline_groups);
        document.tables.insert(name.to_owned(), std::sync::Arc::new(read.table));
    }
    rules::read(&section, &mut document);
    lifecycle::read(&section, &mut document);
    document.flows = flow::read(&section, &mut document);
    document.reactions = reaction::read(&section, &document);
    document.parameters = Parameters::read(&section, &document);
    document.parameters.check(&document, &mut report.findings());
    first::read(&section, &mut document);
    let mut cases = test::Tests::default();
    cases.add(&section, &document);
    for (file, text) in tests {
        beside(file, text, &report, &document, &mut cases);
        document.test_files.insert(file.clone(), text.clone());
    }
    document.tests = cases.cases;
    document.expressions = report.take_expressions();
    names::number(&mut document);
    section.finish();
    document.mentions.extend(report.take_mentions());
    document.inline_groups.extend(report.take_inline_groups());
    document.compared = report.take_compared();
    document.named = report.take_named();
    document.idle = report.take_idle();
    if errors.is_empty() {
        // What a broken line hides is not missing.
        check_routes(&section, &document);
    }
    #[cfg(test)]
    let asked = report.asked.take();
    #[cfg(not(test))]
    let asked = ();
    let problems = report.into_findings().finish();
    (if problems.has_errors() { Err(problems) } else { Ok(document) }, asked)
}

/// Reads people and tests that stand in a file of their own. They can be like people of the policy.
fn beside(file: &str, text: &str, report: &Report, document: &Document, cases: &mut test::Tests) {
    let mut findings = std::mem::take(&mut *report.findings());
    findings.source(file, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let spot = Spot { file: file.to_owned(), span: error.span().unwrap_or(0..0) };
        findings.error(&spot, error.message().replace('\n', ", "), None);
    }
    let own = Report::new(file, findings);
    let section = Section::root(&own, root.get_ref());
    cases.add(&section, document);
    section.finish();
    *report.findings() = own.into_findings();
}

fn check_routes(section: &Section<'_>, document: &Document) {
    if document.routes.is_empty() && section.get("route").is_none() {
        section.error(
            "no route leads to a site",
            Some("add [[route]] with tenant = \"…\" and site = \"…\"".into()),
        );
    }
    if document.correlation.keys.is_empty() && section.get("correlation").is_none() {
        section.error(
            "the policy does not say how accounts are found",
            Some("add [correlation] with keys = [ … ]".into()),
        );
    }
}

/// The value under `name`, or a finding with the nearest name.
pub(crate) fn known<'m, T>(
    name: &str,
    map: &'m BTreeMap<String, T>,
    what: &str,
    mut complain: impl FnMut(String, Option<String>),
) -> Option<&'m T> {
    let found = map.get(name);
    if found.is_none() {
        complain(format!("there is no {what} \"{name}\""), nearest(name, map.keys().map(String::as_str)));
    }
    found
}

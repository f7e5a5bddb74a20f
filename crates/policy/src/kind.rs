//! Kinds of people: those whom the rules cannot tell apart but by where they are. What one of them gets in one place, another
//! should get elsewhere, or somebody should know why not.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lanyard_model::{
    fold,
    identity::{AttributeValue, Identity},
};

use crate::{
    condition::{Condition, GroupTest, Truth},
    document::Document,
    subject,
    test::Test,
};

/// Tells what kind of person somebody is.
pub struct Kinds {
    document: Arc<Document>,
    /// Attributes with the values that rules compare them with, folded, as they are written.
    values: BTreeMap<String, BTreeMap<String, String>>,
    groups: Vec<GroupTest>,
    /// Further conditions of flows and user types.
    others: Vec<Condition>,
}

impl Kinds {
    pub(crate) fn new(document: Arc<Document>) -> Self {
        let mut routed = BTreeSet::new();
        for condition in document.routes.iter().flat_map(|route| &route.conditions) {
            condition.visit(&mut |part| {
                if let Condition::Attribute { attribute, .. } = part {
                    routed.insert(attribute.name.clone());
                }
            });
        }
        let mut found = Self {
            values: BTreeMap::new(),
            groups: Vec::new(),
            others: Vec::new(),
            document: document.clone(),
        };
        let flows = document.flows.iter().flat_map(|flow| &flow.conditions);
        let types = document.user_types.iter().flat_map(|rule| &rule.conditions);
        for condition in flows.chain(types) {
            condition.visit(&mut |part| found.note(part, &routed, true));
        }
        for row in document.tables.values().flat_map(|table| &table.rows) {
            row.tests.iter().for_each(|test| test.visit(&mut |part| found.note(part, &routed, false)));
        }
        found
    }

    fn note(&mut self, condition: &Condition, routed: &BTreeSet<String>, others: bool) {
        match condition {
            Condition::Group(group) if self.groups.iter().any(|known| known.name == group.name) => {}
            Condition::Group(group) => self.groups.push(group.clone()),
            Condition::Attribute { attribute, .. } if routed.contains(&attribute.name) => {}
            Condition::Attribute { attribute, test: Test::Is(list) } => {
                let known = self.values.entry(attribute.name.clone()).or_default();
                known.extend(list.iter().map(|wanted| (wanted.folded.clone(), wanted.text.clone())));
            }
            // Dates make everybody a kind of their own.
            Condition::Attribute { test: Test::Before(_) | Test::After(_) | Test::Within(_), .. } => {}
            Condition::Attribute { .. } | Condition::Cel(_) if others => self.others.push(condition.clone()),
            _ => {}
        }
    }

    /// What the rules know of somebody, place and dates apart, in words and in order. Equal words, the same kind.
    pub fn of(&self, identity: &Identity) -> Vec<String> {
        let mut words = Vec::new();
        for (name, value) in identity.profile.iter() {
            let Some(known) = self.values.get(&**name) else { continue };
            let mut one = |text: &str| {
                if let Some(written) = known.get(&fold::text(text)) {
                    words.push(format!("{name} {written}"));
                }
            };
            match value {
                AttributeValue::Text(text) => one(text),
                AttributeValue::List(list) => list.iter().for_each(|text| one(text)),
                AttributeValue::Bool(value) => one(if *value { "true" } else { "false" }),
                AttributeValue::Number(value) => one(&value.to_string()),
            }
        }
        let here = |group: &&GroupTest| {
            group.ids.iter().any(|(tenant, id)| {
                tenant.as_ref().is_none_or(|tenant| *tenant == identity.id.tenant)
                    && identity.groups.contains(id)
            })
        };
        words.extend(self.groups.iter().filter(here).map(|group| format!("in {}", group.name)));
        if !self.others.is_empty() {
            subject::with_subject(&self.document, identity, identity.read_at, true, |subject| {
                let holds = |condition: &&Condition| condition.test(subject) == Truth::Yes;
                let word = |condition: &Condition| match condition {
                    // Whatever it read: people of whom it is true are one kind.
                    Condition::Cel(cel) => cel.to_string(),
                    condition => condition.grounds(subject),
                };
                words.extend(self.others.iter().filter(holds).map(word));
            });
        }
        words.sort();
        words.dedup();
        words
    }
}

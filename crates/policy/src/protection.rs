//! Whom a policy protects: nothing is ever taken from them. Either nameless conditions (`protected`), or exceptions with a
//! name (`[[guardrails.protection]]`) that say why, who answers for them, and until when they are meant to stand.

use jiff::civil::Date;
use serde_json::Value as Json;

use crate::{
    PolicyFiles,
    condition::{Condition, Truth, all},
    document::Document,
    lifecycle::{grounds, lack},
    say, structured,
    subject::Subject,
};

/// An entry as the files have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// `None`: an entry of `protected`, which has no name.
    pub id: Option<String>,
    /// Whom it protects, in words.
    pub whom: String,
    pub reason: Option<String>,
    pub owner: Option<String>,
    /// The day on which it is meant to end. Nobody loses anything by its passing: whoever answers for it takes it out.
    pub until: Option<Date>,
}

/// All entries, those of `protected` first: [`crate::Policy::protected_by`] counts them in this order.
pub fn protections(files: &PolicyFiles) -> Vec<Protection> {
    // The rules alone: tables are long, and say nothing of it.
    let rules = PolicyFiles { toml: files.toml.clone(), ..PolicyFiles::default() };
    let all = structured::to_json(&rules).unwrap_or_default();
    let limits = &all["rules"]["guardrails"];
    let nameless = match &limits["protected"] {
        Json::Array(list) => list.as_slice(),
        Json::Null => &[],
        one => std::slice::from_ref(one),
    };
    let nameless = nameless.iter().map(|condition| Protection {
        id: None,
        whom: say::condition(condition),
        reason: None,
        owner: None,
        until: None,
    });
    let named = limits["protection"].as_array().into_iter().flatten().map(|entry| {
        let text = |key: &str| entry[key].as_str().map(str::to_owned);
        Protection {
            id: text("id"),
            whom: say::conditions(&entry["if"]),
            reason: text("reason"),
            owner: text("owner"),
            until: entry["until"].as_str().and_then(|day| day.parse().ok()),
        }
    });
    nameless.chain(named).collect()
}

/// A named entry, ready to be tested.
#[derive(Clone, Debug)]
pub(crate) struct Protected {
    pub id: String,
    pub reason: Option<String>,
    /// All must hold.
    pub conditions: Vec<Condition>,
}

impl Document {
    /// The entries that protect somebody, or may (their groups are not whole, a date is unreadable): place, rule, why.
    pub(crate) fn protecting(&self, subject: &Subject<'_>) -> impl Iterator<Item = (usize, String, String)> {
        let nameless = self.protected.iter().map(move |condition| {
            let why = match condition.test(subject) {
                Truth::No => None,
                Truth::Yes => Some(condition.grounds(subject)),
                Truth::Unknown => Some(condition.lack(subject)),
                Truth::Broken(why) => Some(why),
            };
            why.map(|why| ("guardrails.protected".to_owned(), why))
        });
        let named = self.protections.iter().map(move |entry| {
            let why = match all(&entry.conditions, subject) {
                Truth::No => return None,
                Truth::Yes => grounds(&entry.conditions, subject),
                Truth::Unknown => lack(&entry.conditions, subject),
                Truth::Broken(why) => why,
            };
            let why = match &entry.reason {
                Some(reason) => format!("{reason}: {why}"),
                None => why,
            };
            Some((format!("guardrails.protection.{}", entry.id), why))
        });
        let all = nameless.chain(named).enumerate();
        all.filter_map(|(place, found)| found.map(|(rule, why)| (place, rule, why)))
    }
}

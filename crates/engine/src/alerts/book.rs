//! What one rule has told, and what is open of what it matches. Kept up to date by what changed, so that a round costs as much as
//! changed, however much is open.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AlertRule, steady};
use crate::ports::{Finding, Severity};

/// What one rule has told so far, as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Book {
    told: BTreeSet<u64>,
    sent_at: Option<Timestamp>,
    first_untold: Option<Timestamp>,
}

/// What a rule says now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Say {
    Nothing,
    /// The findings of these keys are new; worst first, newest first among equals.
    Open(Vec<String>),
    /// Everything that was told is over.
    Over,
}

/// As much of an open finding as it takes to know it again, and to put it in order.
type Light = (Severity, Timestamp);

/// A rule's book, beside what is open.
#[derive(Debug, Default)]
pub(super) struct Watch {
    book: Book,
    open: BTreeMap<String, Light>,
    /// Of these, those that were not told.
    untold: BTreeSet<String>,
    /// Something of what was told was open in the last round.
    had_told: bool,
    /// The book is not as it was kept last.
    changed: bool,
}

impl Watch {
    /// `open`: everything that the rule matches now.
    pub(super) fn new<'f>(kept: Book, open: impl Iterator<Item = &'f Finding>) -> Self {
        let had_told = !kept.told.is_empty();
        let mut watch = Self { book: kept, had_told, ..Self::default() };
        open.for_each(|finding| watch.see(&finding.key, Some(finding)));
        let marks: BTreeSet<u64> = watch.open.iter().map(|(key, (_, since))| mark(key, *since)).collect();
        let before = watch.book.told.len();
        watch.book.told.retain(|told| marks.contains(told));
        watch.changed = watch.book.told.len() < before;
        watch
    }

    /// What is open under a key from now on, if the rule matches it.
    pub(super) fn see(&mut self, key: &str, now: Option<&Finding>) {
        let now = now.map(|finding| (finding.severity, finding.since));
        let before = match now {
            Some(light) => self.open.insert(key.to_owned(), light),
            None => self.open.remove(key),
        };
        if let Some((_, since)) = before.filter(|(_, since)| now.is_none_or(|(_, begun)| begun != *since)) {
            self.changed |= self.book.told.remove(&mark(key, since));
        }
        match now.filter(|(_, since)| !self.book.told.contains(&mark(key, *since))) {
            Some(_) => self.untold.insert(key.to_owned()),
            None => self.untold.remove(key),
        };
    }

    /// What is to be said now. Whoever says it tells that to [`Watch::told`].
    pub(super) fn say(&mut self, rule: &AlertRule, now: Timestamp) -> Say {
        let had_told = std::mem::replace(&mut self.had_told, !self.book.told.is_empty());
        if self.untold.is_empty() {
            self.changed |= self.book.first_untold.take().is_some();
            return if had_told && self.book.told.is_empty() { Say::Over } else { Say::Nothing };
        }
        self.changed |= self.book.first_untold.is_none();
        let first = *self.book.first_untold.get_or_insert(now);
        let gathered = first + rule.gather;
        let due = self.book.sent_at.map_or(gathered, |sent| gathered.max(sent + rule.every));
        if now < due {
            return Say::Nothing;
        }
        let mut keys: Vec<&String> = self.untold.iter().collect();
        keys.sort_by_key(|key| Reverse((self.open.get(*key).copied(), *key)));
        Say::Open(keys.into_iter().cloned().collect())
    }

    /// All that was not told is told by now.
    pub(super) fn told(&mut self, now: Timestamp) {
        let Self { open, untold, book, .. } = self;
        let untold = std::mem::take(untold);
        let begun = untold.iter().filter_map(|key| Some((key, open.get(key)?.1)));
        book.told.extend(begun.map(|(key, since)| mark(key, since)));
        (book.sent_at, book.first_untold) = (Some(now), None);
        (self.had_told, self.changed) = (true, true);
    }

    /// The book, if it is not as it was kept last; it is taken to be kept now.
    pub(super) fn unkept(&mut self) -> Option<&Book> {
        std::mem::take(&mut self.changed).then_some(&self.book)
    }
}

/// Names one occurrence of a finding: the same key that begins anew is another one.
fn mark(key: &str, since: Timestamp) -> u64 {
    steady(&format!("{key}\n{}", since.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{
        super::tests::{at, finding, rule},
        *,
    };

    /// What is said, and told at once.
    fn says(watch: &mut Watch, rule: &AlertRule, seconds: i64) -> String {
        match watch.say(rule, at(seconds)) {
            Say::Nothing => "nothing".into(),
            Say::Over => "over".into(),
            Say::Open(keys) => {
                watch.told(at(seconds));
                keys.join(" ")
            }
        }
    }

    #[test]
    fn a_storm_is_one_message_and_what_comes_after_it_another() {
        let (rule, mut watch) = (rule(), Watch::default());
        let storm: Vec<_> =
            (0..500).map(|n| finding(&format!("k{n:03}"), "blocked", Severity::Warning, None)).collect();
        watch.see("k000", Some(&storm[0]));
        assert_eq!(says(&mut watch, &rule, 0), "nothing", "others are waited for");
        storm[..300].iter().for_each(|one| watch.see(&one.key, Some(one)));
        let first = says(&mut watch, &rule, 30);
        assert!(first.starts_with("k299 k298 ") && first.ends_with(" k001 k000"), "{first}");
        storm.iter().for_each(|one| watch.see(&one.key, Some(one)));
        for seconds in [31, 100, 629] {
            assert_eq!(says(&mut watch, &rule, seconds), "nothing", "{seconds}");
        }
        assert_eq!(says(&mut watch, &rule, 630).split(' ').count(), 200, "what came meanwhile, together");
        assert_eq!(says(&mut watch, &rule, 9000), "nothing", "nothing is told twice");
    }

    #[test]
    fn what_is_over_is_told_once_and_what_returns_is_news() {
        let (rule, mut watch) =
            (AlertRule { gather: Duration::ZERO, every: Duration::ZERO, ..rule() }, Watch::default());
        let (a, mut b) =
            (finding("a", "feed", Severity::Warning, None), finding("b", "feed", Severity::Error, None));
        watch.see("a", Some(&a));
        watch.see("b", Some(&b));
        assert_eq!(says(&mut watch, &rule, 0), "b a", "worst first");
        watch.see("a", None);
        assert_eq!(says(&mut watch, &rule, 1), "nothing");
        watch.see("b", None);
        assert_eq!(says(&mut watch, &rule, 2), "over");
        assert_eq!(says(&mut watch, &rule, 3), "nothing");
        b.since = at(4);
        watch.see("b", Some(&b));
        assert_eq!(says(&mut watch, &rule, 4), "b");
        b.severity = Severity::Warning;
        watch.see("b", Some(&b));
        assert_eq!(says(&mut watch, &rule, 5), "nothing", "it did not begin anew");
    }

    #[test]
    fn a_restart_neither_repeats_nor_forgets() {
        let rule = AlertRule { gather: Duration::ZERO, every: Duration::ZERO, ..rule() };
        let [a, b, c] = ["a", "b", "c"].map(|key| finding(key, "feed", Severity::Error, None));
        let mut watch = Watch::new(Book::default(), [&a, &b].into_iter());
        assert_eq!(says(&mut watch, &rule, 0), "b a");
        let kept = serde_json::to_string(watch.unkept().expect("what is to be kept")).expect("text");
        assert_eq!(watch.unkept(), None, "it is kept");
        let again = || serde_json::from_str::<Book>(&kept).expect("a book");
        // Of what ended and began meanwhile, it knows from what is open.
        let mut watch = Watch::new(again(), [&b, &c].into_iter());
        assert_eq!(says(&mut watch, &rule, 9), "c");
        let mut watch = Watch::new(again(), std::iter::empty());
        assert_eq!(says(&mut watch, &rule, 9), "over");
        let mut watch = Watch::new(again(), [&a, &b].into_iter());
        assert_eq!((says(&mut watch, &rule, 9).as_str(), watch.unkept()), ("nothing", None));
    }
}

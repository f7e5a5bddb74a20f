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
    /// How much of what was told there was, by the same mark. What an earlier version told of is taken to be as it is.
    #[serde(default)]
    levels: BTreeMap<u64, Level>,
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

/// How bad it is, and how many it is about where it counts ([`Finding::count`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Level {
    severity: Severity,
    count: Option<u64>,
}

impl Level {
    fn of(finding: &Finding) -> Self {
        Self { severity: finding.severity, count: finding.count }
    }

    /// Whether this is worse than what was told: news, although it is the same finding. Of what was told without a count
    /// nobody knows whether it grew.
    fn is_beyond(self, told: Self) -> bool {
        let grown = self.count.zip(told.count).is_some_and(|(now, told)| now > told);
        self.severity > told.severity || grown
    }

    /// What was told, now that there is this: less than half of it may grow anew. A few that come and go are no news.
    fn lowers(self, told: Self) -> Self {
        let count = match (self.count, told.count) {
            (Some(now), Some(told)) if now > told / 2 => Some(told),
            (Some(now), _) => Some(now),
            (None, told) => told,
        };
        Self { severity: told.severity.min(self.severity), count }
    }
}

/// As much of an open finding as it takes to know it again, and to put it in order.
#[derive(Debug, Clone, Copy)]
struct Light {
    since: Timestamp,
    level: Level,
}

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
        let marks: BTreeSet<u64> = watch.open.iter().map(|(key, light)| mark(key, light.since)).collect();
        let before = watch.book.told.len();
        watch.book.told.retain(|told| marks.contains(told));
        watch.book.levels.retain(|told, _| marks.contains(told));
        watch.changed |= watch.book.told.len() < before;
        watch
    }

    /// What is open under a key from now on, if the rule matches it.
    pub(super) fn see(&mut self, key: &str, now: Option<&Finding>) {
        let now = now.map(|finding| Light { since: finding.since, level: Level::of(finding) });
        let before = match now {
            Some(light) => self.open.insert(key.to_owned(), light),
            None => self.open.remove(key),
        };
        if let Some(before) = before.filter(|before| now.is_none_or(|now| now.since != before.since)) {
            let mark = mark(key, before.since);
            self.book.levels.remove(&mark);
            self.changed |= self.book.told.remove(&mark);
        }
        match now.filter(|light| !self.knows(key, light)) {
            Some(_) => self.untold.insert(key.to_owned()),
            None => self.untold.remove(key),
        };
    }

    /// Whether it was told, and at least as bad as this.
    fn knows(&mut self, key: &str, light: &Light) -> bool {
        let mark = mark(key, light.since);
        if !self.book.told.contains(&mark) {
            return false;
        }
        let told = self.book.levels.get(&mark).copied();
        let level = told.map_or(light.level, |told| light.level.lowers(told));
        if told != Some(level) {
            self.book.levels.insert(mark, level);
            self.changed = true;
        }
        !light.level.is_beyond(level)
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
        let place = |light: &Light| (light.level.severity, light.since);
        keys.sort_by_key(|key| Reverse((self.open.get(*key).map(place), *key)));
        Say::Open(keys.into_iter().cloned().collect())
    }

    /// All that was not told is told by now.
    pub(super) fn told(&mut self, now: Timestamp) {
        let Self { open, untold, book, .. } = self;
        let untold = std::mem::take(untold);
        for (key, light) in untold.iter().filter_map(|key| Some((key, open.get(key)?))) {
            let mark = mark(key, light.since);
            book.told.insert(mark);
            book.levels.insert(mark, light.level);
        }
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
    fn what_grows_is_told_again_and_what_shrinks_is_not() {
        let (rule, mut watch) = (rule(), Watch::default());
        let of = |count: u64, severity: Severity| Finding {
            count: Some(count),
            ..finding("zombie:hq:all", "zombie", severity, Some("hq"))
        };
        let mut check = |count: u64, severity: Severity, seconds: i64, expected: &str| {
            watch.see("zombie:hq:all", Some(&of(count, severity)));
            says(&mut watch, &rule, seconds);
            let said = says(&mut watch, &rule, seconds + 600);
            assert_eq!(said, expected, "{count} at {seconds}");
            // As the next process has it.
            let kept = serde_json::to_string(&watch.book).expect("text");
            let open = of(count, severity);
            watch = Watch::new(serde_json::from_str(&kept).expect("a book"), [&open].into_iter());
        };
        let (warning, error) = (Severity::Warning, Severity::Error);
        check(1, warning, 0, "zombie:hq:all");
        check(1, warning, 10_000, "nothing");
        check(201, warning, 20_000, "zombie:hq:all");
        check(199, warning, 30_000, "nothing");
        check(201, warning, 40_000, "nothing");
        check(201, error, 50_000, "zombie:hq:all");
        check(201, warning, 60_000, "nothing");
        check(2, warning, 70_000, "nothing");
        check(30, warning, 80_000, "zombie:hq:all");
        // Not sooner than the rule lets messages follow each other.
        watch.see("zombie:hq:all", Some(&of(31, warning)));
        assert_eq!(says(&mut watch, &rule, 80_605), "nothing");
        assert_eq!(says(&mut watch, &rule, 80_700), "nothing");
        assert_eq!(says(&mut watch, &rule, 81_300), "zombie:hq:all");
    }

    #[test]
    fn what_an_earlier_version_told_of_is_no_news() {
        let open = finding("zombie:hq:all", "zombie", Severity::Warning, Some("hq"));
        let rule = AlertRule { gather: Duration::ZERO, every: Duration::ZERO, ..rule() };
        let mark = mark(&open.key, open.since);
        // The first version kept no counts, the next kept those it read in the titles. The finding itself says none until a
        // comparison writes it anew.
        let levels = format!(r#""levels":{{"{mark}":{{"severity":"warning","count":7}}}},"#);
        for levels in ["", levels.as_str()] {
            let kept = format!(r#"{{"told":[{mark}],{levels}"sent_at":null,"first_untold":null}}"#);
            let mut watch = Watch::new(serde_json::from_str(&kept).expect("a book"), [&open].into_iter());
            assert_eq!(says(&mut watch, &rule, 0), "nothing");
            for (count, expected) in [(7, "nothing"), (8, "zombie:hq:all")] {
                watch.see("zombie:hq:all", Some(&Finding { count: Some(count), ..open.clone() }));
                assert_eq!(says(&mut watch, &rule, 1), expected, "{count}");
            }
        }
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

//! What people and accounts are found by: keys, words of names, names in order.
//!
//! Entries come in no order at all. In one large table each would change a page of its own, the dearer the more there are. They go
//! to a young run, which fits the cache; when that is full, all of it goes to the grown run in order, many to a page; a grown
//! run that is full goes to the old one bit by bit. Everything happens in the transaction that brings the entries, so nothing
//! is ever missing: whoever looks something up looks in all three. See decision 17.
//!
//! One entry may stand in two runs for a while: it was brought up from an earlier schema, and came again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lanyard_engine::ports::Order;

use crate::{
    keys::Key,
    record,
    tx::{self, Answer, Tx, after_prefix, rows_max, statements, with},
};

statements! {
    ADD = "INSERT INTO found_young (what, text, number, kinds) VALUES ($1, $2, $3, $4)
           ON CONFLICT (what, text, number) DO UPDATE SET kinds = excluded.kinds";
    DROP_YOUNG = "DELETE FROM found_young WHERE what = $1 AND text = $2 AND number = $3";
    DROP_GROWN = "DELETE FROM found_grown WHERE what = $1 AND text = $2 AND number = $3";
    DROP_OLD = "DELETE FROM found_old WHERE what = $1 AND text = $2 AND number = $3";
    EXACT = "SELECT number, kinds FROM found_young WHERE what = $1 AND text = $2
             UNION ALL SELECT number, kinds FROM found_grown WHERE what = $1 AND text = $2
             UNION ALL SELECT number, kinds FROM found_old WHERE what = $1 AND text = $2";
    /// In one statement: who asks for a person by key has no transaction around it.
    PEOPLE = "SELECT kinds, tenant, user_id FROM found_young JOIN identities ON identities.number = found_young.number
              WHERE what = 'key' AND text = $1
              UNION ALL SELECT kinds, tenant, user_id FROM found_grown JOIN identities ON identities.number = found_grown.number
              WHERE what = 'key' AND text = $1
              UNION ALL SELECT kinds, tenant, user_id FROM found_old JOIN identities ON identities.number = found_old.number
              WHERE what = 'key' AND text = $1";
    WORDS = "SELECT number FROM found_young WHERE what = 'word' AND text >= $1 AND text < $2
             UNION ALL SELECT number FROM found_grown WHERE what = 'word' AND text >= $1 AND text < $2
             UNION ALL SELECT number FROM found_old WHERE what = 'word' AND text >= $1 AND text < $2";
    WORDS_COUNTED = "SELECT COUNT(*) FROM (SELECT 1 FROM found_young WHERE what = 'word' AND text >= $1 AND text < $2
                     UNION ALL SELECT 1 FROM found_grown WHERE what = 'word' AND text >= $1 AND text < $2
                     UNION ALL SELECT 1 FROM found_old WHERE what = 'word' AND text >= $1 AND text < $2 LIMIT $3)";
    NAMES_YOUNG = "SELECT text, number FROM found_young WHERE what = $1 AND (text, number) > ($2, $3)
                   ORDER BY text, number LIMIT $4";
    NAMES_GROWN = "SELECT text, number FROM found_grown WHERE what = $1 AND (text, number) > ($2, $3)
                   ORDER BY text, number LIMIT $4";
    NAMES_OLD = "SELECT text, number FROM found_old WHERE what = $1 AND (text, number) > ($2, $3)
                 ORDER BY text, number LIMIT $4";
    NAMES_YOUNG_BACK = "SELECT text, number FROM found_young WHERE what = $1 AND (text, number) < ($2, $3)
                        ORDER BY text DESC, number DESC LIMIT $4";
    NAMES_GROWN_BACK = "SELECT text, number FROM found_grown WHERE what = $1 AND (text, number) < ($2, $3)
                        ORDER BY text DESC, number DESC LIMIT $4";
    NAMES_OLD_BACK = "SELECT text, number FROM found_old WHERE what = $1 AND (text, number) < ($2, $3)
                      ORDER BY text DESC, number DESC LIMIT $4";
    COUNT_YOUNG = "SELECT COUNT(*) FROM found_young";
    COUNT_GROWN = "SELECT COUNT(*) FROM found_grown";
    GROW = "INSERT INTO found_grown (what, text, number, kinds)
            SELECT what, text, number, kinds FROM found_young WHERE true ORDER BY what, text, number
            ON CONFLICT (what, text, number) DO UPDATE SET kinds = excluded.kinds";
    NONE_YOUNG = "DELETE FROM found_young";
    UP_TO = "SELECT what, text, number FROM found_grown ORDER BY what, text, number LIMIT 1 OFFSET $1";
    AGE = "INSERT INTO found_old (what, text, number, kinds)
           SELECT what, text, number, kinds FROM found_grown WHERE (what, text, number) < ($1, $2, $3)
           ORDER BY what, text, number
           ON CONFLICT (what, text, number) DO UPDATE SET kinds = excluded.kinds";
    AGED = "DELETE FROM found_grown WHERE (what, text, number) < ($1, $2, $3)";
    AGE_ALL = "INSERT INTO found_old (what, text, number, kinds)
               SELECT what, text, number, kinds FROM found_grown WHERE true ORDER BY what, text, number
               ON CONFLICT (what, text, number) DO UPDATE SET kinds = excluded.kinds";
    AGED_ALL = "DELETE FROM found_grown";
}

const KEY: &str = "key";
const WORD: &str = "word";

/// Neither a tenant's nor a site's name has a space.
fn name_of(tenant: &str) -> String {
    format!("name {tenant}")
}

fn account_of(site: &str) -> String {
    format!("account {site}")
}

/// Entries of the young run before it goes to the grown one: about a megabyte, which one commit may change all over.
const YOUNG_MAX: u64 = 20_000;
/// Entries of the grown run before it goes to the old one.
const GROWN_MAX: u64 = 400_000;
/// The grown run is as good as empty: what is left of it is what came meanwhile.
const GROWN_REST: u64 = 8;
/// How many go to the old run for each that comes: enough that the grown one gets smaller, few enough that nobody waits long
/// for one commit.
const AGED_FOR_EACH: u64 = 3;

/// How full the runs are, without asking the database. What a failed batch brought is counted all the same: then a run goes a
/// little earlier.
pub(crate) struct Runs {
    /// Entries that came since it was last looked at.
    came: u64,
    /// Young and grown ones; `None` until they are needed.
    known: Option<(u64, u64)>,
    aging: bool,
    young_max: u64,
    grown_max: u64,
}

impl Default for Runs {
    fn default() -> Self {
        Self { came: 0, known: None, aging: false, young_max: YOUNG_MAX, grown_max: GROWN_MAX }
    }
}

impl Runs {
    fn add(&mut self, tx: &dyn Tx, what: &str, text: &str, number: i64, kinds: &str) -> Answer<()> {
        tx.run(ADD, with![what, text, number, kinds])?;
        self.came += 1;
        Ok(())
    }

    /// Before a transaction ends: a run that is full goes on.
    pub(crate) fn settle(&mut self, tx: &dyn Tx) -> Answer<()> {
        let came = std::mem::take(&mut self.came);
        if came == 0 {
            return Ok(());
        }
        let (mut young, mut grown) = match self.known {
            Some((young, grown)) => (young + came, grown),
            None => (tx::count(tx, COUNT_YOUNG, &[])?, tx::count(tx, COUNT_GROWN, &[])?),
        };
        if young > self.young_max {
            tx.run(GROW, &[])?;
            tx.run(NONE_YOUNG, &[])?;
            (young, grown) = (0, grown + young);
        }
        self.aging |= grown > self.grown_max;
        if self.aging {
            grown = grown.saturating_sub(age(tx, came * AGED_FOR_EACH)?);
            self.aging = grown > self.grown_max / GROWN_REST;
        }
        self.known = Some((young, grown));
        Ok(())
    }
}

/// The first so many of the grown run go to the old one; how many went.
fn age(tx: &dyn Tx, many: u64) -> Answer<u64> {
    let place = |row: &dyn tx::Row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), row.int(2)?));
    match tx::first(tx, UP_TO, with![tx::signed(many)], place)? {
        Some((what, text, number)) => {
            tx.run(AGE, with![&what, &text, number])?;
            tx.run(AGED, with![&what, &text, number])
        }
        None => {
            let went = tx.run(AGE_ALL, &[])?;
            tx.run(AGED_ALL, &[])?;
            Ok(went)
        }
    }
}

fn drop_entry(tx: &dyn Tx, what: &str, text: &str, number: i64) -> Answer<()> {
    for run in [DROP_YOUNG, DROP_GROWN, DROP_OLD] {
        tx.run(run, with![what, text, number])?;
    }
    Ok(())
}

/// The kinds under which each value is a key. Both ways round one entry: most people's login is their address.
fn by_value(keys: &str) -> Answer<BTreeMap<String, String>> {
    let keys: Vec<Key> = record::read_list("keys", keys)?;
    let mut kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (kind, value) in keys {
        kinds.entry(value).or_default().insert(kind);
    }
    kinds.into_iter().map(|(value, kinds)| Ok((value, record::list(&kinds)?))).collect()
}

fn keys(tx: &dyn Tx, runs: &mut Runs, what: &str, number: i64, (old, new): (&str, &str)) -> Answer<()> {
    if old == new {
        return Ok(());
    }
    let (old, new) = (by_value(old)?, by_value(new)?);
    for (value, kinds) in &old {
        if new.get(value) != Some(kinds) {
            drop_entry(tx, what, value, number)?;
        }
    }
    for (value, kinds) in &new {
        if old.get(value) != Some(kinds) {
            runs.add(tx, what, value, number, kinds)?;
        }
    }
    Ok(())
}

/// Lets a person be found by other keys than before; both are JSON lists.
pub(crate) fn person_keys(tx: &dyn Tx, runs: &mut Runs, number: i64, keys_of: (&str, &str)) -> Answer<()> {
    keys(tx, runs, KEY, number, keys_of)
}

/// The same of an account.
pub(crate) fn account_keys(
    tx: &dyn Tx,
    runs: &mut Runs,
    site: &str,
    account: i64,
    keys_of: (&str, &str),
) -> Answer<()> {
    keys(tx, runs, &account_of(site), account, keys_of)
}

/// Words that are needed to find all of them by their beginnings: none that begins another.
fn needed(words: &[String]) -> BTreeSet<&str> {
    let words: BTreeSet<&str> = words.iter().map(String::as_str).collect();
    // In order, whatever begins with a word comes right after it.
    let after = words.iter().skip(1).map(Some).chain([None]);
    words
        .iter()
        .zip(after)
        .filter(|(word, next)| !next.is_some_and(|next| next.starts_with(**word)))
        .map(|(word, _)| *word)
        .collect()
}

/// Lets a person be found by other words than before; both are JSON lists.
pub(crate) fn words(tx: &dyn Tx, runs: &mut Runs, number: i64, (old, new): (&str, &str)) -> Answer<()> {
    if old == new {
        return Ok(());
    }
    let (old, new): (Vec<String>, Vec<String>) =
        (record::read_list("words", old)?, record::read_list("words", new)?);
    let (before, wanted) = (needed(&old), needed(&new));
    // All of them, needed or not: an earlier schema kept all.
    for word in old.iter().filter(|word| !wanted.contains(word.as_str())) {
        drop_entry(tx, WORD, word, number)?;
    }
    for word in wanted.difference(&before) {
        runs.add(tx, WORD, word, number, "")?;
    }
    Ok(())
}

/// Lets a person stand elsewhere in the order of names. `None`: nowhere.
pub(crate) fn name(
    tx: &dyn Tx,
    runs: &mut Runs,
    (tenant, number): (&str, i64),
    old: Option<&str>,
    new: Option<&str>,
) -> Answer<()> {
    if old == new {
        return Ok(());
    }
    let what = name_of(tenant);
    if let Some(old) = old {
        drop_entry(tx, &what, old, number)?;
    }
    match new {
        Some(new) => runs.add(tx, &what, new, number, ""),
        None => Ok(()),
    }
}

fn has_kind(kinds: &str, kind: &str) -> Answer<bool> {
    let kinds: Vec<String> = record::read_list("kinds", kinds)?;
    Ok(kinds.iter().any(|has| has == kind))
}

/// Tenant and user of everybody with a key, in order.
pub(crate) fn people(tx: &dyn Tx, kind: &str, value: &str) -> Answer<BTreeSet<(String, String)>> {
    let mut found = BTreeSet::new();
    tx.each(PEOPLE, with![value], &mut |row| {
        if has_kind(row.text(0)?, kind)? {
            found.insert((row.text(1)?.to_owned(), row.text(2)?.to_owned()));
        }
        Ok(())
    })?;
    Ok(found)
}

fn with_key(tx: &dyn Tx, what: &str, kind: &str, value: &str) -> Answer<BTreeSet<i64>> {
    let mut found = BTreeSet::new();
    tx.each(EXACT, with![what, value], &mut |row| {
        if has_kind(row.text(1)?, kind)? {
            found.insert(row.int(0)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Whether anybody has a key.
pub(crate) fn anybody(tx: &dyn Tx, kind: &str, value: &str) -> Answer<bool> {
    Ok(!with_key(tx, KEY, kind, value)?.is_empty())
}

/// The accounts of a site with a key, in order.
pub(crate) fn accounts(tx: &dyn Tx, site: &str, kind: &str, value: &str) -> Answer<BTreeSet<i64>> {
    with_key(tx, &account_of(site), kind, value)
}

/// Everybody with a word that begins so.
pub(crate) fn with_word(tx: &dyn Tx, prefix: &str) -> Answer<BTreeSet<i64>> {
    let mut found = BTreeSet::new();
    tx.each(WORDS, with![prefix, &after_prefix(prefix)], &mut |row| {
        found.insert(row.int(0)?);
        Ok(())
    })?;
    Ok(found)
}

/// How many words begin so, counted up to a limit.
pub(crate) fn words_counted(tx: &dyn Tx, prefix: &str, limit: usize) -> Answer<u64> {
    tx::count(tx, WORDS_COUNTED, with![prefix, &after_prefix(prefix), rows_max(limit)])
}

/// A place in the order of people: folded name, tenant, number.
pub(crate) type Place = (String, String, i64);

/// Rows that are read at once of each run.
const AT_ONCE: usize = 100;

/// People in the order of their names from a place on, of some tenants, of all runs.
pub(crate) struct Walk<'t> {
    tx: &'t dyn Tx,
    order: Order,
    sources: Vec<Source>,
    last: Option<Place>,
}

/// One tenant in one run.
struct Source {
    sql: &'static str,
    tenant: String,
    what: String,
    read: VecDeque<(String, i64)>,
    after: (String, i64),
    ended: bool,
}

impl<'t> Walk<'t> {
    pub(crate) fn new(tx: &'t dyn Tx, tenants: &[String], order: Order, after: &Place) -> Self {
        let runs = match order {
            Order::Rising => [NAMES_YOUNG, NAMES_GROWN, NAMES_OLD],
            Order::Falling => [NAMES_YOUNG_BACK, NAMES_GROWN_BACK, NAMES_OLD_BACK],
        };
        let (name, last, number) = after;
        let source = |tenant: &String, sql| Source {
            sql,
            what: name_of(tenant),
            read: VecDeque::new(),
            // Of one name, an earlier tenant's people come before the place, a later one's after it.
            after: match tenant.cmp(last) {
                std::cmp::Ordering::Less => (name.clone(), i64::MAX),
                std::cmp::Ordering::Equal => (name.clone(), *number),
                std::cmp::Ordering::Greater => (name.clone(), i64::MIN),
            },
            tenant: tenant.clone(),
            ended: false,
        };
        let sources = tenants.iter().flat_map(|tenant| runs.map(|sql| source(tenant, sql))).collect();
        Self { tx, order, sources, last: None }
    }

    /// The next place, if there is one.
    pub(crate) fn next(&mut self) -> Answer<Option<Place>> {
        loop {
            let mut first: Option<(usize, (&str, &str, i64))> = None;
            for at in 0..self.sources.len() {
                self.sources[at].fill(self.tx)?;
            }
            for (at, source) in self.sources.iter().enumerate() {
                let Some((name, number)) = source.read.front() else { continue };
                let place = (name.as_str(), source.tenant.as_str(), *number);
                let before = first.is_none_or(|(_, first)| match self.order {
                    Order::Rising => place < first,
                    Order::Falling => place > first,
                });
                if before {
                    first = Some((at, place));
                }
            }
            let Some((at, _)) = first else { return Ok(None) };
            let source = &mut self.sources[at];
            let Some((name, number)) = source.read.pop_front() else { return Ok(None) };
            let place = (name, source.tenant.clone(), number);
            if self.last.as_ref() != Some(&place) {
                self.last = Some(place.clone());
                return Ok(Some(place));
            }
        }
    }
}

impl Source {
    fn fill(&mut self, tx: &dyn Tx) -> Answer<()> {
        if self.ended || !self.read.is_empty() {
            return Ok(());
        }
        let (name, number) = &self.after;
        let rows = tx::all(tx, self.sql, with![&self.what, name, *number, rows_max(AT_ONCE)], |row| {
            Ok((row.text(0)?.to_owned(), row.int(1)?))
        })?;
        match rows.last() {
            Some(last) => self.after = last.clone(),
            None => self.ended = true,
        }
        self.ended |= rows.len() < AT_ONCE;
        self.read = rows.into();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use lanyard_model::{
        id::{IdentityId, TenantId},
        identity::{AttributeValue, Groups, Identity, Profile, Status},
    };
    use proptest::prelude::*;

    use super::*;
    use crate::{
        schema,
        sqlite::{self, SqliteTx},
        tables::identities,
    };

    fn empty() -> rusqlite::Connection {
        let connection = sqlite::open_memory().unwrap();
        schema::migrate(&connection).unwrap();
        connection
    }

    fn lists(texts: &[&str]) -> String {
        record::list(&texts).unwrap()
    }

    #[test]
    fn a_word_that_begins_another_is_not_kept() {
        let words = ["ana", "ana.silva7@x", "da", "silva", "silva7"].map(str::to_owned);
        assert_eq!(needed(&words).into_iter().collect::<Vec<_>>(), ["ana.silva7@x", "da", "silva7"]);
    }

    #[test]
    fn a_value_under_several_kinds_is_one_entry() {
        let connection = empty();
        let (tx, mut runs) = (SqliteTx(&connection), Runs::default());
        let keys = |kinds: &[&str]| {
            record::list(&kinds.iter().map(|kind| (*kind, "a@x")).collect::<Vec<_>>()).unwrap()
        };
        account_keys(&tx, &mut runs, "hq", 7, ("[]", &keys(&["login", "mail"]))).unwrap();
        assert_eq!(tx::count(&tx, COUNT_YOUNG, &[]), Ok(1));
        let found = |kind| accounts(&tx, "hq", kind, "a@x").unwrap().into_iter().collect::<Vec<_>>();
        assert_eq!((found("login"), found("mail"), found("log")), (vec![7], vec![7], vec![]));
        account_keys(&tx, &mut runs, "hq", 7, (&keys(&["login", "mail"]), &keys(&["mail"]))).unwrap();
        assert_eq!((found("login"), found("mail")), (vec![], vec![7]));
    }

    /// What one person is found by.
    type Person = (String, BTreeSet<String>);

    #[derive(Debug, Clone)]
    enum Turn {
        Becomes(i64, Option<Person>),
        Restart,
    }

    fn turn() -> impl Strategy<Value = Turn> {
        let word = "[ab]{1,3}";
        let person = ("[ab]{1,2}", proptest::collection::btree_set(word, 0..4));
        prop_oneof![
            12 => (0i64..9, proptest::option::weighted(0.8, person)).prop_map(|(number, now)| Turn::Becomes(number, now)),
            1 => Just(Turn::Restart),
        ]
    }

    /// Tenant of a number.
    fn of(number: i64) -> &'static str {
        ["acme", "basin"][(number % 2) as usize]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever moves between the runs, everybody is found by what they have now, and by nothing else.
        #[test]
        fn people_are_found_whichever_run_they_are_in(turns in proptest::collection::vec(turn(), 1..120)) {
            let connection = empty();
            let tx = SqliteTx(&connection);
            let small = || Runs { young_max: 5, grown_max: 16, ..Runs::default() };
            let (mut runs, mut known) = (small(), BTreeMap::<i64, Person>::new());
            for turn in turns {
                let Turn::Becomes(number, now) = turn else {
                    runs = small();
                    continue;
                };
                let before = known.remove(&number);
                let words_of = |person: &Option<Person>| {
                    person.as_ref().map_or("[]".to_owned(), |(_, words)| record::list(words).unwrap())
                };
                words(&tx, &mut runs, number, (&words_of(&before), &words_of(&now))).unwrap();
                let keys_of = |person: &Option<Person>| {
                    let list: Vec<_> = person.iter().flat_map(|(_, words)| words).map(|word| ("k", word)).collect();
                    record::list(&list).unwrap()
                };
                person_keys(&tx, &mut runs, number, (&keys_of(&before), &keys_of(&now))).unwrap();
                let name_of = |person: &Option<Person>| person.as_ref().map(|(name, _)| name.clone());
                let (old, new) = (name_of(&before), name_of(&now));
                name(&tx, &mut runs, (of(number), number), old.as_deref(), new.as_deref()).unwrap();
                runs.settle(&tx).unwrap();
                known.extend(now.map(|now| (number, now)));

                for text in ["a", "ab", "ba", "bbb"] {
                    let having = |fits: &dyn Fn(&String) -> bool| -> BTreeSet<i64> {
                        known.iter().filter(|(_, (_, words))| words.iter().any(fits)).map(|(n, _)| *n).collect()
                    };
                    prop_assert_eq!(with_word(&tx, text).unwrap(), having(&|word| word.starts_with(text)));
                    prop_assert_eq!(with_key(&tx, KEY, "k", text).unwrap(), having(&|word| word == text));
                }
                let mut all: Vec<Place> =
                    known.iter().map(|(n, (name, _))| (name.clone(), of(*n).to_owned(), *n)).collect();
                all.sort();
                let tenants = ["acme", "basin"].map(str::to_owned);
                let walked = |order, after: &Place| {
                    let mut walk = Walk::new(&tx, &tenants, order, after);
                    std::iter::from_fn(move || walk.next().unwrap()).collect::<Vec<_>>()
                };
                for (at, place) in all.iter().enumerate() {
                    prop_assert_eq!(&walked(Order::Rising, place)[..], &all[at + 1..]);
                    let before: Vec<_> = all[..at].iter().rev().cloned().collect();
                    prop_assert_eq!(walked(Order::Falling, place), before);
                }
            }
        }
    }

    #[test]
    fn runs_that_are_full_go_on_bit_by_bit() {
        let connection = empty();
        let tx = SqliteTx(&connection);
        let mut runs = Runs { young_max: 10, grown_max: 40, ..Runs::default() };
        let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as u64;
        let (mut longest, mut most) = (0, 0);
        for person in 0..200 {
            let old = number("SELECT COUNT(*) FROM found_old");
            let word = format!("w{:03}", person * 77 % 200);
            words(&tx, &mut runs, person, ("[]", &lists(&[&word]))).unwrap();
            runs.settle(&tx).unwrap();
            assert_eq!(runs.known, Some((number(COUNT_YOUNG), number(COUNT_GROWN))));
            longest = longest.max(number(COUNT_GROWN));
            most = most.max(number("SELECT COUNT(*) FROM found_old") - old);
        }
        assert!(longest <= 60, "{longest}");
        assert_eq!(most, AGED_FOR_EACH, "nobody waits for more than that");
        assert!(number("SELECT COUNT(*) FROM found_old") > 100);
        assert_eq!(with_word(&tx, "w").unwrap().len(), 200);
    }

    /// Each with an address, a number and a name of their own, in no order.
    fn somebody(at: u64) -> (Identity, Vec<Key>) {
        let mixed = at.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mail = format!("{:04x}.{:04x}@harborlight.example", mixed >> 48, mixed >> 16 & 0xffff);
        let mut profile = Profile::default();
        profile.set("displayName", AttributeValue::Text(mail.replace(['.', '@'], " ").into()));
        profile.set("login", AttributeValue::Text(mail.as_str().into()));
        let number = (mixed >> 20 & 0xff_ffff).to_string();
        let keys = ["mail", "login"].map(|kind| (kind.to_owned(), mail.clone()));
        let keys = keys.into_iter().chain([("number".to_owned(), number)]).collect();
        let identity = Identity {
            id: IdentityId::new(TenantId::new("acme"), format!("u{at:06}")),
            status: Status::Active,
            transitioning: false,
            profile,
            groups: Groups::default(),
            created: None,
            activated: None,
            status_changed: None,
            last_updated: None,
            type_id: None,
            read_at: Timestamp::UNIX_EPOCH,
        };
        (identity, keys)
    }

    /// Pages written for a hundred people: of the first thousands, and of the last.
    fn pages(mut runs: Runs) -> (u64, u64) {
        let folder = tempfile::tempdir().unwrap();
        let connection = rusqlite::Connection::open(folder.path().join("lanyard.db")).unwrap();
        let settings = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = OFF";
        connection.execute_batch(settings).unwrap();
        schema::migrate(&connection).unwrap();
        let wal = || std::fs::metadata(folder.path().join("lanyard.db-wal")).unwrap().len();
        let mut pages_of = |people: std::ops::Range<u64>| {
            let (before, hundreds) = (wal(), (people.end - people.start) / 100);
            for batch in people.collect::<Vec<_>>().chunks(100) {
                let transaction = connection.unchecked_transaction().unwrap();
                let tx = SqliteTx(&transaction);
                for at in batch {
                    let (identity, keys) = somebody(*at);
                    identities::mirror(&tx, &mut runs, &identity, &keys, Timestamp::UNIX_EPOCH).unwrap();
                }
                runs.settle(&tx).unwrap();
                transaction.commit().unwrap();
            }
            (wal() - before) / 4_096 / hundreds
        };
        let early = pages_of(0..2_000);
        pages_of(2_000..8_000);
        (early, pages_of(8_000..10_000))
    }

    /// Runs are a twentieth of their size, so that ten thousand people are many.
    #[test]
    fn who_comes_late_costs_as_much_as_who_came_early() {
        let small = Runs { young_max: YOUNG_MAX / 20, grown_max: GROWN_MAX / 40, ..Runs::default() };
        let (early, late) = pages(small);
        // In one run it is five times as much.
        assert!(late <= early * 2, "{early} pages for a hundred of the first, {late} of the last");
    }
}

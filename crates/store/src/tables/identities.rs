//! Mirrored people: records, keys, search words, memberships, groups.

use std::collections::{BTreeSet, HashSet};

use aws_lc_rs::digest;
use jiff::Timestamp;
use lanyard_engine::ports::{COUNTED_MAX, IdentityState, Mirrored, MirroredIdentity, Order, Wrote};
use lanyard_model::{
    fold,
    id::{GroupId, IdentityId, TenantId},
    identity::{Group, Identity},
};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::past;
use crate::{
    keys::{self, Key},
    record,
    tx::{self, Answer, Row, Tx, after_prefix, rows_max, statements, with},
};

statements! {
    FIND = "SELECT content, groups, keys, words, since, gone_at, name, record FROM identities
            WHERE tenant = $1 AND user_id = $2";
    AS_OF = "SELECT record, since, gone_at FROM identities WHERE tenant = $1 AND since <= $2";
    INSERT = "INSERT INTO identities (tenant, user_id, name, record, content, groups, keys, words, since)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// Without the name, whose indexes SQLite writes anew whenever it is set, to the same name as well.
    UPDATE_UNDER_ITS_NAME = "UPDATE identities SET record = $1, content = $2, groups = $3, keys = $4, words = $5,
              since = $6, gone_at = NULL, gone_proof = NULL WHERE tenant = $7 AND user_id = $8";
    UPDATE = "UPDATE identities SET name = $1, record = $2, content = $3, groups = $4, keys = $5, words = $6,
              since = $7, gone_at = NULL, gone_proof = NULL WHERE tenant = $8 AND user_id = $9";
    TOUCH = "UPDATE identities SET record = $1 WHERE tenant = $2 AND user_id = $3";
    GONE = "UPDATE identities SET gone_at = $1, gone_proof = $2, keys = '[]', groups = '[]'
            WHERE tenant = $3 AND user_id = $4 AND gone_at IS NULL";
    ADD_KEY = "INSERT INTO identity_keys (kind, value, tenant, user_id) VALUES ($1, $2, $3, $4)
               ON CONFLICT DO NOTHING";
    DROP_KEY = "DELETE FROM identity_keys WHERE kind = $1 AND value = $2 AND tenant = $3 AND user_id = $4";
    ADD_WORD = "INSERT INTO identity_words (word, tenant, user_id, name) VALUES ($1, $2, $3, $4)
                ON CONFLICT (word, tenant, user_id) DO UPDATE SET name = excluded.name";
    DROP_WORD = "DELETE FROM identity_words WHERE word = $1 AND tenant = $2 AND user_id = $3";
    ADD_MEMBER = "INSERT INTO memberships (tenant, group_id, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    DROP_MEMBER = "DELETE FROM memberships WHERE tenant = $1 AND group_id = $2 AND user_id = $3";
    LOAD = "SELECT record, since, gone_at FROM identities WHERE tenant = $1 AND user_id = $2";
    PAGE = "SELECT record, since, gone_at FROM identities WHERE tenant = $1 AND user_id > $2
            ORDER BY user_id LIMIT $3";
    PAGE_WITH_KEYS = "SELECT record, since, gone_at, keys FROM identities WHERE tenant = $1 AND user_id > $2
                      ORDER BY user_id LIMIT $3";
    HAS_KEY = "SELECT COUNT(*) FROM identity_keys WHERE kind = $1 AND value = $2";
    BY_KEY = "SELECT tenant, user_id FROM identity_keys WHERE kind = $1 AND value = $2 ORDER BY tenant, user_id";
    WORDS = "SELECT name, tenant, user_id FROM identity_words WHERE word >= $1 AND word < $2";
    WORDS_OF_TENANT = "SELECT name, tenant, user_id FROM identity_words
                       WHERE word >= $1 AND word < $2 AND tenant = $3";
    WORDS_COUNTED = "SELECT COUNT(*) FROM
                     (SELECT 1 FROM identity_words WHERE word >= $1 AND word < $2 LIMIT $3)";
    WORDS_OF = "SELECT words FROM identities WHERE tenant = $1 AND user_id = $2";
    NAMES = "SELECT record, since, gone_at, name, words, tenant, user_id FROM identities
             WHERE (name, tenant, user_id) > ($1, $2, $3) ORDER BY name, tenant, user_id LIMIT $4";
    NAMES_BACK = "SELECT record, since, gone_at, name, words, tenant, user_id FROM identities
                  WHERE (name, tenant, user_id) < ($1, $2, $3)
                  ORDER BY name DESC, tenant DESC, user_id DESC LIMIT $4";
    NAMES_OF_TENANT = "SELECT record, since, gone_at, name, words, tenant, user_id FROM identities
                       WHERE tenant = $1 AND (name, user_id) > ($2, $3) ORDER BY name, user_id LIMIT $4";
    NAMES_OF_TENANT_BACK = "SELECT record, since, gone_at, name, words, tenant, user_id FROM identities
                            WHERE tenant = $1 AND (name, user_id) < ($2, $3)
                            ORDER BY name DESC, user_id DESC LIMIT $4";
    COUNT = "SELECT COUNT(*) FROM identities";
    COUNT_OF_TENANT = "SELECT COUNT(*) FROM identities WHERE tenant = $1";
    MEMBERS = "SELECT user_id FROM memberships WHERE tenant = $1 AND group_id = $2 ORDER BY user_id";
    DROP_GROUPS = "DELETE FROM directory_groups WHERE tenant = $1";
    ADD_GROUP = "INSERT INTO directory_groups (tenant, group_id, record) VALUES ($1, $2, $3)
                 ON CONFLICT (tenant, group_id) DO UPDATE SET record = excluded.record";
    GROUPS = "SELECT record FROM directory_groups WHERE tenant = $1 ORDER BY group_id";
}

struct Before {
    content: Vec<u8>,
    groups: String,
    keys: String,
    words: String,
    since: Timestamp,
    gone_at: Option<Timestamp>,
    name: String,
    record: String,
}

/// Mirrors `identity`. Only what differs from the mirror is written, besides the record itself.
pub(crate) fn mirror(tx: &dyn Tx, identity: &Identity, found_by: &[Key], at: Timestamp) -> Answer<Wrote> {
    let (tenant, user) = (identity.id.tenant.as_str(), &*identity.id.user);
    let before = tx::first(tx, FIND, with![tenant, user], |row| {
        Ok(Before {
            content: row.blob(0)?.to_vec(),
            groups: row.text(1)?.to_owned(),
            keys: row.text(2)?.to_owned(),
            words: row.text(3)?.to_owned(),
            since: tx::time(row.int(4)?)?,
            gone_at: tx::time_or_null(row.int_or_null(5)?)?,
            name: row.text(6)?.to_owned(),
            record: row.text(7)?.to_owned(),
        })
    })?;
    let kept = record::write(identity)?;
    let name = fold_plain(&identity.display_name());
    let groups = known_groups(identity, before.as_ref().map_or("[]", |old| &old.groups))?;
    let content = content_hash(identity, &groups)?;
    let keys = record::list(&keys::sorted(found_by))?;
    let words = record::list(&words_of(identity))?;

    let (same_content, same_index, since) = match &before {
        None => (false, false, at),
        Some(old) => {
            let same = old.content == content && old.gone_at.is_none();
            let since = if same { old.since } else { at };
            (same, same && old.keys == keys && old.words == words && old.groups == groups, since)
        }
    };
    if let Some(old) = before.as_ref().filter(|_| !same_content) {
        let span = (old.since, old.gone_at.unwrap_or(at));
        past::keep(tx, past::Kind::Identity, tenant, user, span, &old.record)?;
    }
    match &before {
        Some(_) if same_index => {
            tx.run(TOUCH, with![&kept, tenant, user])?;
        }
        Some(old) if old.name == name => {
            tx.run(
                UPDATE_UNDER_ITS_NAME,
                with![&kept, &content, &groups, &keys, &words, since, tenant, user],
            )?;
        }
        Some(_) => {
            tx.run(UPDATE, with![&name, &kept, &content, &groups, &keys, &words, since, tenant, user])?;
        }
        None => {
            tx.run(INSERT, with![tenant, user, &name, &kept, &content, &groups, &keys, &words, since])?;
        }
    }
    if !same_index {
        let old = before.as_ref();
        index_keys(tx, &identity.id, old.map_or("[]", |o| &o.keys), &keys)?;
        // Each word carries the name, which decides the order of a search.
        if old.is_none_or(|o| o.words != words || o.name != name) {
            index_words(tx, &identity.id, old.map_or("[]", |o| &o.words), &words, &name)?;
        }
        index_groups(tx, &identity.id, old.map_or("[]", |o| &o.groups), &groups)?;
    }
    Ok(Wrote::Mirrored { since, changed: !same_content, first: before.is_none() })
}

/// Marks an identity gone. It keeps its record and its words, and is no longer found by keys or as a member.
pub(crate) fn mark_gone(tx: &dyn Tx, id: &IdentityId, at: Timestamp, proof: &str) -> Answer<()> {
    let (tenant, user) = (id.tenant.as_str(), &*id.user);
    let before = tx::first(tx, FIND, with![tenant, user], |row| {
        Ok((row.text(1)?.to_owned(), row.text(2)?.to_owned()))
    })?;
    let Some((groups, keys)) = before else { return Ok(()) };
    tx.run(GONE, with![at, proof, tenant, user])?;
    index_keys(tx, id, &keys, "[]")?;
    index_groups(tx, id, &groups, "[]")
}

fn index_keys(tx: &dyn Tx, id: &IdentityId, old: &str, new: &str) -> Answer<()> {
    let (tenant, user) = (id.tenant.as_str(), &*id.user);
    let (dropped, added) = differing::<Key>("keys", old, new)?;
    for (kind, value) in &dropped {
        tx.run(DROP_KEY, with![kind, value, tenant, user])?;
    }
    for (kind, value) in &added {
        tx.run(ADD_KEY, with![kind, value, tenant, user])?;
    }
    Ok(())
}

fn index_words(tx: &dyn Tx, id: &IdentityId, old: &str, new: &str, name: &str) -> Answer<()> {
    let (tenant, user) = (id.tenant.as_str(), &*id.user);
    let (dropped, _) = differing::<String>("words", old, new)?;
    for word in &dropped {
        tx.run(DROP_WORD, with![word, tenant, user])?;
    }
    // All of them: the name may be another one.
    for word in &record::read_list::<Vec<String>>("words", new)? {
        tx.run(ADD_WORD, with![word, tenant, user, name])?;
    }
    Ok(())
}

fn index_groups(tx: &dyn Tx, id: &IdentityId, old: &str, new: &str) -> Answer<()> {
    let (tenant, user) = (id.tenant.as_str(), &*id.user);
    let (dropped, added) = differing::<String>("groups", old, new)?;
    for group in &dropped {
        tx.run(DROP_MEMBER, with![tenant, group, user])?;
    }
    for group in &added {
        tx.run(ADD_MEMBER, with![tenant, group, user])?;
    }
    Ok(())
}

/// What only `old` has, and what only `new` has; both are JSON lists.
fn differing<T>(what: &str, old: &str, new: &str) -> Answer<(Vec<T>, Vec<T>)>
where
    T: serde::de::DeserializeOwned + Ord + Clone,
{
    if old == new {
        return Ok((Vec::new(), Vec::new()));
    }
    let old: BTreeSet<T> = record::read_list(what, old)?;
    let new: BTreeSet<T> = record::read_list(what, new)?;
    let added = new.iter().filter(|item| !old.contains(item)).cloned().collect();
    let dropped = old.into_iter().filter(|item| !new.contains(item)).collect();
    Ok((dropped, added))
}

/// The groups as a JSON list. A read that did not see all of them proves no absence: it only adds to the known ones.
fn known_groups(identity: &Identity, known: &str) -> Answer<String> {
    let read = identity.groups.ids();
    if identity.groups.complete {
        return record::list(&read);
    }
    let mut groups: BTreeSet<GroupId> = record::read_list("groups", known)?;
    groups.extend(read.iter().cloned());
    record::list(&groups)
}

/// SHA-256 over what a decision rests on: status, profile and groups. When and how it was read does not count.
fn content_hash(identity: &Identity, groups: &str) -> Answer<Vec<u8>> {
    let content = (&identity.status, &identity.profile, groups);
    let text = record::list(&content)?;
    Ok(digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec())
}

/// Case, accents and outer white space ignored.
fn fold_plain(text: &str) -> String {
    let bare: String = text.nfd().filter(|c| !is_combining_mark(*c)).collect();
    fold::text(&bare)
}

/// Words of names and logins, whole and in pieces (`o'brien`, `brien`; `ana.silva@x.com`, `ana`, `silva`), sorted.
fn words_of(identity: &Identity) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for attribute in ["displayName", "firstName", "lastName", "nickName", "middleName", "login", "email"] {
        let Some(text) = identity.profile.text(attribute) else { continue };
        for word in fold_plain(text).split(' ').filter(|word| !word.is_empty()) {
            let local = word.split('@').next().unwrap_or(word);
            let pieces = local.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty());
            words.extend(pieces.map(str::to_owned));
            words.insert(word.to_owned());
        }
    }
    words
}

fn mirrored(row: &dyn Row) -> Answer<Mirrored> {
    Ok(Mirrored {
        identity: record::read("identity", row.text(0)?)?,
        since: tx::time(row.int(1)?)?,
        gone_at: tx::time_or_null(row.int_or_null(2)?)?,
    })
}

pub(crate) fn load(tx: &dyn Tx, id: &IdentityId) -> Answer<Option<Mirrored>> {
    tx::first(tx, LOAD, with![id.tenant.as_str(), &*id.user], mirrored)
}

/// What the mirror showed of somebody at a past moment, by our observation; `None` if nothing was known yet.
pub(crate) fn as_of(tx: &dyn Tx, id: &IdentityId, moment: Timestamp) -> Answer<Option<Mirrored>> {
    let Some(now) = load(tx, id)? else { return Ok(None) };
    if now.since <= moment {
        return Ok(Some(known_at(now, moment)));
    }
    let read = |row: &dyn Row| record::read::<Identity>("identity", row.text(0)?);
    let before = past::at(tx, past::Kind::Identity, (id.tenant.as_str(), &id.user), moment, read)?;
    Ok(before.map(|(identity, since)| Mirrored { identity, since, gone_at: None }))
}

/// The same for everybody of a tenant, by id.
pub(crate) fn all_as_of(tx: &dyn Tx, tenant: &TenantId, moment: Timestamp) -> Answer<Vec<Mirrored>> {
    let mut people: Vec<Mirrored> = tx::all(tx, AS_OF, with![tenant.as_str(), moment], mirrored)?
        .into_iter()
        .map(|now| known_at(now, moment))
        .collect();
    let read = |text: &str| record::read::<Identity>("identity", text);
    let before = past::all_at(tx, past::Kind::Identity, tenant.as_str(), moment, read)?;
    people.extend(before.into_iter().map(|(_, identity, since)| Mirrored { identity, since, gone_at: None }));
    people.sort_by(|a, b| a.identity.id.cmp(&b.identity.id));
    Ok(people)
}

/// Every content of anybody of a tenant that was shown within a time, with its span, by time.
pub(crate) fn states(
    tx: &dyn Tx,
    tenant: &TenantId,
    from: Timestamp,
    until: Timestamp,
) -> Answer<Vec<IdentityState>> {
    let read = |text: &str| record::read::<Identity>("identity", text);
    let before = past::within(tx, past::Kind::Identity, tenant.as_str(), (from, until), read)?;
    let mut states: Vec<_> = before
        .into_iter()
        .map(|(identity, from, until)| IdentityState { identity, from, until: Some(until) })
        .collect();
    let now = tx::all(tx, AS_OF, with![tenant.as_str(), until], mirrored)?;
    let shown = now.into_iter().filter(|known| known.gone_at.is_none_or(|gone| gone > from));
    states.extend(shown.map(|known| IdentityState {
        identity: known.identity,
        from: known.since,
        until: known.gone_at,
    }));
    states.sort_by(|a, b| (a.from, &a.identity.id).cmp(&(b.from, &b.identity.id)));
    Ok(states)
}

/// What is known now, as it was known then: a later proof that they are gone does not count.
fn known_at(now: Mirrored, moment: Timestamp) -> Mirrored {
    Mirrored { gone_at: now.gone_at.filter(|at| *at <= moment), ..now }
}

pub(crate) fn page(tx: &dyn Tx, tenant: &TenantId, after: &str, limit: usize) -> Answer<Vec<Mirrored>> {
    tx::all(tx, PAGE, with![tenant.as_str(), after, rows_max(limit)], mirrored)
}

/// The same with their keys.
pub(crate) fn page_with_keys(
    tx: &dyn Tx,
    tenant: &TenantId,
    after: &str,
    limit: usize,
) -> Answer<Vec<MirroredIdentity>> {
    tx::all(tx, PAGE_WITH_KEYS, with![tenant.as_str(), after, rows_max(limit)], |row| {
        Ok(MirroredIdentity { mirrored: mirrored(row)?, keys: record::read_list("keys", row.text(3)?)? })
    })
}

pub(crate) fn has_key(tx: &dyn Tx, kind: &str, value: &str) -> Answer<bool> {
    Ok(tx::count(tx, HAS_KEY, with![kind, value])? > 0)
}

pub(crate) fn by_key(tx: &dyn Tx, kind: &str, value: &str) -> Answer<Vec<IdentityId>> {
    tx::all(tx, BY_KEY, with![kind, value], |row| {
        Ok(IdentityId::new(TenantId::new(row.text(0)?), row.text(1)?))
    })
}

/// One page of people, where the next page begins, and how many match in all, if they were counted.
pub(crate) type Found = (Vec<Mirrored>, Option<String>, Option<u64>);

/// A place in the order of search results: folded name, tenant, user.
type Place = (String, String, String);

/// People passed by name for one page; what is left is behind its cursor.
const PASSED_MAX: usize = 20_000;
/// Names are never longer than this sorts.
const AFTER_ALL: &str = "\u{10ffff}\u{10ffff}";

/// People each of whose query words begins one of their words, by name. A cursor that is not ours finds nothing.
///
/// A word that few begin with is looked up and counted. When each of them is many people's, people are passed by name until
/// the page is full, which is soon.
pub(crate) fn search(
    tx: &dyn Tx,
    tenant: Option<&TenantId>,
    text: &str,
    order: Order,
    cursor: Option<&str>,
    limit: usize,
) -> Answer<Found> {
    let start = match order {
        Order::Rising => "",
        Order::Falling => AFTER_ALL,
    };
    let after: Option<Place> = match cursor {
        None => Some((start.to_owned(), start.to_owned(), start.to_owned())),
        Some(text) => serde_json::from_str(text).ok(),
    };
    let folded = fold_plain(text);
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return list_by_name(tx, tenant, order, after, limit);
    }
    let mut wanted = Vec::with_capacity(words.len());
    for word in words {
        let end = after_prefix(word);
        wanted.push((tx::count(tx, WORDS_COUNTED, with![word, &end, rows_max(COUNTED_MAX + 1)])?, word));
    }
    wanted.sort_unstable();
    let crowd = COUNTED_MAX as u64;
    let (rarest, others) = (wanted[0], &wanted[1..]);
    if rarest.0 > crowd {
        let words: Vec<&str> = wanted.iter().map(|(_, word)| *word).collect();
        return walk_by_name(tx, tenant, order, after, limit, &words);
    }
    let mut found: Vec<Place> = places(tx, tenant, rarest.1)?;
    found.sort_unstable();
    found.dedup();
    for (count, word) in others {
        if *count <= crowd {
            let others: HashSet<Place> = places(tx, tenant, word)?.into_iter().collect();
            found.retain(|place| others.contains(place));
        } else {
            found = with_word(tx, found, word)?;
        }
    }
    let total = Some(found.len() as u64);
    let Some(after) = after else { return Ok((Vec::new(), None, total)) };
    if order == Order::Falling {
        found.reverse();
    }
    let from = found.partition_point(|place| match order {
        Order::Rising => *place <= after,
        Order::Falling => *place >= after,
    });
    let page = &found[from..found.len().min(from.saturating_add(limit))];
    let mut people = Vec::with_capacity(page.len());
    for (_, tenant, user) in page {
        people.extend(tx::first(tx, LOAD, with![tenant, user], mirrored)?);
    }
    let more = from + page.len() < found.len();
    let next = page.last().filter(|_| more).map(record::list).transpose()?;
    Ok((people, next, total))
}

fn places(tx: &dyn Tx, tenant: Option<&TenantId>, prefix: &str) -> Answer<Vec<Place>> {
    let end = after_prefix(prefix);
    let place =
        |row: &dyn Row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), row.text(2)?.to_owned()));
    match tenant {
        None => tx::all(tx, WORDS, with![prefix, &end], place),
        Some(tenant) => tx::all(tx, WORDS_OF_TENANT, with![prefix, &end, tenant.as_str()], place),
    }
}

/// Those of them one of whose words begins so.
fn with_word(tx: &dyn Tx, found: Vec<Place>, word: &str) -> Answer<Vec<Place>> {
    let begins = beginning(word)?;
    let mut fits = Vec::new();
    for place in found {
        let has =
            tx::first(tx, WORDS_OF, with![&place.1, &place.2], |row| Ok(row.text(0)?.contains(&begins)))?;
        if has == Some(true) {
            fits.push(place);
        }
    }
    Ok(fits)
}

/// A word's beginning as the JSON list of somebody's words has it.
fn beginning(word: &str) -> Answer<String> {
    let mut text = record::list(&word)?;
    text.pop();
    Ok(text)
}

fn walk_by_name(
    tx: &dyn Tx,
    tenant: Option<&TenantId>,
    order: Order,
    after: Option<Place>,
    limit: usize,
    words: &[&str],
) -> Answer<Found> {
    let begins = words.iter().map(|word| beginning(word)).collect::<Answer<Vec<_>>>()?;
    let mut people = Vec::new();
    let Some(mut at) = after else { return Ok((people, None, None)) };
    let step = limit.saturating_mul(4).clamp(50, 1_000);
    for _ in 0..PASSED_MAX.div_ceil(step) {
        let (rows, more) = by_name(tx, tenant, order, &at, step, |row| {
            let words = row.text(4)?;
            let fits = begins.iter().all(|begins| words.contains(begins.as_str()));
            let known = if fits { Some(mirrored(row)?) } else { None };
            Ok((known, (row.text(3)?.to_owned(), row.text(5)?.to_owned(), row.text(6)?.to_owned())))
        })?;
        let mut rows = rows.into_iter();
        while let Some((known, place)) = rows.next() {
            at = place;
            people.extend(known);
            if people.len() == limit {
                let next = (more || rows.len() > 0).then(|| record::list(&at)).transpose()?;
                return Ok((people, next, None));
            }
        }
        if !more {
            return Ok((people, None, None));
        }
    }
    Ok((people, Some(record::list(&at)?), None))
}

/// Rows beyond a place in the order of names, and whether there are more of them.
fn by_name<T>(
    tx: &dyn Tx,
    tenant: Option<&TenantId>,
    order: Order,
    after: &Place,
    limit: usize,
    read: impl Fn(&dyn Row) -> Answer<T>,
) -> Answer<(Vec<T>, bool)> {
    let (name, last, user) = after;
    let one_more = rows_max(limit.saturating_add(1));
    let mut rows = match (tenant, order) {
        (None, Order::Rising) => tx::all(tx, NAMES, with![name, last, user, one_more], read)?,
        (None, Order::Falling) => tx::all(tx, NAMES_BACK, with![name, last, user, one_more], read)?,
        (Some(tenant), Order::Rising) => {
            tx::all(tx, NAMES_OF_TENANT, with![tenant.as_str(), name, user, one_more], read)?
        }
        (Some(tenant), Order::Falling) => {
            tx::all(tx, NAMES_OF_TENANT_BACK, with![tenant.as_str(), name, user, one_more], read)?
        }
    };
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok((rows, more))
}

fn list_by_name(
    tx: &dyn Tx,
    tenant: Option<&TenantId>,
    order: Order,
    after: Option<Place>,
    limit: usize,
) -> Answer<Found> {
    let total = Some(match tenant {
        None => tx::count(tx, COUNT, &[])?,
        Some(tenant) => tx::count(tx, COUNT_OF_TENANT, with![tenant.as_str()])?,
    });
    let Some(after) = after else { return Ok((Vec::new(), None, total)) };
    let (rows, more) =
        by_name(tx, tenant, order, &after, limit, |row| Ok((mirrored(row)?, row.text(3)?.to_owned())))?;
    let next = match rows.last() {
        Some((last, name)) if more => {
            let id = &last.identity.id;
            Some(record::list(&(name, id.tenant.as_str(), &*id.user))?)
        }
        _ => None,
    };
    Ok((rows.into_iter().map(|(person, _)| person).collect(), next, total))
}

pub(crate) fn members(tx: &dyn Tx, tenant: &TenantId, group: &GroupId) -> Answer<Vec<IdentityId>> {
    tx::all(tx, MEMBERS, with![tenant.as_str(), group.as_str()], |row| {
        Ok(IdentityId::new(tenant.clone(), row.text(0)?))
    })
}

pub(crate) fn replace_groups(tx: &dyn Tx, tenant: &TenantId, groups: &[Group]) -> Answer<()> {
    tx.run(DROP_GROUPS, with![tenant.as_str()])?;
    for group in groups {
        tx.run(ADD_GROUP, with![tenant.as_str(), group.id.as_str(), &record::write(group)?])?;
    }
    Ok(())
}

pub(crate) fn groups(tx: &dyn Tx, tenant: &TenantId) -> Answer<Vec<Group>> {
    tx::all(tx, GROUPS, with![tenant.as_str()], |row| record::read("group", row.text(0)?))
}

#[cfg(test)]
mod tests {
    use lanyard_model::identity::{AttributeValue, Groups, Profile, Status};

    use super::*;

    #[test]
    fn words_are_whole_and_in_pieces_without_accents() {
        let mut profile = Profile::default();
        profile.set("displayName", AttributeValue::Text("Zoë O'Brien".into()));
        profile.set("login", AttributeValue::Text("zoe.ob@harborlight.example".into()));
        let identity = Identity {
            id: IdentityId::new(TenantId::new("hl"), "00u1"),
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
        let words: Vec<String> = words_of(&identity).into_iter().collect();
        assert_eq!(words, ["brien", "o", "o'brien", "ob", "zoe", "zoe.ob@harborlight.example"]);
    }
}

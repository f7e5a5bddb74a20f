//! Mirrored people: records, keys, search words, memberships, groups.

use std::collections::BTreeSet;

use aws_lc_rs::digest;
use jiff::Timestamp;
use lanyard_engine::ports::{
    COUNTED_MAX, IdentityState, Mirrored, MirroredIdentity, Order, StoreFailure, Wrote,
};
use lanyard_model::{
    fold,
    id::{GroupId, IdentityId, TenantId},
    identity::{Group, Groups, Identity},
};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{
    found::{self, Place, Runs, Walk},
    past,
};
use crate::{
    keys::{self, Key},
    record,
    tx::{self, Answer, Row, Tx, rows_max, statements, with},
};

statements! {
    FIND = "SELECT content, groups, keys, words, since, gone_at, name, record, number FROM identities
            WHERE tenant = $1 AND user_id = $2";
    AS_OF = "SELECT record, since, gone_at FROM identities WHERE tenant = $1 AND since <= $2";
    INSERT = "INSERT INTO identities (tenant, user_id, name, record, content, groups, keys, words, since)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING number";
    UPDATE = "UPDATE identities SET name = $1, record = $2, content = $3, groups = $4, keys = $5, words = $6,
              since = $7, gone_at = NULL, gone_proof = NULL WHERE number = $8";
    TOUCH = "UPDATE identities SET record = $1 WHERE number = $2";
    GONE = "UPDATE identities SET gone_at = $1, gone_proof = $2, keys = '[]', groups = '[]'
            WHERE number = $3 AND gone_at IS NULL";
    ADD_MEMBER = "INSERT INTO memberships (tenant, group_id, user_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    DROP_MEMBER = "DELETE FROM memberships WHERE tenant = $1 AND group_id = $2 AND user_id = $3";
    LOAD = "SELECT record, since, gone_at FROM identities WHERE tenant = $1 AND user_id = $2";
    LOAD_NUMBERED = "SELECT record, since, gone_at, words FROM identities WHERE number = $1";
    PLACE = "SELECT name, tenant FROM identities WHERE number = $1";
    WORDS_OF = "SELECT words FROM identities WHERE number = $1";
    PAGE = "SELECT record, since, gone_at FROM identities WHERE tenant = $1 AND user_id > $2
            ORDER BY user_id LIMIT $3";
    PAGE_WITH_KEYS = "SELECT record, since, gone_at, keys FROM identities WHERE tenant = $1 AND user_id > $2
                      ORDER BY user_id LIMIT $3";
    COUNT = "SELECT COUNT(*) FROM identities";
    COUNT_OF_TENANT = "SELECT COUNT(*) FROM identities WHERE tenant = $1";
    NEXT_TENANT = "SELECT tenant FROM identities WHERE tenant > $1 ORDER BY tenant LIMIT 1";
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
    number: i64,
}

/// Mirrors `identity`. Only what differs from the mirror is written, besides the record itself.
pub(crate) fn mirror(
    tx: &dyn Tx,
    runs: &mut Runs,
    identity: &Identity,
    found_by: &[Key],
    at: Timestamp,
) -> Answer<Wrote> {
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
            number: row.int(8)?,
        })
    })?;
    let name = fold_plain(&identity.display_name());
    let groups = known_groups(identity, before.as_ref().map_or("[]", |old| &old.groups))?;
    let kept = match identity.groups.complete {
        true => record::write(identity)?,
        // What is remembered must not lack what nobody saw go: the next whole read would find nothing changed, and what they
        // left now would count as left since then.
        false => {
            let ids: Vec<GroupId> = record::read_list("groups", &groups)?;
            record::write(&Identity { groups: Groups::new(ids, false), ..identity.clone() })?
        }
    };
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
    let number = match &before {
        Some(old) => {
            if same_index {
                tx.run(TOUCH, with![&kept, old.number])?;
            } else {
                tx.run(UPDATE, with![&name, &kept, &content, &groups, &keys, &words, since, old.number])?;
            }
            old.number
        }
        None => {
            let new = with![tenant, user, &name, &kept, &content, &groups, &keys, &words, since];
            let number = tx::first(tx, INSERT, new, |row| row.int(0))?;
            number.ok_or_else(|| StoreFailure::Damaged("a person got no number".into()))?
        }
    };
    if !same_index {
        let old = before.as_ref();
        found::person_keys(tx, runs, number, (old.map_or("[]", |o| &o.keys), &keys))?;
        found::words(tx, runs, number, (old.map_or("[]", |o| &o.words), &words))?;
        found::name(tx, runs, (tenant, number), old.map(|o| &*o.name), Some(&name))?;
        index_groups(tx, &identity.id, old.map_or("[]", |o| &o.groups), &groups)?;
    }
    Ok(Wrote::Mirrored { since, changed: !same_content, first: before.is_none() })
}

/// Marks an identity gone. It keeps its record and its words, and is no longer found by keys or as a member.
pub(crate) fn mark_gone(
    tx: &dyn Tx,
    runs: &mut Runs,
    id: &IdentityId,
    at: Timestamp,
    proof: &str,
) -> Answer<()> {
    let before = tx::first(tx, FIND, with![id.tenant.as_str(), &*id.user], |row| {
        Ok((row.text(1)?.to_owned(), row.text(2)?.to_owned(), row.int(8)?))
    })?;
    let Some((groups, keys, number)) = before else { return Ok(()) };
    tx.run(GONE, with![at, proof, number])?;
    found::person_keys(tx, runs, number, (&keys, "[]"))?;
    index_groups(tx, id, &groups, "[]")
}

fn index_groups(tx: &dyn Tx, id: &IdentityId, old: &str, new: &str) -> Answer<()> {
    let (tenant, user) = (id.tenant.as_str(), &*id.user);
    let (dropped, added) = differing(old, new)?;
    for group in &dropped {
        tx.run(DROP_MEMBER, with![tenant, group, user])?;
    }
    for group in &added {
        tx.run(ADD_MEMBER, with![tenant, group, user])?;
    }
    Ok(())
}

/// What only `old` has, and what only `new` has; both are JSON lists.
fn differing(old: &str, new: &str) -> Answer<(Vec<String>, Vec<String>)> {
    if old == new {
        return Ok((Vec::new(), Vec::new()));
    }
    let old: BTreeSet<String> = record::read_list("groups", old)?;
    let new: BTreeSet<String> = record::read_list("groups", new)?;
    Ok((old.difference(&new).cloned().collect(), new.difference(&old).cloned().collect()))
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
    found::anybody(tx, kind, value)
}

pub(crate) fn by_key(tx: &dyn Tx, kind: &str, value: &str) -> Answer<Vec<IdentityId>> {
    let people = found::people(tx, kind, value)?.into_iter();
    Ok(people.map(|(tenant, user)| IdentityId::new(TenantId::new(tenant), user)).collect())
}

/// One page of people, where the next page begins, and how many match in all, if they were counted.
pub(crate) type Found = (Vec<Mirrored>, Option<String>, Option<u64>);

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
    let after: Option<Place> = match (cursor, order) {
        (None, Order::Rising) => Some((String::new(), String::new(), i64::MIN)),
        (None, Order::Falling) => Some((AFTER_ALL.to_owned(), AFTER_ALL.to_owned(), i64::MAX)),
        (Some(text), _) => serde_json::from_str(text).ok(),
    };
    let folded = fold_plain(text);
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return list_by_name(tx, tenant, order, after, limit);
    }
    let mut wanted = Vec::with_capacity(words.len());
    for word in words {
        wanted.push((found::words_counted(tx, word, COUNTED_MAX + 1)?, word));
    }
    wanted.sort_unstable();
    let crowd = COUNTED_MAX as u64;
    let (rarest, others) = (wanted[0], &wanted[1..]);
    if rarest.0 > crowd {
        let words: Vec<&str> = wanted.iter().map(|(_, word)| *word).collect();
        return walk_by_name(tx, tenant, order, after, limit, &words);
    }
    let mut numbers = found::with_word(tx, rarest.1)?;
    for (count, word) in others {
        if *count <= crowd {
            let others = found::with_word(tx, word)?;
            numbers.retain(|number| others.contains(number));
        } else {
            numbers = begun_by(tx, numbers, word)?;
        }
    }
    let found = places(tx, tenant, &numbers)?;
    let total = Some(found.len() as u64);
    let Some(after) = after else { return Ok((Vec::new(), None, total)) };
    let mut found = found;
    if order == Order::Falling {
        found.reverse();
    }
    let from = found.partition_point(|place| match order {
        Order::Rising => *place <= after,
        Order::Falling => *place >= after,
    });
    let page = &found[from..found.len().min(from.saturating_add(limit))];
    let mut people = Vec::with_capacity(page.len());
    for (.., number) in page {
        people.extend(tx::first(tx, LOAD_NUMBERED, with![*number], mirrored)?);
    }
    let more = from + page.len() < found.len();
    let next = page.last().filter(|_| more).map(record::list).transpose()?;
    Ok((people, next, total))
}

/// Where those of the tenant stand in the order of names, in that order.
fn places(tx: &dyn Tx, tenant: Option<&TenantId>, numbers: &BTreeSet<i64>) -> Answer<Vec<Place>> {
    let mut places = Vec::with_capacity(numbers.len());
    for number in numbers {
        let place = |row: &dyn Row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), *number));
        let found = tx::first(tx, PLACE, with![*number], place)?;
        places.extend(found.filter(|(_, of, _)| tenant.is_none_or(|only| only.as_str() == of)));
    }
    places.sort_unstable();
    Ok(places)
}

/// Those of them one of whose words begins so.
fn begun_by(tx: &dyn Tx, numbers: BTreeSet<i64>, word: &str) -> Answer<BTreeSet<i64>> {
    let begins = beginning(word)?;
    let mut fits = BTreeSet::new();
    for number in numbers {
        let has = tx::first(tx, WORDS_OF, with![number], |row| Ok(row.text(0)?.contains(&begins)))?;
        if has == Some(true) {
            fits.insert(number);
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
    let mut walk = Walk::new(tx, &tenants(tx, tenant)?, order, &at);
    for _ in 0..PASSED_MAX {
        // One more than fits: there is a next page only if there is somebody on it.
        let Some(place) = walk.next()? else { return Ok((people, None, None)) };
        if people.len() == limit {
            break;
        }
        let known = tx::first(tx, LOAD_NUMBERED, with![place.2], |row| {
            let words = row.text(3)?;
            let fits = begins.iter().all(|begins| words.contains(begins.as_str()));
            if fits { mirrored(row).map(Some) } else { Ok(None) }
        })?;
        people.extend(known.flatten());
        at = place;
    }
    Ok((people, Some(record::list(&at)?), None))
}

/// The tenants whose people are asked for.
fn tenants(tx: &dyn Tx, only: Option<&TenantId>) -> Answer<Vec<String>> {
    let mut tenants: Vec<String> = only.iter().map(|tenant| tenant.to_string()).collect();
    while only.is_none() {
        let last = tenants.last().map_or("", String::as_str);
        match tx::first(tx, NEXT_TENANT, with![last], |row| Ok(row.text(0)?.to_owned()))? {
            Some(next) => tenants.push(next),
            None => break,
        }
    }
    Ok(tenants)
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
    let Some(mut at) = after else { return Ok((Vec::new(), None, total)) };
    let mut walk = Walk::new(tx, &tenants(tx, tenant)?, order, &at);
    let mut people = Vec::new();
    while let Some(place) = walk.next()? {
        if people.len() == limit {
            return Ok((people, Some(record::list(&at)?), total));
        }
        people.extend(tx::first(tx, LOAD_NUMBERED, with![place.2], mirrored)?);
        at = place;
    }
    Ok((people, None, total))
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

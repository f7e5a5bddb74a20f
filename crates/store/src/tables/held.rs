//! What accounts held, from when to when: the past that questions "as of" are answered from.
//!
//! Rows are written in the transaction of the read that showed the change, whoever caused it: a step of ours, or a hand
//! in iOffice. A part of an account that was not readable leaves its rows as they are: not read is not absent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_engine::ports::Holding;
use lanyard_model::{
    account::Account,
    door::DoorRights,
    id::{AccountId, AccountKey, IdentityId, SiteId, TenantId},
    link::Link,
};

use crate::{
    merkle::{Hash, sha256},
    tx::{self, Answer, Row, Tx, micros, statements, with},
};

statements! {
    OPEN = "SELECT kind, key, value, from_at FROM held
            WHERE site = $1 AND account_id = $2 AND to_at = 9223372036854775807 AND kind <> 'person' AND kind <> 'door'";
    OPEN_DOORS = "SELECT key, value, from_at FROM held WHERE site = $1 AND account_id = $2 AND kind = 'door'
                  AND key >= $3 AND key < $4 AND to_at = 9223372036854775807";
    OPEN_OF_PERSON = "SELECT account_id, from_at FROM held WHERE key = $1 AND site = $2 AND kind = 'person'
                      AND to_at = 9223372036854775807";
    BEGIN = "INSERT INTO held (site, account_id, kind, key, from_at, to_at, value)
             VALUES ($1, $2, $3, $4, $5, 9223372036854775807, $6)
             ON CONFLICT (site, account_id, kind, key, from_at)
             DO UPDATE SET to_at = excluded.to_at, value = excluded.value";
    END = "UPDATE held SET to_at = $1 WHERE site = $2 AND account_id = $3 AND kind = $4 AND key = $5 AND from_at = $6";
    OF_SITE = "SELECT site, account_id, kind, key, value, from_at, to_at FROM held
               WHERE site = $1 AND account_id > $2 AND from_at <= $3 AND to_at > $3
               ORDER BY site, account_id, kind, key LIMIT $4";
    OF_ACCOUNT = "SELECT site, account_id, kind, key, value, from_at, to_at FROM held
                  WHERE site = $1 AND account_id = $2 ORDER BY kind, key, from_at";
    DOORS_OF = "SELECT site, account_id, kind, key, value, from_at, to_at FROM held WHERE site = $1 AND account_id = $2
                AND kind = 'door' AND key >= $3 AND key < $4 ORDER BY key, from_at";
    ACCOUNTS_OF = "SELECT site, account_id, from_at, to_at FROM held WHERE key = $1 AND kind = 'person'
                   ORDER BY site, account_id, from_at";
    ANYBODY_OF = "SELECT account_id FROM held WHERE key >= $1 AND key < $2 AND kind = 'person' AND site = $3 LIMIT 1";
    FIRST = "SELECT MIN(from_at) FROM held WHERE site = $1";
    FIRST_OF = "SELECT MIN(from_at) FROM held WHERE key >= $1 AND key < $2 AND kind = 'person'";
    BETWEEN = "SELECT site, account_id, kind, key, value, from_at, to_at FROM held WHERE site = $1
               AND to_at > $2 AND from_at < $3 ORDER BY site, account_id, kind, key, from_at";
}

/// Holding without an end.
const OPEN_END: i64 = i64::MAX;

/// One right: kind and key, with its value.
type Rights = BTreeMap<(&'static str, String), String>;

/// All kinds that a read of an account shows: `person` is written by links, `door` by what the badge system acknowledged.
const KINDS: &[&str] =
    &["account", "role", "item", "cost_center", "seat", "section", "user_type", "site_admin"];

/// What the account holds, and the kinds that could not be read.
fn rights(account: &Account) -> (Rights, Vec<&'static str>) {
    let mut rights = Rights::new();
    let mut unread = Vec::new();
    let mut put = |kind, key: String, value: String| drop(rights.insert((kind, key), value));
    put("account", String::new(), if account.is_live() { "live" } else { "inactive" }.into());
    match &account.roles {
        Some(roles) => {
            roles.iter().for_each(|(center, role)| put("role", center.to_string(), role.as_str().into()));
        }
        None => unread.push("role"),
    }
    match &account.items {
        Some(items) => items.iter().for_each(|item| put("item", item.to_string(), String::new())),
        None => unread.push("item"),
    }
    if let Some(item) = account.cost_center {
        put("cost_center", String::new(), item.to_string());
    }
    if let Some(seat) = account.seat {
        put("seat", String::new(), seat.room.to_string());
    }
    if let Some(section) = account.section {
        put("section", String::new(), section.to_string());
    }
    if let Some((id, _)) = &account.user_type {
        put("user_type", String::new(), id.to_string());
    }
    match account.site_admin {
        Some(true) => put("site_admin", String::new(), String::new()),
        Some(false) => {}
        None => unread.push("site_admin"),
    }
    (rights, unread)
}

/// Notes what changed since the last read. Answers the hash to keep beside the account; equal hashes cost nothing.
pub(crate) fn note(tx: &dyn Tx, account: &Account, known: Option<&[u8]>) -> Answer<Hash> {
    let (rights, unread) = rights(account);
    let mut text = String::new();
    for ((kind, key), value) in &rights {
        text.push_str(&format!("{kind} {key} {value}\n"));
    }
    for kind in &unread {
        text.push_str(&format!("not read {kind}\n"));
    }
    let hash = sha256(&[text.as_bytes()]);
    if known == Some(hash.as_slice()) {
        return Ok(hash);
    }
    replace(tx, &account.key, &rights, &unread, account.read_at)?;
    Ok(hash)
}

/// The account is gone: nothing is held any more.
pub(crate) fn end_all(tx: &dyn Tx, site: &SiteId, account: i64, at: Timestamp) -> Answer<()> {
    let key = AccountKey { site: site.clone(), id: AccountId(account) };
    replace(tx, &key, &Rights::new(), &[], at)
}

fn replace(tx: &dyn Tx, key: &AccountKey, rights: &Rights, unread: &[&str], at: Timestamp) -> Answer<()> {
    let (site, id, at) = (key.site.as_str(), key.id.0, micros(at));
    let open = tx::all(tx, OPEN, with![site, id], |row| {
        Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), row.text(2)?.to_owned(), row.int(3)?))
    })?;
    let mut same = std::collections::BTreeSet::new();
    for (kind, key, value, from) in &open {
        let Some(kind) = KINDS.iter().find(|known| *known == kind) else { continue };
        if rights.get(&(*kind, key.clone())) == Some(value) {
            same.insert((*kind, key.clone()));
        } else if !unread.contains(kind) {
            tx.run(END, with![at.max(*from), site, id, *kind, key, *from])?;
        }
    }
    for ((kind, key), value) in rights {
        if !same.contains(&(*kind, key.clone())) {
            tx.run(BEGIN, with![site, id, *kind, key, at, value])?;
        }
    }
    Ok(())
}

fn person(who: &IdentityId) -> String {
    who.to_string()
}

/// The account is this person's from now on; another account of theirs in the site is not any more.
pub(crate) fn linked(tx: &dyn Tx, link: &Link) -> Answer<()> {
    let (site, id, who) = (link.account.site.as_str(), link.account.id.0, person(&link.identity));
    let since = micros(link.since);
    let open = tx::all(tx, OPEN_OF_PERSON, with![&who, site], |row| Ok((row.int(0)?, row.int(1)?)))?;
    if open.iter().any(|(account, _)| *account == id) {
        return Ok(());
    }
    for (account, from) in open {
        tx.run(END, with![since.max(from), site, account, "person", &who, from])?;
    }
    tx.run(BEGIN, with![site, id, "person", &who, since, ""])?;
    // Their doors go along, also from an account they had before.
    let mut before: Vec<i64> = accounts_of(tx, &link.identity)?
        .into_iter()
        .filter(|(account, ..)| account.site == link.account.site && account.id.0 != id)
        .map(|(account, ..)| account.id.0)
        .collect();
    before.dedup();
    for account in before {
        for door in open_doors(tx, &link.identity, site, account)? {
            tx.run(END, with![since.max(door.from), site, account, "door", &door.key, door.from])?;
            tx.run(BEGIN, with![site, id, "door", &door.key, since.max(door.from), &door.span])?;
        }
    }
    Ok(())
}

/// The person has no account in the site any more, as far as we say so.
pub(crate) fn unlinked(tx: &dyn Tx, who: &IdentityId, site: &SiteId, at: Timestamp) -> Answer<()> {
    let who = person(who);
    let open = tx::all(tx, OPEN_OF_PERSON, with![&who, site.as_str()], |row| Ok((row.int(0)?, row.int(1)?)))?;
    for (account, from) in open {
        tx.run(END, with![micros(at).max(from), site.as_str(), account, "person", &who, from])?;
    }
    Ok(())
}

/// A stretch of a door that has no end yet, as it is kept.
struct OpenDoor {
    key: String,
    span: String,
    from: i64,
}

/// The key of a door: whose it is, then the area. Neither a tenant's name nor a user's id has a space.
fn door_key(who: &IdentityId, area: &str) -> String {
    format!("{who} {area}")
}

/// The area that a door's key names.
fn area(key: &str) -> &str {
    key.split_once(' ').map_or(key, |(_, area)| area)
}

fn open_doors(tx: &dyn Tx, who: &IdentityId, site: &str, account: i64) -> Answer<Vec<OpenDoor>> {
    let from = door_key(who, "");
    let to = tx::after_prefix(&from);
    tx::all(tx, OPEN_DOORS, with![site, account, from.as_str(), to.as_str()], |row| {
        Ok(OpenDoor { key: row.text(0)?.to_owned(), span: row.text(1)?.to_owned(), from: row.int(2)? })
    })
}

/// What the badge system acknowledged last for a person of the site. Kept beside their account, or the last one they had:
/// no read shows doors, so these rows are written when they are told and not when an account is read. Somebody else's on
/// the same account stay as they are.
pub(crate) fn doors(
    tx: &dyn Tx,
    who: &IdentityId,
    site: &SiteId,
    rights: &DoorRights,
    at: Timestamp,
) -> Answer<()> {
    let accounts = accounts_of(tx, who)?.into_iter().filter(|(account, ..)| account.site == *site);
    let mut accounts: Vec<_> = accounts.collect();
    // The open stretch last, else the youngest.
    accounts.sort_by_key(|(_, from, to)| (to.is_none(), *from));
    let Some(current) = accounts.last().map(|(account, ..)| account.id) else { return Ok(()) };
    let (site, at) = (site.as_str(), micros(at));
    let mut same = std::collections::BTreeSet::new();
    let mut ids: Vec<i64> = accounts.iter().map(|(account, ..)| account.id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        for door in open_doors(tx, who, site, id)? {
            let now = rights.get(area(&door.key)).map(ToString::to_string);
            if id == current.0 && now.is_some_and(|now| now == door.span) {
                same.insert(door.key);
            } else {
                tx.run(END, with![at.max(door.from), site, id, "door", &door.key, door.from])?;
            }
        }
    }
    for (area, span) in rights {
        let key = door_key(who, area);
        if !same.contains(&key) {
            tx.run(BEGIN, with![site, current.0, "door", &key, at, &span.to_string()])?;
        }
    }
    Ok(())
}

fn held(row: &dyn Row) -> Answer<Holding> {
    let to = row.int(6)?;
    let (kind, key) = (row.text(2)?.to_owned(), row.text(3)?);
    let key = if kind == "door" { area(key) } else { key }.to_owned();
    Ok(Holding {
        account: AccountKey { site: SiteId::new(row.text(0)?), id: AccountId(row.int(1)?) },
        kind,
        key,
        value: row.text(4)?.to_owned(),
        from: tx::time(row.int(5)?)?,
        to: (to != OPEN_END).then(|| tx::time(to)).transpose()?,
    })
}

/// What the accounts of a site held at a moment, by account, from the account after `after` on: at most `limit` rows,
/// and none of an account that would not fit whole (but the first).
pub(crate) fn page(
    tx: &dyn Tx,
    site: &SiteId,
    at: Timestamp,
    after: AccountId,
    limit: usize,
) -> Answer<Vec<Holding>> {
    let limit = limit.max(1);
    let mut rows = tx::all(tx, OF_SITE, with![site.as_str(), after.0, at, tx::rows_max(limit)], held)?;
    if rows.len() == limit
        && let Some(last) = rows.last().map(|held| held.account.id)
        && rows.first().is_some_and(|first| first.account.id != last)
    {
        rows.retain(|held| held.account.id != last);
    }
    Ok(rows)
}

/// Everything an account ever held.
pub(crate) fn of_account(tx: &dyn Tx, account: &AccountKey) -> Answer<Vec<Holding>> {
    tx::all(tx, OF_ACCOUNT, with![account.site.as_str(), account.id.0], held)
}

/// Whether the site ever had an account of somebody of the tenant.
pub(crate) fn serves(tx: &dyn Tx, site: &SiteId, tenant: &TenantId) -> Answer<bool> {
    // Persons are kept as TENANT/USER.
    let from = format!("{tenant}/");
    let to = tx::after_prefix(&from);
    let found = tx::all(tx, ANYBODY_OF, with![from.as_str(), to.as_str(), site.as_str()], |row| row.int(0))?;
    Ok(!found.is_empty())
}

/// The first read of anything in a site.
pub(crate) fn first(tx: &dyn Tx, site: &SiteId) -> Answer<Option<Timestamp>> {
    let found = tx::all(tx, FIRST, with![site.as_str()], |row| tx::time_or_null(row.int_or_null(0)?))?;
    Ok(found.into_iter().flatten().next())
}

/// The first time that an account was somebody's of the tenant.
pub(crate) fn first_of(tx: &dyn Tx, tenant: &TenantId) -> Answer<Option<Timestamp>> {
    let from = format!("{tenant}/");
    let to = tx::after_prefix(&from);
    let found = tx::all(tx, FIRST_OF, with![from.as_str(), to.as_str()], |row| {
        tx::time_or_null(row.int_or_null(0)?)
    })?;
    Ok(found.into_iter().flatten().next())
}

/// The accounts a person ever had, with the stretches.
pub(crate) fn accounts_of(
    tx: &dyn Tx,
    who: &IdentityId,
) -> Answer<Vec<(AccountKey, Timestamp, Option<Timestamp>)>> {
    tx::all(tx, ACCOUNTS_OF, with![&person(who)], |row| {
        let to = row.int(3)?;
        Ok((
            AccountKey { site: SiteId::new(row.text(0)?), id: AccountId(row.int(1)?) },
            tx::time(row.int(2)?)?,
            (to != OPEN_END).then(|| tx::time(to)).transpose()?,
        ))
    })
}

/// What a person held at a moment, in all sites: what the accounts did that were theirs then, and their own doors,
/// which do not go with an account.
pub(crate) fn of_person(tx: &dyn Tx, who: &IdentityId, at: Timestamp) -> Answer<Vec<Holding>> {
    let at_that_time = |held: &Holding| held.from <= at && held.to.is_none_or(|to| to > at);
    let accounts = accounts_of(tx, who)?;
    let mut all = Vec::new();
    for (account, from, to) in &accounts {
        if *from <= at && to.is_none_or(|to| to > at) {
            let rows = of_account(tx, account)?.into_iter();
            all.extend(
                rows.filter(|held| !matches!(held.kind.as_str(), "person" | "door")).filter(at_that_time),
            );
        }
    }
    let mut ever: Vec<AccountKey> = accounts.into_iter().map(|(account, ..)| account).collect();
    ever.dedup();
    for account in ever {
        all.extend(doors_of(tx, who, &account)?.into_iter().filter(at_that_time));
    }
    Ok(all)
}

/// Whatever a person might enter while it was kept beside this account.
fn doors_of(tx: &dyn Tx, who: &IdentityId, account: &AccountKey) -> Answer<Vec<Holding>> {
    let from = door_key(who, "");
    let to = tx::after_prefix(&from);
    tx::all(tx, DOORS_OF, with![account.site.as_str(), account.id.0, from.as_str(), to.as_str()], held)
}

/// Everything that a person's accounts ever held, while they were theirs or not, and their own doors.
pub(crate) fn history(tx: &dyn Tx, who: &IdentityId) -> Answer<Vec<Holding>> {
    let mut accounts: Vec<AccountKey> = accounts_of(tx, who)?.into_iter().map(|(key, ..)| key).collect();
    accounts.dedup();
    let mut all = Vec::new();
    for account in accounts {
        all.extend(of_account(tx, &account)?.into_iter().filter(|held| held.kind != "door"));
        all.extend(doors_of(tx, who, &account)?);
    }
    Ok(all)
}

/// Hands over each stretch of a site that touches the period, by account.
pub(crate) fn between(
    tx: &dyn Tx,
    site: &SiteId,
    from: Timestamp,
    to: Timestamp,
    each: &mut dyn FnMut(Holding) -> Answer<()>,
) -> Answer<()> {
    tx.each(BETWEEN, with![site.as_str(), from, to], &mut |row| each(held(row)?))
}

//! Mirrored accounts and their keys.

use jiff::Timestamp;
use lanyard_engine::ports::{GONE_KIND, MirroredAccount};
use lanyard_model::{
    account::Account,
    id::{AccountId, AccountKey, SiteId},
};

use crate::{
    keys::{self, Key},
    record,
    tables::{
        found::{self, Runs},
        held,
    },
    tx::{self, Answer, Row, Tx, rows_max, statements, with},
};

statements! {
    FIND = "SELECT keys, gone_at, held FROM accounts WHERE site = $1 AND account_id = $2";
    KEEP = "INSERT INTO accounts (site, account_id, record, keys, held) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (site, account_id)
            DO UPDATE SET record = excluded.record, keys = excluded.keys, held = excluded.held, gone_at = NULL";
    GONE = "UPDATE accounts SET gone_at = $1, keys = $2, held = NULL
            WHERE site = $3 AND account_id = $4 AND gone_at IS NULL";
    PAGE = "SELECT record, keys, gone_at FROM accounts WHERE site = $1 AND account_id > $2
            ORDER BY account_id LIMIT $3";
    LOAD = "SELECT record FROM accounts WHERE site = $1 AND account_id = $2";
    LIVE = "SELECT record FROM accounts WHERE site = $1 AND gone_at IS NULL ORDER BY account_id";
}

/// What is known of an account besides its record.
struct Known {
    keys: String,
    gone: bool,
    held: Option<Vec<u8>>,
}

impl Known {
    /// Reads keys, gone_at and held, from `first` on.
    fn read(row: &dyn Row, first: usize) -> Answer<Self> {
        Ok(Self {
            keys: row.text(first)?.to_owned(),
            gone: row.int_or_null(first + 1)?.is_some(),
            held: row.blob_or_null(first + 2)?.map(<[u8]>::to_vec),
        })
    }
}

/// Mirrors one account.
pub(crate) fn mirror(tx: &dyn Tx, runs: &mut Runs, account: &Account, found_by: &[Key]) -> Answer<()> {
    let before =
        tx::first(tx, FIND, with![account.key.site.as_str(), account.key.id.0], |row| Known::read(row, 0))?;
    keep(tx, runs, account, found_by, before.as_ref())
}

/// From now on it is found only by keys whose kind says that it is gone.
fn go(tx: &dyn Tx, runs: &mut Runs, site: &SiteId, id: i64, old_keys: &str, at: Timestamp) -> Answer<()> {
    let old: Vec<Key> = record::read_list("keys", old_keys)?;
    let gone: Vec<Key> = old.into_iter().map(|(kind, value)| (format!("{GONE_KIND}{kind}"), value)).collect();
    let keys = record::list(&keys::sorted(&gone))?;
    tx.run(GONE, with![at, &keys, site.as_str(), id])?;
    held::end_all(tx, site, id, at)?;
    found::account_keys(tx, runs, site.as_str(), id, (old_keys, &keys))
}

/// Marks an account gone: it is no longer listed, nor found by its keys.
pub(crate) fn mark_gone(tx: &dyn Tx, runs: &mut Runs, key: &AccountKey, at: Timestamp) -> Answer<()> {
    match tx::first(tx, FIND, with![key.site.as_str(), key.id.0], |row| Known::read(row, 0))? {
        Some(known) if !known.gone => go(tx, runs, &key.site, key.id.0, &known.keys, at),
        _ => Ok(()),
    }
}

fn keep(
    tx: &dyn Tx,
    runs: &mut Runs,
    account: &Account,
    found_by: &[Key],
    before: Option<&Known>,
) -> Answer<()> {
    let (site, id) = (&account.key.site, account.key.id.0);
    let keys = record::list(&keys::sorted(found_by))?;
    let held = held::note(tx, account, before.and_then(|known| known.held.as_deref()))?;
    tx.run(KEEP, with![site.as_str(), id, &record::write(account)?, &keys, &held])?;
    let old_keys = before.map_or("[]", |known| &known.keys);
    found::account_keys(tx, runs, site.as_str(), id, (old_keys, &keys))
}

fn account(row: &dyn Row) -> Answer<Account> {
    record::read("account", row.text(0)?)
}

/// What is remembered of an account, also when it is gone: a deactivated one is not listed, but may come back.
pub(crate) fn load(tx: &dyn Tx, key: &AccountKey) -> Answer<Option<Account>> {
    tx::first(tx, LOAD, with![key.site.as_str(), key.id.0], account)
}

/// Accounts of a site that are not known to be gone, by id.
pub(crate) fn live(tx: &dyn Tx, site: &SiteId) -> Answer<Vec<Account>> {
    tx::all(tx, LIVE, with![site.as_str()], account)
}

/// Accounts of a site by id, also those that are gone.
pub(crate) fn page(
    tx: &dyn Tx,
    site: &SiteId,
    after: Option<AccountId>,
    limit: usize,
) -> Answer<Vec<MirroredAccount>> {
    let after = after.map_or(i64::MIN, |id| id.0);
    tx::all(tx, PAGE, with![site.as_str(), after, rows_max(limit)], |row| {
        Ok(MirroredAccount {
            account: account(row)?,
            keys: record::read_list("keys", row.text(1)?)?,
            gone: row.int_or_null(2)?.is_some(),
        })
    })
}

pub(crate) fn has_key(tx: &dyn Tx, site: &SiteId, kind: &str, value: &str) -> Answer<bool> {
    Ok(!found::accounts(tx, site.as_str(), kind, value)?.is_empty())
}

pub(crate) fn by_key(tx: &dyn Tx, site: &SiteId, kind: &str, value: &str) -> Answer<Vec<AccountKey>> {
    let ids = found::accounts(tx, site.as_str(), kind, value)?.into_iter();
    Ok(ids.map(|id| AccountKey { site: site.clone(), id: AccountId(id) }).collect())
}

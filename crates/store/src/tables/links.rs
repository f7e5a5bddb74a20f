//! What ties an identity to a site: the link, what was applied, announced visits, and the leaver's clock.

use std::time::Duration;

use jiff::Timestamp;
use lanyard_engine::ports::Leaver;
use lanyard_model::{
    booking::Visit,
    desired::Applied,
    id::{AccountId, AccountKey, IdentityId, SiteId, TenantId},
    link::Link,
};

use crate::{
    record,
    tables::held,
    tx::{self, Answer, Row, Tx, micros, rows_max, statements, unsigned, with},
};

statements! {
    KEEP = "INSERT INTO links (tenant, user_id, site, account_id, record) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (tenant, user_id, site)
            DO UPDATE SET account_id = excluded.account_id, record = excluded.record";
    DROP = "DELETE FROM links WHERE tenant = $1 AND user_id = $2 AND site = $3";
    LOAD = "SELECT record FROM links WHERE tenant = $1 AND user_id = $2 AND site = $3";
    OF = "SELECT record FROM links WHERE tenant = $1 AND user_id = $2 ORDER BY site";
    TO = "SELECT record FROM links WHERE site = $1 AND account_id = $2 ORDER BY tenant, user_id";
    ALL = "SELECT record FROM links WHERE site = $1 ORDER BY account_id, tenant, user_id";
    COUNTS = "SELECT tenant, site, COUNT(*) FROM links GROUP BY tenant, site ORDER BY tenant, site";
    PAGE = "SELECT record FROM links WHERE site = $1 AND (account_id, tenant, user_id) > ($2, $3, $4)
            ORDER BY account_id, tenant, user_id LIMIT $5";
    KEEP_APPLIED = "INSERT INTO applied (tenant, user_id, site, record) VALUES ($1, $2, $3, $4)
                    ON CONFLICT (tenant, user_id, site) DO UPDATE SET record = excluded.record";
    LOAD_APPLIED = "SELECT record FROM applied WHERE tenant = $1 AND user_id = $2 AND site = $3";
    ALL_APPLIED = "SELECT record, tenant, user_id FROM applied WHERE site = $1 ORDER BY tenant, user_id";
    RECALL_APPLIED = "SELECT record, tenant, user_id FROM applied
        WHERE site = $1 AND (record LIKE '%\"waiting\"%' OR record LIKE '%\"door_holder\"%')
        ORDER BY tenant, user_id";
    PAGE_APPLIED = "SELECT record, tenant, user_id FROM applied WHERE site = $1 AND tenant = $2 AND user_id > $3
                    ORDER BY user_id LIMIT $4";
    KEEP_VISIT = "INSERT INTO visits (tenant, user_id, site, key, record) VALUES ($1, $2, $3, $4, $5)
                  ON CONFLICT (tenant, user_id, site, key) DO UPDATE SET record = excluded.record";
    VISITS = "SELECT tenant, user_id, record FROM visits WHERE site = $1 ORDER BY tenant, user_id, key";
    LEAVER_SEEN = "INSERT INTO leavers (tenant, user_id, site, since, seen_at) VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT DO NOTHING";
    LEAVER_VERIFIED = "UPDATE leavers SET verified_at = $1
                       WHERE tenant = $2 AND user_id = $3 AND site = $4 AND verified_at IS NULL";
    LEAVER_RETURNED = "INSERT INTO leavers_returned (tenant, user_id, site, since, seen_at, verified_at, returned_at)
                       SELECT tenant, user_id, site, since, seen_at, verified_at, $1 FROM leavers
                       WHERE tenant = $2 AND user_id = $3 AND site = $4 ON CONFLICT DO NOTHING";
    LEAVER_KNOWN = "SELECT COUNT(*) FROM leavers WHERE tenant = $1 AND user_id = $2 AND site = $3";
    LEAVER_CANCELLED = "DELETE FROM leavers WHERE tenant = $1 AND user_id = $2 AND site = $3";
    LEAVERS = "SELECT tenant, user_id, site, since, seen_at, verified_at, NULL FROM leavers
               ORDER BY since DESC, tenant DESC, user_id DESC, site DESC LIMIT $1";
    LEAVERS_BETWEEN = "SELECT tenant, user_id, site, since, seen_at, verified_at, NULL FROM leavers
                       WHERE since < $1 ORDER BY since, tenant, user_id, site";
    RETURNED_BETWEEN = "SELECT tenant, user_id, site, since, seen_at, verified_at, returned_at FROM leavers_returned
                        WHERE returned_at >= $1 ORDER BY returned_at, tenant, user_id, site";
    RETURNS = "SELECT tenant, user_id, site, since, seen_at, verified_at, returned_at FROM leavers_returned
               WHERE returned_at >= $1 AND returned_at < $2 ORDER BY returned_at, tenant, user_id, site";
    LATE = "SELECT tenant, user_id, site, since, seen_at, verified_at, NULL FROM leavers
            WHERE since >= $1 AND COALESCE(verified_at, $2) - since > $3
            ORDER BY since DESC, tenant DESC, user_id DESC, site DESC LIMIT $4";
    LATE_RETURNED = "SELECT tenant, user_id, site, since, seen_at, verified_at, returned_at FROM leavers_returned
                     WHERE returned_at >= $1 AND since >= $1
                     AND COALESCE(verified_at, returned_at) - since > $2
                     ORDER BY returned_at DESC, tenant DESC, user_id DESC, site DESC";
    CLOCK_OF = "SELECT tenant, user_id, site, since, seen_at, verified_at, NULL FROM leavers
                WHERE tenant = $1 AND user_id = $2 AND site = $3";
    RETURNED_OF = "SELECT tenant, user_id, site, since, seen_at, verified_at, returned_at FROM leavers_returned
                   WHERE tenant = $1 AND user_id = $2 AND site = $3
                   ORDER BY returned_at DESC";
    LEAVERS_OPEN = "SELECT tenant, user_id, site, since, seen_at, verified_at, NULL FROM leavers
                    WHERE verified_at IS NULL ORDER BY since, tenant, user_id, site LIMIT $1";
    LEAVERS_RUNNING = "SELECT tenant, user_id, site, since, seen_at, verified_at, NULL FROM leavers
                       WHERE verified_at IS NULL AND since <= $1 AND seen_at <= $1
                       AND (since, tenant, user_id, site) > ($2, $3, $4, $5)
                       ORDER BY since, tenant, user_id, site LIMIT $6";
}

/// People with a link, by tenant and site.
pub(crate) fn counts(tx: &dyn Tx) -> Answer<Vec<(TenantId, SiteId, u64)>> {
    tx::all(tx, COUNTS, &[], |row| {
        Ok((TenantId::new(row.text(0)?), SiteId::new(row.text(1)?), unsigned(row.int(2)?)))
    })
}

pub(crate) fn keep(tx: &dyn Tx, link: &Link) -> Answer<()> {
    let (who, account) = (&link.identity, &link.account);
    let kept = record::write(link)?;
    tx.run(KEEP, with![who.tenant.as_str(), &*who.user, account.site.as_str(), account.id.0, &kept])?;
    held::linked(tx, link)
}

pub(crate) fn forget(tx: &dyn Tx, who: &IdentityId, site: &SiteId, at: Timestamp) -> Answer<()> {
    tx.run(DROP, with![who.tenant.as_str(), &*who.user, site.as_str()])?;
    held::unlinked(tx, who, site, at)
}

fn link(row: &dyn Row) -> Answer<Link> {
    record::read("link", row.text(0)?)
}

pub(crate) fn load(tx: &dyn Tx, who: &IdentityId, site: &SiteId) -> Answer<Option<Link>> {
    tx::first(tx, LOAD, with![who.tenant.as_str(), &*who.user, site.as_str()], link)
}

pub(crate) fn of(tx: &dyn Tx, who: &IdentityId) -> Answer<Vec<Link>> {
    tx::all(tx, OF, with![who.tenant.as_str(), &*who.user], link)
}

pub(crate) fn to(tx: &dyn Tx, account: &AccountKey) -> Answer<Vec<Link>> {
    tx::all(tx, TO, with![account.site.as_str(), account.id.0], link)
}

pub(crate) fn of_site(tx: &dyn Tx, site: &SiteId) -> Answer<Vec<Link>> {
    tx::all(tx, ALL, with![site.as_str()], link)
}

/// Links of a site by account and identity, after a place in that order.
pub(crate) fn page(
    tx: &dyn Tx,
    site: &SiteId,
    after: Option<&(AccountId, IdentityId)>,
    limit: usize,
) -> Answer<Vec<Link>> {
    let (account, tenant, user) =
        after.map_or((i64::MIN, "", ""), |(account, who)| (account.0, who.tenant.as_str(), &*who.user));
    tx::all(tx, PAGE, with![site.as_str(), account, tenant, user, rows_max(limit)], link)
}

pub(crate) fn keep_applied(tx: &dyn Tx, who: &IdentityId, site: &SiteId, applied: &Applied) -> Answer<()> {
    let kept = record::write(applied)?;
    tx.run(KEEP_APPLIED, with![who.tenant.as_str(), &*who.user, site.as_str(), &kept])?;
    Ok(())
}

fn applied(row: &dyn Row) -> Answer<Applied> {
    record::read("applied state", row.text(0)?)
}

pub(crate) fn load_applied(tx: &dyn Tx, who: &IdentityId, site: &SiteId) -> Answer<Option<Applied>> {
    tx::first(tx, LOAD_APPLIED, with![who.tenant.as_str(), &*who.user, site.as_str()], applied)
}

pub(crate) fn all_applied(tx: &dyn Tx, site: &SiteId) -> Answer<Vec<(IdentityId, Applied)>> {
    tx::all(tx, ALL_APPLIED, with![site.as_str()], |row| {
        Ok((IdentityId::new(TenantId::new(row.text(1)?), row.text(2)?), applied(row)?))
    })
}

/// What is applied for those who wait for a desk or are known to a badge system. May name a few others.
pub(crate) fn applied_to_recall(tx: &dyn Tx, site: &SiteId) -> Answer<Vec<(IdentityId, Applied)>> {
    tx::all(tx, RECALL_APPLIED, with![site.as_str()], |row| {
        Ok((IdentityId::new(TenantId::new(row.text(1)?), row.text(2)?), applied(row)?))
    })
}

/// What is applied for a tenant's people in a site, by user id.
pub(crate) fn applied_page(
    tx: &dyn Tx,
    site: &SiteId,
    tenant: &TenantId,
    after: &str,
    limit: usize,
) -> Answer<Vec<(IdentityId, Applied)>> {
    tx::all(tx, PAGE_APPLIED, with![site.as_str(), tenant.as_str(), after, rows_max(limit)], |row| {
        Ok((IdentityId::new(TenantId::new(row.text(1)?), row.text(2)?), applied(row)?))
    })
}

pub(crate) fn keep_visit(
    tx: &dyn Tx,
    who: &IdentityId,
    site: &SiteId,
    key: &str,
    visit: &Visit,
) -> Answer<()> {
    let kept = record::write(visit)?;
    tx.run(KEEP_VISIT, with![who.tenant.as_str(), &*who.user, site.as_str(), key, &kept])?;
    Ok(())
}

/// Announced visits of a site.
pub(crate) fn visits(tx: &dyn Tx, site: &SiteId) -> Answer<Vec<(IdentityId, Visit)>> {
    tx::all(tx, VISITS, with![site.as_str()], |row| {
        let who = IdentityId::new(TenantId::new(row.text(0)?), row.text(1)?);
        Ok((who, record::read::<Visit>("visit", row.text(2)?)?))
    })
}

/// Announced visits with this host. Few enough per site to be read through.
pub(crate) fn visits_of_host(tx: &dyn Tx, host: &AccountKey) -> Answer<Vec<(IdentityId, Visit)>> {
    let all = visits(tx, &host.site)?;
    Ok(all.into_iter().filter(|(_, visit)| visit.host == host.id).collect())
}

pub(crate) fn leaver_seen(
    tx: &dyn Tx,
    who: &IdentityId,
    site: &SiteId,
    since: Timestamp,
    seen_at: Timestamp,
) -> Answer<()> {
    tx.run(LEAVER_SEEN, with![who.tenant.as_str(), &*who.user, site.as_str(), since, seen_at])?;
    Ok(())
}

pub(crate) fn leaver_verified(tx: &dyn Tx, who: &IdentityId, site: &SiteId, at: Timestamp) -> Answer<()> {
    tx.run(LEAVER_VERIFIED, with![at, who.tenant.as_str(), &*who.user, site.as_str()])?;
    Ok(())
}

/// Drops the clock; that it ran stays on record.
pub(crate) fn leaver_cancelled(tx: &dyn Tx, who: &IdentityId, site: &SiteId, at: Timestamp) -> Answer<()> {
    let (tenant, user, place) = (who.tenant.as_str(), &*who.user, site.as_str());
    // Said of everybody who did not leave: a question costs less than a statement that would write.
    if tx::count(tx, LEAVER_KNOWN, with![tenant, user, place])? == 0 {
        return Ok(());
    }
    tx.run(LEAVER_RETURNED, with![at, tenant, user, place])?;
    tx.run(LEAVER_CANCELLED, with![who.tenant.as_str(), &*who.user, site.as_str()])?;
    Ok(())
}

fn leaver(row: &dyn Row) -> Answer<Leaver> {
    Ok(Leaver {
        identity: IdentityId::new(TenantId::new(row.text(0)?), row.text(1)?),
        site: SiteId::new(row.text(2)?),
        since: tx::time(row.int(3)?)?,
        seen_at: tx::time(row.int(4)?)?,
        verified_at: tx::time_or_null(row.int_or_null(5)?)?,
        returned_at: tx::time_or_null(row.int_or_null(6)?)?,
    })
}

/// Open clocks, longest running first; or all, newest first.
pub(crate) fn leavers(tx: &dyn Tx, open_only: bool, limit: usize) -> Answer<Vec<Leaver>> {
    let sql = if open_only { LEAVERS_OPEN } else { LEAVERS };
    tx::all(tx, sql, with![rows_max(limit)], leaver)
}

/// Running clocks of whoever was seen to have left by `by`, after one of them; see the store port.
pub(crate) fn leavers_running(
    tx: &dyn Tx,
    by: Timestamp,
    after: Option<&Leaver>,
    limit: usize,
) -> Answer<Vec<Leaver>> {
    let (since, tenant, user, site) = after.map_or((i64::MIN, "", "", ""), |last| {
        (micros(last.since), last.identity.tenant.as_str(), &*last.identity.user, last.site.as_str())
    });
    tx::all(tx, LEAVERS_RUNNING, with![by, since, tenant, user, site, rows_max(limit)], leaver)
}

/// Leavers who were not out within `bound`, the last first; see the store port.
pub(crate) fn late(
    tx: &dyn Tx,
    since: Timestamp,
    bound: Duration,
    now: Timestamp,
    limit: usize,
) -> Answer<Vec<Leaver>> {
    let bound = i64::try_from(bound.as_micros()).unwrap_or(i64::MAX);
    let mut all = tx::all(tx, LATE, with![since, now, bound, rows_max(limit)], leaver)?;
    // All of them: whose right ended last need not have come back last.
    all.extend(tx::all(tx, LATE_RETURNED, with![since, bound], leaver)?);
    all.sort_by(|a, b| (b.since, &b.identity, &b.site).cmp(&(a.since, &a.identity, &a.site)));
    all.truncate(limit);
    Ok(all)
}

/// One person's clocks in a site, the last first; see the store port.
pub(crate) fn clocks(tx: &dyn Tx, who: &IdentityId, site: &SiteId) -> Answer<Vec<Leaver>> {
    let (tenant, user, place) = (who.tenant.as_str(), &*who.user, site.as_str());
    let mut all = tx::all(tx, CLOCK_OF, with![tenant, user, place], leaver)?;
    all.extend(tx::all(tx, RETURNED_OF, with![tenant, user, place], leaver)?);
    Ok(all)
}

/// Clocks that were dropped in the period, however long ago whoever came back had been verified gone.
pub(crate) fn returns(tx: &dyn Tx, from: Timestamp, to: Timestamp) -> Answer<Vec<Leaver>> {
    tx::all(tx, RETURNS, with![from, to], leaver)
}

/// Clocks that ran at any time in the period, those of people who returned among them.
pub(crate) fn leavers_between(tx: &dyn Tx, from: Timestamp, to: Timestamp) -> Answer<Vec<Leaver>> {
    let mut all = tx::all(tx, LEAVERS_BETWEEN, with![to], leaver)?;
    all.extend(tx::all(tx, RETURNED_BETWEEN, with![from], leaver)?);
    all.retain(|leaver| leaver.since < to && leaver.verified_at.is_none_or(|at| at >= from));
    Ok(all)
}

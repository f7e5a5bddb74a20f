//! Plans, intents with their outcomes, and room under caps.
//!
//! Retention: a plan without intents may go once a newer plan of the same identity and site exists. Intents, their
//! plans and charges stay as long as the journal speaks of them.

use std::time::Duration;

use jiff::Timestamp;
use lanyard_engine::ports::{Charge, Intent, OpenIntent, Order, StoreFailure};
use lanyard_model::{
    id::{IdentityId, PlanId, SiteId, TenantId},
    plan::{Outcome, Plan},
};

use crate::{
    record,
    tx::{self, Answer, Row, Tx, micros, rows_max, statements, unsigned, with},
};

statements! {
    INSERT = "INSERT INTO plans (id, tenant, user_id, site, made_at, record) VALUES ($1, $2, $3, $4, $5, $6)
              ON CONFLICT (id) DO NOTHING";
    VERIFIED = "UPDATE plans SET verified_at = $1, verified_open = $2 WHERE id = $3";
    LOAD = "SELECT record FROM plans WHERE id = $1";
    NEWEST = "SELECT record FROM plans ORDER BY made_at DESC, id DESC LIMIT $1";
    OLDEST = "SELECT record FROM plans ORDER BY made_at, id LIMIT $1";
    AFTER = "SELECT record FROM plans WHERE made_at > $1 OR (made_at = $1 AND id > $2)
             ORDER BY made_at, id LIMIT $3";
    BEFORE = "SELECT record FROM plans WHERE made_at < $1 OR (made_at = $1 AND id < $2)
              ORDER BY made_at DESC, id DESC LIMIT $3";
    NEWEST_OF = "SELECT record FROM plans WHERE tenant = $1 AND user_id = $2
                 ORDER BY made_at DESC, id DESC LIMIT $3";
    NEWEST_IN = "SELECT record FROM plans WHERE tenant = $1 AND user_id = $2 AND site = $3
                 ORDER BY made_at DESC, id DESC LIMIT 1";
    INTEND = "INSERT INTO intents (id, plan, step, tenant, user_id, site, at, record)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    OUTCOME = "UPDATE intents SET outcome = $1, outcome_at = $2, success = $3 WHERE id = $4 AND outcome IS NULL";
    INTENT_KNOWN = "SELECT COUNT(*) FROM intents WHERE id = $1";
    OPEN = "SELECT record FROM intents WHERE outcome IS NULL ORDER BY tenant, user_id, at, id";
    OPEN_OF = "SELECT record FROM intents WHERE outcome IS NULL AND tenant = $1 AND user_id = $2 ORDER BY at, id";
    OF_PLAN = "SELECT record, outcome FROM intents WHERE plan = $1 ORDER BY step, at, id";
    BETWEEN = "SELECT record, outcome FROM intents WHERE at >= $1 AND at < $2 ORDER BY at, id LIMIT $3";
    /// By way of their plans, which are found by person.
    OF_PERSON = "SELECT intents.record, intents.outcome FROM plans CROSS JOIN intents
                 WHERE plans.tenant = $1 AND plans.user_id = $2 AND intents.plan = plans.id AND intents.at >= $3";
    RATES = "SELECT (outcome_at - $1) / $2, CAST(SUM(success) AS BIGINT), COUNT(*) FROM intents
             WHERE outcome_at IS NOT NULL AND outcome_at >= $1 GROUP BY 1 ORDER BY 1";
    RATES_OF = "SELECT (outcome_at - $1) / $2, CAST(SUM(success) AS BIGINT), COUNT(*) FROM intents
                WHERE outcome_at IS NOT NULL AND outcome_at >= $1 AND tenant = $3 GROUP BY 1 ORDER BY 1";
    /// What somebody let through a reached limit made no room for anything else of theirs.
    UNIT_CHARGED = "SELECT COUNT(*) FROM charges WHERE scope = $1 AND unit = $2 AND at > $3 AND at < $4
                    AND NOT EXISTS (SELECT 1 FROM clearances
                                    JOIN clearance_uses ON clearance_uses.clearance = clearances.id
                                    WHERE clearances.tenant = $5 AND clearances.user_id = $6
                                    AND clearances.site = $7 AND clearances.kind = 'cap'
                                    AND clearance_uses.intent = charges.intent)";
    UNITS_CHARGED = "SELECT COUNT(DISTINCT unit) FROM charges WHERE scope = $1 AND at > $2 AND at < $3";
    CHARGE = "INSERT INTO charges (scope, at, unit, intent) VALUES ($1, $2, $3, $4)";
    USED = "SELECT COUNT(DISTINCT unit) FROM charges WHERE scope = $1 AND at >= $2";
}

pub(crate) fn keep(tx: &dyn Tx, plan: &Plan) -> Answer<()> {
    let who = &plan.identity;
    let kept = record::write(plan)?;
    tx.run(
        INSERT,
        with![plan.id.as_str(), who.tenant.as_str(), &*who.user, plan.site.as_str(), plan.made_at, &kept],
    )?;
    Ok(())
}

pub(crate) fn verified(tx: &dyn Tx, plan: &PlanId, at: Timestamp, open: &[String]) -> Answer<()> {
    tx.run(VERIFIED, with![at, &record::list(&open)?, plan.as_str()])?;
    Ok(())
}

fn plan(row: &dyn Row) -> Answer<Plan> {
    record::read("plan", row.text(0)?)
}

pub(crate) fn load(tx: &dyn Tx, id: &PlanId) -> Answer<Option<Plan>> {
    tx::first(tx, LOAD, with![id.as_str()], plan)
}

pub(crate) fn newest(tx: &dyn Tx, who: Option<&IdentityId>, limit: usize) -> Answer<Vec<Plan>> {
    match who {
        None => tx::all(tx, NEWEST, with![rows_max(limit)], plan),
        Some(who) => tx::all(tx, NEWEST_OF, with![who.tenant.as_str(), &*who.user, rows_max(limit)], plan),
    }
}

/// The newest of one person in a site.
pub(crate) fn newest_in(tx: &dyn Tx, who: &IdentityId, site: &SiteId) -> Answer<Option<Plan>> {
    tx::first(tx, NEWEST_IN, with![who.tenant.as_str(), &*who.user, site.as_str()], plan)
}

/// Everybody's beyond the last one of a page.
pub(crate) fn beyond(
    tx: &dyn Tx,
    last: Option<&(Timestamp, PlanId)>,
    order: Order,
    limit: usize,
) -> Answer<Vec<Plan>> {
    let limit = rows_max(limit);
    match (order, last) {
        (Order::Falling, None) => tx::all(tx, NEWEST, with![limit], plan),
        (Order::Falling, Some((at, id))) => tx::all(tx, BEFORE, with![*at, id.as_str(), limit], plan),
        (Order::Rising, None) => tx::all(tx, OLDEST, with![limit], plan),
        (Order::Rising, Some((at, id))) => tx::all(tx, AFTER, with![*at, id.as_str(), limit], plan),
    }
}

/// Keeps an intent, and reserves room under its caps.
pub(crate) fn intend(tx: &dyn Tx, intent: &Intent) -> Answer<()> {
    for charge in intent.charge.iter().chain(&intent.run_charge) {
        reserve(tx, charge, intent)?;
    }
    let who = &intent.identity;
    let step = i64::try_from(intent.step).unwrap_or(i64::MAX);
    let (plan, site, kept) = (intent.plan.as_str(), intent.site.as_str(), record::write(intent)?);
    tx.run(INTEND, with![&intent.id, plan, step, who.tenant.as_str(), &*who.user, site, intent.at, &kept])?;
    Ok(())
}

/// Every charge is kept, also a free one: otherwise a later window would miss that its unit was touched in it.
///
/// Counted are all windows that contain `at`, not only the one that ends there: charges of other workers may carry a
/// slightly later time, or the clock may have been set back.
fn reserve(tx: &dyn Tx, charge: &Charge, intent: &Intent) -> Answer<()> {
    let at = micros(intent.at);
    let window = i64::try_from(charge.window_seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000);
    let (from, to) = (at.saturating_sub(window), at.saturating_add(window));
    let scope = &charge.scope;
    // A pass is checked where it is spent, in this same transaction.
    let (who, site) = (&intent.identity, intent.site.as_str());
    let theirs = with![scope, &charge.unit, from, to, who.tenant.as_str(), &*who.user, site];
    if charge.pass.is_none() && tx::count(tx, UNIT_CHARGED, theirs)? == 0 {
        let used = tx::count(tx, UNITS_CHARGED, with![scope, from, to])?;
        if used >= charge.max {
            return Err(StoreFailure::CapReached { scope: scope.clone(), used, max: charge.max });
        }
    }
    tx.run(CHARGE, with![scope, at, &charge.unit, &intent.id])?;
    Ok(())
}

pub(crate) fn used(tx: &dyn Tx, scope: &str, since: Timestamp) -> Answer<u64> {
    tx::count(tx, USED, with![scope, since])
}

/// Keeps the first outcome of an intent.
pub(crate) fn end(tx: &dyn Tx, intent: &str, outcome: &Outcome, at: Timestamp) -> Answer<()> {
    let kept = record::write(outcome)?;
    let changed = tx.run(OUTCOME, with![&kept, at, i64::from(outcome.is_success()), intent])?;
    if changed == 0 && tx::count(tx, INTENT_KNOWN, with![intent])? == 0 {
        return Err(StoreFailure::Damaged(format!(
            "an outcome names the intent {intent}, which is not on record"
        )));
    }
    Ok(())
}

pub(crate) fn open(tx: &dyn Tx, who: Option<&IdentityId>) -> Answer<Vec<OpenIntent>> {
    let read = |row: &dyn Row| Ok(OpenIntent { intent: record::read("intent", row.text(0)?)? });
    match who {
        None => tx::all(tx, OPEN, &[], read),
        Some(who) => tx::all(tx, OPEN_OF, with![who.tenant.as_str(), &*who.user], read),
    }
}

pub(crate) fn of_plan(tx: &dyn Tx, plan: &PlanId) -> Answer<Vec<(Intent, Option<Outcome>)>> {
    tx::all(tx, OF_PLAN, with![plan.as_str()], intent_with_outcome)
}

fn intent_with_outcome(row: &dyn Row) -> Answer<(Intent, Option<Outcome>)> {
    let outcome = row.text_or_null(1)?.map(|text| record::read("outcome", text)).transpose()?;
    Ok((record::read("intent", row.text(0)?)?, outcome))
}

/// Sent within a time, oldest first.
pub(crate) fn between(
    tx: &dyn Tx,
    from: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Answer<Vec<(Intent, Option<Outcome>)>> {
    tx::all(tx, BETWEEN, with![from, until, rows_max(limit)], intent_with_outcome)
}

/// Sent for one person since then, oldest first.
pub(crate) fn of_person(
    tx: &dyn Tx,
    who: &IdentityId,
    since: Timestamp,
    limit: usize,
) -> Answer<Vec<(Intent, Option<Outcome>)>> {
    let mut all = tx::all(tx, OF_PERSON, with![who.tenant.as_str(), &*who.user, since], intent_with_outcome)?;
    all.sort_by(|(a, _), (b, _)| (a.at, &a.id).cmp(&(b.at, &b.id)));
    all.truncate(limit);
    Ok(all)
}

/// Buckets in which something ended for a tenant's people, or for anybody: beginning, successes, all others.
pub(crate) fn rates(
    tx: &dyn Tx,
    tenant: Option<&TenantId>,
    since: Timestamp,
    bucket: Duration,
) -> Answer<Vec<(Timestamp, u64, u64)>> {
    let length = i64::try_from(bucket.as_micros()).unwrap_or(i64::MAX).max(1);
    let from = micros(since);
    let one = |row: &dyn Row| {
        let start = from.saturating_add(row.int(0)?.saturating_mul(length));
        let (applied, ended) = (unsigned(row.int(1)?), unsigned(row.int(2)?));
        Ok((tx::time(start)?, applied, ended - applied))
    };
    match tenant {
        None => tx::all(tx, RATES, with![from, length], one),
        Some(tenant) => tx::all(tx, RATES_OF, with![from, length, tenant.as_str()], one),
    }
}

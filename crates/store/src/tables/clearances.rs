//! Holds, approvals, decisions on a reached limit, undos: what stands between a plan's lines and the site.
//!
//! Retention: a clearance stays as long as the journal speaks of its plan.

use jiff::Timestamp;
use lanyard_engine::ports::StoreFailure;
use lanyard_model::{
    clearance::{Clearance, ClearanceKind, ClearanceState},
    id::{IdentityId, SiteId},
};

use crate::{
    record,
    tx::{self, Answer, Row, Tx, rows_max, statements, with},
};

statements! {
    FIND = "SELECT record, version, id FROM clearances WHERE id = $1";
    INSERT = "INSERT INTO clearances (id, kind, tenant, user_id, site, state, asked_at, changed_at, version, record)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING";
    UPDATE = "UPDATE clearances SET state = $1, changed_at = $2, version = $3, record = $4
              WHERE id = $5 AND version = $6";
    OF = "SELECT record, version, id FROM clearances WHERE tenant = $1 AND user_id = $2 AND site = $3
          ORDER BY asked_at, id";
    OF_EVERYWHERE = "SELECT record, version, id FROM clearances WHERE tenant = $1 AND user_id = $2
                     ORDER BY site, asked_at, id";
    BY_STATE = "SELECT record, version, id FROM clearances WHERE state = $1 ORDER BY asked_at, id LIMIT $2";
    OVER = "SELECT record, version, id FROM clearances WHERE state <> 'waiting'
            ORDER BY changed_at DESC, id DESC LIMIT $1";
    USE = "INSERT INTO clearance_uses (clearance, line, intent) VALUES ($1, $2, $3)";
    SPENT = "SELECT line FROM clearance_uses JOIN intents ON intents.id = clearance_uses.intent
             WHERE clearance = $1 AND success = 1";
    LINE_SPENT = "SELECT COUNT(*) FROM clearance_uses JOIN intents ON intents.id = clearance_uses.intent
                  WHERE clearance = $1 AND line = $2 AND success = 1";
}

fn read(row: &dyn Row) -> Answer<Clearance> {
    let mut kept: Clearance = record::read("clearance", row.text(0)?)?;
    kept.version = row.int(1)?;
    Ok(kept)
}

fn with_spent(tx: &dyn Tx, mut found: Vec<Clearance>) -> Answer<Vec<Clearance>> {
    for clearance in &mut found {
        // Only what people decide on can be used up.
        if matches!(clearance.kind, ClearanceKind::Approval | ClearanceKind::Cap) {
            let used = tx::all(tx, SPENT, with![&clearance.id], |row| Ok(row.text(0)?.to_owned()))?;
            clearance.spent = used.into_iter().filter(|line| clearance.is_used_up_by_one(line)).collect();
        }
    }
    Ok(found)
}

/// Keeps a clearance, if the kept one has still the version that was read.
pub(crate) fn keep(tx: &dyn Tx, clearance: &Clearance) -> Answer<()> {
    let (who, next) = (&clearance.identity, clearance.version + 1);
    let text = record::write(&Clearance { version: next, spent: Default::default(), ..clearance.clone() })?;
    let (state, changed) = (clearance.state.as_str(), clearance.changed_at());
    let kept = if clearance.version == 0 {
        let (kind, site) = (clearance.kind.as_str(), clearance.site.as_str());
        let (tenant, user) = (who.tenant.as_str(), &*who.user);
        let at = clearance.asked_at;
        tx.run(INSERT, with![&clearance.id, kind, tenant, user, site, state, at, changed, next, &text])?
    } else {
        tx.run(UPDATE, with![state, changed, next, &text, &clearance.id, clearance.version])?
    };
    if kept == 0 {
        return Err(StoreFailure::ClearanceChanged(clearance.id.clone()));
    }
    Ok(())
}

/// Notes that an operation is sent under a clearance. Refused when it was taken back, ran out, or was used up by an
/// operation that was accepted: then nothing may be sent.
pub(crate) fn spend(tx: &dyn Tx, id: &str, lines: &[String], intent: &str, at: Timestamp) -> Answer<()> {
    let refused = |why: &str| Err(StoreFailure::NotCleared { clearance: id.to_owned(), why: why.to_owned() });
    let Some(found) = load(tx, id)? else { return refused("it is not on record") };
    for line in lines {
        if !found.lets(line, at) {
            let why = match found.state {
                ClearanceState::Granted if found.spent.contains(line) => "it was used already",
                ClearanceState::Granted if !found.names(line) => "it is about something else",
                ClearanceState::Granted => "it ran out",
                _ => found.state.as_str(),
            };
            return refused(why);
        }
        if found.is_used_up_by_one(line) && tx::count(tx, LINE_SPENT, with![id, line])? > 0 {
            return refused("it was used already");
        }
        tx.run(USE, with![id, line, intent])?;
    }
    Ok(())
}

pub(crate) fn load(tx: &dyn Tx, id: &str) -> Answer<Option<Clearance>> {
    let found = tx::first(tx, FIND, with![id], read)?;
    Ok(with_spent(tx, found.into_iter().collect())?.pop())
}

/// Everything that was ever asked about one person, in one site or in all; oldest first.
pub(crate) fn of(tx: &dyn Tx, who: &IdentityId, site: Option<&SiteId>) -> Answer<Vec<Clearance>> {
    let (tenant, user) = (who.tenant.as_str(), &*who.user);
    let found = match site {
        Some(site) => tx::all(tx, OF, with![tenant, user, site.as_str()], read)?,
        None => tx::all(tx, OF_EVERYWHERE, with![tenant, user], read)?,
    };
    with_spent(tx, found)
}

/// Those in one state, oldest first.
pub(crate) fn by_state(tx: &dyn Tx, state: ClearanceState, limit: usize) -> Answer<Vec<Clearance>> {
    with_spent(tx, tx::all(tx, BY_STATE, with![state.as_str(), rows_max(limit)], read)?)
}

/// Those that wait for nobody any more, the last decided or ended first.
pub(crate) fn over(tx: &dyn Tx, limit: usize) -> Answer<Vec<Clearance>> {
    with_spent(tx, tx::all(tx, OVER, with![rows_max(limit)], read)?)
}

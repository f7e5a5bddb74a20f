//! Applies a batch of writes inside a transaction: all of them, or an error and the caller rolls back.

use lanyard_engine::ports::{Write, Wrote};

use crate::{
    group::Access,
    memory::Memory,
    tables::{
        accounts, clearances, documents, erase, held, identities,
        journal::{self, Appending},
        links, notes, plans, signals, work,
    },
    tx::{Answer, Tx},
};

/// What each write answered, in order. Journal lines are appended last, in their order within the batch.
pub(crate) fn apply(access: &mut Access<'_>, batch: &[Write]) -> Answer<Vec<Wrote>> {
    let Access { tx, salts, memory } = access;
    let mut lines = Appending::default();
    let mut answers = Vec::with_capacity(batch.len());
    for write in batch {
        answers.push(apply_one(*tx, memory, write, &mut lines)?);
    }
    lines.finish(*tx, salts, &mut memory.journal)?;
    Ok(answers)
}

fn apply_one<'w>(
    tx: &dyn Tx,
    memory: &mut Memory,
    write: &'w Write,
    lines: &mut Appending<'w>,
) -> Answer<Wrote> {
    match write {
        Write::Signals { tenant, source, delivery, events, cursor, at, coalesce } => {
            let batch = signals::Batch {
                tenant,
                source: *source,
                delivery: delivery.as_deref(),
                events,
                cursor: cursor.as_ref(),
                at: *at,
                coalesce: *coalesce,
            };
            return signals::record(tx, &batch);
        }
        Write::Attend { who, source, lane, due, why } => {
            // Attention by itself carries no other time: its latency is counted from when it is due.
            let call =
                work::Call { due: *due, lane: *lane, raised_at: *due, source: *source, why: why.clone() };
            for id in who {
                work::raise(tx, id, call.clone())?;
            }
        }
        Write::Identity { identity, keys, at } => {
            return identities::mirror(tx, &mut memory.found, identity, keys, *at);
        }
        Write::IdentityGone { identity, at, proof } => {
            identities::mark_gone(tx, &mut memory.found, identity, *at, proof)?;
        }
        Write::Groups { tenant, groups } => identities::replace_groups(tx, tenant, groups)?,
        Write::Account { account, keys } => accounts::mirror(tx, &mut memory.found, account, keys)?,
        Write::AccountGone { account, at } => accounts::mark_gone(tx, &mut memory.found, account, *at)?,
        Write::Link(link) => links::keep(tx, link)?,
        Write::Unlink { identity, site, at } => links::forget(tx, identity, site, *at)?,
        Write::Applied { identity, site, applied } => links::keep_applied(tx, identity, site, applied)?,
        Write::Doors { identity, site, rights, at } => held::doors(tx, identity, site, rights, *at)?,
        Write::Visit { identity, site, key, visit } => links::keep_visit(tx, identity, site, key, visit)?,
        Write::Plan(plan) => plans::keep(tx, plan)?,
        Write::Intent(intent) => plans::intend(tx, intent)?,
        Write::Clearance(clearance) => clearances::keep(tx, clearance)?,
        Write::Cleared { clearance, lines: spent, intent, at } => {
            clearances::spend(tx, clearance, spent, intent, *at)?;
        }
        Write::Outcome { intent, outcome, at } => plans::end(tx, intent, outcome, *at)?,
        Write::Verified { plan, at, open } => plans::verified(tx, plan, *at, open)?,
        Write::Held { item } => work::hold(tx, item)?,
        Write::Finish { item, how } => work::finish(tx, item, how)?,
        Write::LeaverSeen { identity, site, since, seen_at } => {
            links::leaver_seen(tx, identity, site, *since, *seen_at)?;
        }
        Write::LeaverVerified { identity, site, at } => links::leaver_verified(tx, identity, site, *at)?,
        Write::LeaverCancelled { identity, site, at } => {
            links::leaver_cancelled(tx, identity, site, *at)?;
        }
        Write::Finding(finding) => notes::finding(tx, &mut memory.findings, finding)?,
        Write::FindingOver { key, at } => notes::finding_over(tx, &mut memory.findings, key, *at)?,
        Write::FindingClosed { key, at, until, .. } => {
            notes::finding_closed(tx, &mut memory.findings, key, *at, *until)?
        }
        Write::FindingsOverExcept { prefix, keep, at } => {
            notes::findings_over_except(tx, &mut memory.findings, prefix, keep, *at)?
        }
        Write::Message(message) => notes::message(tx, message)?,
        Write::MessageTried { id, at, result, next } => notes::message_tried(tx, id, *at, result, *next)?,
        Write::MessageHeld { id, until, why } => notes::message_held(tx, id, *until, why)?,
        Write::Certificate { scope, kind, certificate } => notes::certify(tx, scope, *kind, certificate)?,
        Write::Sweep(sweep) => notes::sweep(tx, sweep)?,
        Write::Count { name, by } => notes::count(tx, name, *by)?,
        Write::Meta { key, value } => notes::set_meta(tx, key, value)?,
        Write::Document(document) => documents::keep(tx, document)?,
        Write::DocumentGone { collection, key, version } => documents::forget(tx, collection, key, *version)?,
        Write::Checkpoint { tenant, size, at, note } => {
            journal::keep_checkpoint(tx, tenant, *size, *at, note)?;
        }
        Write::LetGo { tenant, position, at, note } => {
            return Ok(Wrote::Lines(journal::let_go(tx, tenant, *position, *at, note)?));
        }
        Write::PastGone { before, told } => {
            let memberships = signals::memberships_gone(tx, *before)?;
            let findings = notes::past_gone(tx, *before)?;
            if memberships + findings > 0 {
                told.iter().for_each(|entry| lines.push(entry));
            }
            return Ok(Wrote::Gone { memberships, findings });
        }
        Write::Erase { identity } => {
            return Ok(Wrote::Lines(erase::person(tx, &mut memory.findings, &mut memory.found, identity)?));
        }
        Write::Journal(entry) => lines.push(entry),
    }
    Ok(Wrote::Done)
}

//! Whole histories, row by row: what evidence is made from.

use jiff::Timestamp;
use lanyard_engine::ports::{Document, Finding, Intent, Mirrored, SweepRecord};
use lanyard_model::{
    account::Account,
    clearance::Clearance,
    coverage::Certificate,
    id::{IdentityId, SiteId, TenantId},
    identity::Identity,
    plan::{Outcome, Plan},
    signal::Event,
};

use crate::{
    record,
    tx::{self, Answer, Tx, statements, with},
};

statements! {
    TENANTS = "SELECT tenant FROM journal_trees UNION SELECT tenant FROM ledgers ORDER BY tenant";
    SITES = "SELECT DISTINCT site FROM accounts ORDER BY site";
    IDENTITIES = "SELECT record, since, gone_at FROM identities WHERE tenant = $1 ORDER BY tenant, user_id";
    FIRST_SHOWN = "SELECT MIN(since) FROM identities WHERE tenant = $1";
    FIRST_PAST = "SELECT MIN(from_at) FROM past WHERE kind = 'identity' AND scope = $1";
    ACCOUNTS = "SELECT record, gone_at FROM accounts WHERE site = $1 ORDER BY account_id";
    PLANS = "SELECT record, verified_at, verified_open FROM plans WHERE made_at >= $1 AND made_at < $2
             ORDER BY made_at, id";
    INTENTS = "SELECT record, outcome, outcome_at FROM intents WHERE outcome_at IS NOT NULL AND outcome_at >= $1
               AND outcome_at < $2 ORDER BY outcome_at";
    INTENTS_OPEN = "SELECT record FROM intents WHERE outcome IS NULL ORDER BY tenant, user_id, at, id";
    FINDINGS = "SELECT record, since, over_at, key FROM findings WHERE since < $1
                UNION ALL SELECT record, since, over_at, key FROM findings_past WHERE since < $1
                ORDER BY since, key, over_at";
    SWEEPS = "SELECT record FROM sweeps WHERE started_at >= $1 AND started_at < $2 ORDER BY started_at, id";
    CERTIFICATES = "SELECT scope, kind, record FROM certificates ORDER BY scope, kind";
    LINES = "SELECT seq, position, line, leaf, who_user FROM journal WHERE tenant = $1 ORDER BY position";
    LINES_OF = "SELECT journal.seq, position, line, salt, person FROM journal LEFT JOIN journal_persons
                ON journal_persons.seq = journal.seq WHERE who_tenant = $1 AND who_user = $2 AND journal.seq > 0
                ORDER BY journal.seq";
    DOCUMENTS = "SELECT key, record FROM documents WHERE collection = $1 ORDER BY collection, seq";
    PLANS_OF = "SELECT record, verified_at, verified_open FROM plans WHERE tenant = $1 AND user_id = $2
                ORDER BY made_at, id";
    CLEARANCES = "SELECT record FROM clearances WHERE tenant = $1 AND asked_at < $2";
    PAST_PEOPLE = "SELECT record, from_at, until_at FROM past
                   WHERE kind = 'identity' AND scope = $1 AND until_at > $2 AND from_at < $3";
    SIGNALS = "SELECT record, seen_at FROM signals NOT INDEXED WHERE tenant = $1 AND seen_at >= $2 AND seen_at < $3 ORDER BY seq";
    INTENTS_OF = "SELECT record, outcome, outcome_at FROM intents WHERE plan = $1 ORDER BY step, at, id";
}

pub(crate) fn tenants(tx: &dyn Tx) -> Answer<Vec<TenantId>> {
    tx::all(tx, TENANTS, &[], |row| Ok(TenantId::new(row.text(0)?)))
}

pub(crate) fn sites(tx: &dyn Tx) -> Answer<Vec<SiteId>> {
    tx::all(tx, SITES, &[], |row| Ok(SiteId::new(row.text(0)?)))
}

pub(crate) fn identities(
    tx: &dyn Tx,
    tenant: &TenantId,
    each: &mut dyn FnMut(Mirrored) -> Answer<()>,
) -> Answer<()> {
    tx.each(IDENTITIES, with![tenant.as_str()], &mut |row| {
        each(Mirrored {
            identity: record::read("identity", row.text(0)?)?,
            since: tx::time(row.int(1)?)?,
            gone_at: tx::time_or_null(row.int_or_null(2)?)?,
        })
    })
}

/// The oldest thing that is kept of how the tenant's people are, or were, shown.
pub(crate) fn first_of(tx: &dyn Tx, tenant: &TenantId) -> Answer<Option<Timestamp>> {
    let mut first = None;
    for sql in [FIRST_SHOWN, FIRST_PAST] {
        let found = tx::all(tx, sql, with![tenant.as_str()], |row| tx::time_or_null(row.int_or_null(0)?))?;
        first = found.into_iter().flatten().chain(first).min();
    }
    Ok(first)
}

pub(crate) fn accounts(
    tx: &dyn Tx,
    site: &SiteId,
    each: &mut dyn FnMut(Account, Option<Timestamp>) -> Answer<()>,
) -> Answer<()> {
    tx.each(ACCOUNTS, with![site.as_str()], &mut |row| {
        each(record::read("account", row.text(0)?)?, tx::time_or_null(row.int_or_null(1)?)?)
    })
}

/// A plan as kept, with its read-back.
#[derive(Debug, Clone)]
pub struct KeptPlan {
    pub plan: Plan,
    pub verified_at: Option<Timestamp>,
    /// What was still different then.
    pub open: Vec<String>,
}

fn kept_plan(row: &dyn tx::Row) -> Answer<KeptPlan> {
    let open = row.text_or_null(2)?.map(|text| record::read_list("differences", text)).transpose()?;
    Ok(KeptPlan {
        plan: record::read("plan", row.text(0)?)?,
        verified_at: tx::time_or_null(row.int_or_null(1)?)?,
        open: open.unwrap_or_default(),
    })
}

pub(crate) fn plans(
    tx: &dyn Tx,
    from: Timestamp,
    to: Timestamp,
    each: &mut dyn FnMut(KeptPlan) -> Answer<()>,
) -> Answer<()> {
    tx.each(PLANS, with![from, to], &mut |row| each(kept_plan(row)?))
}

pub(crate) fn plans_of(tx: &dyn Tx, who: &IdentityId) -> Answer<Vec<KeptPlan>> {
    tx::all(tx, PLANS_OF, with![who.tenant.as_str(), &*who.user], kept_plan)
}

/// An operation that ended, and how.
#[derive(Debug, Clone)]
pub struct Ended {
    pub intent: Intent,
    pub outcome: Option<(Outcome, Timestamp)>,
}

fn ended(row: &dyn tx::Row) -> Answer<Ended> {
    let outcome = match (row.text_or_null(1)?, row.int_or_null(2)?) {
        (Some(text), Some(at)) => Some((record::read("outcome", text)?, tx::time(at)?)),
        _ => None,
    };
    Ok(Ended { intent: record::read("intent", row.text(0)?)?, outcome })
}

/// Operations that ended in the period, then those that have not.
pub(crate) fn operations(
    tx: &dyn Tx,
    from: Timestamp,
    to: Timestamp,
    each: &mut dyn FnMut(Ended) -> Answer<()>,
) -> Answer<()> {
    tx.each(INTENTS, with![from, to], &mut |row| each(ended(row)?))?;
    tx.each(INTENTS_OPEN, &[], &mut |row| {
        each(Ended { intent: record::read("intent", row.text(0)?)?, outcome: None })
    })
}

pub(crate) fn operations_of(tx: &dyn Tx, plan: &str) -> Answer<Vec<Ended>> {
    tx::all(tx, INTENTS_OF, with![plan], ended)
}

/// Each stretch of a finding that was over and was seen again is one of them.
pub(crate) fn findings(tx: &dyn Tx, to: Timestamp) -> Answer<Vec<(Finding, Option<Timestamp>)>> {
    tx::all(tx, FINDINGS, with![to], |row| {
        let finding: Finding = record::read("finding", row.text(0)?)?;
        Ok((Finding { since: tx::time(row.int(1)?)?, ..finding }, tx::time_or_null(row.int_or_null(2)?)?))
    })
}

pub(crate) fn sweeps(tx: &dyn Tx, from: Timestamp, to: Timestamp) -> Answer<Vec<SweepRecord>> {
    tx::all(tx, SWEEPS, with![from, to], |row| record::read("sweep", row.text(0)?))
}

pub(crate) fn certificates(tx: &dyn Tx) -> Answer<Vec<(String, String, Certificate)>> {
    tx::all(tx, CERTIFICATES, &[], |row| {
        Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), record::read("certificate", row.text(2)?)?))
    })
}

/// Everything that was asked in a tenant before `to`, oldest first, without what was used of it.
pub(crate) fn clearances(tx: &dyn Tx, tenant: &TenantId, to: Timestamp) -> Answer<Vec<Clearance>> {
    let mut all: Vec<Clearance> =
        tx::all(tx, CLEARANCES, with![tenant.as_str(), to], |row| record::read("clearance", row.text(0)?))?;
    all.sort_by(|a, b| (a.asked_at, &a.id).cmp(&(b.asked_at, &b.id)));
    Ok(all)
}

/// What was shown of people of a tenant within a period and ended since: what, from when, until when; in no order.
pub(crate) fn past_people(
    tx: &dyn Tx,
    tenant: &TenantId,
    (from, to): (Timestamp, Timestamp),
    each: &mut dyn FnMut(Identity, Timestamp, Timestamp) -> Answer<()>,
) -> Answer<()> {
    tx.each(PAST_PEOPLE, with![tenant.as_str(), from, to], &mut |row| {
        each(record::read("identity", row.text(0)?)?, tx::time(row.int(1)?)?, tx::time(row.int(2)?)?)
    })
}

/// Events of a tenant's directory that were first seen in a period, in the order in which they came.
pub(crate) fn signals(
    tx: &dyn Tx,
    tenant: &TenantId,
    (from, to): (Timestamp, Timestamp),
    each: &mut dyn FnMut(Event, Timestamp) -> Answer<()>,
) -> Answer<()> {
    tx.each(SIGNALS, with![tenant.as_str(), from, to], &mut |row| {
        each(record::read("event", row.text(0)?)?, tx::time(row.int(1)?)?)
    })
}

/// A line of a journal, as it was hashed.
#[derive(Debug, Clone, Copy)]
pub struct RawLine<'r> {
    pub position: u64,
    /// Empty: let go of.
    pub text: &'r str,
    pub leaf: [u8; 32],
    /// It is about one person.
    pub personal: bool,
}

pub(crate) fn lines(
    tx: &dyn Tx,
    tenant: &TenantId,
    each: &mut dyn FnMut(RawLine<'_>) -> Answer<()>,
) -> Answer<()> {
    tx.each(LINES, with![tenant.as_str()], &mut |row| {
        let leaf = row.blob(3)?.try_into();
        each(RawLine {
            position: tx::unsigned(row.int(1)?),
            text: row.text(2)?,
            leaf: leaf.map_err(|_| {
                lanyard_engine::ports::StoreFailure::Damaged("a leaf of the journal is not a hash".into())
            })?,
            personal: row.text_or_null(4)?.is_some(),
        })
    })
}

/// A line about a person with what it commits to.
#[derive(Debug, Clone)]
pub struct PersonLine {
    pub position: u64,
    pub text: String,
    /// Salt and text; `None`: there is none, or it was erased.
    pub person: Option<(Vec<u8>, String)>,
}

pub(crate) fn lines_of(tx: &dyn Tx, who: &IdentityId) -> Answer<Vec<PersonLine>> {
    tx::all(tx, LINES_OF, with![who.tenant.as_str(), &*who.user], |row| {
        let person = match (row.blob_or_null(3)?, row.text_or_null(4)?) {
            (Some(salt), Some(text)) => Some((salt.to_vec(), text.to_owned())),
            _ => None,
        };
        Ok(PersonLine { position: tx::unsigned(row.int(1)?), text: row.text(2)?.to_owned(), person })
    })
}

pub(crate) fn documents(tx: &dyn Tx, collection: &str) -> Answer<Vec<(String, serde_json::Value)>> {
    tx::all(tx, DOCUMENTS, with![collection], |row| {
        let document: Document = record::read("document", row.text(1)?)?;
        Ok((row.text(0)?.to_owned(), document.body))
    })
}

//! The journal: an append-only list of lines, each tenant's lines the leaves of one Merkle tree (RFC 6962).
//!
//! A leaf is the kept text of the line, byte for byte. Personal text is not in it: the line carries
//! `SHA-256(salt ‖ text)`, salt and text stand beside and can be erased without touching the tree.
//!
//! Retention: old lines may be let go of; their leaves stay, so every checkpoint and proof still holds, and how far
//! the journal was let go of is on record with a signature over it, which whoever holds the key's other half checks.
//! Exported checkpoints make a cut or rewritten journal show.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use jiff::Timestamp;
use lanyard_engine::ports::{ActivityFilter, Entry, Kept, Severity, StoreFailure, TreeHead};
use lanyard_model::id::{IdentityId, SiteId, TenantId};
use serde::{Deserialize, Serialize};

use crate::{
    merkle::{CompactRange, Hash, hex, leaf_hash, sha256},
    salt::Salts,
    tx::{self, Answer, Row, Tx, micros, rows_max, signed, statements, unsigned, with},
};

statements! {
    LAST_SEQ = "SELECT seq FROM journal ORDER BY seq DESC LIMIT 1";
    TREE = "SELECT size, frontier FROM journal_trees WHERE tenant = $1";
    KEEP_TREE = "INSERT INTO journal_trees (tenant, size, frontier) VALUES ($1, $2, $3)
                 ON CONFLICT (tenant) DO UPDATE SET size = excluded.size, frontier = excluded.frontier";
    INSERT = "INSERT INTO journal (seq, tenant, position, who_tenant, who_user, line, leaf, head)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    INSERT_PERSON = "INSERT INTO journal_persons (seq, salt, person) VALUES ($1, $2, $3)";
    BEFORE = "SELECT journal.seq, line, person FROM journal LEFT JOIN journal_persons
              ON journal_persons.seq = journal.seq WHERE journal.seq < $1
              AND line <> '' ORDER BY journal.seq DESC LIMIT $2";
    AFTER = "SELECT journal.seq, line, person FROM journal LEFT JOIN journal_persons
             ON journal_persons.seq = journal.seq WHERE journal.seq > $1
             AND line <> '' ORDER BY journal.seq LIMIT $2";
    TENANT_BEFORE = "SELECT journal.seq, line, person FROM journal LEFT JOIN journal_persons
                     ON journal_persons.seq = journal.seq WHERE tenant = $1 AND journal.seq < $2 AND line <> ''
                     ORDER BY journal.seq DESC LIMIT $3";
    TENANT_AFTER = "SELECT journal.seq, line, person FROM journal LEFT JOIN journal_persons
                    ON journal_persons.seq = journal.seq WHERE tenant = $1 AND journal.seq > $2 AND line <> ''
                    ORDER BY journal.seq LIMIT $3";
    WHO_BEFORE = "SELECT journal.seq, line, person FROM journal LEFT JOIN journal_persons
                  ON journal_persons.seq = journal.seq WHERE who_tenant = $1 AND who_user = $2
                  AND journal.seq < $3 AND line <> '' ORDER BY journal.seq DESC LIMIT $4";
    WHO_AFTER = "SELECT journal.seq, line, person FROM journal LEFT JOIN journal_persons
                 ON journal_persons.seq = journal.seq WHERE who_tenant = $1 AND who_user = $2
                 AND journal.seq > $3 AND line <> '' ORDER BY journal.seq LIMIT $4";
    PEOPLE_BEFORE = "SELECT journal.seq, line, person FROM journal INDEXED BY journal_of_people
                     LEFT JOIN journal_persons ON journal_persons.seq = journal.seq
                     WHERE of_people = 1 AND journal.seq < $1 AND ($2 = '' OR tenant = $2)
                     ORDER BY journal.seq DESC LIMIT $3";
    PEOPLE_AFTER = "SELECT journal.seq, line, person FROM journal INDEXED BY journal_of_people
                    LEFT JOIN journal_persons ON journal_persons.seq = journal.seq
                    WHERE of_people = 1 AND journal.seq > $1 AND ($2 = '' OR tenant = $2)
                    ORDER BY journal.seq LIMIT $3";
    TREES = "SELECT tenant, size, frontier FROM journal_trees ORDER BY tenant";
    TENANTS = "SELECT DISTINCT tenant FROM journal ORDER BY tenant";
    LINES = "SELECT journal.seq, position, who_tenant, who_user, line, leaf, head, journal_persons.seq, salt, person
             FROM journal LEFT JOIN journal_persons ON journal_persons.seq = journal.seq
             WHERE tenant = $1 ORDER BY position";
    LEAVES = "SELECT leaf FROM journal WHERE tenant = $1 AND position < $2 ORDER BY position";
    LEAVES_FROM = "SELECT leaf FROM journal WHERE tenant = $1 AND position >= $2 ORDER BY position";
    LINES_FROM = "SELECT position, line FROM journal WHERE tenant = $1 AND position >= $2
                  ORDER BY position LIMIT $3";
    LET_GO_PERSONS = "DELETE FROM journal_persons WHERE seq IN
                      (SELECT seq FROM journal WHERE tenant = $1 AND position >= $2 AND position < $3)";
    LET_GO = "UPDATE journal SET line = '', who_tenant = NULL, who_user = NULL
              WHERE tenant = $1 AND position >= $2 AND position < $3";
    CUT = "SELECT position, note FROM journal_cuts WHERE tenant = $1";
    KEEP_CUT = "INSERT INTO journal_cuts (tenant, position, at, note) VALUES ($1, $2, $3, $4)
                ON CONFLICT (tenant) DO UPDATE SET position = excluded.position, at = excluded.at,
                note = excluded.note";
    KEEP_CHECKPOINT = "INSERT INTO checkpoints (tenant, size, at, note) VALUES ($1, $2, $3, $4)
                       ON CONFLICT DO NOTHING";
    CHECKPOINTS = "SELECT at, size, note FROM checkpoints WHERE tenant = $1 ORDER BY at, size";
    NEWEST_CHECKPOINTS = "SELECT at, size, note FROM checkpoints WHERE tenant = $1 ORDER BY at DESC, size DESC LIMIT $2";
    CHECKPOINT_COUNT = "SELECT COUNT(*) FROM checkpoints WHERE tenant = $1";
    ERASE = "UPDATE journal_persons SET salt = NULL, person = NULL WHERE person IS NOT NULL
             AND seq IN (SELECT seq FROM journal WHERE who_tenant = $1 AND who_user = $2)";
}

/// [`LineV1`] as it is written: the same fields in the same order, borrowed.
#[derive(Serialize)]
struct WrittenV1<'a> {
    v: u8,
    tenant: &'a TenantId,
    position: u64,
    at: i64,
    kind: &'a str,
    identity: Option<&'a IdentityId>,
    site: Option<&'a SiteId>,
    person: Option<String>,
    severity: Severity,
    title: &'a str,
    detail: &'a str,
    data: &'a serde_json::Value,
}

/// The hashed text of a line. Field order is part of the format.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineV1 {
    v: u8,
    tenant: TenantId,
    /// Place in the tenant's tree, from 0.
    position: u64,
    /// Microseconds since 1970.
    at: i64,
    kind: String,
    identity: Option<IdentityId>,
    site: Option<SiteId>,
    /// Hex of `SHA-256(salt ‖ text)`.
    person: Option<String>,
    severity: Severity,
    title: String,
    detail: String,
    data: serde_json::Value,
}

/// Where the journal ends: the last number and each tenant's tree. Kept in memory between transactions, and written
/// once per transaction, however many batches it holds.
#[derive(Default)]
pub(crate) struct End {
    /// `None` until the first line.
    seq: Option<i64>,
    trees: BTreeMap<TenantId, CompactRange>,
    /// Trees that grew since they were last written.
    grown: BTreeSet<TenantId>,
    /// What the batch under way changed, as it was before.
    undo: Option<Undo>,
}

struct Undo {
    seq: i64,
    trees: BTreeMap<TenantId, CompactRange>,
}

impl End {
    pub(crate) fn keep(&mut self) {
        self.undo = None;
    }

    pub(crate) fn undo(&mut self) {
        if let Some(before) = self.undo.take() {
            self.seq = Some(before.seq);
            self.trees.extend(before.trees);
        }
    }

    /// Writes the trees that grew.
    pub(crate) fn flush(&mut self, tx: &dyn Tx) -> Answer<()> {
        for tenant in std::mem::take(&mut self.grown) {
            if let Some(tree) = self.trees.get(&tenant) {
                tx.run(KEEP_TREE, with![tenant.as_str(), signed(tree.size()), &tree.to_bytes()])?;
            }
        }
        Ok(())
    }

    fn last_seq(&self, tx: &dyn Tx) -> Answer<i64> {
        match self.seq {
            Some(seq) => Ok(seq),
            None => Ok(tx::first(tx, LAST_SEQ, &[], |row| row.int(0))?.unwrap_or(0)),
        }
    }

    fn tree(&self, tx: &dyn Tx, tenant: &TenantId) -> Answer<CompactRange> {
        self.trees.get(tenant).map_or_else(|| load_tree(tx, tenant), |tree| Ok(tree.clone()))
    }
}

/// Lines of one batch, appended when it is complete.
#[derive(Default)]
pub(crate) struct Appending<'w> {
    entries: Vec<&'w Entry>,
}

impl<'w> Appending<'w> {
    pub(crate) fn push(&mut self, entry: &'w Entry) {
        self.entries.push(entry);
    }

    /// Appends all lines, in order.
    pub(crate) fn finish(self, tx: &dyn Tx, salts: &mut Salts, end: &mut End) -> Answer<()> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let first = end.last_seq(tx)?;
        let mut seq = first;
        let mut before: BTreeMap<TenantId, CompactRange> = BTreeMap::new();
        let mut left: BTreeMap<TenantId, usize> = BTreeMap::new();
        for entry in &self.entries {
            *left.entry(entry.tenant.clone()).or_default() += 1;
            if !before.contains_key(&entry.tenant) {
                before.insert(entry.tenant.clone(), end.tree(tx, &entry.tenant)?);
            }
        }
        // A batch that fails on the way leaves the end as it was: it is only replaced when everything is appended.
        let mut trees = before.clone();
        for entry in self.entries {
            let (Some(tree), Some(left)) = (trees.get_mut(&entry.tenant), left.get_mut(&entry.tenant)) else {
                continue;
            };
            *left -= 1;
            seq += 1;
            append(tx, salts, entry, seq, tree, *left == 0)?;
        }
        end.grown.extend(trees.keys().cloned());
        end.trees.extend(trees);
        end.seq = Some(seq);
        end.undo = Some(Undo { seq: first, trees: before });
        Ok(())
    }
}

fn append(
    tx: &dyn Tx,
    salts: &mut Salts,
    entry: &Entry,
    seq: i64,
    tree: &mut CompactRange,
    last_of_batch: bool,
) -> Answer<()> {
    let person = entry.person.as_ref().map(|text| Ok((salts.next()?, text))).transpose()?;
    let line = WrittenV1 {
        v: 1,
        tenant: &entry.tenant,
        position: tree.size(),
        at: micros(entry.at),
        kind: &entry.kind,
        identity: entry.identity.as_ref(),
        site: entry.site.as_ref(),
        person: person.as_ref().map(|(salt, text)| commitment(salt, text)),
        severity: entry.severity,
        title: &entry.title,
        detail: &entry.detail,
        data: &entry.data,
    };
    let text = serde_json::to_string(&line)
        .map_err(|e| StoreFailure::Damaged(format!("a journal line cannot be kept as JSON: {e}")))?;
    let leaf = leaf_hash(text.as_bytes());
    let position = signed(tree.size());
    tree.append(leaf);
    let head = last_of_batch.then(|| tree.root());
    let who = line.identity;
    tx.run(
        INSERT,
        with![
            seq,
            line.tenant.as_str(),
            position,
            who.map(|id| id.tenant.as_str()),
            who.map(|id| &*id.user),
            &text,
            &leaf,
            head.as_ref(),
        ],
    )?;
    if let Some((salt, text)) = &person {
        tx.run(INSERT_PERSON, with![seq, salt, *text])?;
    }
    Ok(())
}

fn commitment(salt: &[u8], text: &str) -> String {
    hex(&sha256(&[salt, text.as_bytes()]))
}

fn load_tree(tx: &dyn Tx, tenant: &TenantId) -> Answer<CompactRange> {
    let found = tx::first(tx, TREE, with![tenant.as_str()], |row| {
        read_tree(tenant.as_str(), row.int(0)?, row.blob(1)?)
    })?;
    Ok(found.unwrap_or_default())
}

fn read_tree(tenant: &str, size: i64, frontier: &[u8]) -> Answer<CompactRange> {
    CompactRange::from_bytes(unsigned(size), frontier)
        .ok_or_else(|| StoreFailure::Damaged(format!("the head of the journal of {tenant} is not a tree")))
}

fn parse(text: &str) -> Result<LineV1, String> {
    match serde_json::from_str::<LineV1>(text) {
        Ok(line) if line.v == 1 => Ok(line),
        Ok(line) => Err(format!("its version {} is not known", line.v)),
        Err(e) => Err(format!("it cannot be read: {e}")),
    }
}

fn kept(row: &dyn Row) -> Answer<Kept> {
    let seq = row.int(0)?;
    let line =
        parse(row.text(1)?).map_err(|why| StoreFailure::Damaged(format!("journal line {seq}: {why}")))?;
    Ok(Kept {
        seq,
        entry: Entry {
            tenant: line.tenant,
            at: tx::time(line.at)?,
            kind: line.kind,
            identity: line.identity,
            site: line.site,
            person: row.text_or_null(2)?.map(str::to_owned),
            severity: line.severity,
            title: line.title,
            detail: line.detail,
            data: line.data,
        },
    })
}

/// Newest first, or with `after` oldest first. `after` and `before` together: those between, oldest first.
pub(crate) fn activity(tx: &dyn Tx, filter: &ActivityFilter) -> Answer<Vec<Kept>> {
    let limit = rows_max(filter.limit);
    let forward = filter.after.is_some();
    let edge = filter.after.or(filter.before).unwrap_or(i64::MAX);
    let mut lines = match (&filter.identity, &filter.tenant) {
        (_, tenant) if filter.of_people => {
            let sql = if forward { PEOPLE_AFTER } else { PEOPLE_BEFORE };
            let tenant = tenant.as_ref().map(TenantId::as_str).unwrap_or_default();
            tx::all(tx, sql, with![edge, tenant, limit], kept)?
        }
        (Some(who), _) => {
            let sql = if forward { WHO_AFTER } else { WHO_BEFORE };
            tx::all(tx, sql, with![who.tenant.as_str(), &*who.user, edge, limit], kept)?
        }
        (None, Some(tenant)) => {
            let sql = if forward { TENANT_AFTER } else { TENANT_BEFORE };
            tx::all(tx, sql, with![tenant.as_str(), edge, limit], kept)?
        }
        (None, None) => {
            let sql = if forward { AFTER } else { BEFORE };
            tx::all(tx, sql, with![edge, limit], kept)?
        }
    };
    if let (true, Some(before)) = (forward, filter.before) {
        lines.retain(|line| line.seq < before);
    }
    if let (Some(_), Some(tenant)) = (&filter.identity, &filter.tenant) {
        lines.retain(|line| line.entry.tenant == *tenant);
    }
    Ok(lines)
}

pub(crate) fn tree_heads(tx: &dyn Tx) -> Answer<Vec<TreeHead>> {
    tx::all(tx, TREES, &[], |row| {
        let tree = read_tree(row.text(0)?, row.int(1)?, row.blob(2)?)?;
        Ok(TreeHead {
            tenant: TenantId::new(row.text(0)?),
            size: tree.size(),
            root: BASE64.encode(tree.root()),
        })
    })
}

pub(crate) fn tree_head(tx: &dyn Tx, tenant: &TenantId) -> Answer<(u64, Hash)> {
    let tree = load_tree(tx, tenant)?;
    Ok((tree.size(), tree.root()))
}

/// The root that the first `size` lines have now; `None` if there are fewer.
pub(crate) fn root_at(tx: &dyn Tx, tenant: &TenantId, size: u64) -> Answer<Option<Hash>> {
    let mut tree = CompactRange::default();
    tx.each(LEAVES, with![tenant.as_str(), signed(size)], &mut |row| {
        let leaf = <Hash>::try_from(row.blob(0)?);
        tree.append(leaf.map_err(|_| StoreFailure::Damaged("a leaf of the journal is not a hash".into()))?);
        Ok(())
    })?;
    Ok((tree.size() == size).then(|| tree.root()))
}

/// Reads the leaves that `tree` does not have yet, and answers the roots at these sizes. Sizes before the tree's own, and
/// those beyond the journal's end, have none.
pub(crate) fn roots(
    tx: &dyn Tx,
    tenant: &TenantId,
    tree: &mut CompactRange,
    sizes: &BTreeSet<u64>,
) -> Answer<BTreeMap<u64, Hash>> {
    let mut roots = BTreeMap::new();
    if sizes.contains(&tree.size()) {
        roots.insert(tree.size(), tree.root());
    }
    tx.each(LEAVES_FROM, with![tenant.as_str(), signed(tree.size())], &mut |row| {
        let leaf = <Hash>::try_from(row.blob(0)?);
        tree.append(leaf.map_err(|_| StoreFailure::Damaged("a leaf of the journal is not a hash".into()))?);
        if sizes.contains(&tree.size()) {
            roots.insert(tree.size(), tree.root());
        }
        Ok(())
    })?;
    Ok(roots)
}

/// Forgets the personal text of all lines about this identity. The tree stays whole.
pub(crate) fn erase_person(tx: &dyn Tx, who: &IdentityId) -> Answer<u64> {
    tx.run(ERASE, with![who.tenant.as_str(), &*who.user])
}

/// Lines that [`older`] reads at a time.
const OLDER_PAGE: usize = 1_000;

/// How many lines from the first on are older than `before`, and the root over them. What was let go of already counts.
///
/// One after another up to the first that is not older: where a clock went back, lines of another time stand among them, and a
/// search that halves would land on one of those.
pub(crate) fn older(tx: &dyn Tx, tenant: &TenantId, before: Timestamp) -> Answer<(u64, Hash)> {
    let name = tenant.as_str();
    let mut gone = cut(tx, name)?.0;
    loop {
        let page = tx::all(tx, LINES_FROM, with![name, signed(gone), rows_max(OLDER_PAGE)], |row| {
            let position = unsigned(row.int(0)?);
            let line = parse(row.text(1)?)
                .map_err(|why| StoreFailure::Damaged(format!("line {position}: {why}")))?;
            Ok(line.at < micros(before))
        })?;
        let older = page.iter().take_while(|older| **older).count();
        gone += older as u64;
        if older < OLDER_PAGE {
            break;
        }
    }
    let root = root_at(tx, tenant, gone)?;
    Ok((gone, root.ok_or_else(|| StoreFailure::Damaged(format!("line {gone} of {name} is missing")))?))
}

/// Lets go of the text of the first `position` lines; how many of them had one. Their leaves stay.
pub(crate) fn let_go(
    tx: &dyn Tx,
    tenant: &TenantId,
    position: u64,
    at: Timestamp,
    note: &str,
) -> Answer<u64> {
    let name = tenant.as_str();
    let (from, size) = (cut(tx, name)?.0, load_tree(tx, tenant)?.size());
    if position < from || position > size || position == 0 {
        return Ok(0);
    }
    tx.run(LET_GO_PERSONS, with![name, signed(from), signed(position)])?;
    tx.run(LET_GO, with![name, signed(from), signed(position)])?;
    tx.run(KEEP_CUT, with![name, signed(position), at, note])?;
    Ok(position - from)
}

/// The first line that is still kept, and what was signed when the others were let go of.
pub(crate) fn cut(tx: &dyn Tx, tenant: &str) -> Answer<(u64, Option<String>)> {
    let found = tx::first(tx, CUT, with![tenant], |row| {
        Ok((unsigned(row.int(0)?), row.text_or_null(1)?.map(str::to_owned)))
    })?;
    Ok(found.unwrap_or_default())
}

pub(crate) fn keep_checkpoint(
    tx: &dyn Tx,
    tenant: &TenantId,
    size: u64,
    at: Timestamp,
    note: &str,
) -> Answer<()> {
    tx.run(KEEP_CHECKPOINT, with![tenant.as_str(), signed(size), at, note])?;
    Ok(())
}

/// Signed checkpoints, oldest first: when, lines, note.
pub(crate) fn checkpoints(tx: &dyn Tx, tenant: &TenantId) -> Answer<Vec<(Timestamp, u64, String)>> {
    tx::all(tx, CHECKPOINTS, with![tenant.as_str()], |row| {
        Ok((tx::time(row.int(0)?)?, unsigned(row.int(1)?), row.text(2)?.to_owned()))
    })
}

/// The newest checkpoints, newest first, and how many there are in all.
#[expect(clippy::type_complexity, reason = "rows as they are kept, and their count")]
pub(crate) fn newest_checkpoints(
    tx: &dyn Tx,
    tenant: &TenantId,
    limit: usize,
) -> Answer<(Vec<(Timestamp, u64, String)>, u64)> {
    let newest = tx::all(tx, NEWEST_CHECKPOINTS, with![tenant.as_str(), rows_max(limit)], |row| {
        Ok((tx::time(row.int(0)?)?, unsigned(row.int(1)?), row.text(2)?.to_owned()))
    })?;
    Ok((newest, tx::count(tx, CHECKPOINT_COUNT, with![tenant.as_str()])?))
}

/// The first line, tenant by tenant, that does not fit.
pub(crate) fn verify(tx: &dyn Tx) -> Answer<Option<String>> {
    let mut heads = BTreeMap::new();
    tx.each(TREES, &[], &mut |row| {
        heads.insert(row.text(0)?.to_owned(), (row.int(1)?, row.blob(2)?.to_vec()));
        Ok(())
    })?;
    for tenant in tx::all(tx, TENANTS, &[], |row| Ok(row.text(0)?.to_owned()))? {
        heads.entry(tenant).or_default();
    }
    for (tenant, (size, frontier)) in heads {
        if let Some(problem) = verify_tenant(tx, &tenant, unsigned(size), &frontier)? {
            return Ok(Some(format!("journal of {tenant}: {problem}")));
        }
    }
    Ok(None)
}

fn verify_tenant(tx: &dyn Tx, tenant: &str, size: u64, frontier: &[u8]) -> Answer<Option<String>> {
    let mut tree = CompactRange::default();
    let mut last_seq = 0;
    let (kept_from, _) = cut(tx, tenant)?;
    let mut problem: Option<String> = None;
    tx.each(LINES, with![tenant], &mut |row| {
        if problem.is_none() {
            let (seq, position) = (row.int(0)?, row.int(1)?);
            if let Some(why) = check_line(row, tenant, last_seq, kept_from, &mut tree)? {
                problem = Some(format!("line {position} (number {seq}): {why}"));
            }
            last_seq = seq;
        }
        Ok(())
    })?;
    if problem.is_some() {
        return Ok(problem);
    }
    if tree.size() < size {
        let (have, next) = (tree.size(), tree.size());
        return Ok(Some(format!("line {next} is missing: the head counts {size} lines, {have} are kept")));
    }
    if tree.size() > size {
        return Ok(Some(format!(
            "line {size} is not in the tree: the head counts {size} lines, {} are kept",
            tree.size()
        )));
    }
    let fits = CompactRange::from_bytes(size, frontier).is_some_and(|head| head == tree);
    Ok((!fits).then(|| format!("the head over {size} lines is not the root of the lines that are kept")))
}

/// Checks one line against its own leaf, its place, its person and the head it carries, and adds it to the tree.
fn check_line(
    row: &dyn Row,
    tenant: &str,
    last_seq: i64,
    kept_from: u64,
    tree: &mut CompactRange,
) -> Answer<Option<String>> {
    let say = |why: &str| Ok(Some(why.to_owned()));
    let (seq, position, text) = (row.int(0)?, unsigned(row.int(1)?), row.text(4)?);
    if position != tree.size() {
        return Ok(Some(format!("line {} is missing before it", tree.size())));
    }
    if seq <= last_seq {
        return say("it is out of order");
    }
    if position < kept_from {
        let Ok(leaf) = <Hash>::try_from(row.blob(5)?) else { return say("its leaf is not a hash") };
        tree.append(leaf);
        return match row.blob_or_null(6)? {
            _ if !text.is_empty() => say("it was let go of, but has a text"),
            Some(head) if head != tree.root() => {
                say("the root noted here is not the root of the leaves up to here")
            }
            _ => Ok(None),
        };
    }
    let leaf = leaf_hash(text.as_bytes());
    if leaf.as_slice() != row.blob(5)? {
        return say("its text is not what was written");
    }
    let line = match parse(text) {
        Ok(line) => line,
        Err(why) => return Ok(Some(why)),
    };
    if line.tenant.as_str() != tenant || line.position != position {
        return say("it stands in another place than it was written");
    }
    let who = (row.text_or_null(2)?, row.text_or_null(3)?);
    if who
        != (line.identity.as_ref().map(|id| id.tenant.as_str()), line.identity.as_ref().map(|id| &*id.user))
    {
        return say("it is filed under another person than it tells of");
    }
    if let Some(committed) = &line.person {
        match (row.int_or_null(7)?, row.blob_or_null(8)?, row.text_or_null(9)?) {
            (Some(_), Some(salt), Some(person)) if commitment(salt, person) == *committed => {}
            (Some(_), None, None) => {} // Erased.
            (None, ..) => return say("its personal text is missing, but was not erased"),
            _ => return say("its personal text is not what was written"),
        }
    }
    tree.append(leaf);
    match row.blob_or_null(6)? {
        Some(head) if head != tree.root() => {
            say("the root noted here is not the root of the lines up to here: one of them was rewritten")
        }
        _ => Ok(None),
    }
}

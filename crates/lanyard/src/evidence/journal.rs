//! The pass over a tenant's journal that judges it: every line against its leaf, the tree against its head, proofs, and the lines
//! that tables are made from.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lanyard_engine::ports::{Progress, StoreFailure};
use lanyard_evidence::{cell::Cell, ocsf, pack::Pack, tables, verify::Consistency};
use lanyard_store::{
    RawLine,
    checkpoint::{Checkpoint, CheckpointKey, verify_checkpoint},
    cut::verify_cut,
    merkle::{hex, leaf_hash},
    proof::Prover,
};
use serde_json::Value;

use super::{
    Scope,
    dossier::Dossiers,
    keys,
    people::Known,
    sayings::{Sayings, speaks},
};

/// Lines may be written a little out of order; a step back beyond this is the clock's.
const STEP_BACK_MAX: i64 = 10 * 60;
/// Checkpoints of a period that go into a pack: the first, the last, and evenly spread ones between.
const CHECKPOINTS_MAX: usize = 400;

/// The signed head that everything leads to, and earlier ones.
pub struct Head {
    pub size: u64,
    /// Lines whose texts were let go of, and the note over them.
    pub cut: (u64, Option<String>),
    pub note: String,
    /// Oldest first.
    pub earlier: Vec<(Checkpoint, String)>,
    /// What must be said of checkpoints that this pack's key did not sign.
    pub foreign: Option<String>,
}

/// By length: a clock that went back must not look like a journal that was cut.
fn in_order(mut earlier: Vec<(Checkpoint, String)>) -> Vec<(Checkpoint, String)> {
    earlier.sort_by_key(|line| (line.0.size, line.0.at));
    earlier.dedup_by(|a, b| a.1 == b.1);
    earlier
}

/// Signs the head as it is now, and holds the journal against everything that was signed before.
///
/// # Errors
/// The journal is shorter than, or not what, was signed.
pub fn head(scope: &Scope<'_>, key: &CheckpointKey, origin: &str) -> anyhow::Result<Head> {
    let tenant = &scope.ask.tenant;
    let (size, root) = scope.archive.head(tenant)?;
    let now = Checkpoint { origin: origin.to_owned(), size, root, at: Some(scope.ask.made_at) };
    let mut foreign = 0;
    let mut earlier: Vec<(Checkpoint, String)> = Vec::new();
    let kept = scope.archive.checkpoints(tenant)?.into_iter().map(|(_, _, note)| note);
    let outside = keys::exported(&scope.ask.exported, tenant).into_iter().map(|(_, note)| note);
    // Most lie in both places.
    for note in kept.chain(outside).collect::<BTreeSet<_>>() {
        match verify_checkpoint(&note, &key.verifier()) {
            Ok(checkpoint) if checkpoint.origin == origin => earlier.push((checkpoint, note)),
            _ => foreign += 1,
        }
    }
    let foreign = (foreign > 0).then(|| foreign_told(foreign, earlier.len(), key));
    let earlier = in_order(earlier);
    if let Some((longest, _)) = earlier.last()
        && longest.size > size
    {
        anyhow::bail!(
            "the journal of {tenant} was cut: {} lines were signed{}, {size} are left. No pack was made.\nhint: `lanyard verify --data DIR` says more; restore the store from a backup",
            longest.size,
            longest.at.map(|at| format!(" at {at}")).unwrap_or_default()
        );
    }
    let cut = scope.archive.cut(tenant)?;
    if let (gone @ 1.., note) = &cut
        && let Some(root) = scope.archive.root_at(tenant, *gone)?
    {
        verify_cut(note.as_deref(), origin, *gone, &root, &key.verifier()).map_err(|problem| {
            anyhow::anyhow!(
                "the retention of the journal of {tenant}: {problem}. No pack was made.\nhint: `lanyard verify --data DIR` says more"
            )
        })?;
    }
    let inside: Vec<usize> = (0..earlier.len())
        .filter(|at| {
            earlier[*at].0.at.is_none_or(|signed| signed >= scope.ask.from && signed < scope.ask.made_at)
        })
        .collect();
    let step = inside.len().div_ceil(CHECKPOINTS_MAX).max(1);
    let last = inside.last().copied();
    let chosen: Vec<usize> = inside
        .into_iter()
        .enumerate()
        .filter(|(n, at)| n % step == 0 || Some(*at) == last)
        .map(|(_, at)| at)
        .collect();
    let earlier = chosen.into_iter().map(|at| earlier[at].clone()).collect();
    Ok(Head { size, cut, note: now.sign(key), earlier, foreign })
}

fn foreign_told(foreign: usize, own: usize, key: &CheckpointKey) -> String {
    let (signed, left_out) = match foreign {
        1 => ("1 checkpoint on record is".to_owned(), "is left out"),
        several => (format!("{several} checkpoints on record are"), "are left out"),
    };
    let none = if own == 0 { ", and none by it" } else { "" };
    format!(
        "{signed} not signed by this pack's key ({}){none}, and {left_out}: whether the journal is still what was signed with them, \
         this pack does not show. Ask who changed the key, and when.",
        key.verifier()
    )
}

/// What the pass found out.
pub struct Told {
    pub prover: Prover,
    pub clock_went_back: Vec<(u64, i64)>,
    pub sayings: Sayings,
}

/// Kinds of lines that are not about the control, although they are about nobody.
const ROUTINE: &[&str] = &["signal", "sweep", "finding", "hook", "checkpoint", "intake"];
/// Kinds of lines that tell of gates.
const GATES: &[&str] =
    &["approval", "clearance", "hold", "gate", "request", "break_glass", "exception", "escalation"];

/// Reads the whole journal once.
///
/// # Errors
/// The first line that is not what was hashed.
pub fn read(
    scope: &Scope<'_>,
    known: &Known,
    head: &Head,
    dossiers: &mut Dossiers,
    pack: &mut Pack,
    progress: &dyn Progress,
) -> anyhow::Result<Told> {
    let tenant = &scope.ask.tenant;
    let mut prover = Prover::default();
    prover.want_root(head.size);
    for position in dossiers.positions() {
        prover.want_inclusion(position, head.size);
    }
    let mut sizes: Vec<u64> = head.earlier.iter().map(|(checkpoint, _)| checkpoint.size).collect();
    sizes.push(head.size);
    let mut pairs: Vec<(u64, u64)> = sizes.windows(2).map(|pair| (pair[0], pair[1])).collect();
    for (old, new) in &pairs {
        prover.want_consistency(*old, *new);
        prover.want_root(*old);
    }
    if head.cut.0 > 0 && !pairs.contains(&(head.cut.0, head.size)) {
        prover.want_consistency(head.cut.0, head.size);
        pairs.push((head.cut.0, head.size));
    }
    let mut sayings = Sayings::default();
    let mut newest = i64::MIN;
    let mut clock_went_back = Vec::new();
    scope.archive.lines(tenant, |line| {
        if line.position % 65_536 == 0 {
            progress.report("reading the journal", line.position, Some(head.size));
        }
        let wrong = |why: &str| {
            StoreFailure::Damaged(format!(
                "journal of {tenant}, line {}: {why}; no pack was made",
                line.position
            ))
        };
        if line.position != prover.size() {
            return Err(wrong("a line is missing before it"));
        }
        prover.push(line.leaf);
        if line.text.is_empty() {
            return Ok(());
        }
        if leaf_hash(line.text.as_bytes()) != line.leaf {
            return Err(wrong("its text is not what was written"));
        }
        let at = moment(line.text);
        if let Some(at) = at {
            let back = newest.saturating_sub(at) / 1_000_000;
            if back > STEP_BACK_MAX {
                clock_went_back.push((line.position, back));
            }
            newest = if back > STEP_BACK_MAX { at } else { newest.max(at) };
        }
        tell(scope, known, &line, &mut sayings, pack);
        dossiers.see(&line);
        Ok(())
    })?;
    let (size, root) = scope.archive.head(tenant)?;
    anyhow::ensure!(
        prover.size() == size && prover.root(size) == Some(root),
        "the journal of {tenant} is not the one its head was made of: {size} lines by the head, {} are kept. No pack was made.\nhint: `lanyard verify --data DIR` says more",
        prover.size()
    );
    for (checkpoint, _) in &head.earlier {
        anyhow::ensure!(
            prover.root(checkpoint.size) == Some(checkpoint.root),
            "the journal of {tenant} was rewritten: its first {} lines are not those that were signed{}. No pack was made.",
            checkpoint.size,
            checkpoint.at.map(|at| format!(" at {at}")).unwrap_or_default()
        );
    }
    let proofs: Vec<Consistency> = pairs
        .into_iter()
        .filter_map(|(old, new)| {
            let path = prover.consistency(old, new)?.iter().map(|hash| hex(hash)).collect();
            Some(Consistency { old, new, path })
        })
        .collect();
    pack.file("integrity/consistency.json", &serde_json::to_vec(&proofs)?);
    for (checkpoint, note) in &head.earlier {
        let size = i64::try_from(checkpoint.size)?;
        let row = vec![checkpoint.at.into(), size.into(), hex(&checkpoint.root).into(), note.as_str().into()];
        pack.row(&tables::CHECKPOINTS, row);
    }
    Ok(Told { prover, clock_went_back, sayings })
}

/// The moment of a line without reading all of it: microseconds since 1970.
fn moment(text: &str) -> Option<i64> {
    let from = text.find("\"at\":")? + 5;
    let rest = &text[from..];
    let end = rest.find(|c: char| c != '-' && !c.is_ascii_digit())?;
    rest[..end].parse().ok()
}

/// What a line is about, without reading the rest of it.
pub(super) fn kind(text: &str) -> Option<&str> {
    let from = text.find("\"kind\":\"")? + 8;
    text[from..].split('"').next()
}

/// Lines about gates, and about the control itself, become rows; what others say is gathered.
fn tell(scope: &Scope<'_>, known: &Known, line: &RawLine<'_>, sayings: &mut Sayings, pack: &mut Pack) {
    let Some(kind) = kind(line.text) else { return };
    let (gate, speaks) = (GATES.contains(&kind), speaks(kind, line.text));
    let told = gate || !line.personal && !ROUTINE.contains(&kind);
    if !told && !speaks {
        return;
    }
    let Ok(value) = serde_json::from_str::<Value>(line.text) else { return };
    let at = value["at"].as_i64().and_then(|at| Timestamp::from_microsecond(at).ok());
    let Some(at) = at else { return };
    if speaks {
        sayings.take(scope, kind, &value, at, i64::try_from(line.position).unwrap_or(i64::MAX));
    }
    if !told || !scope.in_period(at) {
        return;
    }
    let text = |name: &str| Cell::from(value[name].as_str());
    let position = i64::try_from(line.position).unwrap_or(i64::MAX);
    let data = match &value["data"] {
        Value::Null => Cell::Null,
        data => data.to_string().into(),
    };
    if gate {
        let who = &value["identity"];
        let person = match (who["tenant"].as_str(), who["user"].as_str()) {
            (Some(tenant), Some(user)) => format!("{tenant}/{user}"),
            _ => String::new(),
        };
        let name = known.name(&person);
        let row = vec![
            at.into(),
            person.into(),
            name.into(),
            text("site"),
            kind.into(),
            text("title"),
            text("detail"),
            data,
            position.into(),
        ];
        pack.row(&tables::GATES, row);
    } else {
        let said = |name: &str| value[name].as_str().unwrap_or_default();
        pack.event(&ocsf::administration(&ocsf::Administration {
            at,
            tenant: scope.ask.tenant.as_str(),
            kind,
            title: said("title"),
            detail: said("detail"),
            position: line.position,
            program: &scope.program,
        }));
        let row = vec![at.into(), kind.into(), text("title"), text("detail"), data, position.into()];
        pack.row(&tables::CONTROL, row);
    }
}

#[cfg(test)]
mod tests {
    use super::{Checkpoint, in_order};

    #[test]
    fn a_clock_that_went_back_does_not_look_like_a_cut() {
        let signed = |size: u64, at: &str| {
            let at = at.parse().ok();
            (
                Checkpoint { origin: "o".into(), size, root: Default::default(), at },
                format!("{size} at {at:?}"),
            )
        };
        let noon = signed(10, "2026-05-04T12:00:00Z");
        let corrected = signed(25, "2026-05-04T11:00:00Z");
        let sizes: Vec<_> =
            in_order(vec![noon.clone(), corrected, noon]).iter().map(|line| line.0.size).collect();
        assert_eq!(sizes, [10, 25]);
    }
}

//! `verify`: an evidence pack, offline; or the journal of a data folder against itself and exported checkpoints.

use std::{fs, path::PathBuf};

use clap::Args;
use lanyard_engine::ports::Progress as _;
use lanyard_evidence::{container::ContainerProblem, verify};
use lanyard_model::id::TenantId;
use lanyard_store::{
    Archive,
    checkpoint::{CheckpointKey, fingerprint, verify_checkpoint},
    cut::{CutProblem, verify_cut},
    merkle::CompactRange,
};
use serde_json::json;

use crate::{
    evidence::keys,
    exit::{self, Unusable},
    progress::Bars,
    settings::Settings,
    wiring,
};

#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// An evidence pack
    #[arg(value_name = "PACK.zip", required_unless_present = "data", conflicts_with = "data")]
    pack: Option<PathBuf>,
    /// The verifier key that the pack must be signed with, or a file that holds it
    #[arg(long, value_name = "KEY", conflicts_with = "data")]
    key: Option<String>,
    /// Verify the journal of this data folder instead
    #[arg(long = "data", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder of exported checkpoints, instead of the settings'
    #[arg(long, value_name = "DIR", requires = "data")]
    checkpoints: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// # Errors
/// What cannot be read at all; everything found wrong is printed, with exit code 1.
pub async fn run(arguments: VerifyArguments) -> anyhow::Result<u8> {
    tokio::task::spawn_blocking(move || match (&arguments.pack, &arguments.data) {
        (Some(_), _) => pack(&arguments),
        (None, Some(_)) => journal(&arguments),
        (None, None) => anyhow::bail!(Unusable("give a pack, or --data DIR".into())),
    })
    .await?
}

fn pack(arguments: &VerifyArguments) -> anyhow::Result<u8> {
    let path = arguments.pack.clone().unwrap_or_default();
    let shown = path.display();
    let archive = fs::read(&path).map_err(|error| Unusable(format!("cannot read {shown}: {error}")))?;
    let key = match &arguments.key {
        None => None,
        Some(key) if fingerprint(key).is_ok() => Some(key.clone()),
        Some(file) => {
            let text = fs::read_to_string(file).map_err(|error| {
                Unusable(format!("{file} is neither a verifier key nor a file that can be read: {error}"))
            })?;
            let line = text.lines().next().unwrap_or_default().trim().to_owned();
            fingerprint(&line).map_err(|error| Unusable(format!("{file} holds no verifier key: {error}")))?;
            Some(line)
        }
    };
    let bars = Bars::new(arguments.json);
    let checked =
        verify::check(&archive, key.as_deref(), &|what, done, total| bars.report(what, done, Some(total)));
    bars.clear();
    let report = match checked {
        Ok(report) => report,
        Err(problem @ ContainerProblem::Foreign) => anyhow::bail!(Unusable(format!("{shown}: {problem}"))),
        Err(problem) => anyhow::bail!("{shown}: {problem}"),
    };
    if arguments.json {
        say!(
            "{}",
            json!({
                "holds": report.holds(), "key_given": report.key_given, "fingerprint": report.fingerprint,
                "files": report.files, "rows": report.rows, "proofs": report.proofs,
                "checkpoints": report.checkpoints, "dossiers": report.dossiers,
                "problems": report.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "terms": report.manifest.as_ref().map(|manifest| &manifest.terms),
            })
        );
    } else {
        for problem in &report.problems {
            talk!("error: {problem}");
        }
        if report.holds() {
            say!(
                "{shown}: as it was signed\n{} files, {} rows counted again, {} dossiers with {} proofs, {} checkpoints in line",
                report.files,
                report.rows,
                report.dossiers,
                report.proofs,
                report.checkpoints
            );
        } else {
            talk!("{shown} does not hold: {} problems", report.problems.len());
        }
        if let Some(finger) = &report.fingerprint {
            say!("key fingerprint: {finger}");
            if !report.key_given {
                say!(
                    "that this key is the right one was not checked: compare the fingerprint, or give --key"
                );
            }
        }
    }
    Ok(if report.holds() { exit::DONE } else { exit::FAILED })
}

fn journal(arguments: &VerifyArguments) -> anyhow::Result<u8> {
    let dir = arguments.data.clone().unwrap_or_default();
    let outside = match &arguments.checkpoints {
        Some(folder) => folder.clone(),
        None => keys::export_folder(&dir, Settings::load(&dir)?.checkpoint_dir.as_deref()),
    };
    let archive = Archive::open(wiring::store_folder(&dir)).map_err(|error| Unusable(error.to_string()))?;
    let mut problems: Vec<String> = archive.verify()?.into_iter().collect();
    let mut heads = Vec::new();
    for tenant in archive.tenants()? {
        let (size, _) = archive.head(&tenant)?;
        // A check makes no key: one that is gone is something that was found.
        let checked = match keys::load(&dir, &tenant)? {
            Some(key) => {
                problems.extend(against_its_cut(&archive, &tenant, &key)?);
                let (checked, bad) = against_checkpoints(&archive, &key, &outside, &tenant)?;
                problems.extend(bad);
                checked
            }
            None => {
                problems.extend(without_key(&archive, &dir, &outside, &tenant)?);
                0
            }
        };
        heads.push(json!({ "tenant": tenant, "lines": size, "checkpoints": checked }));
        if !arguments.json {
            say!("{tenant}: {size} lines, {checked} checkpoints");
        }
    }
    if arguments.json {
        say!("{}", json!({ "holds": problems.is_empty(), "journals": heads, "problems": problems }));
    } else {
        problems.iter().for_each(|problem| talk!("error: {problem}"));
        if problems.is_empty() {
            say!("every line is what was written, and every checkpoint is a beginning of the journal");
        }
    }
    Ok(if problems.is_empty() { exit::DONE } else { exit::FAILED })
}

/// What cannot be checked because the key is not there; `None` where nothing was ever signed.
fn without_key(
    archive: &Archive,
    dir: &std::path::Path,
    outside: &std::path::Path,
    tenant: &TenantId,
) -> anyhow::Result<Option<String>> {
    if let Some(lost) = keys::lost(dir, tenant) {
        return Ok(Some(lost));
    }
    let signed = archive.checkpoints(tenant)?.len() + keys::exported(outside, tenant).len();
    Ok((signed > 0 || archive.cut(tenant)?.0 > 0).then(|| {
        format!(
            "the key that signs the journal of {tenant} is not in {}: what it signed cannot be checked\nhint: bring it back from a backup",
            dir.join("keys").display()
        )
    }))
}

/// Whether the texts that are gone are exactly those that somebody with the key let go of.
fn against_its_cut(
    archive: &Archive,
    tenant: &TenantId,
    key: &CheckpointKey,
) -> anyhow::Result<Option<String>> {
    let (gone, note) = archive.cut(tenant)?;
    if gone == 0 {
        return Ok(None);
    }
    let origin = keys::origin(key, tenant);
    // Fewer lines than were let go of: the journal's own check tells of it.
    let Some(root) = archive.root_at(tenant, gone)? else { return Ok(None) };
    let problem = verify_cut(note.as_deref(), &origin, gone, &root, &key.verifier()).err();
    Ok(problem.map(|problem| match problem {
        CutProblem::Unsigned(_) => format!(
            "the retention of the journal of {tenant}: {problem}\nhint: if an earlier version let go of them, run `lanyard journal retain` once more: it signs"
        ),
        problem => format!("the retention of the journal of {tenant}: {problem}"),
    }))
}

/// Checkpoints of the store and of the folder outside: how many were checked, and what does not hold.
fn against_checkpoints(
    archive: &Archive,
    key: &CheckpointKey,
    outside: &std::path::Path,
    tenant: &TenantId,
) -> anyhow::Result<(usize, Vec<String>)> {
    let verifier = key.verifier();
    let kept =
        archive.checkpoints(tenant)?.into_iter().map(|(at, _, note)| (format!("checkpoint of {at}"), note));
    let outside =
        keys::exported(outside, tenant).into_iter().map(|(file, note)| (file.display().to_string(), note));
    let (mut checked, mut problems) = (0, Vec::new());
    let mut newest: Option<(u64, jiff::Timestamp)> = None;
    let mut all = Vec::new();
    for (name, note) in kept.chain(outside) {
        match verify_checkpoint(&note, &verifier) {
            Ok(checkpoint) => all.push((checkpoint, name)),
            Err(problem) => problems.push(format!("{name}: {problem}")),
        }
    }
    all.sort_by_key(|(checkpoint, _)| (checkpoint.size, checkpoint.at));
    // One pass over the journal, however many there are: a year has nine thousand.
    let sizes = all.iter().map(|(checkpoint, _)| checkpoint.size).collect();
    let roots = archive.roots(tenant, &mut CompactRange::default(), &sizes)?;
    for (checkpoint, name) in all {
        checked += 1;
        match roots.get(&checkpoint.size) {
            None => problems.push(format!(
                "the journal of {tenant} was cut: {name} was signed over {} lines, {} are left",
                checkpoint.size,
                archive.head(tenant)?.0
            )),
            Some(root) if *root != checkpoint.root => problems.push(format!(
                "the journal of {tenant} was rewritten: its first {} lines are not those of {name}",
                checkpoint.size
            )),
            Some(_) => {}
        }
        if let (Some((size, before)), Some(at)) = (newest, checkpoint.at)
            && at < before
            && checkpoint.size > size
        {
            problems.push(format!(
                "the clock went back: {name} is signed at {at}, after one of {before} with fewer lines"
            ));
        }
        newest = checkpoint.at.map(|at| (checkpoint.size, at)).or(newest);
    }
    Ok((checked, problems))
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use lanyard_engine::ports::{Entry, Severity, Store as _, Write};
    use lanyard_store::{SqliteStore, checkpoint::Checkpoint, cut::sign_cut};

    use super::*;

    fn at(minutes: i64) -> Timestamp {
        "2026-05-04T10:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
    }

    struct Journal {
        folder: tempfile::TempDir,
        store: SqliteStore,
        tenant: TenantId,
        key: CheckpointKey,
    }

    impl Journal {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = SqliteStore::open(folder.path().join("store")).unwrap();
            let key = CheckpointKey::create("lanyard-acme").unwrap();
            Self { folder, store, tenant: TenantId::new("acme"), key }
        }

        async fn line(&self, minute: i64) {
            let entry = Entry {
                tenant: self.tenant.clone(),
                at: at(minute),
                kind: "test".into(),
                identity: None,
                site: None,
                person: None,
                severity: Severity::Info,
                title: format!("at minute {minute}"),
                detail: String::new(),
                data: serde_json::Value::Null,
            };
            self.store.write(vec![Write::Journal(Box::new(entry))]).await.unwrap();
        }

        fn archive(&self) -> Archive {
            Archive::open(self.folder.path().join("store")).unwrap()
        }

        /// Signs the head as it is now by a clock that shows this minute.
        async fn sign(&self, minute: i64) {
            let (size, root) = self.archive().head(&self.tenant).unwrap();
            let origin = keys::origin(&self.key, &self.tenant);
            let note = Checkpoint { origin, size, root, at: Some(at(minute)) }.sign(&self.key);
            let kept = Write::Checkpoint { tenant: self.tenant.clone(), size, at: at(minute), note };
            self.store.write(vec![kept]).await.unwrap();
        }

        fn problems(&self) -> Vec<String> {
            let nowhere = self.folder.path().join("outside");
            against_checkpoints(&self.archive(), &self.key, &nowhere, &self.tenant).unwrap().1
        }
    }

    #[tokio::test]
    async fn a_clock_that_went_back_between_two_checkpoints_is_told_and_is_no_cut() {
        let journal = Journal::new();
        journal.line(0).await;
        journal.sign(60).await;
        journal.line(61).await;
        journal.sign(120).await;
        assert_eq!(journal.problems(), Vec::<String>::new());
        journal.line(5).await;
        journal.sign(6).await;
        assert_eq!(
            journal.problems(),
            [
                "the clock went back: checkpoint of 2026-05-04T10:06:00Z is signed at 2026-05-04T10:06:00Z, after one of \
              2026-05-04T12:00:00Z with fewer lines"
            ]
        );
    }

    #[tokio::test]
    async fn a_checkpoint_of_another_key_and_a_key_that_is_gone_are_found() {
        let mut journal = Journal::new();
        journal.line(0).await;
        assert_eq!(
            without_key(&journal.archive(), journal.folder.path(), journal.folder.path(), &journal.tenant)
                .unwrap(),
            None,
            "nothing was signed yet"
        );
        journal.sign(60).await;
        let own = std::mem::replace(&mut journal.key, CheckpointKey::create("lanyard-acme").unwrap());
        let foreign = "checkpoint of 2026-05-04T11:00:00Z: it carries no signature of lanyard-acme";
        assert_eq!(journal.problems(), [foreign]);
        journal.key = own;
        assert_eq!(journal.problems(), Vec::<String>::new());
        // One that lies outside, too.
        let (size, root) = journal.archive().head(&journal.tenant).unwrap();
        let other = CheckpointKey::create("lanyard-acme").unwrap();
        let origin = keys::origin(&other, &journal.tenant);
        let note = Checkpoint { origin, size, root, at: Some(at(61)) }.sign(&other);
        let outside = journal.folder.path().join("outside/acme");
        fs::create_dir_all(&outside).unwrap();
        fs::write(outside.join("20260504T110100.000000Z.checkpoint"), note).unwrap();
        let found = journal.problems();
        let told =
            found.len() == 1 && found[0].ends_with(".checkpoint: it carries no signature of lanyard-acme");
        assert!(told, "{found:?}");

        let dir = journal.folder.path();
        let gone = || without_key(&journal.archive(), dir, &dir.join("outside"), &journal.tenant).unwrap();
        let unknown = gone().expect("it is found");
        assert!(unknown.contains("is not in") && unknown.contains("cannot be checked"), "{unknown}");
        keys::load_or_make(dir, &journal.tenant).unwrap();
        fs::remove_file(dir.join("keys/acme.checkpoint.key")).unwrap();
        let lost = gone().expect("it is found");
        assert!(lost.contains("acme.checkpoint.key is gone"), "{lost}");
    }

    #[tokio::test]
    async fn what_was_let_go_of_is_signed_for_line_by_line() {
        let journal = Journal::new();
        for minute in 0..4 {
            journal.line(minute).await;
        }
        let cut = || against_its_cut(&journal.archive(), &journal.tenant, &journal.key).unwrap();
        assert_eq!(cut(), None, "nothing was let go of");
        let (position, root) = journal.archive().older(&journal.tenant, at(2)).unwrap();
        let tree = keys::origin(&journal.key, &journal.tenant);
        let let_go = async |position, note: String| {
            let write = Write::LetGo { tenant: journal.tenant.clone(), position, at: at(9), note };
            journal.store.write(vec![write]).await.unwrap();
        };
        let_go(position, sign_cut(&tree, position, root, at(9), &journal.key)).await;
        assert_eq!((position, cut()), (2, None));

        // One more line emptied, and the mark moved with the old note.
        let_go(3, sign_cut(&tree, position, root, at(9), &journal.key)).await;
        let moved = cut().expect("it shows");
        assert!(moved.contains("the texts of 3 lines are gone, and the note is over 2 lines"), "{moved}");
        let other = CheckpointKey::create("lanyard-acme").unwrap();
        let (_, root) = journal.archive().older(&journal.tenant, at(3)).unwrap();
        let_go(3, sign_cut(&tree, 3, root, at(9), &other)).await;
        let forged = cut().expect("it shows");
        assert!(forged.contains("does not hold: it carries no signature of lanyard-acme"), "{forged}");
    }
}

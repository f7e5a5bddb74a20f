//! `backup` and `restore`: the settings, the policy and one consistent moment of the store, also while a server runs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use clap::Args;
use jiff::Timestamp;
use lanyard_engine::ports::{Entry, Severity, Store, TreeHead, Write};
use lanyard_store::SqliteStore;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Data, people};
use crate::{
    exit,
    local::Running,
    settings::{FILE, Settings},
    wiring,
};

/// What stands beside the copies.
const NOTE: &str = "backup.json";
/// The database inside a store's folder.
const DATABASE: &str = "lanyard.db";

#[derive(Debug, Args)]
pub struct BackupArguments {
    #[command(flatten)]
    data: Data,
    /// Folder to make; it must not exist
    #[arg(value_name = "FOLDER")]
    to: PathBuf,
    /// Copy the secrets too
    #[arg(long)]
    with_secrets: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct RestoreArguments {
    /// Folder that `backup` made
    #[arg(value_name = "FOLDER")]
    from: PathBuf,
    /// Data folder to restore into
    #[arg(value_name = "DIR", required_unless_present = "data")]
    to: Option<PathBuf>,
    /// The same, as the other verbs take it
    #[arg(long = "data", value_name = "DIR", conflicts_with = "to")]
    data: Option<PathBuf>,
    /// Also over a store that knows more than the backup
    #[arg(long)]
    older: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// When a backup was made, and of what.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    made_at: Timestamp,
    version: String,
    /// The journal as it was: by it an older backup is told from a newer one.
    journal: Vec<TreeHead>,
}

/// # Errors
/// A folder that exists, a file that cannot be copied, a store that cannot be read.
pub async fn backup(arguments: BackupArguments) -> anyhow::Result<u8> {
    let (dir, to) = (&arguments.data.dir, &arguments.to);
    let settings = Settings::load(dir)?;
    ensure!(!to.exists(), exit::Unusable(format!("{} exists already; nothing was changed", to.display())));
    fs::create_dir_all(to.join("store")).with_context(|| format!("cannot make {}", to.display()))?;
    private_folder(to)?;
    let made = copy_all(dir, to, &settings, arguments.with_secrets).await;
    if made.is_err() {
        // Half a backup would be taken for one.
        let _ = fs::remove_dir_all(to);
    }
    let note = made?;
    if arguments.json {
        say!("{}", json!({ "backup": to, "made_at": note.made_at, "journal": note.journal }));
    } else {
        say!("{} holds settings, policy and store as of {}", to.display(), note.made_at);
        if !arguments.with_secrets {
            say!(
                "secrets are not in it (--with-secrets copies them): keep those files as you keep passwords"
            );
        }
    }
    Ok(exit::DONE)
}

async fn copy_all(dir: &Path, to: &Path, settings: &Settings, secrets: bool) -> anyhow::Result<Note> {
    fs::copy(dir.join(FILE), to.join(FILE)).with_context(|| format!("cannot copy {FILE}"))?;
    copy_folder(&dir.join(&settings.policy), &to.join(&settings.policy))?;
    if secrets {
        copy_folder(&dir.join("secrets"), &to.join("secrets"))?;
    }
    let database = fs::canonicalize(to.join("store"))?.join(DATABASE);
    people::copy_store(dir, &database).await?;
    // Read from the copy: the store goes on meanwhile.
    let journal = {
        let copy = SqliteStore::open(to.join("store"))?;
        let heads = copy.tree_heads().await?;
        copy.close();
        heads
    };
    leave_only(&to.join("store"), DATABASE)?;
    let note = Note { made_at: wiring::wall_clock(), version: env!("CARGO_PKG_VERSION").into(), journal };
    fs::write(to.join(NOTE), serde_json::to_string_pretty(&note)?)?;
    Ok(note)
}

/// # Errors
/// A folder that is no backup, a running server, a store that knows more than the backup.
pub async fn restore(arguments: RestoreArguments) -> anyhow::Result<u8> {
    let from = &arguments.from;
    let to = arguments.to.as_ref().or(arguments.data.as_ref());
    let to = to.ok_or_else(|| exit::Unusable("restore needs the data folder to restore into".into()))?;
    let read = fs::read_to_string(from.join(NOTE)).map_err(|error| {
        exit::Unusable(format!("{} is no backup: {NOTE} cannot be read: {error}", from.display()))
    })?;
    let note: Note = serde_json::from_str(&read)
        .map_err(|error| exit::Unusable(format!("{} is no backup: {NOTE}: {error}", from.display())))?;
    let target = wiring::store_folder(to);
    let mut lost = 0;
    if target.join(DATABASE).exists() {
        // Opening it also proves that nobody else has it open.
        let store = SqliteStore::open(&target).map_err(|error| {
            exit::Unusable(format!("{error}; nothing was changed\nhint: stop the server first"))
        })?;
        let here = store.tree_heads().await?;
        store.close();
        lost = lines_after(&note.journal, &here).map_err(|why| {
            exit::Unusable(format!("{why}; nothing was changed\nhint: restore into another folder"))
        })?;
        ensure!(
            lost == 0 || arguments.older,
            exit::Unusable(format!(
                "the backup of {} is older than the store in {}: {lost} journal lines would be lost; nothing was changed\n\
                 hint: --older restores it all the same. Okta and iOffice are read anew, but a visit that was announced since \
                 may be announced again",
                note.made_at,
                to.display()
            ))
        );
    }
    fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
    let new = target.join("restoring.db");
    fs::copy(from.join("store").join(DATABASE), &new).context("cannot copy the store")?;
    fs::File::open(&new)?.sync_all()?;
    for old in [DATABASE, "lanyard.db-wal", "lanyard.db-shm"] {
        let old = target.join(old);
        if old.exists() {
            fs::remove_file(&old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
    }
    fs::rename(&new, target.join(DATABASE))?;
    if !to.join(FILE).exists() {
        fs::copy(from.join(FILE), to.join(FILE))?;
        let settings_policy = from.join("policy");
        if settings_policy.exists() {
            copy_folder(&settings_policy, &to.join("policy"))?;
        }
        if from.join("secrets").exists() {
            copy_folder(&from.join("secrets"), &to.join("secrets"))?;
        }
    }
    Running::remove(to);
    tell_journal(&target, &note, lost).await?;
    if arguments.json {
        say!("{}", json!({ "restored": to, "made_at": note.made_at, "lines_lost": lost }));
    } else {
        say!("{} is as of {}; start it: everything is read anew", to.display(), note.made_at);
    }
    Ok(exit::DONE)
}

/// How many lines the journal has beyond the backup's. An error if it is another journal.
fn lines_after(backup: &[TreeHead], here: &[TreeHead]) -> Result<u64, String> {
    let mut lost = 0;
    for now in here {
        let then = backup.iter().find(|head| head.tenant == now.tenant);
        let size = then.map_or(0, |head| head.size);
        if let Some(then) = then.filter(|then| then.size == now.size && then.root != now.root) {
            return Err(format!("the journal of {} is not the one that was backed up", then.tenant));
        }
        lost += now.size.saturating_sub(size);
    }
    Ok(lost)
}

/// The journal says that it was set back.
async fn tell_journal(folder: &Path, note: &Note, lost: u64) -> anyhow::Result<()> {
    let store = SqliteStore::open(folder)?;
    let lines = note.journal.iter().map(|head| {
        Write::Journal(Box::new(Entry {
            tenant: head.tenant.clone(),
            at: wiring::wall_clock(),
            kind: "control".into(),
            identity: None,
            site: None,
            person: None,
            severity: Severity::Warning,
            title: format!("restored from the backup of {}", note.made_at),
            detail: format!("{lost} lines that came after it are not in this journal"),
            data: serde_json::Value::Null,
        }))
    });
    store.write(lines.collect()).await?;
    store.close();
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let target = to.join(entry.file_name());
            fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Takes away what opening a copy left beside it.
fn leave_only(folder: &Path, name: &str) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name() != name {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Personal data and perhaps secrets: for the owner only.
fn private_folder(folder: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    let _ = folder;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(tenant: &str, size: u64, root: &str) -> TreeHead {
        TreeHead { tenant: tenant.into(), size, root: root.into() }
    }

    #[test]
    fn an_older_backup_and_another_journal_are_told_apart() {
        let backup = [head("a", 10, "x"), head("b", 5, "y")];
        assert_eq!(lines_after(&backup, &[]), Ok(0));
        assert_eq!(lines_after(&backup, &backup), Ok(0));
        assert_eq!(lines_after(&backup, &[head("a", 8, "w")]), Ok(0), "the backup is newer");
        assert_eq!(lines_after(&backup, &[head("a", 14, "z"), head("c", 2, "q")]), Ok(6));
        assert!(lines_after(&backup, &[head("b", 5, "other")]).is_err());
    }
}

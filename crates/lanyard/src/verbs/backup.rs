//! `backup` and `restore`: the settings, the policy and one consistent moment of the store, also while a server runs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use clap::Args;
use jiff::Timestamp;
use lanyard_engine::{
    journal::line,
    ports::{Severity, Store, StoreFailure, TreeHead},
};
use lanyard_store::{Archive, SqliteStore};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Data, people};
use crate::{
    exit,
    local::Running,
    settings::{FILE, NamedFile, Settings},
    wiring,
};

/// What stands beside the copies.
const NOTE: &str = "backup.json";
/// The database inside a store's folder.
const DATABASE: &str = "lanyard.db";
/// What SQLite keeps beside it.
const BESIDE: [&str; 2] = ["lanyard.db-wal", "lanyard.db-shm"];
/// The policy inside a backup, wherever the settings have theirs.
const POLICY: &str = "policy";
/// Files that the settings name, inside a backup, wherever the settings have them.
const NAMED: &str = "named";
/// Keys that sign, and what their signatures are checked with.
const KEYS: &str = "keys";
/// Where a copy is looked at before it takes the store's place.
const RESTORING: &str = "restoring";

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
    /// Also over a store that cannot be opened (it is damaged, or of a newer version): its files are kept beside the new one
    #[arg(long)]
    put_aside: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// What a restore may do to the store that is there.
#[derive(Debug, Clone, Copy)]
struct Over {
    older: bool,
    unopened: bool,
}

/// What becomes of the store that is there.
#[derive(Debug, PartialEq, Eq)]
enum Replaced {
    /// So many lines of its journals are not in the backup.
    Lines(u64),
    /// It cannot be opened, and what is in it is not known.
    Unopened,
}

/// When a backup was made, and of what.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    made_at: Timestamp,
    version: String,
    /// The journal as it was: by it an older backup is told from a newer one.
    journal: Vec<TreeHead>,
    /// Files that the settings name.
    #[serde(default)]
    files: Vec<Kept>,
}

/// A file that the settings name.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    named: PathBuf,
    /// Where it is in the backup; `None`: it is not in it.
    kept: Option<PathBuf>,
    secret: bool,
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
    let left_out: Vec<_> = note.files.iter().filter(|file| file.kept.is_none()).collect();
    if arguments.json {
        let left_out: Vec<_> = left_out.iter().map(|file| &file.named).collect();
        say!(
            "{}",
            json!({ "backup": to, "made_at": note.made_at, "journal": note.journal, "left_out": left_out })
        );
    } else {
        say!("{} holds settings, policy and store as of {}", to.display(), note.made_at);
        if !arguments.with_secrets {
            say!(
                "secrets and signing keys are not in it (--with-secrets copies them): keep those files as you keep passwords"
            );
        }
        for file in left_out {
            say!("not in it: {}", file.named.display());
        }
    }
    Ok(exit::DONE)
}

async fn copy_all(dir: &Path, to: &Path, settings: &Settings, secrets: bool) -> anyhow::Result<Note> {
    fs::copy(dir.join(FILE), to.join(FILE)).with_context(|| format!("cannot copy {FILE}"))?;
    copy_folder(&dir.join(&settings.policy), &to.join(POLICY))?;
    if secrets && dir.join("secrets").exists() {
        copy_folder(&dir.join("secrets"), &to.join("secrets"))?;
    }
    if dir.join(KEYS).exists() {
        // What a signature is checked with is no secret, and says after a restore which key belongs to the journal.
        copy_files(&dir.join(KEYS), &to.join(KEYS), |name| secrets || name.ends_with(".verifier"))?;
    }
    let files = copy_named(dir, to, settings, secrets)?;
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
    let version = env!("CARGO_PKG_VERSION").into();
    let note = Note { made_at: wiring::wall_clock(), version, journal, files };
    fs::write(to.join(NOTE), serde_json::to_string_pretty(&note)?)?;
    Ok(note)
}

/// Copies what the settings name, secret files only with the secrets.
fn copy_named(dir: &Path, to: &Path, settings: &Settings, secrets: bool) -> anyhow::Result<Vec<Kept>> {
    let mut files = Vec::new();
    for (number, NamedFile { path, secret }) in settings.named_files().into_iter().enumerate() {
        let mut kept = None;
        if secrets || !secret {
            // Two of one name may be in two folders.
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let copy = Path::new(NAMED).join(format!("{number}-{name}"));
            fs::create_dir_all(to.join(NAMED))?;
            fs::copy(dir.join(&path), to.join(&copy))
                .with_context(|| format!("cannot copy {}", dir.join(&path).display()))?;
            kept = Some(copy);
        }
        files.push(Kept { named: path, kept, secret });
    }
    Ok(files)
}

/// Puts the files that the settings name where these look for them. What is there already is not written over. Those that are
/// missing then.
fn restore_named(from: &Path, to: &Path, files: &[Kept]) -> anyhow::Result<Vec<PathBuf>> {
    let mut missing = Vec::new();
    for file in files {
        let target = to.join(&file.named);
        if target.exists() {
            continue;
        }
        let Some(kept) = &file.kept else {
            missing.push(target);
            continue;
        };
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::copy(from.join(kept), &target)
            .with_context(|| format!("cannot put back {}", target.display()))?;
    }
    Ok(missing)
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
    let folder = target.join(RESTORING);
    let over = Over { older: arguments.older, unopened: arguments.put_aside };
    let checked = check(from, to, &folder, &note, over).await;
    if checked.is_err() {
        let _ = fs::remove_dir_all(&folder);
        // Only if it is empty: it was made for the copy.
        let _ = fs::remove_dir(&target);
    }
    let replaced = checked?;
    let aside = match replaced {
        Replaced::Unopened => Some(put_aside(&target)?),
        Replaced::Lines(_) => None,
    };
    // Closing the store wrote all of it into the database, which stays until the other one is in its place.
    for beside in BESIDE {
        let beside = target.join(beside);
        if beside.exists() {
            fs::remove_file(&beside).with_context(|| format!("cannot remove {}", beside.display()))?;
        }
    }
    fs::rename(folder.join(DATABASE), target.join(DATABASE))
        .with_context(|| format!("cannot put the backup's store into {}", target.display()))?;
    let _ = fs::remove_dir_all(&folder);
    let (mut kept, mut missing) = (None, Vec::new());
    if !to.join(FILE).exists() {
        fs::copy(from.join(FILE), to.join(FILE))?;
        kept = restore_policy(from, to)?;
        if from.join("secrets").exists() {
            copy_folder(&from.join("secrets"), &to.join("secrets"))?;
        }
        if from.join(KEYS).exists() {
            copy_folder(&from.join(KEYS), &to.join(KEYS))?;
        }
        missing = restore_named(from, to, &note.files)?;
    }
    Running::remove(to);
    tell_journal(&target, &note, &replaced).await?;
    let lost = match replaced {
        Replaced::Lines(lost) => Some(lost),
        Replaced::Unopened => None,
    };
    if arguments.json {
        say!(
            "{}",
            json!({
                "restored": to, "made_at": note.made_at, "lines_lost": lost, "put_aside": aside, "missing": missing,
            })
        );
    } else {
        if let Some(aside) = aside {
            say!("the store that could not be opened is kept as {}", aside.display());
        }
        if let Some(kept) = kept {
            say!(
                "{} is there already and stays as it is; the backup's is in {}",
                kept.display(),
                from.display()
            );
        }
        for file in &missing {
            say!("missing, and named in the settings: {}", file.display());
        }
        let next = match missing.is_empty() {
            true => "start it",
            false => "put there what is missing, and start it",
        };
        say!("{} is as of {}; {next}: everything is read anew", to.display(), note.made_at);
    }
    Ok(exit::DONE)
}

/// Copies the backup's store beside the one it shall replace, and makes sure that it may: it opens with this program, and it
/// is of the same journals. What becomes of the one that is there. Nothing else is changed.
async fn check(from: &Path, to: &Path, copy: &Path, note: &Note, over: Over) -> anyhow::Result<Replaced> {
    let target = wiring::store_folder(to);
    let (mut here, mut unopened) = (Vec::new(), false);
    if target.join(DATABASE).exists() {
        // Opening it also proves that nobody else has it open.
        match heads(&target).await {
            Ok(heads) => here = heads,
            Err(StoreFailure::Damaged(_)) if over.unopened => unopened = true,
            Err(error) => {
                let hint = match &error {
                    StoreFailure::Damaged(_) => {
                        "\nhint: --put-aside restores all the same, and keeps the files of that store beside the new one; \
                         a store of a newer version opens with that version"
                    }
                    _ if error.to_string().contains(lanyard_store::IN_USE) => "\nhint: stop the server first",
                    _ => "",
                };
                anyhow::bail!(exit::Unusable(format!(
                    "the store in {} cannot be opened: {error}; nothing was changed{hint}",
                    to.display()
                )));
            }
        }
    }
    if copy.exists() {
        fs::remove_dir_all(copy).with_context(|| format!("cannot remove {}", copy.display()))?;
    }
    fs::create_dir_all(copy).with_context(|| format!("cannot make {}", copy.display()))?;
    fs::copy(from.join("store").join(DATABASE), copy.join(DATABASE)).context("cannot copy the store")?;
    let store = SqliteStore::open(copy).map_err(|error| {
        exit::Unusable(format!(
            "the backup's store cannot be used: {error}; it was made by Lanyard {}, this is {}; nothing was changed",
            note.version,
            env!("CARGO_PKG_VERSION")
        ))
    })?;
    let backup = store.tree_heads().await?;
    store.close();
    leave_only(copy, DATABASE)?;
    fs::File::open(copy.join(DATABASE))?.sync_all()?;
    if unopened {
        return Ok(Replaced::Unopened);
    }
    if here.is_empty() {
        return Ok(Replaced::Lines(0));
    }
    let lost = lines_after(&target, &here, copy, &backup).map_err(|why| {
        exit::Unusable(format!("{why}; nothing was changed\nhint: restore into another folder"))
    })?;
    ensure!(
        lost == 0 || over.older,
        exit::Unusable(format!(
            "the backup of {} is older than the store in {}: {lost} journal lines would be lost; nothing was changed\n\
             hint: --older restores it all the same. Okta and iOffice are read anew, but a visit that was announced since \
             may be announced again",
            note.made_at,
            to.display()
        ))
    );
    Ok(Replaced::Lines(lost))
}

async fn heads(folder: &Path) -> Result<Vec<TreeHead>, StoreFailure> {
    let store = SqliteStore::open(folder)?;
    let heads = store.tree_heads().await;
    store.close();
    heads
}

/// Gives the files of a store that cannot be opened other names. What the database is called now.
fn put_aside(folder: &Path) -> anyhow::Result<PathBuf> {
    let moment = wiring::wall_clock().strftime("%Y%m%dT%H%M%SZ").to_string();
    for name in BESIDE.into_iter().chain([DATABASE]) {
        let old = folder.join(name);
        if old.exists() {
            fs::rename(&old, folder.join(format!("{name}.put-aside-{moment}")))
                .with_context(|| format!("cannot rename {}", old.display()))?;
        }
    }
    Ok(folder.join(format!("{DATABASE}.put-aside-{moment}")))
}

/// How many lines the journals here have beyond the backup's. An error if one of them is another journal: the shorter one of
/// two that are the same is the beginning of the longer one.
fn lines_after(store: &Path, here: &[TreeHead], copy: &Path, backup: &[TreeHead]) -> Result<u64, String> {
    let open = |folder: &Path| Archive::open(folder).map_err(|failure| failure.to_string());
    let (ours, theirs) = (open(store)?, open(copy)?);
    let mut lost = 0;
    for now in here {
        let then = backup.iter().find(|head| head.tenant == now.tenant).map_or(0, |head| head.size);
        let common = then.min(now.size);
        let root =
            |archive: &Archive| archive.root_at(&now.tenant, common).map_err(|failure| failure.to_string());
        if common > 0 && root(&ours)? != root(&theirs)? {
            return Err(format!("the journal of {} is not the one that was backed up", now.tenant));
        }
        lost += now.size - common;
    }
    Ok(lost)
}

/// Puts the policy where the restored settings look for it. One that is there already is not written over: it may be in use
/// by another data folder. Where it stays so, its folder.
fn restore_policy(from: &Path, to: &Path) -> anyhow::Result<Option<PathBuf>> {
    // Of the settings only this: what else they name, secrets first of all, may not be there yet.
    let settings = fs::read_to_string(to.join(FILE)).with_context(|| format!("cannot read {FILE}"))?;
    let settings: toml::Table = settings.parse().with_context(|| format!("cannot read {FILE}"))?;
    let policy = Path::new(settings.get("policy").and_then(toml::Value::as_str).unwrap_or(POLICY));
    // Backups of earlier versions have it by the settings' own name.
    let kept = [from.join(POLICY), from.join(policy)].into_iter().find(|folder| folder.is_dir());
    let Some(kept) = kept else { return Ok(None) };
    let target = to.join(policy);
    if fs::read_dir(&target).is_ok_and(|mut entries| entries.next().is_some()) {
        return Ok(Some(target));
    }
    copy_folder(&kept, &target)?;
    Ok(None)
}

/// The journal says that it was set back.
async fn tell_journal(folder: &Path, note: &Note, replaced: &Replaced) -> anyhow::Result<()> {
    let store = SqliteStore::open(folder)?;
    let detail = match replaced {
        Replaced::Lines(lost) => format!("{lost} lines that came after it are not in this journal"),
        Replaced::Unopened => {
            "the store that was there could not be opened, and was put aside: lines that came after it are not in this journal"
                .to_owned()
        }
    };
    let lines = note.journal.iter().map(|head| {
        let title = format!("restored from the backup of {}", note.made_at);
        let told = line(&head.tenant, wiring::wall_clock(), "control", title);
        told.severity(Severity::Warning).detail(detail.as_str()).write()
    });
    store.write(lines.collect()).await?;
    store.close();
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    copy_files(from, to, |_| true)
}

/// Copies the files of a folder whose names fit.
fn copy_files(from: &Path, to: &Path, fits: impl Fn(&str) -> bool) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_file() && fits(&entry.file_name().to_string_lossy()) {
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

    const TENANT: &str =
        "[[tenant]]\nid = \"main\"\nokta_url = \"https://example.okta.com\"\nokta_token_file = \"secret\"\n";
    const SITE: &str = "[[site]]\nid = \"hq\"\nioffice_url = \"https://hq.iofficeconnect.com\"\n\
                        ioffice_user = \"lanyard\"\nioffice_password_file = \"secret\"\n";

    /// A data folder whose policy is at `policy`, with so many lines in its journal.
    async fn data(dir: &Path, policy: &str, lines: &[&str]) {
        fs::create_dir_all(dir).unwrap();
        fs::write(dir.join("secret"), "something").unwrap();
        fs::write(dir.join(FILE), format!("policy = \"{policy}\"\n{TENANT}{SITE}")).unwrap();
        fs::create_dir_all(dir.join(policy)).unwrap();
        fs::write(dir.join(policy).join("policy.toml"), "format = 1\n").unwrap();
        write_lines(dir, lines).await;
    }

    async fn write_lines(dir: &Path, lines: &[&str]) {
        let store = wiring::open_store(dir).unwrap();
        for title in lines {
            let written = line(&"main".into(), Timestamp::UNIX_EPOCH, "control", *title).write();
            store.write(vec![written]).await.unwrap();
        }
        store.close();
    }

    async fn back_up(dir: &Path, to: &Path) {
        let data = Data { dir: dir.to_owned() };
        let made = backup(BackupArguments { data, to: to.to_owned(), with_secrets: false, json: true }).await;
        assert_eq!(made.unwrap(), exit::DONE);
    }

    async fn put_back(from: &Path, to: &Path, older: bool) -> Result<u8, String> {
        let arguments = RestoreArguments {
            from: from.to_owned(),
            to: Some(to.to_owned()),
            data: None,
            older,
            put_aside: false,
            json: true,
        };
        restore(arguments).await.map_err(|error| format!("{error:#}"))
    }

    #[tokio::test]
    async fn what_signatures_are_checked_with_comes_along_and_the_key_with_the_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("data");
        data(&dir, "policy", &["first"]).await;
        fs::create_dir_all(dir.join("secrets")).unwrap();
        fs::create_dir_all(dir.join("keys")).unwrap();
        for name in ["main.checkpoint.key", "main.checkpoint.verifier"] {
            fs::write(dir.join("keys").join(name), name).unwrap();
        }
        for (with_secrets, kept) in [
            (false, vec!["main.checkpoint.verifier"]),
            (true, vec!["main.checkpoint.key", "main.checkpoint.verifier"]),
        ] {
            let to = folder.path().join(format!("backup-{with_secrets}"));
            let arguments =
                BackupArguments { data: Data { dir: dir.clone() }, to: to.clone(), with_secrets, json: true };
            assert_eq!(backup(arguments).await.unwrap(), exit::DONE);
            let fresh = folder.path().join(format!("fresh-{with_secrets}"));
            fs::create_dir_all(&fresh).unwrap();
            fs::write(fresh.join("secret"), "something").unwrap();
            assert_eq!(put_back(&to, &fresh, false).await, Ok(exit::DONE));
            let mut names: Vec<_> =
                fs::read_dir(fresh.join("keys")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            assert_eq!(names, kept);
        }
    }

    async fn lines(dir: &Path) -> u64 {
        let store = wiring::open_store(dir).unwrap();
        let heads = store.tree_heads().await.unwrap();
        store.close();
        heads.iter().map(|head| head.size).sum()
    }

    #[tokio::test]
    async fn the_policy_is_backed_up_wherever_it_is_and_stays_whole() {
        let top = tempfile::tempdir().unwrap();
        let elsewhere = top.path().join("elsewhere").display().to_string();
        for (number, policy) in ["policy", "rules", "../policy", &elsewhere].into_iter().enumerate() {
            let room = top.path().join(number.to_string());
            let (dir, to, new) = (room.join("data"), room.join("backup"), room.join("deeper").join("new"));
            data(&dir, policy, &["one"]).await;
            back_up(&dir, &to).await;
            let text = |folder: PathBuf| fs::read_to_string(folder.join("policy.toml")).unwrap_or_default();
            assert_eq!(text(dir.join(policy)), "format = 1\n", "{policy} itself stays");
            assert_eq!(text(to.join("policy")), "format = 1\n", "{policy} is in the backup");
            // What the restored settings look for is there.
            assert_eq!(put_back(&to, &new, false).await, Ok(exit::DONE), "{policy}");
            assert_eq!(text(new.join(policy)), "format = 1\n", "{policy} is restored");
        }
    }

    #[tokio::test]
    async fn a_policy_that_is_there_is_not_written_over() {
        let top = tempfile::tempdir().unwrap();
        let policy = top.path().join("shared").display().to_string();
        let (dir, to, new) = (top.path().join("data"), top.path().join("backup"), top.path().join("new"));
        data(&dir, &policy, &["one"]).await;
        back_up(&dir, &to).await;
        let live = Path::new(&policy).join("policy.toml");
        fs::write(&live, "format = 1 # edited since\n").unwrap();
        assert_eq!(put_back(&to, &new, false).await, Ok(exit::DONE));
        assert_eq!(fs::read_to_string(&live).unwrap(), "format = 1 # edited since\n");
    }

    #[tokio::test]
    async fn an_older_backup_and_another_journal_are_told_apart() {
        let top = tempfile::tempdir().unwrap();
        let (ours, theirs) = (top.path().join("ours"), top.path().join("theirs"));
        let (backup, foreign) = (top.path().join("backup"), top.path().join("foreign"));
        data(&ours, "policy", &["a", "b"]).await;
        back_up(&ours, &backup).await;
        assert_eq!(put_back(&backup, &ours, false).await, Ok(exit::DONE), "nothing came after it");
        assert_eq!(lines(&ours).await, 3, "and that it was restored");
        write_lines(&ours, &["c"]).await;
        let refused = put_back(&backup, &ours, false).await.unwrap_err();
        assert!(refused.contains("2 journal lines would be lost"), "{refused}");
        // Another company's backup, of a tenant of the same name: longer than ours, and no later state of it.
        data(&theirs, "policy", &["p", "q", "r", "s", "t", "u"]).await;
        back_up(&theirs, &foreign).await;
        for older in [false, true] {
            let refused = put_back(&foreign, &ours, older).await.unwrap_err();
            assert!(refused.contains("the journal of main is not the one that was backed up"), "{refused}");
        }
        assert_eq!(lines(&ours).await, 4);
        assert!(!ours.join("store").join(RESTORING).exists(), "nothing is left behind");
    }

    #[tokio::test]
    async fn a_store_that_this_program_cannot_open_replaces_nothing() {
        let top = tempfile::tempdir().unwrap();
        let (dir, to) = (top.path().join("data"), top.path().join("backup"));
        data(&dir, "policy", &["a"]).await;
        back_up(&dir, &to).await;
        fs::write(to.join("store").join(DATABASE), "a database of another kind").unwrap();
        let refused = put_back(&to, &dir, true).await.unwrap_err();
        assert!(refused.contains("the backup's store cannot be used"), "{refused}");
        assert_eq!(lines(&dir).await, 1, "the store is as it was");
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_opened_is_put_aside_when_somebody_says_so() {
        let top = tempfile::tempdir().unwrap();
        let (dir, to) = (top.path().join("data"), top.path().join("backup"));
        data(&dir, "policy", &["a"]).await;
        back_up(&dir, &to).await;
        let store = dir.join("store");
        let server = SqliteStore::open(&store).unwrap();
        let refused = put_back(&to, &dir, true).await.unwrap_err();
        assert!(
            refused.contains("is in use by") && refused.ends_with("hint: stop the server first"),
            "{refused}"
        );
        server.close();
        // What stands in the log beside it would mend it.
        for beside in ["-wal", "-shm"] {
            let _ = fs::remove_file(store.join(format!("{DATABASE}{beside}")));
        }
        fs::write(store.join(DATABASE), "a database that a full disk cut short").unwrap();
        let refused = put_back(&to, &dir, true).await.unwrap_err();
        assert!(!refused.contains("stop the server") && refused.contains("hint: --put-aside"), "{refused}");
        assert_eq!(
            fs::read_to_string(store.join(DATABASE)).unwrap(),
            "a database that a full disk cut short",
            "nothing was changed"
        );
        let arguments = RestoreArguments {
            from: to,
            to: Some(dir.clone()),
            data: None,
            older: false,
            put_aside: true,
            json: true,
        };
        assert_eq!(restore(arguments).await.unwrap(), exit::DONE);
        assert_eq!(lines(&dir).await, 2, "its own, and that it was restored");
        let kept = fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path());
        let kept: Vec<_> =
            kept.filter(|file| file.display().to_string().contains("lanyard.db.put-aside-")).collect();
        assert_eq!(kept.len(), 1);
        assert_eq!(fs::read_to_string(&kept[0]).unwrap(), "a database that a full disk cut short");
    }

    /// A certificate of nobody's, whose key was never kept.
    const ROOT: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBPjCB8aADAgECAhRFZu1q/kRe5680YzkE5CWVMlKRmTAFBgMrZXAwFDESMBAG\n\
        A1UEAwwJdGVzdCByb290MCAXDTI2MTEzMDEyMzIzOFoYDzIxMjYxMTA2MTIzMjM4\n\
        WjAUMRIwEAYDVQQDDAl0ZXN0IHJvb3QwKjAFBgMrZXADIQCbJp8kRGvatIWwG+YS\n\
        6GleVPoiU8ssst31vTzBbkl+8qNTMFEwHQYDVR0OBBYEFHQCYwgZp2DCdjIZoUa6\n\
        9+J4FPR2MB8GA1UdIwQYMBaAFHQCYwgZp2DCdjIZoUa69+J4FPR2MA8GA1UdEwEB\n\
        /wQFMAMBAf8wBQYDK2VwA0EAEJdggAkpU2gfgYPc7JuHYU17CSKMQpxy87vZt0TW\n\
        SdYHZ+d64/I9vu90aAOj7iSQj+j4dgrnz6oTvMMpNeUnBQ==\n\
        -----END CERTIFICATE-----\n";

    #[tokio::test]
    async fn whatever_file_the_settings_name_comes_along_and_what_is_left_out_is_said() {
        let top = tempfile::tempdir().unwrap();
        let dir = top.path().join("data");
        data(&dir, "policy", &["a"]).await;
        let outside = top.path().join("outside").join("roots.pem");
        fs::create_dir_all(outside.parent().unwrap()).unwrap();
        fs::write(&outside, ROOT).unwrap();
        fs::create_dir_all(dir.join("texts")).unwrap();
        fs::write(dir.join("texts").join("alarm.txt"), "{{ status }}").unwrap();
        let settings = fs::read_to_string(dir.join(FILE)).unwrap();
        let alert = "[[alert]]\nid = \"it\"\nslack = \"chat\"\ntemplate = \"texts/alarm.txt\"\n";
        fs::write(
            dir.join(FILE),
            format!("ca_file = \"{}\"\n{settings}{alert}[secrets]\nchat = \"secret\"\n", outside.display()),
        )
        .unwrap();
        for with_secrets in [false, true] {
            let to = top.path().join(format!("backup-{with_secrets}"));
            let arguments =
                BackupArguments { data: Data { dir: dir.clone() }, to: to.clone(), with_secrets, json: true };
            assert_eq!(backup(arguments).await.unwrap(), exit::DONE);
            let note: Note = serde_json::from_str(&fs::read_to_string(to.join(NOTE)).unwrap()).unwrap();
            let left_out: Vec<_> = note.files.iter().filter(|file| file.kept.is_none()).collect();
            let left_out: Vec<_> = left_out.iter().map(|file| file.named.display().to_string()).collect();
            assert_eq!(left_out, if with_secrets { vec![] } else { vec!["secret".to_owned()] });
            let new = top.path().join(format!("new-{with_secrets}"));
            fs::rename(&outside, top.path().join("roots.gone")).unwrap();
            assert_eq!(put_back(&to, &new, false).await, Ok(exit::DONE));
            let text = |file: &Path| fs::read_to_string(file).unwrap_or_default();
            assert_eq!(text(&new.join("texts").join("alarm.txt")), "{{ status }}");
            assert_eq!(text(&outside), ROOT, "where the settings look for it");
            assert_eq!(new.join("secret").exists(), with_secrets);
            if with_secrets {
                Settings::load(&new).expect("settings that can be used as they are");
            }
        }
    }
}

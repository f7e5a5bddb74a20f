//! The key that signs checkpoints and packs, and the folder that checkpoints are exported to.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::Timestamp;
use lanyard_engine::ports::{Message, Store, TreeHead, Write};
use lanyard_model::id::TenantId;
use lanyard_store::checkpoint::{Checkpoint, CheckpointKey};

use crate::{exit::Unusable, local::write_private};

/// Where a tenant's key lies in the data folder.
fn key_file(dir: &Path, tenant: &TenantId) -> PathBuf {
    dir.join("keys").join(format!("{tenant}.checkpoint.key"))
}

/// Where checkpoints are exported to, if the settings name no other place.
pub fn export_folder(dir: &Path, configured: Option<&Path>) -> PathBuf {
    dir.join(configured.unwrap_or(Path::new("checkpoints")))
}

/// The other half of the key beside it: while it is there, nobody takes a lost key for one that was never made.
fn verifier_file(dir: &Path, tenant: &TenantId) -> PathBuf {
    dir.join("keys").join(format!("{tenant}.checkpoint.verifier"))
}

/// The tenant's key; `None`: there is none. Nothing is made.
///
/// # Errors
/// An unreadable file.
pub fn load(dir: &Path, tenant: &TenantId) -> anyhow::Result<Option<CheckpointKey>> {
    let file = key_file(dir, tenant);
    match fs::read_to_string(&file) {
        Ok(text) => CheckpointKey::from_secret_text(&text)
            .map(Some)
            .with_context(|| format!("{} holds no checkpoint key", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

/// The sentence for a key that was there and is not any more.
pub fn lost(dir: &Path, tenant: &TenantId) -> Option<String> {
    let verifier = verifier_file(dir, tenant);
    let known = fs::read_to_string(&verifier).ok()?;
    Some(format!(
        "{} is gone: the key that signs the journal of {tenant} ({}); nothing is signed with another one instead\nhint: bring it back from \
         a backup; if it is lost for good, remove {} too: a new key is made then, and packs say that what was signed before is not theirs",
        key_file(dir, tenant).display(),
        known.trim(),
        verifier.display()
    ))
}

/// The tenant's key; made on first use.
///
/// # Errors
/// An unreadable or unwritable file; a key that was there before and is gone.
pub fn load_or_make(dir: &Path, tenant: &TenantId) -> anyhow::Result<CheckpointKey> {
    let (file, beside) = (key_file(dir, tenant), verifier_file(dir, tenant));
    let key = match load(dir, tenant)? {
        Some(key) => key,
        None => {
            if let Some(lost) = lost(dir, tenant) {
                anyhow::bail!(Unusable(lost));
            }
            let key = CheckpointKey::create(&format!("lanyard-{tenant}"))?;
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
            }
            write_private(&file, &format!("{}\n", key.to_secret_text()))?;
            key
        }
    };
    let verifier = format!("{}\n", key.verifier());
    if fs::read_to_string(&beside).ok().is_none_or(|known| known != verifier) {
        // A folder that is only read is read all the same.
        let new = beside.with_extension("new");
        let _ = fs::write(&new, verifier).and_then(|()| fs::rename(&new, &beside));
    }
    Ok(key)
}

/// The name of a tenant's tree: the key's hash makes it unique in the world.
pub fn origin(key: &CheckpointKey, tenant: &TenantId) -> String {
    let hash = key.verifier().split('+').nth(1).unwrap_or_default().to_owned();
    format!("lanyard.journal/{tenant}/{hash}")
}

/// Signs a tree head as it is.
///
/// # Errors
/// A head whose root is no hash.
pub fn sign(key: &CheckpointKey, head: &TreeHead, at: Timestamp) -> anyhow::Result<String> {
    use base64::Engine as _;
    let root = base64::engine::general_purpose::STANDARD.decode(&head.root)?;
    let root = root.try_into().map_err(|_| anyhow::anyhow!("the root of {} is not a hash", head.tenant))?;
    Ok(Checkpoint { origin: origin(key, &head.tenant), size: head.size, root, at: Some(at) }.sign(key))
}

/// A checkpoint that lies outside.
#[derive(Debug, Clone)]
pub struct Laid {
    /// Its name below the folder: `TENANT/DATE.checkpoint`.
    pub object: String,
    /// Lines of the journal.
    pub size: u64,
    pub note: String,
    pub verifier: String,
}

/// What goes out for checkpoints that were just laid into the folder: one object each; one mail for all when it is time.
pub fn messages(laid: &[Laid], bucket: bool, mail: bool, at: Timestamp) -> Vec<Write> {
    let stamp = at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let message = |id: String, route: &str, subject: String, text: String, data| {
        Write::Message(Box::new(Message { id, route: route.into(), subject, text, at, attempts: 0, data }))
    };
    let mut all = Vec::new();
    if bucket {
        all.extend(laid.iter().map(|one| {
            message(
                format!("checkpoint:{}", one.object),
                "checkpoints",
                format!("Lanyard: checkpoint {}", one.object),
                one.note.clone(),
                Some(serde_json::json!({ "object": one.object })),
            )
        }));
    }
    if mail && !laid.is_empty() {
        let mut text = format!(
            "Signed heads of the journals on {stamp}. Keep this mail where nobody who administers Lanyard can change it: a \
             journal that was cut or rewritten since contradicts it. `lanyard verify` says how to check.\n"
        );
        for one in laid {
            text += &format!("\n{} ({} lines, key {})\n\n{}", one.object, one.size, one.verifier, one.note);
        }
        let id = format!("checkpoints:{}", at.as_second());
        all.push(message(
            id,
            "checkpoints-mail",
            format!("Lanyard: journal checkpoints of {stamp}"),
            text,
            None,
        ));
    }
    all
}

/// What became of one round of checkpoints: what fails for one tenant, or at one place, keeps nothing from the others.
#[derive(Debug, Default)]
pub struct Round {
    /// Signed, and to go to the other places, whether or not the folder took it.
    pub laid: Vec<Laid>,
    /// Tenant and why.
    pub failed: Vec<(TenantId, anyhow::Error)>,
}

/// Signs every tenant's head, lays it outside (one file per checkpoint, one with the newest), and keeps it.
///
/// # Errors
/// Heads that cannot be read. What fails later is in the round.
pub async fn export(dir: &Path, outside: &Path, store: &dyn Store, at: Timestamp) -> anyhow::Result<Round> {
    let mut round = Round::default();
    for head in store.tree_heads().await? {
        let tenant = head.tenant.clone();
        let one = match signed(dir, &head, at) {
            Ok(one) => one,
            Err(error) => {
                round.failed.push((tenant, error));
                continue;
            }
        };
        // Outside first: a checkpoint that only the store knows proves nothing against its owner.
        if let Err(error) = lay(outside, &one) {
            round.failed.push((tenant.clone(), error));
        }
        let kept = Write::Checkpoint { tenant: tenant.clone(), size: head.size, at, note: one.note.clone() };
        if let Err(error) = store.write(vec![kept]).await {
            round.failed.push((tenant, error.into()));
        }
        round.laid.push(one);
    }
    Ok(round)
}

fn signed(dir: &Path, head: &TreeHead, at: Timestamp) -> anyhow::Result<Laid> {
    let key = load_or_make(dir, &head.tenant)?;
    let note = sign(&key, head, at)?;
    let object = format!("{}/{}", head.tenant, file_name(at));
    Ok(Laid { object, size: head.size, note, verifier: key.verifier() })
}

fn lay(outside: &Path, one: &Laid) -> anyhow::Result<()> {
    let file = outside.join(&one.object);
    let folder = file.parent().unwrap_or(outside);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let verifier = format!("{}\n", one.verifier);
    let newest = folder.join("newest.checkpoint");
    for (file, text) in [(&file, &one.note), (&newest, &one.note), (&folder.join("verifier.txt"), &verifier)]
    {
        let new = file.with_extension("new");
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, file))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// To the microsecond: somebody may ask for one in the second in which the hour's own is signed. Of one length, so that names
/// are in the order of time.
fn file_name(at: Timestamp) -> String {
    format!("{}.checkpoint", at.strftime("%Y%m%dT%H%M%S%.6fZ"))
}

/// What earlier versions called it.
fn earlier_name(at: Timestamp) -> String {
    format!("{}.checkpoint", at.strftime("%Y%m%dT%H%M%SZ"))
}

/// The file outside that holds this checkpoint, if it is there as it was signed.
pub fn lies_in(outside: &Path, tenant: &TenantId, at: Timestamp, note: &str) -> Option<PathBuf> {
    let folder = outside.join(tenant.as_str());
    let mut files = [file_name(at), earlier_name(at)].map(|name| folder.join(name)).into_iter();
    files.find(|file| fs::read_to_string(file).is_ok_and(|there| there == note))
}

/// Checkpoints of a tenant that were laid outside, oldest first: file and note.
pub fn exported(outside: &Path, tenant: &TenantId) -> Vec<(PathBuf, String)> {
    let Ok(listing) = fs::read_dir(outside.join(tenant.as_str())) else { return Vec::new() };
    let mut files: Vec<PathBuf> = listing
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "checkpoint"))
        .collect();
    files.sort();
    files.into_iter().filter_map(|file| fs::read_to_string(&file).ok().map(|note| (file, note))).collect()
}

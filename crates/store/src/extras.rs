//! What this store can do besides the port: checkpoints, erasing names, online backup.

use std::path::Path;

use lanyard_engine::ports::StoreFailure;
use lanyard_model::id::{IdentityId, TenantId};

use crate::{
    checkpoint::{Checkpoint, CheckpointKey},
    sqlite::failure,
    store::SqliteStore,
    tables::journal,
};

impl SqliteStore {
    /// The signed checkpoint of a tenant's journal as it is now. `origin` names the tree; one line, unique in the
    /// world.
    ///
    /// # Errors
    /// As any read. An empty journal has a checkpoint too.
    pub async fn checkpoint(
        &self,
        tenant: &TenantId,
        origin: &str,
        key: &CheckpointKey,
    ) -> Result<String, StoreFailure> {
        let tenant = tenant.clone();
        let (size, root) = self.read(move |tx| journal::tree_head(tx, &tenant)).await?;
        Ok(Checkpoint { origin: origin.to_owned(), size, root, at: None }.sign(key))
    }

    /// Whether an older checkpoint is a beginning of the journal as it is now; if not, why. The checkpoint's
    /// signature and origin were checked before.
    pub async fn check_against(
        &self,
        tenant: &TenantId,
        older: &Checkpoint,
    ) -> Result<Option<String>, StoreFailure> {
        let (of, size) = (tenant.clone(), older.size);
        let now = self.read(move |tx| journal::root_at(tx, &of, size)).await?;
        Ok(match now {
            None => {
                Some(format!("the journal of {tenant} is shorter than the {size} lines of the checkpoint"))
            }
            Some(root) if root != older.root => Some(format!(
                "the first {size} lines of the journal of {tenant} are not those of the checkpoint"
            )),
            Some(_) => None,
        })
    }

    /// Forgets the personal text of every journal line about this identity, in all its tenants' trees; how many
    /// lines had one. The trees and all checkpoints stay valid. It cannot be undone.
    pub async fn erase_person(&self, who: &IdentityId) -> Result<u64, StoreFailure> {
        let who = who.clone();
        self.change(move |access| journal::erase_person(access.tx, &who)).await
    }

    /// Writes a copy of everything acknowledged so far to the new file `path`, while others go on writing. The copy
    /// appears under its name only when it is complete and on disk. To use it, put it as `lanyard.db` into a folder of
    /// its own and open that.
    ///
    /// # Errors
    /// [`StoreFailure::Unavailable`] if the file exists or cannot be written.
    pub async fn backup_to(&self, path: impl AsRef<Path>) -> Result<(), StoreFailure> {
        let path = path.as_ref().to_owned();
        self.with_connection(move |connection| {
            let trouble = |e: std::io::Error| StoreFailure::Unavailable(format!("{}: {e}", path.display()));
            if path.exists() {
                return Err(StoreFailure::Unavailable(format!("{} exists already", path.display())));
            }
            let mut unfinished = path.clone().into_os_string();
            unfinished.push(".unfinished");
            let target = unfinished.to_string_lossy().into_owned();
            if Path::new(&unfinished).exists() {
                std::fs::remove_file(&unfinished).map_err(trouble)?;
            }
            connection.execute("VACUUM INTO $1", [&target]).map_err(failure)?;
            std::fs::File::open(&unfinished).and_then(|file| file.sync_all()).map_err(trouble)?;
            std::fs::rename(&unfinished, &path).map_err(trouble)?;
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            std::fs::File::open(folder.unwrap_or(Path::new("."))).and_then(|f| f.sync_all()).map_err(trouble)
        })
        .await
    }
}

//! One process per folder.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::Path,
};

use lanyard_engine::ports::StoreFailure;

use crate::tx::Answer;

/// In the text of the failure to open a folder that another process has open.
pub const IN_USE: &str = "is in use by";

/// Holds the folder until dropped. The operating system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

/// Takes the lock and writes down who has it.
///
/// # Errors
/// [`StoreFailure::Unavailable`] naming the holder, if somebody else has it.
pub(crate) fn hold(folder: &Path) -> Answer<FolderLock> {
    let path = folder.join("lanyard.lock");
    let trouble = |e: std::io::Error| StoreFailure::Unavailable(format!("{}: {e}", path.display()));
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(trouble)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // The note is only a help for people; without it the answer is the same.
            let _ = file.read_to_string(&mut holder);
            let holder = match holder.trim() {
                "" => "another process",
                known => known,
            };
            return Err(StoreFailure::Unavailable(format!(
                "{} {IN_USE} {holder}: stop it, or choose another folder",
                folder.display()
            )));
        }
        Err(TryLockError::Error(e)) => return Err(trouble(e)),
    }
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    file.set_len(0).map_err(trouble)?;
    file.rewind().map_err(trouble)?;
    writeln!(file, "process {} ({program})", std::process::id()).map_err(trouble)?;
    Ok(FolderLock { _file: file })
}

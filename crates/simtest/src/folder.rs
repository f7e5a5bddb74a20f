//! The store's folder: in memory, as a store that was just made, as a crash leaves it, and all that lies in it.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
    sync::OnceLock,
};

use lanyard_store::SqliteStore;

/// A folder in memory where the system has such a place: a commit is then no wait.
pub fn in_memory() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).expect("a folder")
}

/// Copies a store's files as they are, without asking the store. `torn`: the write that was under way left a part of
/// itself at the end of the log.
///
/// # Errors
/// When a file cannot be read or written.
pub fn copy(from: &Path, to: &Path, torn: Option<u64>) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let text = name.to_string_lossy().into_owned();
        // The index of the log lives in shared memory, and locks die with their owner.
        if !entry.file_type()?.is_file() || text.ends_with("-shm") || text.ends_with("lock") {
            continue;
        }
        let mut bytes = fs::read(entry.path())?;
        if let Some(bits) = torn.filter(|_| text.ends_with("-wal") && !bytes.is_empty()) {
            let length = 1 + (bits % 5000) as usize;
            bytes.extend((0..length).map(|at| (bits.rotate_left(at as u32 % 64) as u8) ^ at as u8));
        }
        fs::write(to.join(&name), bytes)?;
    }
    Ok(())
}

/// Everything that lies in a folder, one file after another.
pub fn bytes(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for file in fs::read_dir(folder).into_iter().flatten().flatten() {
        if let Ok(mut file) = fs::File::open(file.path()) {
            // What cannot be read whole is searched as far as it can.
            let _ = file.read_to_end(&mut all);
        }
    }
    all
}

/// Puts the files of a store that was just made into an empty folder: its tables are made once for all histories.
///
/// # Errors
/// When a file cannot be read or written.
pub fn begin_with_tables(folder: &Path) -> io::Result<()> {
    static MADE: OnceLock<Vec<(std::ffi::OsString, Vec<u8>)>> = OnceLock::new();
    if fs::read_dir(folder)?.next().is_some() {
        return Ok(());
    }
    let made = match MADE.get() {
        Some(made) => made,
        None => {
            let made = just_made()?;
            MADE.get_or_init(|| made)
        }
    };
    made.iter().try_for_each(|(name, bytes)| fs::write(folder.join(name), bytes))
}

fn just_made() -> io::Result<Vec<(std::ffi::OsString, Vec<u8>)>> {
    let folder = in_memory();
    let store =
        SqliteStore::open_inline(folder.path()).map_err(|failure| io::Error::other(failure.to_string()))?;
    store.close();
    let mut made = Vec::new();
    for entry in fs::read_dir(folder.path())? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type()?.is_file() && !name.to_string_lossy().ends_with("lock") {
            made.push((name, fs::read(entry.path())?));
        }
    }
    Ok(made)
}

//! What a crash leaves on the disk.

use std::{fs, io, path::Path};

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
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut all = Vec::new();
    for file in files {
        all.append(&mut fs::read(file.path()).unwrap_or_default());
    }
    all
}

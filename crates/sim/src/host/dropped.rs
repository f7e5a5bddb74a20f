//! The watched folder of a badge system: files appear, are taken, and are acknowledged beside them.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::Request;
use tokio::sync::watch;

use super::desk::Desk;

const LOOK: Duration = Duration::from_secs(1);
/// A longer list is left where it lies.
const BYTES_MAX: u64 = 64 << 20;

/// Looks once a second until stopped. A file is taken again when it changed.
pub(super) async fn watch(
    folder: PathBuf,
    desk: Arc<Desk>,
    token: String,
    mut stopped: watch::Receiver<bool>,
) {
    let mut taken = BTreeMap::new();
    loop {
        if let Err(error) = look(&folder, &desk, &token, &mut taken).await {
            tracing::warn!(folder = %folder.display(), %error, "the drop folder cannot be read");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stopped.changed() => return,
        }
    }
}

async fn look(
    folder: &Path,
    desk: &Arc<Desk>,
    token: &str,
    taken: &mut BTreeMap<PathBuf, (SystemTime, u64)>,
) -> io::Result<()> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    for file in files.into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "csv")) {
        let Ok(meta) = fs::metadata(&file) else { continue };
        let stamp = (meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), meta.len());
        if taken.get(&file) == Some(&stamp) || meta.len() > BYTES_MAX {
            continue;
        }
        let Some(name) = file.file_stem().and_then(|name| name.to_str()) else { continue };
        let request = Request::put(format!("/drop/{}.csv", encoded(name)))
            .header("authorization", format!("Bearer {token}"))
            .body(Bytes::from(fs::read(&file)?));
        let Ok(request) = request else { continue };
        taken.insert(file.clone(), stamp);
        // As over a socket, faults included: a lost acknowledgement is one that is not written.
        let Some((reply, _)) = desk.answer(request).await else { continue };
        if reply.ending == crate::face::Ending::Whole {
            fs::write(file.with_extension("ack"), reply.response.body())?;
        }
    }
    Ok(())
}

fn encoded(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

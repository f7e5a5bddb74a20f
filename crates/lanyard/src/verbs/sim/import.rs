//! `sim import`: a company under other names, from CSV files.

use std::path::{Path, PathBuf};

use clap::Args;
use lanyard_sim::world::{Export, ExportError};

use crate::exit;

/// A shorter key could be guessed, and with it every name.
const KEY_BYTES_MIN: usize = 16;

#[derive(Debug, Args)]
pub struct ImportArguments {
    /// People: a line each, columns named as in Okta's profile (login, email, firstName, …, office, status)
    #[arg(long, value_name = "FILE")]
    people: PathBuf,
    /// Memberships: columns group and login
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    /// Rooms: columns building, name, city, countryCode, timezone, floor, room, type, capacity
    #[arg(long, value_name = "FILE")]
    places: Option<PathBuf>,
    /// A file with at least 16 bytes of your own; the same key gives the same pseudonyms
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// Folder for the result, which `sim --world` takes
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// A key is bytes, text or not; blanks and line breaks around it are the editor's.
fn key(file: &Path) -> anyhow::Result<Vec<u8>> {
    let name = file.display();
    let bytes =
        std::fs::read(file).map_err(|error| exit::Unusable(format!("cannot read {name}: {error}")))?;
    let key = bytes.trim_ascii().to_vec();
    if key.len() < KEY_BYTES_MIN {
        let text = format!("{name}: the key has {} bytes; give it at least {KEY_BYTES_MIN}", key.len());
        return Err(exit::Unusable(text).into());
    }
    Ok(key)
}

/// # Errors
/// Files that cannot be used, a key that is too short; nothing was written then.
pub fn run(arguments: &ImportArguments) -> anyhow::Result<u8> {
    let unusable = |error: ExportError| exit::Unusable(error.to_string());
    let key = key(&arguments.key_file)?;
    let (groups, places) = (arguments.groups.as_deref(), arguments.places.as_deref());
    let left_out = Export::columns_left_out(&arguments.people, groups, places).map_err(unusable)?;
    let mut export = Export::read_files(&arguments.people, groups, places).map_err(unusable)?;
    let strangers = export.strangers();
    export.anonymise(&key);
    export.write(&arguments.out).map_err(unusable)?;
    let (people, members, rooms) = (export.people.len(), export.members.len(), export.places.len());
    if arguments.json {
        say!(
            "{}",
            serde_json::json!({
                "people": people, "memberships": members, "memberships_of_nobody": strangers, "places": rooms,
                "left_out": left_out, "out": arguments.out,
            })
        );
    } else {
        if !left_out.is_empty() {
            talk!("columns that are not read, and stay behind: {}", left_out.join(", "));
        }
        if strangers > 0 {
            talk!("{strangers} memberships name nobody among the people, and give nothing");
        }
        say!("{people} people, {members} memberships, {rooms} places in {}", arguments.out.display());
        talk!(
            "names, addresses, numbers and phones are pseudonyms; departments, titles, groups and buildings are kept\n\
             next: lanyard sim --world {}",
            arguments.out.display()
        );
    }
    Ok(exit::DONE)
}

//! Builds the web console when a build wants one, and writes the table of files that `src/lib.rs` embeds.
//!
//! `CONSOLE_UI` chooses: `auto` (the default: build in release, none otherwise), `build`, `none`, or the path of a
//! console that is already built. Everything is made inside `OUT_DIR`; the source tree is only read. check, test,
//! clippy and editors run in the debug profile and so never start npm.

mod npm;
mod table;

use std::env;
use std::path::{Path, PathBuf};

/// A reason to stop the build: what happened, and the ways out.
pub struct Stop {
    what: String,
    hint: String,
}

impl Stop {
    fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: hint.into() }
    }
}

const WAYS_OUT: &str = "install Node.js 20.19+, or CONSOLE_UI=<path of a built console>, or CONSOLE_UI=none";

enum Mode {
    Build,
    None,
    Built(PathBuf),
}

fn main() {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-env-changed=CONSOLE_UI");
    if let Err(stop) = run() {
        // Cargo prefixes each with `error:` and stops after this script; the newline keeps both in one message.
        println!("cargo::error=console UI not built: {}", stop.what);
        println!("cargo::error=hint: {}", stop.hint);
    }
}

fn run() -> Result<(), Stop> {
    let out_dir = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let dist = match mode()? {
        Mode::None => None,
        Mode::Build => {
            let crate_dir = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
            Some(npm::build_console(&Path::new(&crate_dir).join("../../console"), &out_dir)?)
        }
        Mode::Built(dist) => {
            println!("cargo::rerun-if-changed={}", dist.display());
            Some(dist)
        }
    };
    table::write(dist.as_deref(), &out_dir)
}

fn mode() -> Result<Mode, Stop> {
    let wish = env::var("CONSOLE_UI").unwrap_or_default();
    match wish.as_str() {
        "" | "auto" if env::var("PROFILE").as_deref() == Ok("release") => Ok(Mode::Build),
        "" | "auto" | "none" => Ok(Mode::None),
        "build" => Ok(Mode::Build),
        path if Path::new(path).join("index.html").is_file() => Ok(Mode::Built(PathBuf::from(path))),
        path => Err(Stop::new(
            format!("CONSOLE_UI={path} is neither auto, build nor none, and has no index.html"),
            "give an absolute path: a relative one is read from crates/console-assets",
        )),
    }
}

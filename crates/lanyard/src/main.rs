//! The binary: verbs, settings, wiring. Data to stdout, talk to stderr.

#![deny(clippy::print_stdout, clippy::print_stderr)]

#[macro_use]
mod out;

mod alerts;
mod bench;
mod checkpoints;
mod connection;
mod demo;
mod desks;
mod event_hooks;
mod evidence;
mod exit;
mod in_force;
mod known;
mod links;
mod local;
mod logs;
mod progress;
mod settings;
mod sign_in;
mod stand_ins;
mod verbs;
mod wiring;

use std::process::ExitCode;

use clap::Parser as _;

/// A look makes and drops thousands of small values on several threads; the system's allocator was a fifth of its time
/// (decision 12).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // One crypto provider for the whole process; a second call would be a bug, not a condition.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments = verbs::Arguments::parse();
    let json = std::env::args_os().any(|argument| argument == "--json");
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            talk!("error: no runtime: {error}");
            return ExitCode::from(exit::FAILED);
        }
    };
    let logs = logs::start(arguments.log_level(), runtime.handle());
    let code = match runtime.block_on(verbs::run(arguments)) {
        Ok(code) => code,
        Err(error) if out::is_closed() && exit::is_closed_pipe(&error) => exit::DONE,
        Err(error) => {
            exit::print(&error);
            // Whoever asked for JSON gets some, whatever happened.
            if json && !out::has_said() {
                say!("{}", serde_json::json!({ "error": format!("{error:#}") }));
            }
            exit::of(&error)
        }
    };
    let code = match out::trouble() {
        Some(why) => {
            talk!("error: the answer could not be written: {why}");
            exit::FAILED
        }
        None => code,
    };
    logs.end();
    // Looks and connections that are still under way are repeated or dropped after a restart; nobody waits for them.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    ExitCode::from(code)
}

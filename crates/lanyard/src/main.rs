//! The binary: verbs, settings, wiring. Data to stdout, talk to stderr.

mod alerts;
mod bench;
mod demo;
mod desks;
mod evidence;
mod exit;
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
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no runtime: {error}");
            return ExitCode::from(exit::FAILED);
        }
    };
    let logs = logs::start(arguments.log_level(), runtime.handle());
    let code = match runtime.block_on(verbs::run(arguments)) {
        Ok(code) => code,
        Err(error) => {
            exit::print(&error);
            exit::of(&error)
        }
    };
    logs.end();
    // Looks and connections that are still under way are repeated or dropped after a restart; nobody waits for them.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    ExitCode::from(code)
}

//! `bench`: measures on this machine, on stand-ins in a process of their own whose limits are off. One JSON object on
//! stdout, a table on stderr. Never a test: figures depend on the machine, which each object names.

mod console;
mod crowd;
mod decide;
mod hooks;
mod idle;
mod machine;
mod population;
mod report;
mod rig;
mod signals;
mod sim;
mod stand_in;
mod start;
mod sweep;
mod table;
mod whatif;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct BenchArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// From signal to verified state, at steady rates and at saturation
    Signals(signals::SignalArguments),
    /// A first and a second full comparison: seconds, calls, memory
    Sweep(sweep::SweepArguments),
    /// Decisions and plans for many people
    Decide(decide::DecideArguments),
    /// What drafts would do to everybody, asked as the console asks
    Whatif(whatif::WhatIfArguments),
    /// Time until a pushed event is durable and answered
    Hooks(hooks::HookArguments),
    /// An evidence pack of a year, and access as of past moments
    Report(report::ReportArguments),
    /// The console on a large store: pages of lists, and what many open consoles cost
    Console(console::ConsoleArguments),
    /// CPU and memory of a server that has nothing to do
    Idle(idle::IdleArguments),
    /// Time from start to ready on a store in use
    Start(start::StartArguments),
    /// The stand-ins themselves: start, memory, requests per second, the same world twice
    Sim(sim::SimBenchArguments),
    /// The digest of a world (one line)
    #[command(hide = true)]
    World(sim::WorldArguments),
    /// Stand-ins that obey the bench (JSON lines on stdin)
    #[command(hide = true)]
    StandIns(stand_in::StandInArguments),
}

/// # Errors
/// When the measured system cannot be started, or does not come to rest.
pub async fn run(arguments: BenchArguments) -> anyhow::Result<u8> {
    match arguments.what {
        What::Signals(arguments) => signals::run(arguments).await,
        What::Sweep(arguments) => sweep::run(arguments).await,
        What::Decide(arguments) => decide::run(arguments).await,
        What::Whatif(arguments) => whatif::run(arguments).await,
        What::Hooks(arguments) => hooks::run(arguments).await,
        What::Report(arguments) => report::run(arguments).await,
        What::Console(arguments) => console::run(arguments).await,
        What::Idle(arguments) => idle::run(arguments).await,
        What::Start(arguments) => start::run(arguments).await,
        What::Sim(arguments) => sim::run(arguments).await,
        What::World(arguments) => sim::digest(&arguments),
        What::StandIns(arguments) => stand_in::run(arguments).await,
    }
}

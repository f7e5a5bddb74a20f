//! `bench`: measures, as one JSON object.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub struct BenchArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// From signal to verified state, at a steady rate and at saturation
    Signals(crate::demo::bench::SignalArguments),
}

/// # Errors
/// When the measured system cannot be started or loses something.
pub async fn run(arguments: BenchArguments) -> anyhow::Result<u8> {
    match arguments.what {
        What::Signals(arguments) => crate::demo::bench::run(arguments).await,
    }
}

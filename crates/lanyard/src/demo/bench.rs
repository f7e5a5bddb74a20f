//! Measures the whole path on stand-ins whose own limits are off.

use clap::Args;

#[derive(Debug, Args)]
pub struct SignalArguments {
    /// People in the company
    #[arg(long, default_value_t = 2000)]
    people: u32,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// # Errors
/// When something cannot be started.
pub async fn run(_arguments: SignalArguments) -> anyhow::Result<u8> {
    anyhow::bail!("not measured yet")
}

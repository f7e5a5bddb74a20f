//! `stop` and `resume`.

use super::{Data, people::Verb};

/// # Errors
/// As the other verbs.
pub async fn run(data: &Data, stop: bool, json: bool) -> anyhow::Result<u8> {
    super::people::run(data, if stop { Verb::Stop } else { Verb::Resume }, json).await
}

//! `check`: settings and policy, without calling anybody. What the store knows of the tenants is held against the policy.

use std::path::PathBuf;

use clap::Args;
use lanyard_policy::Policy;
use serde_json::json;

use super::Data;
use crate::{exit, known, settings::Settings, wiring};

#[derive(Debug, Args)]
pub struct CheckArguments {
    /// Data folder; the same as --data
    #[arg(value_name = "DIR", conflicts_with = "dir")]
    place: Option<PathBuf>,
    #[command(flatten)]
    data: Data,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// # Errors
/// The settings' problems.
pub fn run(arguments: &CheckArguments) -> anyhow::Result<u8> {
    let dir = arguments.place.as_ref().unwrap_or(&arguments.data.dir);
    let settings = Settings::load(dir)?;
    let files = wiring::read_policy(&dir.join(&settings.policy))
        .map_err(|error| exit::Unusable(format!("{error:#}")))?;
    let (policy, problems, unchecked) = match Policy::parse(&files) {
        Err(problems) => (None, problems, Vec::new()),
        Ok(policy) => {
            let (problems, unchecked) = known::lint(&policy, dir);
            (Some(policy), problems, unchecked)
        }
    };
    match policy.filter(|_| !problems.has_errors()) {
        Some(policy) => {
            if arguments.json {
                let flows: Vec<_> = policy
                    .flows()
                    .iter()
                    .map(|f| json!({ "id": f.id, "sentence": f.sentence, "priority": f.priority }))
                    .collect();
                say!(
                    "{}",
                    json!({
                        "ok": true, "policy": policy.name(), "seal": policy.seal(), "flows": flows,
                        "problems": problems.to_json(), "not_checked": unchecked,
                    })
                );
            } else {
                say!("settings: {} tenants, {} sites", settings.tenants.len(), settings.sites.len());
                say!("policy:   {} ({})", policy.name(), &policy.seal()[..16.min(policy.seal().len())]);
                for flow in policy.flows() {
                    say!("  {:>4}  {}: {}", flow.priority, flow.id, flow.sentence);
                }
                if problems.is_empty() {
                    say!("no mistakes found");
                } else {
                    crate::out::aside(problems.render());
                    say!("{} warnings, no mistakes", problems.len());
                }
                unchecked.iter().for_each(|what| say!("not checked: {what}"));
            }
            Ok(exit::DONE)
        }
        None => {
            if arguments.json {
                say!("{}", json!({ "ok": false, "problems": problems.to_json(), "not_checked": unchecked }));
            } else {
                crate::out::aside(problems.render());
                talk!("{} mistakes; nothing was started", problems.errors());
            }
            Ok(exit::UNUSABLE)
        }
    }
}

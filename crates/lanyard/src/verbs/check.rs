//! `check`: settings and policy, without calling anybody.

use clap::Args;
use lanyard_policy::Policy;
use serde_json::json;

use super::Data;
use crate::{exit, settings::Settings, wiring};

#[derive(Debug, Args)]
pub struct CheckArguments {
    #[command(flatten)]
    data: Data,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// # Errors
/// The settings' problems.
pub fn run(arguments: &CheckArguments) -> anyhow::Result<u8> {
    let dir = &arguments.data.dir;
    let settings = Settings::load(dir)?;
    let files = wiring::read_policy(&dir.join(&settings.policy))
        .map_err(|error| exit::Unusable(format!("{error:#}")))?;
    match Policy::parse(&files) {
        Ok(policy) => {
            if arguments.json {
                let flows: Vec<_> = policy
                    .flows()
                    .iter()
                    .map(|f| json!({ "id": f.id, "sentence": f.sentence, "priority": f.priority }))
                    .collect();
                say!(
                    "{}",
                    json!({ "ok": true, "policy": policy.name(), "seal": policy.seal(), "flows": flows, "problems": [] })
                );
            } else {
                say!("settings: {} tenants, {} sites", settings.tenants.len(), settings.sites.len());
                say!("policy:   {} ({})", policy.name(), &policy.seal()[..16.min(policy.seal().len())]);
                for flow in policy.flows() {
                    say!("  {:>4}  {}: {}", flow.priority, flow.id, flow.sentence);
                }
                say!("no mistakes found");
            }
            Ok(exit::DONE)
        }
        Err(problems) => {
            if arguments.json {
                let list: Vec<_> = problems.iter().map(|p| json!({
                    "file": p.file, "line": p.line, "column": p.column, "message": p.message, "fix": p.fix,
                })).collect();
                say!("{}", json!({ "ok": false, "problems": list }));
            } else {
                crate::out::aside(problems.render());
                talk!("{} mistakes; nothing was started", problems.len());
            }
            Ok(exit::UNUSABLE)
        }
    }
}

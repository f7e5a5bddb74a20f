//! `approvals`: what waits for somebody, agreed to or not; and who may vote in whose place. Acts as the owner of a token.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Data;
use crate::{exit, local::Running};

#[derive(Debug, Args)]
pub struct ApprovalsArguments {
    #[command(subcommand)]
    what: Approvals,
}

#[derive(Debug, Subcommand)]
enum Approvals {
    /// List what waits for somebody
    List(ListArguments),
    /// Agree
    Approve(SayArguments),
    /// Disagree; needs a reason
    Decline(SayArguments),
    /// Ask anew after a request ran out or was declined
    Renew(SayArguments),
    /// Let somebody vote in another's place for a time, never about themselves
    Delegate(DelegateArguments),
    /// List who may vote in whose place
    Delegations(ListArguments),
    /// Take delegations back before their time
    Withdraw(WithdrawArguments),
}

#[derive(Debug, Args)]
struct ListArguments {
    #[command(flatten)]
    data: Data,
    /// File with the token whose owner asks; else the environment's LANYARD_TOKEN, else this machine's own
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct SayArguments {
    #[command(flatten)]
    data: Data,
    /// Requests, by id: one decision on all of them, or on none
    #[arg(required = true)]
    ids: Vec<String>,
    /// Why, for the journal and for whoever asks later
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// File with the token whose owner decides; else the environment's LANYARD_TOKEN
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct DelegateArguments {
    #[command(flatten)]
    data: Data,
    /// E-mail address of who delegates; the token is an owner's, in the console people delegate their own votes
    #[arg(long, value_name = "MAIL")]
    from: String,
    /// E-mail address of who may vote instead
    #[arg(long, value_name = "MAIL")]
    to: String,
    /// When it ends
    #[arg(long, value_name = "TIME")]
    until: Timestamp,
    /// When it begins; at once if nothing is said
    #[arg(long, value_name = "TIME")]
    starts: Option<Timestamp>,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// File with the token whose owner records it; else the environment's LANYARD_TOKEN
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct WithdrawArguments {
    #[command(flatten)]
    data: Data,
    /// Delegations, by id (dlg_…)
    #[arg(required = true)]
    ids: Vec<String>,
    /// File with the token whose owner withdraws them; else the environment's LANYARD_TOKEN
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// # Errors
/// No server runs on the folder, the token is refused, or its owner has no say.
pub async fn run(arguments: ApprovalsArguments) -> anyhow::Result<u8> {
    let (say, arguments) = match arguments.what {
        Approvals::List(arguments) => return list(arguments).await,
        Approvals::Approve(arguments) => ("approve", arguments),
        Approvals::Decline(arguments) => ("decline", arguments),
        Approvals::Renew(arguments) => ("renew", arguments),
        Approvals::Delegate(arguments) => return delegate(arguments).await,
        Approvals::Delegations(arguments) => return delegations(arguments).await,
        Approvals::Withdraw(arguments) => return withdraw(arguments).await,
    };
    let server = server(&arguments.data)?;
    let token = own_token(arguments.token_file.as_ref())?;
    let body = json!({ "ids": arguments.ids, "say": say, "reason": arguments.reason });
    let answer = server.call_as(&token, http::Method::POST, "/api/v1/approvals", Some(&body)).await?;
    if arguments.json {
        say!("{answer}");
    } else {
        for one in answer["items"].as_array().into_iter().flatten() {
            say!("{}  {}  {}", text(&one["id"]), text(&one["state"]), text(&one["person"]));
        }
    }
    Ok(exit::DONE)
}

/// What a list answers; `None`: it was said as JSON.
async fn items(arguments: &ListArguments, path: &str) -> anyhow::Result<Option<Vec<Value>>> {
    let server = server(&arguments.data)?;
    let token = token(arguments.token_file.as_ref())?.unwrap_or_else(|| server.token.clone());
    let answer = server.call_as(&token, http::Method::GET, path, None).await?;
    if arguments.json {
        say!("{answer}");
        return Ok(None);
    }
    Ok(Some(answer["items"].as_array().cloned().unwrap_or_default()))
}

async fn list(arguments: ListArguments) -> anyhow::Result<u8> {
    let Some(items) = items(&arguments, "/api/v1/approvals").await? else { return Ok(exit::DONE) };
    for one in &items {
        say!(
            "{}  {}  {}  {}",
            text(&one["id"]),
            text(&one["kind"]),
            text(&one["person"]),
            text(&one["rule"])
        );
        for line in one["lines"].as_array().into_iter().flatten() {
            say!("    {}", text(&line["what"]));
        }
        if let Some(until) = one["until"].as_str() {
            say!("    until {until}");
        }
    }
    say!("{} wait", items.len());
    Ok(if items.is_empty() { exit::DONE } else { exit::OPEN })
}

async fn delegate(arguments: DelegateArguments) -> anyhow::Result<u8> {
    let DelegateArguments { data, from, to, until, starts, reason, token_file, json: as_json } = arguments;
    let server = server(&data)?;
    let token = own_token(token_file.as_ref())?;
    let body = json!({ "from": from, "to": to, "until": until, "starts": starts, "reason": reason });
    let answer = server.call_as(&token, http::Method::POST, "/api/v1/delegations", Some(&body)).await?;
    if as_json {
        say!("{answer}");
    } else {
        say!("{}", delegation_line(&answer));
    }
    Ok(exit::DONE)
}

async fn delegations(arguments: ListArguments) -> anyhow::Result<u8> {
    let Some(items) = items(&arguments, "/api/v1/delegations").await? else { return Ok(exit::DONE) };
    items.iter().for_each(|one| say!("{}", delegation_line(one)));
    if items.is_empty() {
        say!("nobody votes in another's place");
    }
    Ok(exit::DONE)
}

/// `dlg_…  bob@… for mia@… from … until …, recorded by Olu: on holiday`.
fn delegation_line(one: &Value) -> String {
    let mut line = format!("{}  {} for {}", text(&one["id"]), text(&one["to"]), text(&one["from"]));
    if let Some(starts) = one["starts"].as_str() {
        line = format!("{line} from {starts}");
    }
    line = format!("{line} until {}", text(&one["until"]));
    for (word, key) in [(", recorded by ", "given_by"), (": ", "reason")] {
        if !text(&one[key]).is_empty() {
            line = format!("{line}{word}{}", text(&one[key]));
        }
    }
    line
}

async fn withdraw(arguments: WithdrawArguments) -> anyhow::Result<u8> {
    let server = server(&arguments.data)?;
    let token = own_token(arguments.token_file.as_ref())?;
    for id in &arguments.ids {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.@+".contains(c);
        if !id.chars().all(plain) {
            return Err(exit::Unusable(format!("{id:?} is no id of a delegation")).into());
        }
        let path = format!("/api/v1/delegations/{id}");
        server.call_as(&token, http::Method::DELETE, &path, None).await?;
        say!("{id}  withdrawn");
    }
    Ok(exit::DONE)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn server(data: &Data) -> anyhow::Result<Running> {
    Running::find(&data.dir).ok_or_else(|| {
        exit::Unusable(
            "no server runs on this folder: approvals are decided with `lanyard serve` running".into(),
        )
        .into()
    })
}

/// The token of who decides: nothing is said in the name of this machine.
fn own_token(file: Option<&PathBuf>) -> anyhow::Result<String> {
    token(file)?.ok_or_else(|| {
        exit::Unusable(
            "whose decision is it? give --token-file FILE, or LANYARD_TOKEN in the environment".into(),
        )
        .into()
    })
}

fn token(file: Option<&PathBuf>) -> anyhow::Result<Option<String>> {
    let Some(file) = file else { return Ok(std::env::var("LANYARD_TOKEN").ok().filter(|t| !t.is_empty())) };
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Some(text.trim().to_owned()))
}

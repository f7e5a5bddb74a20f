//! `token` and `sign-in`: who may ask the server, from its own machine.

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use lanyard_model::id::{SiteId, TenantId};
use lanyard_web::access::{
    Grant, Role,
    token::{self, DAYS_MAX, NewToken, Token},
};
use serde_json::{Value, json};

use super::Data;
use crate::{exit, local::Running, wiring};

#[derive(Debug, Args)]
pub struct TokenArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a token; its text is printed once, on stdout
    Make(MakeArguments),
    /// List tokens, without their texts
    List(ListArguments),
    /// Revoke a token, by id or name
    Revoke(RevokeArguments),
}

#[derive(Debug, Args)]
struct MakeArguments {
    #[command(flatten)]
    data: Data,
    /// Who uses it, for what
    #[arg(long)]
    name: String,
    /// viewer, operator, policy-editor, approver, auditor, owner or metrics; may be given several times
    #[arg(long = "role", value_name = "ROLE", required = true, value_parser = role)]
    roles: Vec<Role>,
    /// Only in this tenant; may be given several times
    #[arg(long = "tenant", value_name = "TENANT")]
    tenants: Vec<String>,
    /// Only in this site; may be given several times
    #[arg(long = "site", value_name = "SITE")]
    sites: Vec<String>,
    /// Days it lives
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=i64::from(DAYS_MAX)))]
    days: u32,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ListArguments {
    #[command(flatten)]
    data: Data,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct RevokeArguments {
    #[command(flatten)]
    data: Data,
    #[arg(value_name = "TOKEN")]
    token: String,
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| {
        "not a role; use viewer, operator, policy-editor, approver, auditor, owner or metrics".to_owned()
    })
}

/// # Errors
/// A store that cannot be used, a name that is taken.
pub async fn run(arguments: TokenArguments) -> anyhow::Result<u8> {
    match arguments.what {
        What::Make(wish) => make(wish).await,
        What::List(wish) => list(wish).await,
        What::Revoke(wish) => revoke(wish).await,
    }
}

async fn make(wish: MakeArguments) -> anyhow::Result<u8> {
    let grants = wish.roles.iter().map(|role| Grant {
        role: *role,
        tenants: wish.tenants.iter().map(|id| TenantId::new(id.as_str())).collect(),
        sites: wish.sites.iter().map(|id| SiteId::new(id.as_str())).collect(),
    });
    let new = NewToken { name: wish.name, grants: grants.collect(), days: wish.days };
    let made = match Running::find(&wish.data.dir) {
        Some(server) => server.call("POST", "/tokens", &serde_json::to_value(&new)?).await?,
        None => {
            let store = wiring::open_store(&wish.data.dir)?;
            let (token, text) =
                token::make(store.as_ref(), wiring::wall_clock(), "command line", new).await?;
            json!({ "token": token, "text": text })
        }
    };
    if wish.json {
        say!("{made}");
    } else {
        say!("{}", made["text"].as_str().context("the answer holds no token")?);
        talk!("this is shown once; it ends at {}", made["token"]["expires_at"].as_str().unwrap_or_default());
    }
    Ok(exit::DONE)
}

async fn list(wish: ListArguments) -> anyhow::Result<u8> {
    let tokens: Vec<Token> = match Running::find(&wish.data.dir) {
        Some(server) => serde_json::from_value(
            server.call("GET", "/tokens?limit=1000", &Value::Null).await?["items"].take(),
        )?,
        None => token::list(wiring::open_store(&wish.data.dir)?.as_ref()).await?,
    };
    if wish.json {
        say!("{}", json!({ "items": tokens }));
        return Ok(exit::DONE);
    }
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(["ID", "NAME", "ROLES", "WHERE", "UNTIL", "LAST USED"]);
    for token in tokens {
        let mut places: Vec<String> = token
            .grants
            .iter()
            .flat_map(|grant| {
                let tenants = grant.tenants.iter().map(ToString::to_string);
                tenants.chain(grant.sites.iter().map(ToString::to_string)).collect::<Vec<_>>()
            })
            .collect();
        places.sort();
        places.dedup();
        table.add_row([
            token.id,
            token.name,
            token.grants.iter().map(|grant| grant.role.as_str()).collect::<Vec<_>>().join(", "),
            if places.is_empty() { "everywhere".into() } else { places.join(", ") },
            token.expires_at.to_string(),
            token.last_used_at.map_or_else(|| "never".into(), |at| at.to_string()),
        ]);
    }
    say!("{table}");
    Ok(exit::DONE)
}

async fn revoke(wish: RevokeArguments) -> anyhow::Result<u8> {
    match Running::find(&wish.data.dir) {
        Some(server) => drop(server.call("DELETE", &format!("/tokens/{}", wish.token), &Value::Null).await?),
        None => {
            let store = wiring::open_store(&wish.data.dir)?;
            if token::revoke(store.as_ref(), &wish.token).await?.is_none() {
                bail!("there is no token {}; `lanyard token list` names them", wish.token);
            }
        }
    }
    talk!("revoked");
    Ok(exit::DONE)
}

/// # Errors
/// When no server runs on this folder.
pub async fn sign_in(data: &Data, as_json: bool) -> anyhow::Result<u8> {
    let server = Running::find(&data.dir).with_context(|| {
        format!("no server runs on {}; start it with `lanyard serve`", data.dir.display())
    })?;
    let link = server.call("POST", "/owner-links", &json!({})).await?;
    let url = format!("{}{}", server.url, link["path"].as_str().unwrap_or_default());
    if as_json {
        say!("{}", json!({ "url": url, "expires_at": link["expires_at"] }));
    } else {
        say!("{url}");
        talk!("it works once, until {}", link["expires_at"].as_str().unwrap_or_default());
    }
    Ok(exit::DONE)
}

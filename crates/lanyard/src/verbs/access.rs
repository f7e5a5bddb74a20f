//! `access`: who held what at a moment, from what reads showed; beside a running server too.

use clap::Args;
use jiff::Timestamp;
use lanyard_engine::{clock::Clock as _, ports::Holding};
use lanyard_evidence::{
    cell::{Cell, Column, Kind, Table},
    tables,
};
use lanyard_model::id::{AccountId, IdentityId, SiteId, TenantId};
use lanyard_store::Archive;
use serde_json::Value;

use super::{Data, report::moment};
use crate::{
    exit::{self, Unusable},
    wiring::{self, SystemClock},
};

#[derive(Debug, Args)]
pub struct AccessArguments {
    #[command(flatten)]
    data: Data,
    /// One site; all by default
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// One person: TENANT/ID
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// The moment: a day (UTC) or an instant; now by default
    #[arg(long, value_name = "DATE", value_parser = moment)]
    as_of: Option<Timestamp>,
    /// JSON Lines instead of CSV
    #[arg(long)]
    json: bool,
}

const TABLE: Table = Table {
    name: "access",
    title: "Who held what at a moment",
    columns: &[
        column("site", Kind::Text),
        column("account", Kind::Int),
        column("person", Kind::Text),
        column("kind", Kind::Text),
        column("what", Kind::Text),
        column("value", Kind::Text),
        column("since", Kind::Time),
    ],
};

const fn column(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, doc: "" }
}

/// Rows read at a time.
const PAGE: usize = 20_000;

/// # Errors
/// A folder without a store, a person or site that is not known.
pub async fn run(arguments: AccessArguments) -> anyhow::Result<u8> {
    tokio::task::spawn_blocking(move || print(&arguments)).await?
}

fn print(arguments: &AccessArguments) -> anyhow::Result<u8> {
    use std::io::Write as _;
    let archive = Archive::open(wiring::store_folder(&arguments.data.dir))?;
    let at = arguments.as_of.unwrap_or_else(|| SystemClock.now());
    let mut out = std::io::BufWriter::new(crate::out::Stdout);
    if !arguments.json {
        out.write_all(&TABLE.csv_head())?;
    }
    let known = archive.sites()?;
    let sites = match &arguments.site {
        None => known,
        Some(site) if known.iter().any(|id| id.as_str() == site) => vec![SiteId::new(site.as_str())],
        Some(site) => anyhow::bail!(Unusable(format!("no account of site {site} was ever read here"))),
    };
    for site in sites {
        let names = archive.meta(&format!("names:{site}"))?.unwrap_or_default();
        let names: Value = serde_json::from_str(&names).unwrap_or_default();
        let mut show = |account: &[Holding]| -> anyhow::Result<()> {
            let person = account.iter().find(|held| held.kind == "person").map(|held| held.key.as_str());
            for held in account.iter().filter(|held| held.kind != "person") {
                let row = row(&site, &names, person, held);
                out.write_all(&if arguments.json { TABLE.json_row(&row) } else { TABLE.csv_row(&row) })?;
            }
            Ok(())
        };
        if let Some(person) = &arguments.person {
            let (tenant, user) =
                person.split_once('/').ok_or_else(|| Unusable(format!("{person} is not TENANT/ID")))?;
            let who = IdentityId::new(TenantId::new(tenant), user);
            for (key, from, to) in archive.accounts_of(&who)? {
                if key.site == site && from <= at && to.is_none_or(|to| to > at) {
                    let page = archive.held_in(&site, at, AccountId(key.id.0 - 1), 1_000)?;
                    let own: Vec<Holding> = page.into_iter().filter(|held| held.account == key).collect();
                    show(&own)?;
                }
            }
            continue;
        }
        let mut after = AccountId(i64::MIN);
        loop {
            let page = archive.held_in(&site, at, after, PAGE)?;
            let Some(last) = page.last() else { break };
            after = last.account.id;
            for account in page.chunk_by(|a, b| a.account == b.account) {
                show(account)?;
            }
        }
    }
    out.flush()?;
    Ok(exit::DONE)
}

fn row(site: &SiteId, names: &Value, person: Option<&str>, held: &Holding) -> Vec<Cell> {
    let value = match held.kind.as_str() {
        "account" | "role" | "door" => held.value.as_str(),
        _ => "",
    };
    vec![
        site.as_str().into(),
        held.account.id.0.into(),
        person.into(),
        held.kind.as_str().into(),
        tables::what(names, &held.kind, &held.key, &held.value).into(),
        value.into(),
        held.from.into(),
    ]
}

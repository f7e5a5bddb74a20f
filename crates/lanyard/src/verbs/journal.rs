//! `journal`: take it out, sign its head, let go of old lines, forget a person.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use lanyard_engine::{
    clock::Clock as _,
    ports::{Store as _, StoreFailure},
};
use lanyard_model::id::TenantId;
use lanyard_store::{Archive, merkle::hex};
use serde_json::json;

use super::{
    Data,
    people::{self, Verb},
};
use crate::{
    checkpoints::Places,
    evidence::keys,
    exit::{self, Unusable},
    local::Running,
    settings::Settings,
    wiring::{self, SystemClock},
};

#[derive(Debug, Args)]
pub struct JournalArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write every line with its hash, one JSON object a line
    Export(ExportArguments),
    /// Sign the journal's head now and lay the checkpoint outside; list those there are
    Checkpoints(CheckpointArguments),
    /// Forget a person who is gone; the journal still verifies. It cannot be undone
    Erase(EraseArguments),
    /// Let go of the text of old lines, and of what is kept beside them; their hashes stay, so that every checkpoint and proof holds
    Retain(RetainArguments),
}

#[derive(Debug, Args)]
struct ExportArguments {
    #[command(flatten)]
    data: Data,
    /// The tenant, where there are several
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// File to write; stdout by default
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct CheckpointArguments {
    #[command(flatten)]
    data: Data,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct EraseArguments {
    #[command(flatten)]
    data: Data,
    /// TENANT/ID
    person: String,
    /// Who asked for it, and why; journaled without the person's name
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct RetainArguments {
    #[command(flatten)]
    data: Data,
    /// Keep lines of this many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// # Errors
/// Settings, store or file problems.
pub async fn run(arguments: JournalArguments) -> anyhow::Result<u8> {
    match arguments.what {
        What::Export(a) => tokio::task::spawn_blocking(move || export(&a)).await?,
        What::Checkpoints(a) => checkpoints(&a).await,
        What::Erase(a) => {
            people::run(&a.data, Verb::Erase { person: a.person, reason: a.reason }, a.json).await
        }
        What::Retain(a) => people::run(&a.data, Verb::Retain { days: a.days }, a.json).await,
    }
}

fn export(arguments: &ExportArguments) -> anyhow::Result<u8> {
    let archive = Archive::open(wiring::store_folder(&arguments.data.dir))?;
    let tenants = archive.tenants()?;
    let tenant = match (&arguments.tenant, tenants.as_slice()) {
        (Some(id), _) => TenantId::new(id.as_str()),
        (None, [one]) => one.clone(),
        (None, all) => {
            let known: Vec<&str> = all.iter().map(TenantId::as_str).collect();
            anyhow::bail!(Unusable(format!(
                "a journal is one tenant's: give --tenant, one of {}",
                known.join(", ")
            )))
        }
    };
    let target: Box<dyn std::io::Write> = match &arguments.out {
        Some(file) => {
            Box::new(File::create(file).with_context(|| format!("cannot write {}", file.display()))?)
        }
        None => Box::new(crate::out::Stdout),
    };
    let mut target = BufWriter::new(target);
    let mut broken = None;
    let read = archive.lines(&tenant, |line| {
        let row = json!({ "position": line.position, "leaf": hex(&line.leaf), "line": line.text });
        writeln!(target, "{row}").map_err(|error| {
            broken = Some(error);
            StoreFailure::Unavailable("the export cannot be written".into())
        })
    });
    match broken {
        Some(error) => Err(error).context("the export cannot be written")?,
        None => read?,
    }
    target.flush()?;
    Ok(exit::DONE)
}

async fn checkpoints(arguments: &CheckpointArguments) -> anyhow::Result<u8> {
    let dir = &arguments.data.dir;
    let settings = Settings::load(dir)?;
    let places = Places::of(dir, &settings);
    // A running server does it by itself, every hour; the store is its own meanwhile.
    let serving = Running::find(dir).is_some() && wiring::open_store(dir).is_err();
    if !serving {
        let store = wiring::open_store(dir)?;
        let (round, batch) = places.round(&*store, SystemClock.now()).await?;
        // Bucket and mail go out with the next start of the server; the finding is shown there too.
        store.write(batch).await?;
        if let Some((tenant, error)) = round.failed.into_iter().next() {
            return Err(error.context(format!("the checkpoint of {tenant} could not be laid outside")));
        }
    }
    let archive = Archive::open(wiring::store_folder(dir))?;
    let mut all = Vec::new();
    for tenant in archive.tenants()? {
        let key = keys::load_or_make(dir, &tenant)?;
        for (at, size, _) in archive.checkpoints(&tenant)? {
            if !arguments.json {
                say!("{tenant}  {at}  {size} lines");
            }
            all.push(json!({ "tenant": tenant, "at": at, "lines": size }));
        }
        if !arguments.json {
            say!("{tenant}  verifier {}", key.verifier());
        }
    }
    if arguments.json {
        say!("{}", json!({ "folder": places.outside, "checkpoints": all, "signed_now": !serving }));
    } else {
        say!(
            "laid outside in {}{}",
            places.outside.display(),
            if serving { " by the running server, hourly" } else { "" }
        );
    }
    Ok(exit::DONE)
}

//! `verify`: an evidence pack, offline; or the journal of a data folder against itself and exported checkpoints.

use std::{fs, path::PathBuf};

use clap::Args;
use lanyard_engine::ports::Progress as _;
use lanyard_evidence::{container::ContainerProblem, verify};
use lanyard_model::id::TenantId;
use lanyard_store::{
    Archive,
    checkpoint::{fingerprint, verify_checkpoint},
};
use serde_json::json;

use crate::{
    evidence::keys,
    exit::{self, Unusable},
    progress::Bars,
    settings::Settings,
    wiring,
};

#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// An evidence pack
    #[arg(value_name = "PACK.zip", required_unless_present = "data", conflicts_with = "data")]
    pack: Option<PathBuf>,
    /// The verifier key that the pack must be signed with, or a file that holds it
    #[arg(long, value_name = "KEY", conflicts_with = "data")]
    key: Option<String>,
    /// Verify the journal of this data folder instead
    #[arg(long = "data", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder of exported checkpoints, instead of the settings'
    #[arg(long, value_name = "DIR", requires = "data")]
    checkpoints: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// # Errors
/// What cannot be read at all; everything found wrong is printed, with exit code 1.
pub async fn run(arguments: VerifyArguments) -> anyhow::Result<u8> {
    tokio::task::spawn_blocking(move || match (&arguments.pack, &arguments.data) {
        (Some(_), _) => pack(&arguments),
        (None, Some(_)) => journal(&arguments),
        (None, None) => anyhow::bail!(Unusable("give a pack, or --data DIR".into())),
    })
    .await?
}

fn pack(arguments: &VerifyArguments) -> anyhow::Result<u8> {
    let path = arguments.pack.clone().unwrap_or_default();
    let shown = path.display();
    let archive = fs::read(&path).map_err(|error| Unusable(format!("cannot read {shown}: {error}")))?;
    let key = match &arguments.key {
        None => None,
        Some(key) if fingerprint(key).is_ok() => Some(key.clone()),
        Some(file) => {
            let text = fs::read_to_string(file).map_err(|error| {
                Unusable(format!("{file} is neither a verifier key nor a file that can be read: {error}"))
            })?;
            let line = text.lines().next().unwrap_or_default().trim().to_owned();
            fingerprint(&line).map_err(|error| Unusable(format!("{file} holds no verifier key: {error}")))?;
            Some(line)
        }
    };
    let bars = Bars::new(arguments.json);
    let checked =
        verify::check(&archive, key.as_deref(), &|what, done, total| bars.report(what, done, Some(total)));
    bars.clear();
    let report = match checked {
        Ok(report) => report,
        Err(problem @ ContainerProblem::Foreign) => anyhow::bail!(Unusable(format!("{shown}: {problem}"))),
        Err(problem) => anyhow::bail!("{shown}: {problem}"),
    };
    if arguments.json {
        say!(
            "{}",
            json!({
                "holds": report.holds(), "key_given": report.key_given, "fingerprint": report.fingerprint,
                "files": report.files, "rows": report.rows, "proofs": report.proofs,
                "checkpoints": report.checkpoints, "dossiers": report.dossiers,
                "problems": report.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "terms": report.manifest.as_ref().map(|manifest| &manifest.terms),
            })
        );
    } else {
        for problem in &report.problems {
            talk!("error: {problem}");
        }
        if report.holds() {
            say!(
                "{shown}: as it was signed\n{} files, {} rows counted again, {} dossiers with {} proofs, {} checkpoints in line",
                report.files,
                report.rows,
                report.dossiers,
                report.proofs,
                report.checkpoints
            );
        } else {
            talk!("{shown} does not hold: {} problems", report.problems.len());
        }
        if let Some(finger) = &report.fingerprint {
            say!("key fingerprint: {finger}");
            if !report.key_given {
                say!(
                    "that this key is the right one was not checked: compare the fingerprint, or give --key"
                );
            }
        }
    }
    Ok(if report.holds() { exit::DONE } else { exit::FAILED })
}

fn journal(arguments: &VerifyArguments) -> anyhow::Result<u8> {
    let dir = arguments.data.clone().unwrap_or_default();
    let outside = match &arguments.checkpoints {
        Some(folder) => folder.clone(),
        None => keys::export_folder(&dir, Settings::load(&dir)?.checkpoint_dir.as_deref()),
    };
    let archive = Archive::open(wiring::store_folder(&dir)).map_err(|error| Unusable(error.to_string()))?;
    let mut problems: Vec<String> = archive.verify()?.into_iter().collect();
    let mut heads = Vec::new();
    for tenant in archive.tenants()? {
        let (size, _) = archive.head(&tenant)?;
        let (checked, bad) = against_checkpoints(&archive, &dir, &outside, &tenant)?;
        problems.extend(bad);
        heads.push(json!({ "tenant": tenant, "lines": size, "checkpoints": checked }));
        if !arguments.json {
            say!("{tenant}: {size} lines, {checked} checkpoints");
        }
    }
    if arguments.json {
        say!("{}", json!({ "holds": problems.is_empty(), "journals": heads, "problems": problems }));
    } else {
        problems.iter().for_each(|problem| talk!("error: {problem}"));
        if problems.is_empty() {
            say!("every line is what was written, and every checkpoint is a beginning of the journal");
        }
    }
    Ok(if problems.is_empty() { exit::DONE } else { exit::FAILED })
}

/// Checkpoints of the store and of the folder outside: how many were checked, and what does not hold.
fn against_checkpoints(
    archive: &Archive,
    dir: &std::path::Path,
    outside: &std::path::Path,
    tenant: &TenantId,
) -> anyhow::Result<(usize, Vec<String>)> {
    let verifier = keys::load_or_make(dir, tenant)?.verifier();
    let kept =
        archive.checkpoints(tenant)?.into_iter().map(|(at, _, note)| (format!("checkpoint of {at}"), note));
    let outside =
        keys::exported(outside, tenant).into_iter().map(|(file, note)| (file.display().to_string(), note));
    let (mut checked, mut problems) = (0, Vec::new());
    let mut newest: Option<(u64, jiff::Timestamp)> = None;
    let mut all = Vec::new();
    for (name, note) in kept.chain(outside) {
        match verify_checkpoint(&note, &verifier) {
            Ok(checkpoint) => all.push((checkpoint, name)),
            Err(problem) => problems.push(format!("{name}: {problem}")),
        }
    }
    all.sort_by_key(|(checkpoint, _)| (checkpoint.size, checkpoint.at));
    for (checkpoint, name) in all {
        checked += 1;
        match archive.root_at(tenant, checkpoint.size)? {
            None => problems.push(format!(
                "the journal of {tenant} was cut: {name} was signed over {} lines, {} are left",
                checkpoint.size,
                archive.head(tenant)?.0
            )),
            Some(root) if root != checkpoint.root => problems.push(format!(
                "the journal of {tenant} was rewritten: its first {} lines are not those of {name}",
                checkpoint.size
            )),
            Some(_) => {}
        }
        if let (Some((size, before)), Some(at)) = (newest, checkpoint.at)
            && at < before
            && checkpoint.size > size
        {
            problems.push(format!(
                "the clock went back: {name} is signed at {at}, after one of {before} with fewer lines"
            ));
        }
        newest = checkpoint.at.map(|at| (checkpoint.size, at)).or(newest);
    }
    Ok((checked, problems))
}

//! `policy`: write, check, compare, publish and take back the policy. Checks need nobody; versions live in the store, and
//! are asked of the running server if there is one.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use clap::{Args, Subcommand};
use lanyard_engine::{
    Engine,
    clock::Clock,
    policies::{self, PolicyRefusal, Publication, Version, Wish},
};
use lanyard_policy::{Policy, PolicyFiles, Problems, diff::diff, format::format};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Data,
    people::{Said, Verb},
};
use crate::{
    exit, known,
    local::Running,
    settings::Settings,
    wiring::{self, Patience, SystemClock},
};

#[derive(Debug, Args)]
pub struct PolicyArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    data: Data,
    /// Policy folder, instead of the settings'
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

impl Common {
    /// With the policy folder that was named in its place.
    fn at(mut self, place: Option<PathBuf>) -> Self {
        self.folder = place.or(self.folder);
        self
    }
}

#[derive(Debug, Args)]
struct Signed {
    /// Why, in a sentence; auditors read it
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Who publishes
    #[arg(long, value_name = "NAME", default_value = "command line")]
    by: String,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write the folder in the one spelling; comments and order stay
    Fmt {
        #[command(flatten)]
        common: Common,
        /// Policy folder; the same as --folder
        #[arg(value_name = "DIR", conflicts_with = "folder")]
        place: Option<PathBuf>,
        /// Change nothing; exit 3 if something would change
        #[arg(long)]
        check: bool,
    },
    /// Say everything that is wrong with the folder, each with its place and fix
    Lint {
        #[command(flatten)]
        common: Common,
        /// Policy folder; the same as --folder
        #[arg(value_name = "DIR", conflicts_with = "folder")]
        place: Option<PathBuf>,
    },
    /// Run the policy's own tests: `[[test]]` with `given` and `expect`; exit 1 if one fails
    Test {
        #[command(flatten)]
        common: Common,
        /// Policy folder; the same as --folder
        #[arg(value_name = "DIR", conflicts_with = "folder")]
        place: Option<PathBuf>,
        /// Also run the tests of this file: nothing but `[person.NAME]` and `[[test]]`; may be given several times
        #[arg(long, value_name = "FILE")]
        with: Vec<PathBuf>,
        /// Only tests with this in their name
        #[arg(long, value_name = "TEXT")]
        only: Option<String>,
        /// Also list the rules, rows and conditions that no test reaches
        #[arg(long)]
        missed: bool,
        /// Exit 1 if the tests reach less than this share of the policy
        #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
        min_coverage: Option<u8>,
    },
    /// Print the JSON Schema of policy.toml, for editors: `lanyard policy schema > policy.schema.json`
    Schema,
    /// Say in sentences how the folder differs from what is published
    Diff {
        #[command(flatten)]
        common: Common,
        /// A version's number, instead of the published one
        #[arg(long, value_name = "NUMBER")]
        from: Option<i64>,
        /// A version's number, instead of the folder
        #[arg(long, value_name = "NUMBER")]
        to: Option<i64>,
    },
    /// List what was published, newest first
    Versions {
        #[command(flatten)]
        common: Common,
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Write a version into the folder
    #[command(disable_version_flag = true)]
    Export {
        #[command(flatten)]
        common: Common,
        /// A version's number, instead of the published one
        #[arg(long, value_name = "NUMBER")]
        version: Option<i64>,
    },
    /// Keep the folder as a draft, for the console
    Import {
        #[command(flatten)]
        common: Common,
        /// Name of the draft; one of that name is replaced
        #[arg(long, value_name = "NAME", default_value = "command-line")]
        draft: String,
        #[arg(long, value_name = "NAME", default_value = "command line")]
        by: String,
    },
    /// Put the folder in force; a policy with mistakes is refused, and what is in force stays
    Publish {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        signed: Signed,
    },
    /// Put an earlier version in force again, as a new version; where a second person must agree, ask for it
    Rollback {
        #[command(flatten)]
        common: Common,
        /// The version's number
        to: i64,
        #[command(flatten)]
        signed: Signed,
    },
}

/// What is asked of whoever has the store; also how it travels to a running server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum PolicyVerb {
    Lint {
        source: PolicyFiles,
    },
    Versions {
        limit: usize,
    },
    /// Answers the files of a version, else of the published one.
    Show {
        version: Option<i64>,
    },
    Import {
        draft: String,
        source: PolicyFiles,
        by: String,
    },
    Publish {
        source: PolicyFiles,
        reason: String,
        by: String,
    },
    Rollback {
        to: i64,
        reason: String,
        by: String,
    },
}

/// # Errors
/// Settings, folder or store that cannot be used.
pub async fn run(arguments: PolicyArguments) -> anyhow::Result<u8> {
    match arguments.what {
        What::Fmt { common, place, check } => fmt(&common.at(place), check),
        What::Lint { common, place } => lint(&common.at(place)).await,
        What::Test { common, place, with, only, missed, min_coverage } => {
            test(&common.at(place), &with, only.as_deref(), missed, min_coverage)
        }
        What::Schema => {
            crate::out::data(lanyard_policy::schema::TEXT);
            Ok(exit::DONE)
        }
        What::Diff { common, from, to } => compare(&common, from, to).await,
        What::Versions { common, limit } => {
            print(&common, ask(&common, PolicyVerb::Versions { limit }).await?)
        }
        What::Export { common, version } => export(&common, version).await,
        What::Import { common, draft, by } => {
            let source = read(&common)?.1;
            print(&common, ask(&common, PolicyVerb::Import { draft, source, by }).await?)
        }
        What::Publish { common, signed } => {
            let source = read(&common)?.1;
            let verb = PolicyVerb::Publish { source, reason: signed.reason, by: signed.by };
            print(&common, ask(&common, verb).await?)
        }
        What::Rollback { common, to, signed } => {
            let verb = PolicyVerb::Rollback { to, reason: signed.reason, by: signed.by };
            print(&common, ask(&common, verb).await?)
        }
    }
}

fn print(common: &Common, said: Said) -> anyhow::Result<u8> {
    if common.json {
        say!("{}", said.json);
    } else {
        crate::out::data(&said.text);
    }
    Ok(said.exit)
}

fn folder(common: &Common) -> anyhow::Result<PathBuf> {
    Ok(match &common.folder {
        Some(folder) => folder.clone(),
        None => common.data.dir.join(Settings::load(&common.data.dir)?.policy),
    })
}

fn read(common: &Common) -> anyhow::Result<(PathBuf, PolicyFiles)> {
    let folder = folder(common)?;
    let mut files = wiring::read_policy(&folder).map_err(|error| exit::Unusable(format!("{error:#}")))?;
    // Where the folder lies on this machine is nobody else's business.
    if let Some(name) = Path::new(&files.toml.0).file_name().and_then(|name| name.to_str()) {
        files.toml.0 = name.to_owned();
    }
    Ok((folder, files))
}

fn fmt(common: &Common, check: bool) -> anyhow::Result<u8> {
    let (folder, files) = read(common)?;
    let formatted = format(&files);
    let mut changed = Vec::new();
    if formatted.toml.1 != files.toml.1 {
        changed.push(files.toml.0.clone());
    }
    let tables = files.tables.iter().filter(|(name, text)| formatted.tables.get(*name) != Some(text));
    changed.extend(tables.map(|(name, _)| format!("{name}.csv")));
    if !check && !changed.is_empty() {
        wiring::write_policy(&folder, &formatted)?;
    }
    let exit = if check && !changed.is_empty() { exit::OPEN } else { exit::DONE };
    let text = match (changed.is_empty(), check) {
        (true, _) => "nothing to change\n".to_owned(),
        (false, true) => format!("not in the one spelling: {}\n", changed.join(", ")),
        (false, false) => format!("rewritten: {}\n", changed.join(", ")),
    };
    print(common, Said { exit, text, json: json!({ "changed": changed, "written": !check }) })
}

/// What is wrong, and what nobody could look at, as people and as programs read it.
fn told(problems: &Problems, unchecked: &[String]) -> Said {
    let (errors, all) = (problems.errors(), problems.len());
    let end = match (errors, all) {
        (0, 0) => "no mistakes found\n".to_owned(),
        (0, warnings) => format!("{warnings} warnings, no mistakes\n"),
        (errors, all) => format!("{errors} mistakes, {} warnings\n", all - errors),
    };
    Said {
        exit: if errors > 0 { exit::UNUSABLE } else { exit::DONE },
        text: unchecked
            .iter()
            .fold(problems.render() + &end, |text, what| text + &format!("not checked: {what}\n")),
        json: json!({ "ok": errors == 0, "problems": problems.to_json(), "not_checked": unchecked }),
    }
}

async fn lint(common: &Common) -> anyhow::Result<u8> {
    let (_, files) = read(common)?;
    let policy = match Policy::parse(&files) {
        Err(problems) => return print(common, told(&problems, &[])),
        Ok(policy) => policy,
    };
    // A server knows the tenants' groups, attributes and places; without one, what the store remembers counts.
    if let Some(server) = Running::find(&common.data.dir)
        && let Ok(answer) =
            server.run(&serde_json::to_value(Verb::Policy(PolicyVerb::Lint { source: files }))?).await
    {
        return print(common, serde_json::from_value(answer).context("the server's answer cannot be read")?);
    }
    let (problems, unchecked) = known::lint(&policy, &common.data.dir);
    print(common, told(&problems, &unchecked))
}

/// Needs nobody: places and permissions are stood up from the names in the policy.
fn test(
    common: &Common,
    with: &[PathBuf],
    only: Option<&str>,
    missed: bool,
    min_coverage: Option<u8>,
) -> anyhow::Result<u8> {
    let (_, files) = read(common)?;
    let beside = with.iter().map(|path| {
        let text = std::fs::read_to_string(path)
            .map_err(|error| exit::Unusable(format!("{} cannot be read: {error}", path.display())))?;
        let name = path.display().to_string();
        // Told apart from the policy's own file, which is called by its name alone.
        Ok((if name == files.toml.0 { format!("./{name}") } else { name }, text))
    });
    let beside = beside.collect::<anyhow::Result<Vec<_>>>()?;
    let policy = match Policy::parse_with_tests(&files, &beside) {
        Err(problems) => return print(common, told(&problems, &[])),
        Ok(policy) => policy,
    };
    let mut report = policy.run_tests();
    if let Some(only) = only {
        let only = only.to_lowercase();
        report.tests.retain(|test| test.name.to_lowercase().contains(&only));
    }
    let percent = report.coverage.percent();
    let thin = min_coverage.filter(|min| percent < usize::from(*min));
    let mut text = report.render(missed);
    if let Some(min) = thin {
        text +=
            &format!("{percent} % of the policy is reached, {min} % is asked for; --missed lists the rest\n");
    }
    let failed = report.failed();
    let ok = failed == 0 && thin.is_none();
    let json = json!({
        "ok": ok, "passed": report.tests.len() - failed, "failed": failed, "tests": report.tests,
        "coverage": report.coverage, "coverage_percent": percent,
    });
    print(common, Said { exit: if ok { exit::DONE } else { exit::FAILED }, text, json })
}

async fn shown(common: &Common, version: Option<i64>) -> anyhow::Result<Result<(Value, PolicyFiles), Said>> {
    let said = ask(common, PolicyVerb::Show { version }).await?;
    if said.exit != exit::DONE {
        return Ok(Err(said));
    }
    let source = serde_json::from_value(said.json["source"].clone()).context("the version cannot be read")?;
    Ok(Ok((said.json, source)))
}

async fn compare(common: &Common, from: Option<i64>, to: Option<i64>) -> anyhow::Result<u8> {
    let before = match shown(common, from).await? {
        Ok((_, files)) => files,
        Err(said) => return print(common, said),
    };
    let after = match to {
        None => read(common)?.1,
        Some(to) => match shown(common, Some(to)).await? {
            Ok((_, files)) => files,
            Err(said) => return print(common, said),
        },
    };
    let changes = diff(&before, &after);
    let exit = if changes.is_empty() { exit::DONE } else { exit::OPEN };
    let mut text: String = changes.iter().map(|line| format!("{line}\n")).collect();
    if changes.is_empty() {
        let words = if before.same_content(&after) {
            "nothing differs\n"
        } else {
            "only comments and spelling differ\n"
        };
        text = words.to_owned();
    }
    print(common, Said { exit, text, json: json!({ "changes": changes }) })
}

async fn export(common: &Common, version: Option<i64>) -> anyhow::Result<u8> {
    let (json, files) = match shown(common, version).await? {
        Ok(found) => found,
        Err(said) => return print(common, said),
    };
    let folder = folder(common)?;
    wiring::keep_policy(&folder, &files)?;
    let text = format!("version {} written to {}\n", json["version"], folder.display());
    print(
        common,
        Said { exit: exit::DONE, text, json: json!({ "version": json["version"], "folder": folder }) },
    )
}

/// Asks the running server if there is one, else the store itself. Upstream only schemas are read, and briefly.
async fn ask(common: &Common, verb: PolicyVerb) -> anyhow::Result<Said> {
    let dir = &common.data.dir;
    let settings = Settings::load(dir)?;
    if let Some(server) = Running::find(dir) {
        match server.run(&serde_json::to_value(Verb::Policy(verb.clone()))?).await {
            Ok(answer) => {
                return serde_json::from_value(answer).context("the server's answer cannot be read");
            }
            Err(error) => error.or_alone()?,
        }
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let transport = wiring::transport(dir, &settings)?;
    let clients = wiring::clients(dir, &settings, &clock, &transport, Patience::Work)
        .map_err(|error| exit::Unusable(format!("{error:#}")))?;
    let store = wiring::open_store(dir)?;
    // What is published decides, not what the folder says meanwhile; the first folder is version 1.
    let (policy, first) = match published(&*store).await? {
        Some(policy) => (policy, false),
        None => {
            let policy = wiring::load_policy(&dir.join(&settings.policy));
            (policy.map_err(|error| exit::Unusable(format!("{error:#}")))?, true)
        }
    };
    let engine = wiring::engine(clients, store, clock, policy, wiring::engine_settings(&settings));
    if first {
        engine.settle_policy().await?;
    }
    answer(&engine, verb).await
}

fn row(version: &Version) -> Value {
    json!({
        "version": version.number, "name": version.name, "seal": version.seal, "author": version.author,
        "approved_by": version.approved_by, "reason": version.reason, "at": version.at, "back_to": version.back_to,
        "changes": version.changes,
    })
}

fn done(version: &Version) -> Said {
    let mut text = format!("version {} is in force\n", version.number);
    version.changes.iter().for_each(|line| text += &format!("  {line}\n"));
    Said { exit: exit::DONE, text, json: json!({ "state": "published", "version": row(version) }) }
}

fn publication(answer: Result<Publication, PolicyRefusal>) -> anyhow::Result<Said> {
    match answer {
        Ok(Publication::Done(version)) => Ok(done(&version)),
        Ok(Publication::Waiting { by }) => Ok(Said {
            exit: exit::OPEN,
            text: format!("asked for by {by}; somebody else must agree, in the console or with --by\n"),
            json: json!({ "state": "waits for a second person", "asked_by": by }),
        }),
        Err(refusal) => refused(refusal),
    }
}

fn refused(refusal: PolicyRefusal) -> anyhow::Result<Said> {
    let unusable = |text: String| Said {
        exit: exit::UNUSABLE,
        text: format!("error: {text}; nothing was changed\n"),
        json: json!({ "error": text }),
    };
    Ok(match refusal {
        PolicyRefusal::Mistakes(problems) => {
            let mut said = told(&problems, &[]);
            said.text += "nothing was published; what is in force stays\n";
            said
        }
        PolicyRefusal::NoReason => unusable("a publication needs a reason: add --reason \"…\"".into()),
        PolicyRefusal::Store(failure) => return Err(failure.into()),
        other => unusable(other.to_string()),
    })
}

/// Answers on an engine, loaded or not.
///
/// # Errors
/// The store's.
pub async fn answer(engine: &Engine, verb: PolicyVerb) -> anyhow::Result<Said> {
    match verb {
        PolicyVerb::Lint { source } => {
            Ok(told(&engine.lint_policy(&source).await.1, &engine.unchecked().await))
        }
        PolicyVerb::Versions { limit } => {
            let (list, total) = engine.policy_versions(0, limit).await?;
            let mut text = String::new();
            for version in &list {
                text += &format!(
                    "{:>4}  {}  {}: {}\n",
                    version.number,
                    version.at.strftime("%Y-%m-%d %H:%M UTC"),
                    version.author,
                    version.reason
                );
                version.changes.iter().for_each(|line| text += &format!("        {line}\n"));
            }
            Ok(Said {
                exit: exit::DONE,
                text,
                json: json!({ "versions": list.iter().map(row).collect::<Vec<_>>(), "total": total }),
            })
        }
        PolicyVerb::Show { version } => {
            let found = match version {
                Some(number) => engine.policy_version(number).await?,
                None => engine.policy_in_force().await?,
            };
            let Some(version) = found else {
                return refused(PolicyRefusal::Unknown("such version".into()));
            };
            let mut json = row(&version);
            json["source"] = json!(version.source);
            Ok(Said { exit: exit::DONE, text: version.source.toml.1, json })
        }
        PolicyVerb::Import { draft, source, by } => {
            let tag = engine.policy_draft(&draft).await?.map_or(0, |draft| draft.tag);
            match engine.keep_policy_draft(&draft, tag, source, &by).await {
                Ok(kept) => {
                    let mut said = told(&engine.lint_policy(&kept.source).await.1, &engine.unchecked().await);
                    said.exit = exit::DONE;
                    said.text += &format!("kept as draft \"{draft}\"\n");
                    said.json["draft"] = json!(draft);
                    Ok(said)
                }
                Err(refusal) => refused(refusal),
            }
        }
        PolicyVerb::Publish { source, reason, by } => {
            let wish = Wish { by: &by, reason: &reason, expected: None };
            publication(engine.publish_policy(&source, wish).await)
        }
        PolicyVerb::Rollback { to, reason, by } => {
            let wish = Wish { by: &by, reason: &reason, expected: None };
            publication(engine.roll_back_policy(to, wish).await)
        }
    }
}

/// The published policy, for a start whose folder cannot be used.
pub async fn published(store: &dyn lanyard_engine::ports::Store) -> anyhow::Result<Option<Policy>> {
    let version = policies::in_force(store).await?;
    Ok(version.and_then(|version| Policy::parse(&version.source).ok()))
}

//! `whatif`, `apply SEAL`, `undo`: what a change would do, done exactly, taken back.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use lanyard_engine::{
    ports::Progress,
    undo::{UndoFor, UndoScope, UndoState},
    whatif::{
        SealRefused, SealReport, UNSEALABLE, WhatIf, WhatIfError,
        waves::{self, Waves},
    },
};
use lanyard_model::id::PlanId;
use lanyard_plan::render::render_plan;
use lanyard_policy::PolicyFiles;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Data,
    drift::roll_out_text,
    people::{self, Said, Verb, Verbs, upstream},
};
use crate::{exit, settings::Settings, wiring};

/// Lines of a list before the rest is only counted.
const SHOWN_MAX: usize = 40;

#[derive(Debug, Args)]
pub struct WhatIfArguments {
    #[command(flatten)]
    data: Data,
    /// Folder of the draft policy
    draft: PathBuf,
    /// Ask Okta for the members of groups that only the draft names
    #[arg(long)]
    read_groups: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct ReplayArguments {
    #[command(flatten)]
    data: Data,
    /// Folder of the other policy
    #[arg(long, value_name = "FOLDER")]
    policy: PathBuf,
    /// Beginning of the period
    #[arg(long, value_name = "TIME")]
    from: Timestamp,
    /// End of the period; else now
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct UndoArguments {
    #[command(flatten)]
    data: Data,
    /// A plan (pln_…), an applied what-if (wif_…) or a person; without it, everything within --since and --until
    of: Option<String>,
    /// Only this operation of the plan, counted from 1
    #[arg(long, value_name = "N")]
    step: Option<usize>,
    /// From this moment on
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Up to this moment
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Do it; without this it is only shown
    #[arg(long)]
    apply: bool,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Files of a draft, as they travel to a running server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DraftFiles {
    file: String,
    rules: String,
    tables: BTreeMap<String, String>,
}

impl From<PolicyFiles> for DraftFiles {
    fn from(files: PolicyFiles) -> Self {
        Self { file: files.toml.0, rules: files.toml.1, tables: files.tables }
    }
}

impl From<DraftFiles> for PolicyFiles {
    fn from(files: DraftFiles) -> Self {
        Self { toml: (files.file, files.rules), tables: files.tables }
    }
}

/// What an undo is about, as it travels to a running server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UndoAsked {
    of: Option<String>,
    step: Option<usize>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    apply: bool,
    reason: String,
}

/// # Errors
/// As [`people::run`].
pub async fn whatif(arguments: WhatIfArguments) -> anyhow::Result<u8> {
    let files =
        wiring::read_policy(&arguments.draft).map_err(|error| exit::Unusable(format!("{error:#}")))?;
    let (read_groups, as_json) = (arguments.read_groups, Some(arguments.json));
    let verb = Verb::WhatIf { draft: files.into(), read_groups, as_json };
    people::run(&arguments.data, verb, arguments.json).await
}

/// # Errors
/// As [`people::run`].
pub async fn replay(arguments: ReplayArguments) -> anyhow::Result<u8> {
    let files =
        wiring::read_policy(&arguments.policy).map_err(|error| exit::Unusable(format!("{error:#}")))?;
    let verb = Verb::Replay { draft: files.into(), from: arguments.from, to: arguments.to };
    people::run(&arguments.data, verb, arguments.json).await
}

/// # Errors
/// As [`people::run`]; the policy folder cannot be written.
pub async fn apply_seal(data: &Data, verb: Verb, as_json: bool) -> anyhow::Result<u8> {
    let said = people::ask(&data.dir, verb, as_json).await?;
    if let Some(files) = said.json.get("policy").filter(|files| !files.is_null()) {
        let files: DraftFiles = serde_json::from_value(files.clone())?;
        let settings = Settings::load(&data.dir)?;
        let folder = data.dir.join(&settings.policy);
        wiring::keep_policy(&folder, &files.into()).with_context(|| {
            format!("the policy is in force, but {} could not be written", folder.display())
        })?;
    }
    if as_json {
        say!("{}", said.json);
    } else {
        crate::out::data(&said.text);
    }
    Ok(said.exit)
}

/// # Errors
/// As [`people::run`].
pub async fn undo(arguments: UndoArguments) -> anyhow::Result<u8> {
    let UndoArguments { data, of, step, since, until, apply, reason, json } = arguments;
    people::run(&data, Verb::Undo(UndoAsked { of, step, since, until, apply, reason }), json).await
}

impl Verbs {
    pub(super) async fn whatif(
        &self,
        draft: DraftFiles,
        read_groups: bool,
        as_json: Option<bool>,
        progress: &dyn Progress,
    ) -> anyhow::Result<Said> {
        let tell = move |answer: &WhatIf| {
            let text = if as_json == Some(true) { String::new() } else { whatif_text(answer) };
            let json = if as_json == Some(false) { Ok(Value::Null) } else { serde_json::to_value(answer) };
            json.map(|json| Said {
                exit: if answer.totals.affected > 0 { exit::OPEN } else { exit::DONE },
                text,
                json,
            })
        };
        let said =
            self.engine.whatif_told(&draft.into(), read_groups, progress, tell).await.map_err(|error| {
                match error {
                    WhatIfError::Mistakes(problems) => anyhow::Error::new(exit::Unusable(problems.render())),
                    WhatIfError::NeverSwept(_) => {
                        exit::Unusable(format!("{error}: run `lanyard sweep` first")).into()
                    }
                    WhatIfError::GroupsUnread { .. } => exit::Unusable(format!(
                        "{error}; nothing was decided. With --read-groups, Okta is asked for them"
                    ))
                    .into(),
                    WhatIfError::Port(failure) => exit::Upstream(failure.to_string()).into(),
                    other => other.into(),
                }
            })?;
        Ok(said?)
    }

    pub(super) async fn replay(
        &self,
        draft: DraftFiles,
        from: Timestamp,
        to: Option<Timestamp>,
    ) -> anyhow::Result<Said> {
        let until = to.unwrap_or_else(|| self.engine.clock().now());
        let answer = self.engine.replay(&draft.into(), from, until).await.map_err(|error| match error {
            WhatIfError::Mistakes(problems) => anyhow::Error::new(exit::Unusable(problems.render())),
            other => other.into(),
        })?;
        let mut text = format!(
            "{} people in {} recorded states from {from} to {until}: the policies part {} times\n",
            answer.people,
            answer.states,
            answer.partings.len()
        );
        for one in answer.partings.iter().take(SHOWN_MAX) {
            let at = one.at.strftime("%Y-%m-%d %H:%M:%S UTC");
            let _ = writeln!(text, "\n{at}  {}  {}", one.person, one.identity);
            for line in &one.draft {
                let _ = writeln!(text, "  + {line}");
            }
            for line in &one.in_force {
                let _ = writeln!(text, "  - {line}");
            }
            if one.draft.is_empty() && one.in_force.is_empty() {
                let _ = writeln!(text, "  the same again");
            }
        }
        rest(&mut text, answer.partings.len(), "partings");
        for doubt in &answer.doubts {
            let _ = writeln!(text, "not known: {doubt}");
        }
        let exit = if answer.partings.is_empty() { exit::DONE } else { exit::OPEN };
        Ok(Said { exit, text, json: serde_json::to_value(&answer)? })
    }

    pub(super) async fn apply_seal(
        &self,
        seal: &str,
        waves: &[String],
        pause_minutes: u32,
        accept_open: bool,
    ) -> anyhow::Result<Said> {
        let refused = |error: SealRefused| -> anyhow::Error {
            match error {
                SealRefused::Store(failure) => failure.into(),
                SealRefused::PolicyMoved { .. } => {
                    exit::Unusable(format!("{error}; nothing was changed. Ask `lanyard whatif` again")).into()
                }
                other => exit::Unusable(format!("{other}; nothing was changed")).into(),
            }
        };
        if !waves.is_empty() {
            if !self.serving {
                anyhow::bail!(exit::Unusable(
                    "waves take their time, and no server is running here: start `lanyard serve` first"
                        .into()
                ));
            }
            let sites = self.engine.sites().keys().cloned().collect();
            let waves = waves::parse(waves, &sites).map_err(exit::Unusable)?;
            let pause = std::time::Duration::from_secs(u64::from(pause_minutes) * 60);
            let open = self.engine.in_the_way(seal).await.map_err(refused)?;
            if !open.is_empty() && !accept_open {
                anyhow::bail!(exit::Unusable(format!(
                    "findings are open that halt a roll-out: {}; nothing was changed.\n\
                     hint: see to them first (`lanyard findings`), or begin all the same with --accept-open: they are accepted as they are",
                    waves::named(&open)
                )));
            }
            let waves = Waves::new(waves, pause, self.engine.clock().now()).accepting(&open);
            let started = self.engine.start_seal_in_waves(seal, "the command line", Some(waves)).await;
            let files = started.map_err(refused)?;
            let known = self.engine.roll_out().await.map_err(refused)?;
            let text = known.as_ref().map(roll_out_text).unwrap_or_default();
            let json = serde_json::json!({ "roll_out": known, "policy": DraftFiles::from(files) });
            return Ok(Said { exit: exit::DONE, text, json });
        }
        let files = self.engine.start_seal(seal, "the command line").await.map_err(refused)?;
        self.settle().await;
        let report = self.engine.finish_seal(seal, "the command line").await.map_err(refused)?;
        let mut json = serde_json::to_value(&report)?;
        json["policy"] = serde_json::to_value(DraftFiles::from(files))?;
        let open = !report.refused.is_empty() || !report.moved.is_empty();
        Ok(Said { exit: if open { exit::OPEN } else { exit::DONE }, text: seal_text(&report), json })
    }

    pub(super) async fn tell(
        &self,
        person: &str,
        thing: Option<&str>,
        as_of: Option<Timestamp>,
    ) -> anyhow::Result<Said> {
        let id = self.find(person).await?;
        let told = self.engine.tell(&id, as_of, thing).await.map_err(upstream)?;
        let mut text = String::new();
        let known = &told.known;
        let _ = writeln!(
            text,
            "{} ({id}), as known at {}: {} in Okta since {}, {} groups",
            known.identity.display_name(),
            told.at.strftime("%Y-%m-%d %H:%M:%S UTC"),
            known.gone_at.map_or_else(|| known.identity.status.to_string(), |at| format!("gone since {at}")),
            known.since.strftime("%Y-%m-%d %H:%M:%S UTC"),
            known.identity.groups.ids().len(),
        );
        let site = told.desired.site.as_ref().and_then(|site| self.engine.sites().get(site));
        let explained = site.map(|site| lanyard_policy::explain(&told.desired, &site.catalogue()));
        if thing.is_none()
            && let Some(explained) = &explained
        {
            let _ = write!(text, "{explained}");
        }
        for way in &told.ways {
            let word = if way.gives { "gives it" } else { "does not give it" };
            let _ = writeln!(text, "\n{}: {}\n  {word}: {}", way.rule, way.sentence, way.why);
            for line in way.turned_by() {
                let _ = writeln!(text, "  {line}");
            }
        }
        if thing.is_some() && told.ways.is_empty() {
            let _ = writeln!(text, "no rule of the policy could give that");
        }
        if !told.made.is_empty() {
            let _ = writeln!(text, "\nwritten");
        }
        for made in &told.made {
            let back = made.read_back_at.map_or_else(
                || "not read back".to_owned(),
                |at| format!("read back {}", at.strftime("%Y-%m-%d %H:%M:%S UTC")),
            );
            let at = made.at.strftime("%Y-%m-%d %H:%M:%S UTC");
            let _ = writeln!(text, "  {} in {}: {at}, {back} ({})", made.what, made.site, made.plan);
        }
        let json = json!({
            "person": id,
            "at": told.at,
            "status": known.identity.status,
            "since": known.since,
            "gone_at": known.gone_at,
            "profile": known.identity.profile,
            "groups": known.identity.groups.ids(),
            "decision": explained,
            "ways": told.ways,
            "written": told.made,
        });
        Ok(Said { exit: exit::DONE, text, json })
    }

    pub(super) async fn undo(&self, asked: UndoAsked) -> anyhow::Result<Said> {
        let scope = self.undo_scope(&asked).await?;
        let because =
            if asked.reason.is_empty() { "undo".to_owned() } else { format!("undo: {}", asked.reason) };
        let all = if asked.apply {
            self.engine.apply_undo(&scope, "the command line", &asked.reason).await.map_err(upstream)?
        } else {
            self.engine.preview_undo(&scope, &because).await.map_err(upstream)?
        };
        if asked.apply {
            self.settle().await;
        }
        let steps: usize = all.iter().map(|one| one.plan.steps.len()).sum();
        let left = all.iter().any(|one| one.open.as_ref().is_some_and(|open| !open.is_empty()));
        let exit = if (asked.apply && !left) || steps == 0 { exit::DONE } else { exit::OPEN };
        Ok(Said {
            exit,
            text: undo_text(&all, asked.apply),
            json: json!({ "people": all, "applied": asked.apply }),
        })
    }

    async fn undo_scope(&self, asked: &UndoAsked) -> anyhow::Result<UndoScope> {
        let Some(of) = &asked.of else {
            let since = asked.since.ok_or_else(|| {
                exit::Unusable("what is to be taken back? name a plan, a person, or --since TIME".into())
            })?;
            return Ok(UndoScope::Between(since, asked.until.unwrap_or(self.engine.clock().now())));
        };
        if of.starts_with("pln_") {
            let plan = PlanId::new(of.as_str());
            return Ok(match asked.step {
                Some(step) => UndoScope::Step(plan, step),
                None => UndoScope::Plan(plan),
            });
        }
        if of.starts_with("wif_") {
            return Ok(UndoScope::Seal(of.clone()));
        }
        let who = self.find(of).await?;
        Ok(UndoScope::Person(who, asked.since.unwrap_or(Timestamp::UNIX_EPOCH)))
    }
}

fn whatif_text(answer: &WhatIf) -> String {
    let mut text = String::new();
    let totals = &answer.totals;
    let _ = writeln!(
        text,
        "{} people: {} affected; {} gain, {} lose, {} move, {} change, {} wait",
        totals.people, totals.affected, totals.gain, totals.lose, totals.r#move, totals.change, totals.wait
    );
    for one in answer.people.iter().take(SHOWN_MAX) {
        let _ = writeln!(text, "\n{}  {}  {}", one.person, one.identity, one.site);
        let lines = one.gains.iter().chain(&one.loses).chain(&one.moves).chain(&one.changes);
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
        for line in &one.waits {
            let _ = writeln!(text, "  = waits: {line}");
        }
        for line in &one.no_longer {
            let _ = writeln!(text, "  . no longer: {line}");
        }
    }
    rest(&mut text, answer.people.len(), "people");
    let mut list = |title: &str, items: &[String]| {
        if !items.is_empty() {
            let _ = writeln!(text, "\n{title}");
            for item in items.iter().take(SHOWN_MAX) {
                let _ = writeln!(text, "  {item}");
            }
            rest(&mut text, items.len(), "of them");
        }
    };
    let floors: Vec<_> = answer
        .floors
        .iter()
        .map(|f| {
            format!(
                "{} in {}: {} seats, {} today, {} then, {} find none",
                f.floor, f.site, f.seats, f.today, f.then, f.short
            )
        })
        .collect();
    list("floors over capacity", &floors);
    list("no account by the draft's keys", &answer.unmatched);
    list("disputed", &answer.disputed);
    list("out of scope", &answer.out_of_scope);
    list("set aside", &answer.aside);
    let approvals: Vec<_> =
        answer.approvals.iter().map(|(rule, count)| format!("{rule}: {count} requests")).collect();
    list("approvals woken", &approvals);
    list("rules that nobody meets", &answer.rules.dead);
    list("rules that give nobody anything now", &answer.rules.shadowed);
    let rows: Vec<_> =
        answer.rules.idle_rows.iter().map(|(table, row)| format!("{table}, row {row}")).collect();
    list("table rows that decide for nobody", &rows);
    let _ = writeln!(text);
    if answer.bookings_cancelled_for > 0 {
        let _ = writeln!(
            text,
            "future bookings cancelled: for {} people ({} of them made by us)",
            answer.bookings_cancelled_for, answer.bookings_known
        );
    }
    for cost in &answer.cost {
        let minutes = cost.minutes.map_or_else(String::new, |minutes| format!(", about {minutes} minutes"));
        let limit = match cost.removals_max {
            Some(max) if cost.removals as u64 > max => {
                format!("; {} people lose something, the limit lets {max} through", cost.removals)
            }
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "{}: about {} calls to iOffice, {} to Okta{minutes}{limit}",
            cost.site, cost.ioffice_calls, cost.okta_calls
        );
    }
    for doubt in &answer.doubts {
        let told = if doubt.starts_with(UNSEALABLE) { "" } else { "not known: " };
        let _ = writeln!(text, "{told}{doubt}");
    }
    match &answer.seal {
        Some(seal) => {
            let _ = writeln!(text, "seal {seal}: `lanyard apply {seal}` does exactly this");
        }
        None => {
            let _ = writeln!(text, "not sealed: the lines above say why");
        }
    }
    text
}

fn rest(text: &mut String, all: usize, what: &str) {
    if all > SHOWN_MAX {
        let _ = writeln!(text, "  … and {} more {what} (--json has all)", all - SHOWN_MAX);
    }
}

fn seal_text(report: &SealReport) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}: {} people, {} lines done, {} refused, {} not in the seal and waiting",
        report.seal,
        report.people,
        report.done,
        report.refused.len(),
        report.moved.len()
    );
    for one in report.refused.iter().chain(&report.moved) {
        let _ = writeln!(text, "  {} in {}: {}: {}", one.identity, one.site, one.line, one.fate);
    }
    text
}

fn undo_text(all: &[UndoFor], applied: bool) -> String {
    let mut text = String::new();
    for one in all {
        text.push_str(&render_plan(&one.plan));
        let mut list = |title: &str, items: &[String]| {
            for item in items {
                let _ = writeln!(text, "  {title}: {item}");
            }
        };
        list("cannot come back", &one.lost);
        list("changed since, left alone", &one.moved);
        list("is so already", &one.already);
        if let Some(open) = &one.open {
            list("still different", open);
        }
        if let Some(standing) = &one.standing {
            let state = match standing.state {
                UndoState::Waiting => "waits, and goes on by itself",
                UndoState::Done => "waited, and is done",
                UndoState::Refused => "waited, and is over",
            };
            let refused = standing.refused.iter().map(|one| format!("{}: {}", one.what, one.why));
            list("not taken back", &refused.collect::<Vec<_>>());
            list(state, std::slice::from_ref(&standing.because));
        }
    }
    let all_steps: usize = all.iter().map(|one| one.plan.steps.len()).sum();
    let steps: usize = all.iter().map(|one| one.plan.open_steps().count()).sum();
    let _ = match (applied, all_steps) {
        (_, 0) => writeln!(text, "nothing to take back"),
        (true, _) => writeln!(
            text,
            "{} people, {steps} steps taken back; the policy leaves these lines alone until the undo is released (`lanyard approvals list`)",
            all.len()
        ),
        (false, _) => writeln!(text, "{} people, {steps} steps; with --apply it is done", all.len()),
    };
    if all_steps > steps {
        let _ = writeln!(text, "{} more steps wait for what is said beside them", all_steps - steps);
    }
    text
}

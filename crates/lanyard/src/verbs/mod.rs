//! The verbs. Names and flags are contracts that others script against.

mod access;
mod adopt;
mod approvals;
mod backup;
mod bench;
mod change;
mod check;
mod doctor;
mod drift;
mod init;
mod journal;
mod keeping;
mod people;
mod policy;
mod reference;
pub mod report;
mod review;
mod serve;
pub(crate) mod sim;
mod stop;
mod token;
mod verify;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

pub use init::gather;
pub use people::{Verb, Verbs};
pub use policy::published;
pub use sim::stopped;

/// Keeps workplaces in iOffice in step with identities in Okta.
#[derive(Debug, Parser)]
#[command(name = "lanyard", version, about, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    /// Say more on stderr (twice: everything)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

impl Arguments {
    pub fn log_level(&self) -> &'static str {
        match (self.verbose, &self.command) {
            (0, Command::Serve(_)) => "info",
            (0, _) => "error",
            (1, _) => "info",
            _ => "debug",
        }
    }
}

/// The data folder.
#[derive(Debug, Clone, Args)]
pub struct Data {
    /// Data folder: settings, policy, secrets and store
    #[arg(long = "data", value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a day in the life of a company: stand-ins, engine and console in one process
    Demo(crate::demo::DemoArguments),
    /// Write settings and a starter policy drawn from what Okta and iOffice hold
    Init(init::InitArguments),
    /// Run: follow Okta, keep iOffice in step, serve the console
    Serve(serve::ServeArguments),
    /// Probe both sides and say what to fix
    Doctor(doctor::DoctorArguments),
    /// Check settings and policy without calling anybody
    Check(check::CheckArguments),
    /// Show what would change, for everybody or one person; writes nothing
    Plan(PlanArguments),
    /// Make it so, for everybody or one person, or exactly as a sealed what-if says; wait until it is verified
    Apply(ApplyArguments),
    /// Show what another policy would do to everybody, from the mirrors, and seal it
    #[command(name = "whatif")]
    WhatIf(change::WhatIfArguments),
    /// Decide a past period by another policy, from what was recorded
    Replay(change::ReplayArguments),
    /// Take back a plan, a person's changes or a stretch of time
    Undo(change::UndoArguments),
    /// First contact with hand-kept data: match report, disputed pairs, sign-off
    Adopt(adopt::AdoptArguments),
    /// Requests that wait for somebody: list, approve, decline; who may vote in whose place
    Approvals(approvals::ApprovalsArguments),
    /// Compare both sides completely, report, and repair what policy owns
    Sweep(SweepArguments),
    /// Say why a person has what they have, and why not more
    Explain(ExplainArguments),
    /// List what a person must know or do
    Findings(StopArguments),
    /// Show where the same kind of person gets different things in different sites, and what is in force where
    Drift(StopArguments),
    /// Say how far a roll-out in waves has come; let it go on, or end it
    #[command(name = "rollout")]
    RollOut(drift::RollOutArguments),
    /// Show what each alert rule, and the digest, would say now; or one rule with another template
    Alerts(AlertsArguments),
    /// Show messages sent, waiting and given up
    Messages(MessagesArguments),
    /// Put a finding away that no later read can end, with a reason for the journal
    Close(CloseArguments),
    /// Put on record who answers for a leaver who was not out in time, and what compensates for it
    AnswerFor(AnswerForArguments),
    /// Copy settings, policy and store to a folder, also while a server runs
    Backup(backup::BackupArguments),
    /// Put a backup in place; an older one only when told so
    Restore(backup::RestoreArguments),
    /// Write, check, compare, publish and take back the policy
    Policy(policy::PolicyArguments),
    /// Press the stop button: nothing is written upstream until `resume`
    Stop(StopArguments),
    /// Release the stop button
    Resume(StopArguments),
    /// Make, list and revoke API tokens for programs
    Token(token::TokenArguments),
    /// Print a one-time link that signs one person in to the console as owner
    SignIn(StopArguments),
    /// Write an evidence pack: populations, measured times, access, samples, proofs; signed
    Report(report::ReportArguments),
    /// Check an evidence pack offline, or the journal of a data folder
    Verify(verify::VerifyArguments),
    /// Say who held what at a moment: a person, a site, or all
    Access(access::AccessArguments),
    /// Access reviews: open, decide, sign off; removals go through plan and gates
    Review(review::ReviewArguments),
    /// Take the journal out, sign its head, let go of old lines, forget a person
    Journal(journal::JournalArguments),
    /// Run the stand-ins for Okta and iOffice until stopped
    Sim(sim::SimArguments),
    /// Measure
    Bench(bench::BenchArguments),
    /// Print shell completions
    Completions { shell: clap_complete::Shell },
    /// Print the command line reference in Markdown
    #[command(hide = true)]
    Reference,
}

#[derive(Debug, Args)]
pub struct PlanArguments {
    #[command(flatten)]
    data: Data,
    /// One person: TENANT/ID, an Okta id, a login or an e-mail address
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// One site
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct ApplyArguments {
    /// A sealed what-if (wif_…): exactly its lines, no others
    #[arg(conflicts_with_all = ["person", "site"])]
    seal: Option<String>,
    /// Not for everybody at once: shares (5%) or sites (south, hq+south), one wave each; everybody else is the last
    #[arg(long, value_name = "WAVE", value_delimiter = ',', requires = "seal")]
    waves: Vec<String>,
    /// Between two waves; a limit, a list in doubt or failures meanwhile halt the roll-out
    #[arg(long, value_name = "MINUTES", default_value_t = 60, requires = "waves", value_parser = clap::value_parser!(u32).range(1..=43_200))]
    pause_minutes: u32,
    /// Begin although findings are open that halt a roll-out: they are accepted as they are
    #[arg(long, requires = "waves")]
    accept_open: bool,
    #[command(flatten)]
    plan: PlanArguments,
}

#[derive(Debug, Args)]
pub struct AlertsArguments {
    #[command(flatten)]
    data: Data,
    /// Only this rule
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// With the text of this file for a template, instead of the rule's own; nothing is sent or kept
    #[arg(long, value_name = "FILE", requires = "rule")]
    template: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct SweepArguments {
    #[command(flatten)]
    data: Data,
    /// One site
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct ExplainArguments {
    #[command(flatten)]
    data: Data,
    /// TENANT/ID, an Okta id, a login or an e-mail address
    person: String,
    /// Rules that could give it, why they do or do not, and what would change it: seat, role, role:CENTER, item:NAME,
    /// "cost center", booking, visit, or a rule's id
    #[arg(long, visible_alias = "why", value_name = "THING")]
    why_not: Option<String>,
    /// As it was known then, from memory alone
    #[arg(long, value_name = "TIME")]
    as_of: Option<jiff::Timestamp>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct CloseArguments {
    #[command(flatten)]
    data: Data,
    /// Key of the finding, as `lanyard findings` shows it
    key: String,
    /// Why it is done, or need not be done
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who answers for its staying as it is; else whoever says so
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// A day (UTC) or a moment from which on it is shown again when a later read or look shows that it is still so; else it
    /// stays away until it is over
    #[arg(long, value_name = "TIME", value_parser = report::moment)]
    until: Option<jiff::Timestamp>,
    /// Who says so
    #[arg(long, value_name = "NAME", default_value = "the command line")]
    by: String,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct AnswerForArguments {
    #[command(flatten)]
    data: Data,
    /// TENANT/ID, an Okta id, a login or an e-mail address
    person: String,
    /// The site they were late in leaving
    #[arg(long, value_name = "SITE")]
    site: String,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    owner: String,
    /// What was done instead, or found out afterwards
    #[arg(long, value_name = "TEXT")]
    compensation: String,
    /// Who says so
    #[arg(long, value_name = "NAME", default_value = "the command line")]
    by: String,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct StopArguments {
    #[command(flatten)]
    data: Data,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub struct MessagesArguments {
    #[command(flatten)]
    data: Data,
    /// Try those that were given up once more
    #[arg(long)]
    again: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Runs what was asked; the answer is the exit code.
///
/// # Errors
/// Printed by the caller; see [`crate::exit`].
pub async fn run(arguments: Arguments) -> anyhow::Result<u8> {
    match arguments.command {
        Command::Demo(arguments) => crate::demo::run(arguments).await,
        Command::Init(arguments) => init::run(arguments).await,
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Doctor(arguments) => doctor::run(arguments).await,
        Command::Check(arguments) => check::run(&arguments),
        Command::Plan(a) => people::run(&a.data, Verb::Plan { person: a.person, site: a.site }, a.json).await,
        Command::Apply(ApplyArguments { seal: Some(seal), waves, pause_minutes, accept_open, plan }) => {
            let verb = people::Verb::ApplySeal { seal, waves, pause_minutes, accept_open };
            change::apply_seal(&plan.data, verb, plan.json).await
        }
        Command::Apply(ApplyArguments { seal: None, plan: a, .. }) => {
            people::run(&a.data, Verb::Apply { person: a.person, site: a.site }, a.json).await
        }
        Command::WhatIf(a) => change::whatif(a).await,
        Command::Replay(a) => change::replay(a).await,
        Command::Undo(a) => change::undo(a).await,
        Command::Adopt(a) => adopt::run(a).await,
        Command::Approvals(a) => approvals::run(a).await,
        Command::Sweep(a) => people::run(&a.data, Verb::Sweep { site: a.site }, a.json).await,
        Command::Explain(ExplainArguments { data, person, why_not: None, as_of: None, json }) => {
            people::run(&data, Verb::Explain { person }, json).await
        }
        Command::Explain(a) => {
            let verb = Verb::Tell { person: a.person, thing: a.why_not, as_of: a.as_of };
            people::run(&a.data, verb, a.json).await
        }
        Command::Findings(a) => people::run(&a.data, Verb::Findings, a.json).await,
        Command::Backup(arguments) => backup::backup(arguments).await,
        Command::Restore(arguments) => backup::restore(arguments).await,
        Command::Drift(a) => people::run(&a.data, Verb::Drift, a.json).await,
        Command::RollOut(a) => people::run(&a.data, Verb::RollOut { what: a.what }, a.json).await,
        Command::Alerts(a) => {
            let template = match &a.template {
                None => None,
                Some(file) => Some(std::fs::read_to_string(file).map_err(|error| {
                    crate::exit::Unusable(format!("cannot read {}: {error}", file.display()))
                })?),
            };
            people::run(&a.data, Verb::Alerts { rule: a.rule, template }, a.json).await
        }
        Command::Messages(a) => people::run(&a.data, Verb::Messages { again: a.again }, a.json).await,
        Command::Close(a) => {
            let CloseArguments { data, key, reason, owner, until, by, json } = a;
            people::run(&data, Verb::Close { key, reason, by, owner, until }, json).await
        }
        Command::AnswerFor(a) => {
            let AnswerForArguments { data, person, site, owner, compensation, by, json } = a;
            people::run(&data, Verb::AnswerFor { person, site, owner, compensation, by }, json).await
        }
        Command::Policy(arguments) => policy::run(arguments).await,
        Command::Stop(a) => stop::run(&a.data, true, a.json).await,
        Command::Resume(a) => stop::run(&a.data, false, a.json).await,
        Command::Token(arguments) => token::run(arguments).await,
        Command::SignIn(a) => token::sign_in(&a.data, a.json).await,
        Command::Report(arguments) => report::run(arguments).await,
        Command::Verify(arguments) => verify::run(arguments).await,
        Command::Access(arguments) => access::run(arguments).await,
        Command::Review(arguments) => review::run(arguments).await,
        Command::Journal(arguments) => journal::run(arguments).await,
        Command::Sim(arguments) => sim::run(arguments).await,
        Command::Bench(arguments) => bench::run(arguments).await,
        Command::Completions { shell } => {
            reference::completions(shell);
            Ok(crate::exit::DONE)
        }
        Command::Reference => {
            reference::print();
            Ok(crate::exit::DONE)
        }
    }
}

/// Parses `127.0.0.1:PORT`.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| format!("{text} is not an address like 127.0.0.1:8081"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(format!("{text} is not on this machine; stand-ins listen on loopback only"))
    }
}

//! `adopt`: the match report of a first contact, disputed pairs decided, a site signed off.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use lanyard_engine::{
    adoption::{MatchReport, PairRefused},
    ports::Progress,
};
use lanyard_model::id::{AccountId, SiteId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Data,
    people::{self, Said, Verb, Verbs, survey_error},
};
use crate::exit;

/// Pairs below this are shown one by one.
const SURE: u8 = 90;
const SHOWN_MAX: usize = 60;

#[derive(Debug, Args)]
pub struct AdoptArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Read both sides and say who is whose, how surely, and what the first writes would do; writes nothing
    Report(ReportArguments),
    /// Say whose an account is, where keys cannot
    Link(LinkArguments),
    /// Let a site be written to
    #[command(name = "sign-off")]
    SignOff(SignOffArguments),
}

#[derive(Debug, Args)]
struct ReportArguments {
    #[command(flatten)]
    data: Data,
    #[arg(long, value_name = "SITE")]
    site: String,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct LinkArguments {
    #[command(flatten)]
    data: Data,
    /// TENANT/ID, an Okta id, a login or an e-mail address
    person: String,
    /// iOffice's number of the account
    account: i64,
    #[arg(long, value_name = "SITE")]
    site: String,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct SignOffArguments {
    #[command(flatten)]
    data: Data,
    #[arg(long, value_name = "SITE")]
    site: String,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// As it travels to a running server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Adopt {
    Report { site: String },
    Link { person: String, account: i64, site: String, reason: String },
    SignOff { site: String, reason: String },
}

/// # Errors
/// As [`people::run`].
pub async fn run(arguments: AdoptArguments) -> anyhow::Result<u8> {
    match arguments.what {
        What::Report(ReportArguments { data, site, json }) => {
            people::run(&data, Verb::Adopt(Adopt::Report { site }), json).await
        }
        What::Link(LinkArguments { data, person, account, site, reason, json }) => {
            people::run(&data, Verb::Adopt(Adopt::Link { person, account, site, reason }), json).await
        }
        What::SignOff(SignOffArguments { data, site, reason, json }) => {
            people::run(&data, Verb::Adopt(Adopt::SignOff { site, reason }), json).await
        }
    }
}

fn refused(error: PairRefused) -> anyhow::Error {
    match error {
        PairRefused::Store(failure) => failure.into(),
        other => exit::Unusable(format!("{other}; nothing was changed")).into(),
    }
}

impl Verbs {
    pub(super) async fn adopt(&self, asked: Adopt, progress: &dyn Progress) -> anyhow::Result<Said> {
        match asked {
            Adopt::Report { site } => {
                let site = SiteId::new(site);
                let report = self.engine.match_report(&site, progress).await.map_err(survey_error)?;
                let open = !report.disputed.is_empty() || !report.signed_off;
                let exit = if open { exit::OPEN } else { exit::DONE };
                Ok(Said { exit, text: report_text(&report), json: serde_json::to_value(&report)? })
            }
            Adopt::Link { person, account, site, reason } => {
                let who = self.find(&person).await?;
                let (site, account) = (SiteId::new(site), AccountId(account));
                let link = self
                    .engine
                    .decide_pair(&who, &site, account, "the command line", &reason)
                    .await
                    .map_err(refused)?;
                let text = format!("account {} is {who}'s from now on\n", link.account);
                Ok(Said { exit: exit::DONE, text, json: json!(link) })
            }
            Adopt::SignOff { site, reason } => {
                let site = SiteId::new(site);
                self.engine.sign_off(&site, "the command line", &reason).await.map_err(refused)?;
                let text = format!("{site} is written to from now on; `lanyard sweep` begins\n");
                Ok(Said { exit: exit::DONE, text, json: json!({ "site": site, "signed_off": true }) })
            }
        }
    }
}

fn report_text(report: &MatchReport) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{}: {} people, {} accounts; {} matched, {} disputed, {} without an account, {} accounts of nobody",
        report.site,
        report.people,
        report.accounts,
        report.matched.len(),
        report.disputed.len(),
        report.unlinked.len(),
        report.orphans.len()
    );
    let unsure: Vec<_> = report.matched.iter().filter(|pair| pair.confidence < SURE).collect();
    let _ =
        writeln!(text, "{} of the pairs are sure ({SURE} % or more)", report.matched.len() - unsure.len());
    for pair in unsure.iter().take(SHOWN_MAX) {
        let _ = writeln!(
            text,
            "  {:>3} %  {} ({})  =  {} ({})",
            pair.confidence, pair.person, pair.identity, pair.account_name, pair.account
        );
        let _ = writeln!(text, "         for: {}", pair.evidence.join("; "));
        if !pair.against.is_empty() {
            let _ = writeln!(text, "         against: {}", pair.against.join("; "));
        }
    }
    for dispute in report.disputed.iter().take(SHOWN_MAX) {
        let _ = writeln!(text, "disputed: {} ({}): {}", dispute.person, dispute.identity, dispute.why);
        for pair in &dispute.candidates {
            let _ = writeln!(
                text,
                "  {:>3} %  account {} ({}): {}",
                pair.confidence,
                pair.account.id,
                pair.account_name,
                pair.evidence.join("; ")
            );
        }
    }
    let first = &report.first_writes;
    let _ = writeln!(
        text,
        "kept as they are: {} accounts, {} seats, {} roles",
        first.accounts_kept_as_they_are, first.seats_kept, first.roles_kept
    );
    let _ = writeln!(
        text,
        "the first writes: {} accounts made, {} records changed, {} seats moved, {} seats taken, {} roles added, {} roles taken, {} accounts ended",
        first.accounts_made,
        first.records_changed,
        first.seats_moved,
        first.seats_taken,
        first.roles_added,
        first.roles_taken,
        first.accounts_ended
    );
    for doubt in &report.doubts {
        let _ = writeln!(text, "NOT proven complete: {doubt}");
    }
    if report.signed_off {
        let _ = writeln!(text, "this site is written to");
    } else {
        let _ = writeln!(
            text,
            "nothing is written here before `lanyard adopt sign-off --site {} --reason …`",
            report.site
        );
    }
    text
}

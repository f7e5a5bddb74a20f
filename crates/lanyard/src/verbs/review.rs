//! `review`: access reviews from the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use lanyard_engine::reviews::campaign::Decision;
use serde::{Deserialize, Serialize};

use super::{
    Data,
    people::{self, Verb},
    report::moment,
};

#[derive(Debug, Args)]
pub struct ReviewArguments {
    /// Data folder: settings, policy, secrets and store
    #[arg(long = "data", value_name = "DIR", default_value = ".", global = true)]
    dir: PathBuf,
    #[command(subcommand)]
    what: ReviewVerb,
    /// One JSON object on stdout
    #[arg(long, global = true)]
    json: bool,
}

/// What is asked; also how it travels to a running server.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ReviewVerb {
    /// Open a review over what is held now
    Open {
        /// What it is called
        title: String,
        /// The tenant, where there are several
        #[arg(long, value_name = "TENANT")]
        tenant: Option<String>,
        /// Sites; all by default
        #[arg(long = "site", value_name = "SITE")]
        sites: Vec<String>,
        /// role, item, seat, section, door, site_admin, visit; role, item and site_admin by default
        #[arg(long = "kind", value_name = "KIND")]
        kinds: Vec<String>,
        /// Who answers for the review and signs it off; not one of its reviewers
        #[arg(long, value_name = "NAME")]
        owner: String,
        /// Who decides; several share the lines by person
        #[arg(long = "reviewer", value_name = "NAME", required = true)]
        reviewers: Vec<String>,
        /// Who gives such access, or publishes the policy: may not review it
        #[arg(long = "provisioner", value_name = "NAME")]
        provisioners: Vec<String>,
        /// When it is due: a day (UTC) or a moment
        #[arg(long, value_name = "DATE", value_parser = moment)]
        due: Timestamp,
    },
    /// List reviews
    List,
    /// Show a review and its lines
    Show { id: String },
    /// Decide one line
    Decide {
        /// The line, as `show` names it
        line: String,
        #[arg(value_enum)]
        decision: Word,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who decides
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Sign a review off
    Sign {
        id: String,
        /// Who signs: the owner
        #[arg(long, value_name = "NAME")]
        by: String,
        /// What is stated by it
        #[arg(long, value_name = "TEXT")]
        statement: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    Keep,
    Remove,
    Ask,
}

impl From<Word> for Decision {
    fn from(word: Word) -> Self {
        match word {
            Word::Keep => Self::Keep,
            Word::Remove => Self::Remove,
            Word::Ask => Self::Ask,
        }
    }
}

/// # Errors
/// A rule the step breaks, settings or store problems.
pub async fn run(arguments: ReviewArguments) -> anyhow::Result<u8> {
    people::run(&Data { dir: arguments.dir }, Verb::Review { ask: arguments.what }, arguments.json).await
}

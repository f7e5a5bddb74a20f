//! What the server asks of the program around it: evidence packs, and connections to new orgs and sites.

use std::path::PathBuf;

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard_model::id::TenantId;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use crate::NoHook;

/// Why a desk did not do what was asked. Nothing was changed.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum DeskRefusal {
    #[error("{0}")]
    NotFound(String),
    /// One field of what was sent.
    #[error("{message}")]
    Field { path: String, message: String },
    /// Not now, or not twice.
    #[error("{title}")]
    Conflict { title: String, fix: String },
    /// The other side did not answer, or said no.
    #[error("{title}")]
    Upstream { title: String, fix: Option<String> },
    #[error("{0}")]
    Failed(String),
}

/// What a pack is asked for with.
#[derive(Debug, Clone, Deserialize)]
pub struct PackWish {
    pub tenant: TenantId,
    /// First moment of the period.
    pub from: Timestamp,
    /// End of the period, not included; now if not given.
    pub to: Option<Timestamp>,
    /// One site; all if not given.
    pub site: Option<String>,
    /// Seed of the samples: the auditor's to choose.
    pub seed: Option<String>,
    /// Size of each sample.
    pub sample: Option<usize>,
    /// The Okta attribute whose values take turns in each sample.
    pub sample_by: Option<String>,
    /// People whose dossiers are wanted by name: `TENANT/ID`.
    #[serde(default)]
    pub named: Vec<String>,
}

/// A pack as a file.
#[derive(Debug, Clone)]
pub struct PackFile {
    pub tenant: TenantId,
    pub path: PathBuf,
    /// As it should be called by whoever saves it.
    pub name: String,
}

/// Makes evidence packs, one at a time, and keeps them in the data folder.
#[async_trait]
pub trait EvidenceDesk: Send + Sync {
    /// Tenants with their keys and newest checkpoints, sites, and the packs that were made: newest first.
    ///
    /// # Errors
    /// A store or a key that cannot be read.
    async fn show(&self) -> Result<Value, DeskRefusal>;

    /// Begins a pack. Answers it at once, with its id; it is made beside the running work.
    ///
    /// # Errors
    /// A wish that cannot be met, or another pack that is being made.
    async fn begin(&self, wish: PackWish, by: &str) -> Result<Value, DeskRefusal>;

    /// A pack with its progress, figures or failure.
    fn pack(&self, id: &str) -> Option<Value>;

    /// The file of a finished pack.
    fn file(&self, id: &str) -> Option<PackFile>;

    /// Reads the pack's file again and checks every byte of it, as `lanyard verify` does.
    ///
    /// # Errors
    /// No such pack, or a file that cannot be read.
    async fn verify(&self, id: &str) -> Result<Value, DeskRefusal>;

    /// Signs the journals' heads now, and lays them outside. Answers how many.
    ///
    /// # Errors
    /// A folder that cannot be written, a key that cannot be used.
    async fn checkpoint(&self) -> Result<usize, DeskRefusal>;
}

/// An org or a site that is to be connected, with its credential. Never logged and never answered.
#[derive(Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NewConnection {
    Okta {
        id: String,
        url: String,
        /// Of a service app, with its key; or else `token`.
        client_id: Option<String>,
        key_id: Option<String>,
        key_pem: Option<String>,
        token: Option<String>,
    },
    Ioffice {
        id: String,
        url: String,
        user: String,
        password: String,
    },
}

impl NewConnection {
    /// As settings and policy shall call it.
    pub fn id(&self) -> &str {
        match self {
            Self::Okta { id, .. } | Self::Ioffice { id, .. } => id,
        }
    }
}

/// A connection that was kept, and is read from now on.
#[derive(Debug, Clone)]
pub struct KeptConnection {
    pub id: String,
    pub is_site: bool,
    pub url: String,
    /// Of the org's event hook.
    pub hook_secret: Option<SecretString>,
    /// Of an org: why it has no event hook, if it has none.
    pub no_hook: Option<NoHook>,
}

/// Tries new connections, and keeps them in the settings.
#[async_trait]
pub trait ConnectionDesk: Send + Sync {
    /// Credentials, scopes and rights, each with its fix. Nothing is kept.
    ///
    /// # Errors
    /// An address or credential that is none.
    async fn probe(&self, new: NewConnection) -> Result<Value, DeskRefusal>;

    /// Everybody there is read once: five people or accounts as they are, and for each key of the policy how many have
    /// a value, share it, and find their counterpart on the other side. Nothing is kept.
    ///
    /// # Errors
    /// An address or credential that is none; a side that cannot be read.
    async fn sample(&self, new: NewConnection) -> Result<Value, DeskRefusal>;

    /// Writes settings and secret, and takes the org or site in at once. A site is only observed until it is signed off.
    ///
    /// # Errors
    /// A name that is taken, a folder that cannot be written. The settings are as they were.
    async fn keep(&self, new: NewConnection) -> Result<KeptConnection, DeskRefusal>;
}

//! What the pack says of itself, signed. A verifier believes none of it before having counted again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_tlog::{
    merkle::{hex, sha256},
    note::{CheckpointKey, NoteProblem, verify_sole_note},
};
use serde::{Deserialize, Serialize};

use crate::tally::Summary;

/// Names this form of pack.
pub const FORMAT: &str = "lanyard-evidence/4";
pub const MANIFEST: &str = "manifest.json";
pub const SIGNATURE: &str = "manifest.note";
/// Where a pack whose samples take turns tells what each person's value is: an [`Attribute`].
pub const SAMPLE_BY: &str = "integrity/sample_by.json";
/// The first line of the note that signs the manifest.
const PURPOSE: &str = "lanyard evidence pack";

/// What was asked, by whom, of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    pub tenant: String,
    pub okta_url: String,
    /// Okta's own immutable id of the org, if it was told.
    pub okta_org: Option<String>,
    /// Sites and their addresses.
    pub sites: Vec<(String, String)>,
    /// The period: from this moment on, up to but not including `to`.
    pub from: Timestamp,
    pub to: Timestamp,
    /// By site: when the first complete comparison of the tenant's people there ended, whether or not that was in the period.
    /// What was so before is not known. `None`: there never was one.
    pub known_since: Vec<(String, Option<Timestamp>)>,
    /// All times are in this zone.
    pub zone: String,
    pub made_at: Timestamp,
    pub made_by: String,
    /// Program and version.
    pub program: String,
    /// What the rows were made from.
    pub query: String,
    pub seed: String,
    /// Size of each sample, if it was given.
    pub sample: Option<usize>,
    /// The attribute whose values take turns in each sample, if one was named; each person's is in [`SAMPLE_BY`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_by: Option<String>,
    /// People whose dossiers the auditor asked for by name.
    pub named: Vec<String>,
    /// The configured bound on leavers.
    pub leaver_bound_seconds: i64,
    /// Name of the journal's tree.
    pub origin: String,
    /// The signed head that all inclusion proofs lead to.
    pub checkpoint: String,
    /// Moments at which the clock went back, by journal line: (position, seconds).
    pub clock_went_back: Vec<(u64, i64)>,
    /// Policy versions in force: number and seal.
    pub policies: Vec<(i64, String)>,
    /// Lines of the journal whose text was let go of by retention.
    pub journal_kept_from: u64,
    /// The note that was signed over them.
    pub journal_cut: Option<String>,
    /// What is not covered, in words.
    pub limits: Vec<String>,
}

/// An attribute of everybody in the populations that samples are drawn from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    pub attribute: String,
    /// By person; empty: they have none.
    pub values: BTreeMap<String, String>,
}

/// A file of the pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub name: String,
    /// Rows, of tables.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rows: Option<u64>,
    pub bytes: u64,
    pub sha256: String,
    /// As stored in the archive.
    pub packed_bytes: u64,
    pub packed_sha256: String,
}

/// The manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: String,
    pub terms: Terms,
    /// Verifier's key: `<name>+<hash>+<base64>`.
    pub key: String,
    pub summary: Summary,
    pub files: Vec<File>,
}

/// The note over a manifest.
pub fn sign(manifest: &[u8], key: &CheckpointKey) -> String {
    key.sign_note(&format!("{PURPOSE}\n{}\n", hex(&sha256(&[manifest]))))
}

/// Whether the note signs exactly this manifest, with this one signature and nothing beside it.
///
/// # Errors
/// [`NoteProblem`], also when the note holds but is about something else.
pub fn verify(manifest: &[u8], note: &str, key: &str) -> Result<(), NoteProblem> {
    let body = verify_sole_note(note, key)?;
    match body == format!("{PURPOSE}\n{}\n", hex(&sha256(&[manifest]))) {
        true => Ok(()),
        false => Err(NoteProblem::Form("it signs another manifest")),
    }
}

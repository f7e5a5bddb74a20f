//! The loops: ingest, observe, decide, plan, apply, verify, sweep. No SQL, no HTTP, no vendor's name.
//!
//! Events never carry work, only attention: [`ingest`] stores hints, [`work`] claims identities that deserve a look,
//! [`look`] takes one look (fresh read, decide, plan, apply, read back), [`survey`] does the deciding for everybody
//! at once and [`sweep`] raises attention for whoever differs.

pub mod adoption;
pub mod alerts;
pub mod apart;
pub mod approvals;
pub mod asking;
pub mod clock;
pub mod context;
mod cores;
pub mod definitions;
pub mod delegations;
pub mod engine;
pub mod environments;
pub mod explain;
pub mod feeds;
pub mod gone_groups;
mod grown;
pub mod ingest;
pub mod intake;
mod joining;
pub mod journal;
mod judge;
mod judged_by;
mod keyed_lock;
pub mod late;
pub mod latency;
mod linting;
pub mod look;
pub mod loops;
pub mod naming;
mod outages;
mod outbox;
pub mod packed;
mod pages;
pub mod policies;
pub mod ports;
pub mod pushed;
pub mod put_away;
mod reactions;
mod remembered;
pub mod replay;
pub mod reviews;
pub mod schedules;
pub mod settings;
pub mod site;
pub mod survey;
pub mod sweep;
pub mod told;
pub mod tryout;
pub mod undo;
pub mod whatif;
pub mod work;

pub use engine::{Engine, Ports};
pub use settings::EngineSettings;

//! Lanyard's memory on SQLite: the store port with group commit, and the journal as Merkle trees.
//!
//! | module | what |
//! |---|---|
//! | [`SqliteStore`] | opening, threads, closing |
//! | `port` | the store port, call by call |
//! | `batch`, `group` | one caller's writes; many callers in one commit |
//! | `tables` | statements and rows, by subject |
//! | `queue`, `sync` | how jobs reach their threads; the threads and locks it takes |
//! | `memory` | what the writing side knows without asking |
//! | `tx`, `sqlite` | what tables need of a database; SQLite's side of it |
//! | `schema`, `record` | numbered schema steps; versioned JSON records |
//! | `archive` | a reading look at a folder, also beside a running server: what evidence is made from |
//! | `disk` | what a simulation lets go wrong below an inline store |
//! | `extras` | checkpoints, erasing names, backup |
//! | [`contract`] | the suite that every store passes |

#![cfg_attr(
    test,
    expect(clippy::duplicate_mod, reason = "`orders` compiles the queue under another scheduler")
)]

mod archive;
mod batch;
pub mod contract;
mod disk;
mod extras;
mod glance;
mod group;
mod keys;
mod lock;
mod memory;
#[cfg(test)]
mod orders;
mod port;
mod queue;
mod record;
mod salt;
mod schema;
mod sqlite;
mod store;
mod sync;
mod tables;
mod tx;

pub use archive::{Archive, Ended, KeptPlan, PersonLine, RawLine};
pub use disk::{Disk, DiskStep, DiskTrouble};
pub use lanyard_tlog::{checkpoint, cut, merkle, proof};
pub use lock::IN_USE;
pub use store::SqliteStore;

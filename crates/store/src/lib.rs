//! Lanyard's memory on SQLite: the store port with group commit, and the journal as Merkle trees.
//!
//! | module | what |
//! |---|---|
//! | [`SqliteStore`] | opening, threads, closing |
//! | `port` | the store port, call by call |
//! | `batch`, `group` | one caller's writes; many callers in one commit |
//! | `tables` | statements and rows, by subject |
//! | `memory` | what the writing side knows without asking |
//! | `tx`, `sqlite` | what tables need of a database; SQLite's side of it |
//! | `schema`, `record` | numbered schema steps; versioned JSON records |
//! | [`merkle`], [`checkpoint`] | the tree of RFC 6962; signed checkpoints |
//! | `disk` | what a simulation lets go wrong below an inline store |
//! | `extras` | checkpoints, erasing names, backup |
//! | [`contract`] | the suite that every store passes |

mod batch;
pub mod checkpoint;
pub mod contract;
mod disk;
mod extras;
mod glance;
mod group;
mod keys;
mod lock;
mod memory;
pub mod merkle;
mod port;
mod record;
mod salt;
mod schema;
mod sqlite;
mod store;
mod tables;
mod tx;

pub use disk::{Disk, DiskStep, DiskTrouble};
pub use store::SqliteStore;

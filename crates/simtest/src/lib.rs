//! Deterministic simulation: the production engine, adapters and store against the stand-ins, in one thread and in
//! virtual time. A seed decides a whole history: the company, what happens to its people, what goes wrong, and when
//! the process dies. The same seed gives the same history, byte for byte.
//!
//! - [`clock`]: one virtual time for everybody; [`life`]: one run of the process, and how it ends
//! - [`network`]: requests and hook deliveries as calls of the stand-ins' faces, with what goes wrong on the way
//! - [`weather`]: what goes wrong below the store, in answers that lie, and to the process; [`folder`]: what lies on the disk
//! - [`company`]: the two sides and the engine's wiring; [`script`]: what the seed has in store; [`run`]: one history
//! - [`guards`]: what the policy asks beyond the demonstration's, and who votes
//! - [`badge`]: badge systems that are told who may enter what
//! - [`auditor`]: judges a history from the stand-ins' own journals, without the engine's ideas; [`watch`]: as it happens
//! - [`drive`]: many seeds on all cores; [`totals`]: what they amounted to; [`shrink`]: a failing history made short
//! - [`twin`]: the same history without faults must end in the same state
//! - [`enumerate`]: every point of short histories in turn
//! - [`progress`]: what whoever waits is told meanwhile
//! - [`planted`], [`hunt`]: deliberate bugs, and whether the auditor finds them; [`found`]: what came of each so far

pub mod auditor;
pub mod badge;
pub mod clock;
pub mod company;
pub mod drive;
pub mod enumerate;
pub mod folder;
pub mod found;
pub mod guards;
pub mod history;
pub mod hunt;
pub mod life;
pub mod network;
pub mod planted;
pub mod progress;
pub mod run;
pub mod script;
pub mod shrink;
pub mod totals;
pub mod twin;
pub mod watch;
pub mod weather;

pub use history::History;
pub use run::{Options, run, run_plan};

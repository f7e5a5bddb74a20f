//! The loops: ingest, observe, decide, plan, apply, verify, sweep. No SQL, no HTTP, no vendor's name.

pub mod clock;
pub mod ports;

//! engine
pub mod clock;

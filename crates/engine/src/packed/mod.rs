//! Whole lists, packed: one row is a few hundred bytes instead of a few thousand, so that everybody of a large company
//! fits into memory twice over, and one person at a time is unpacked to be decided.

mod accounts;
mod arena;
mod code;
mod keys;
mod names;
mod people;
mod texts;

pub use accounts::Accounts;
pub(crate) use keys::KeyIndex;
pub use people::People;

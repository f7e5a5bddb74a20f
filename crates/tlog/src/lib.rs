//! Transparency logs: Merkle trees after RFC 6962, proofs about them, and signed notes and checkpoints in C2SP form.
//!
//! Bytes in, bytes out: no clock, no file, no database. The store keeps journals with it, and whoever holds an evidence
//! pack verifies with it, without the store.
//!
//! | module | what |
//! |---|---|
//! | [`merkle`] | hashes of leaves and nodes; the compact range |
//! | [`proof`] | inclusion and consistency proofs: made in one pass, verified alone |
//! | [`note`] | keys and signed notes (Ed25519) |
//! | [`checkpoint`] | signed tree heads |
//! | [`cut`] | signed notes over what was let go of |

pub mod checkpoint;
pub mod cut;
pub mod merkle;
pub mod note;
pub mod proof;

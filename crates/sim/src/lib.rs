//! Stand-ins for Okta and iOffice: two servers with their own state, wire formats, faults and journals.
//!
//! They are part of the product: people rehearse policies on them, and every end-to-end test trusts their journals
//! rather than the engine's. Therefore this crate imports no other Lanyard crate: a misunderstanding in a client
//! cannot be repeated here by sharing code.
//!
//! - [`face`]: what a stand-in is (a function from request value to reply value) and what it may ask of its host
//! - [`clock`]: where its time comes from
//! - [`world`]: a company from a seed, from which both faces draw their first state
//! - [`okta`], [`ioffice`]: the two faces
//! - [`faults`]: what goes wrong, by script or at run time
//! - [`host`]: sockets, hook delivery, control endpoint
#![forbid(unsafe_code)]

pub mod clock;
pub mod control;
pub mod face;
pub mod faults;
pub mod host;
pub mod okta;
pub mod world;

//! SCIM 2.0 as a server that Okta provisions to needs it: resources, filters, PATCH, bodies. Pure: no I/O, no clock.
//!
//! | module | what |
//! |---|---|
//! | [`schema`] | which attributes there are, and of what shape |
//! | [`resource`] | a User or Group: reading, PUT, what it is found by, writing |
//! | [`filter`] | `userName eq "…" and …`: the part of the filter language that is used |
//! | `path`, [`patch`] | PATCH in every form that clients send |
//! | [`body`] | list and error bodies, paging parameters |
//! | [`discovery`] | ServiceProviderConfig, ResourceTypes, Schemas |
//!
//! Passwords are never read: no attribute of that name exists here. Source: RFC 7643, RFC 7644, contract okta.md §13.

pub mod body;
mod comparison;
pub mod discovery;
pub mod filter;
pub mod patch;
mod path;
mod refusal;
pub mod resource;
pub mod schema;

pub use filter::Filter;
pub use patch::Patch;
pub use refusal::Refusal;
pub use resource::Resource;
pub use schema::Kind;

//! Who may ask, and what for.
//!
//! | module | holds |
//! |---|---|
//! | [`role`] | roles, what each permits, and where |
//! | [`caller`] | somebody who asks |
//! | [`guard`] | the one door: finds the caller, checks the role, asks for the proof against other sites' pages |
//! | [`session`] | signed-in people: durable, ended by idleness, age, sign-out, or their end in Okta |
//! | [`token`] | programs: durable, named, with roles and an end |
//! | [`sign_in`] | the ways in: one-time owner link, and the identity provider |
//! | [`cookie`], [`seal`], [`secret`] | the small parts |

pub mod caller;
mod cookie;
pub(crate) mod guard;
pub mod role;
mod seal;
pub(crate) mod secret;
pub mod session;
pub mod sign_in;
pub mod token;

pub use caller::Caller;
pub use role::{Grant, Permit, Reach, Role};
pub use secret::fresh_token;
pub(crate) use secret::same_secret;
pub use sign_in::{Ask, IdentityProvider, Person, ProviderFailure, RoleRule, SignIn};

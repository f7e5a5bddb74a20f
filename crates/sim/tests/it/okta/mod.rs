//! The Okta stand-in, driven through its face.

mod credentials;
pub mod desk;
mod facts;
mod finer;
mod fuzz;
mod hooks;
mod provisioning;
mod shapes;
mod users;
mod world;

//! The Okta stand-in, driven through its face.

mod credentials;
pub mod description;
pub mod desk;
mod facts;
mod finer;
mod fuzz;
mod hooks;
mod journal;
mod lists;
mod mistakes;
mod provisioning;
mod shapes;
mod switches;
mod users;
mod world;

//! The Okta stand-in, driven through its face.

mod credentials;
pub mod desk;
mod facts;
mod fuzz;
mod hooks;
mod shapes;
mod users;
mod world;

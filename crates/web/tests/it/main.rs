//! The server's routes as clients see them, over a store in memory.

mod access;
mod answers;
mod decide;
mod delegations;
mod document;
mod events;
mod hooks;
mod house;
mod metrics;
mod policy;
mod scim_access;
mod scim_groups;
mod scim_users;
mod sign_in;

//! The store from outside.

mod caps;
mod contract;
mod crash;
mod erase;
mod folder;
mod journal;
mod queue;
mod upgrade;

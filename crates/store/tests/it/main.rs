//! The store from outside.

mod contract;
mod crash;
mod folder;
mod journal;
mod queue;

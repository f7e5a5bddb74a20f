//! A small pack, and everything that can be done to it.

mod forms;
mod sample;
mod tampering;

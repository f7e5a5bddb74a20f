//! Plans from the outside: wishes and accounts in, steps out.

mod asked;
mod golden;
mod holds;
mod properties;
mod world;

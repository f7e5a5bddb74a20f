//! Plans from the outside: wishes and accounts in, steps out.

mod golden;
mod holds;
mod properties;
mod world;

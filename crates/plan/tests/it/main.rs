//! Plans from the outside: wishes and accounts in, steps out.

mod golden;
mod properties;
mod world;

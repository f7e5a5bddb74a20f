//! Policies from the outside: files in, wishes out.

mod flows;
mod lifecycle;
mod problems;
mod properties;
mod scenario;
mod templates;
mod world;

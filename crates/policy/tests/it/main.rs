//! Policies from the outside: files in, wishes out.

mod first;
mod flows;
mod lifecycle;
mod own_tests;
mod problems;
mod properties;
mod scenario;
mod templates;
mod world;

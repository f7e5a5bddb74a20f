//! Policies from the outside: files in, wishes out.

mod doors;
mod failing;
mod first;
mod flows;
mod formats;
mod fuzz;
mod language;
mod lifecycle;
mod missing;
mod order;
mod own_tests;
mod problems;
mod properties;
mod scenario;
mod templates;
mod turning;
mod world;

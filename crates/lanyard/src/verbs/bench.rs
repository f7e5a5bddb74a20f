//! `bench`: see [`crate::bench`].

pub use crate::bench::{BenchArguments, run};

//! Histories drawn from seeds, and histories made on purpose.

mod regressions;
mod seeds;

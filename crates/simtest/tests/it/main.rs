//! Seeds: many by default, one by `LANYARD_SEED=K`, more by `LANYARD_SEEDS=N`.

mod regressions;
mod seeds;

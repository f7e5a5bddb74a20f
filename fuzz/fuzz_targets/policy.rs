//! Parser, linter and evaluator on any bytes: see `crates/policy/tests/it/fuzz.rs`, which holds what must be true.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/policy/tests/it/fuzz/check.rs"]
mod check;

fuzz_target!(|bytes: &[u8]| check::check(bytes));

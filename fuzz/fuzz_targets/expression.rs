//! Expressions in CEL on any bytes: see `crates/policy/tests/it/fuzz`, which holds what must be true.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/policy/tests/it/fuzz/check.rs"]
mod check;

fuzz_target!(|bytes: &[u8]| check::check_expression(bytes));

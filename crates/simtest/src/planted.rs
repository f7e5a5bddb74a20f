//! Deliberate bugs, switched on one at a time. This build has none: `cargo xtask simtest --planted` makes one that has,
//! in which this file is another.

/// Names of the bugs in this build.
pub const NAMES: &[&str] = &[];

/// Switches a bug on for this thread, and all others off.
pub fn plant(_bug: Option<&str>) {}

/// Whether the code of the bug that is switched on was passed since.
pub fn was_reached() -> bool {
    false
}

//! What goes wrong, by script or at run time.
//!
//! - [`script`]: the TOML form of a list of [`Rule`]s, with errors that name file, line and column
//! - [`rule`]: one rule: where, when, how often, and what happens
//! - [`Faulty`]: a [`Face`](crate::face::Face) around a face that applies the rules. It works the same behind sockets
//!   and inside a deterministic simulation: the seed and the order of requests decide everything
//!
//! ```toml
//! seed = 7
//!
//! [[fault]]
//! name = "quota storm"
//! target = "okta"            # okta, ioffice, badge or hook
//! path = "/api/v1/users*"    # `*` stands for any text; unset: every path
//! from = "2m"                # since the start; or an instant, "2026-05-04T09:00:00Z"
//! until = "5m"
//! probability = 0.5          # and/or every = 3, skip = 10, count = 20
//! effect = "quota"
//!
//! [[fault]]
//! target = "hook"
//! effect = "drop"
//! every = 4
//! ```

mod answers;
mod faulty;
mod hooks;
mod pages;
mod rule;
mod script;

pub use self::{
    faulty::{Faulty, RuleReport},
    rule::{Effect, Moment, Rule, Target},
    script::{FaultScript, FaultScriptError},
};

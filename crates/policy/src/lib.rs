//! The policy document: from files people can read to what one person should have, and why. Pure: no I/O, no clock.
//!
//! | module | job |
//! |---|---|
//! | [`policy`] | files in, [`Policy`] out; the questions that need no site |
//! | [`problem`] | what is wrong with a policy, where, and the fix |
//! | [`correlation`] | keys that find accounts, join persons, name managers |
//! | [`bind`] | names to a site's ids: [`Bound`] |
//! | [`evaluate`] | [`Bound::evaluate`]: one person → `Desired` |
//! | [`explain`] | a decision in sentences: why, and why not |
//! | [`guardrail`] | limits, schedules, channels |
//! | [`protection`] | whom nothing is taken from, by whose word and until when |
//! | [`rights`] | which rule gives which right to whom, as a table |
//! | [`remedy`] | what would change a decision |
//! | [`lint`] | what a policy says but hardly means |
//! | [`structured`], [`format`], [`diff`] | the files as JSON and back, in one spelling, and what an edit changes |
//! | [`templates`] | policies written for a customer: starter, demonstration |
//! | [`testing`] | the policy's own tests, and what of it they reach |
//! | `parse`, `reader`, `document`, `parameter`, `table`, `sheet`, `whereabouts` | the format: TOML rules and CSV tables |
//! | `names`, `subject`, `flow_index` | what decisions are about, as numbers |
//! | `typing` | types of attributes against what is asked of them |
//! | `expression` | conditions and values in CEL |
//! | `condition`, `test`, `pattern`, `date`, `phone`, `lifecycle`, `profile`, `merge`, `failing`, `place`, `visit` | the meaning |

pub mod bind;
mod condition;
pub mod correlation;
mod date;
pub mod diff;
mod document;
pub mod evaluate;
pub mod explain;
mod expression;
mod failing;
mod flow_index;
pub mod format;
pub mod guardrail;
pub mod kind;
mod lifecycle;
pub mod lint;
mod merge;
mod names;
mod parameter;
mod parse;
mod pattern;
mod phone;
mod place;
pub mod policy;
pub mod problem;
mod profile;
pub mod protection;
pub mod reaction;
mod reader;
pub mod remedy;
pub mod rights;
mod say;
pub mod schema;
mod sheet;
pub mod structured;
mod subject;
mod table;
pub mod templates;
mod test;
pub mod testing;
mod typing;
mod visit;
mod whereabouts;

pub use self::{
    bind::Bound,
    correlation::{ManagerKey, ManagerRef, SearchTerm},
    evaluate::{Facts, Grounds},
    explain::{Explanation, Line, Part, explain},
    guardrail::{Channel, Guardrails, Schedule},
    lint::{GoneGroup, Known, Ways},
    policy::{FlowLine, Policy, PolicyFiles},
    problem::{Problem, Problems, Severity},
    protection::{Protection, protections},
    remedy::{ByItself, Evaluated, Input, Remedy, Way},
    rights::{RuleRight, rule_rights},
    templates::{SiteFacts, StarterFacts, TenantFacts, demo_policy, starter},
    testing::{TestReport, TestResult},
};

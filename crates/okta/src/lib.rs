//! The Okta adapter: the only place of the product where Okta's JSON, error codes and paging exist.
//!
//! It reads people, groups, assignments and the System Log, and keeps the tenant's event hook; it never writes a
//! person or a group. Everything rides on [`lanyard_wire::Transport`] and [`lanyard_engine::clock::Clock`], so
//! tests and simulations need no socket and no real time. What to do about a fact is decided elsewhere.
//!
//! | part | files |
//! |---|---|
//! | signing people in to our console | `oidc` |
//! | settings, signing in | `settings`, `assertion`, `dpop`, `token` |
//! | one call: budget, retries, typed problems, counts | `client`, `budget`, `problem`, `counters` |
//! | walks over pages | `paging`, `listing` |
//! | resources | `organization`, `user`, `group`, `app`, `schema`, `log`, `hook` |
//! | meaning | `attention` (whom an event concerns), `probe` (is the credential good enough) |
//! | the engine's port | `directory` |
//!
//! Source of all wire facts: `docs/contracts/okta.md`; sections and traps are named where a rule came from.

mod app;
mod assertion;
mod attention;
mod budget;
mod client;
mod counters;
mod directory;
mod dpop;
mod group;
mod hook;
mod json;
mod listing;
mod log;
mod oidc;
mod organization;
mod paging;
mod probe;
mod problem;
mod schema;
mod settings;
mod token;
mod user;

pub use app::AppUser;
pub use assertion::KeyProblem;
pub use attention::{Attention, Ourselves, Warning, affected, feed_filter, hook_event_types};
pub use budget::ThrottleKind;
pub use client::OktaClient;
pub use counters::{CallOutcome, CounterRow, Counters};
pub use hook::{Delivery, EventHook, HookProblem, hook_by_hand, parse_delivery};
pub use log::{LogEvent, LogPage, LogProblem, Target};
pub use oidc::{SignInClient, SignInProblem, SignInSettings, SignedInPerson};
pub use organization::Organization;
pub use problem::Problem;
pub use schema::AttributeSchema;
pub use settings::{Credential, DpopMode, Limits, OktaSettings, OrgUrl, ServiceApp, SettingsProblem};

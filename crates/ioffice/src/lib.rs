//! The iOffice client: the only place where iOffice's JSON exists.
//!
//! [`IofficeClient`] is the engine's `Workplace` for one site. It turns the site's records into the model's words
//! and operations into calls, keeps the site's budget, and says for every write whether it happened. It decides
//! nothing: which account, which seat and whether at all is the engine's. Wire facts come from
//! `docs/contracts/ioffice.md`; section numbers in comments refer to it.
//!
//! | module | about |
//! |---|---|
//! | `settings` | address, credential, capability flags, pace |
//! | `budget` | token bucket with lanes, 429, the stop gate |
//! | `session`, `oauth` | one call: signing in, classifying, the one retry layer |
//! | `listing` | whole lists with evidence of completeness |
//! | `fields` | tolerant reading of JSON |
//! | `accounts`, `holders`, `bookings`, `visits`, `places`, `rules`, `moves` | one kind of record each: reading and writing it |
//! | `client`, `capabilities` | the client and what it has learnt about the site |
//! | `profile`, `deactivation`, `apply` | operations |
//! | `catalogue`, `probe` | the long reads |
//! | `workplace` | the port |

mod accounts;
mod apply;
mod bookings;
mod budget;
mod capabilities;
mod catalogue;
mod client;
mod counters;
mod deactivation;
mod fields;
mod holders;
mod listing;
mod moves;
mod oauth;
mod outcome;
mod places;
mod probe;
mod profile;
mod rules;
mod session;
mod settings;
mod visits;
mod workplace;

pub use budget::{Budget, Gate, Pace};
pub use client::IofficeClient;
pub use moves::{MoveKind, MoveTicket};
pub use oauth::{RefreshTokenKeeper, RenewalTurn};
pub use outcome::{Impossible, ReadError, Refusal, WriteOutcome};
pub use rules::RuleSet;
pub use settings::{
    CapabilityFlags, Credential, DeactivationMethod, Flag, IofficeSettings, OAuthCredential, SettingsError,
    SiteUrl,
};

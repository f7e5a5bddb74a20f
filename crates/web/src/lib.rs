//! REST, hook endpoints, sign-in and the console's files. The only place where an HTTP status is chosen.
//!
//! | module | serves |
//! |---|---|
//! | [`hooks`] | `/hooks/okta/{tenant}`: event hook verification and delivery |
//! | [`api`] | `/api/v1/…`: what the console and the command line ask |
//! | [`access`] | who may ask: sign-in, sessions, API tokens, roles, CSRF |
//! | `routes` | the table of the API's routes; the router and [`openapi`] are made from it |
//! | [`desks`] | what the program around it must bring: evidence packs, new connections |
//! | [`console`] | the console's files, with a fresh CSP nonce each |
//! | `scim` | `/scim/v2/{tenant}`: what Okta provisions to |
//! | `decide` | `/decide` and `/slack/actions`: decisions by signed link and by button |
//! | [`problem`] | refusals as problem+json |
//! | `answers` | what holds for every answer: problems, tags |
//! | `traffic` | calls to each side by the minute |
//! | `page` | pages of lists that are in memory |

pub mod access;
mod answers;
pub mod api;
mod console;
mod decide;
pub mod desks;
mod hooks;
pub mod openapi;
mod page;
pub mod problem;
mod routes;
mod scim;
mod server;
mod state;
mod traffic;

pub use api::health::text as metrics;
pub use decide::Chat;
pub use server::{router, serve};
pub use state::{
    DemoControl, Desks, Mode, NoHook, Remembered, ScimSettings, VerbRunner, WebSettings, WebState,
};

//! Stand-ins for Okta and iOffice: two servers with their own state, wire formats, faults and journals.
//!
//! They are part of the product: people rehearse policies on them, and every end-to-end test trusts their journals
//! rather than the engine's. Therefore this crate imports no other Lanyard crate: a misunderstanding in a client
//! cannot be repeated here by sharing code.
//!
//! - [`face`]: what a stand-in is (a function from request value to reply value) and what it may ask of its host
//! - [`clock`]: where its time comes from
//! - [`world`]: a company from a seed, from which both faces draw their first state
//! - [`okta`], [`ioffice`]: the two faces; [`badge`]: a badge system, for the feed that tells doors
//! - [`faults`]: what goes wrong, by script or at run time
//! - [`host`]: sockets, hook delivery; [`control`]: the endpoint that is neither vendor's
//! - [`scenario`]: a scripted day, with what must be true afterwards
//! - [`fidelity`]: what is simulated, assumed, left out
//!
//! # Over sockets
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use lanyard_sim::{face::Inspect, faults::FaultScript, host::{AdjustableClock, Rehearsal}, scenario::Day, world::WorldSettings};
//! # async fn rehearse() -> Result<(), Box<dyn std::error::Error>> {
//! let world = WorldSettings { people: 2000, seed: 7, orgs: 2, sites: 2, ..WorldSettings::default() };
//! let clock = Arc::new(AdjustableClock::starting_at(world.now, 1.0));
//! let faults = "[[fault]]\ntarget = \"hook\"\nevery = 4\neffect = \"drop\"\n";
//! let (company, running) = Rehearsal {
//!     world,
//!     faults: FaultScript::parse("faults.toml", faults)?,
//!     clock: clock.clone(),
//!     adjustable: Some(clock.clone()),
//!     ..Rehearsal::default()
//! }
//! .start()
//! .await?;
//! println!("{}", serde_json::to_string(running.announcement())?);
//! // Point an engine at the announced addresses, then live through a day and look at what came of it.
//! let day = Day::of(&company);
//! day.play(running.desks(), &*clock, |step, refused| println!("{} {} {refused:?}", step.at, step.words)).await;
//! let sites = running.desks()[company.orgs.len()..].iter().map(|desk| desk.inspect(Inspect::State));
//! for finding in day.verify(&sites.collect::<Result<Vec<_>, _>>()?, None) {
//!     println!("{}: expected {}, but {}", finding.who, finding.expected, finding.found);
//! }
//! # Ok(()) }
//! ```
//!
//! At run time `POST {control}/_stand-in/faults` breaks things, `POST …/clock` moves time, `POST …/okta/0/command` does
//! what somebody does at the vendor's console, and `GET …/ioffice/0/journal` shows every accepted write; see [`control`].
//!
//! # Inside a simulation
//!
//! A [`Face`](face::Face) needs no socket: wrap it in [`Faulty`](faults::Faulty), call
//! [`handle`](face::Face::handle) with each request and a virtual time, call [`advance`](face::Face::advance) when
//! [`next_due`](face::Face::next_due) says so, and carry out the [`Outgoing`](face::Outgoing) requests yourself. Seed
//! and order of calls decide everything.
#![forbid(unsafe_code)]

pub mod badge;
pub mod clock;
pub mod control;
pub mod face;
pub mod faults;
pub mod fidelity;
pub mod host;
pub mod ioffice;
mod journal;
pub mod okta;
pub mod scenario;
pub mod world;

//! Stand-ins for Okta and iOffice: two servers with their own state, wire formats, faults and journals.
//!
//! They are part of the product: people rehearse policies on them, and every end-to-end test trusts their journals
//! rather than the engine's. Therefore this crate imports no other Lanyard crate: a misunderstanding in a client
//! cannot be repeated here by sharing code.
//!
//! - [`face`]: what a stand-in is (a function from request value to reply value) and what it may ask of its host
//! - [`clock`]: where its time comes from
//! - [`world`]: a company from a seed, from which both faces draw their first state
//! - [`okta`], [`ioffice`]: the two faces
//! - [`faults`]: what goes wrong, by script or at run time
//! - [`host`]: sockets, hook delivery; [`control`]: the endpoint that is neither vendor's
//! - [`scenario`]: a scripted day, with what must be true afterwards
//!
//! # Over sockets
//!
//! ```no_run
//! # use std::{net::SocketAddr, sync::Arc};
//! # use lanyard_sim::{face::Face, faults::FaultScript, host::*, scenario::Day, world::*};
//! # async fn rehearse(okta: Box<dyn Face>, ioffice: Box<dyn Face>) -> Result<(), Box<dyn std::error::Error>> {
//! let company = Company::generate(&WorldSettings { people: 2000, seed: 7, ..WorldSettings::default() });
//! // `okta` and `ioffice` are faces drawn from `company.orgs[0]` and `company.sites[0]`.
//! let clock = Arc::new(AdjustableClock::starting_at(company.settings.now, 1.0));
//! let running = Host::start(HostSettings {
//!     okta: vec![OktaStand {
//!         address: SocketAddr::from(([127, 0, 0, 1], 0)),
//!         face: okta,
//!         ssws: "00…".into(),
//!         client_id: "0oa…".into(),
//!         private_key_pem: "-----BEGIN PRIVATE KEY-----…".into(),
//!         kid: "key-1".into(),
//!     }],
//!     ioffice: vec![IofficeStand {
//!         address: SocketAddr::from(([127, 0, 0, 1], 0)),
//!         face: ioffice,
//!         username: "lanyard.sync".into(),
//!         password: "…".into(),
//!     }],
//!     faults: FaultScript::parse("faults.toml", "[[fault]]\ntarget = \"hook\"\nevery = 4\neffect = \"drop\"\n")?,
//!     clock: clock.clone(),
//!     adjustable: Some(clock.clone()),
//!     ..HostSettings::default()
//! })
//! .await?;
//! println!("{}", serde_json::to_string(running.announcement())?);
//! Day::of(&company).play(running.desks(), &*clock, |step, wrong| println!("{} {} {wrong:?}", step.at, step.words)).await;
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

pub mod clock;
pub mod control;
pub mod face;
pub mod faults;
pub mod host;
pub mod ioffice;
pub mod okta;
pub mod scenario;
pub mod world;

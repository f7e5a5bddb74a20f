//! A scripted day in the life of a generated company.
//!
//! [`Day::of`] picks its cast from a [`Company`](crate::world::Company) and writes down, in order of time, what
//! people do at the vendors' consoles ([`Act`]) and what must be true afterwards ([`Expectation`]), in words and as a
//! check that needs nothing but the stand-ins' own state. It knows nothing of the engine under test.
//!
//! Expectations describe the starter policy: members of `APP-iOffice-Users` hold an account; leave pauses permissions
//! and keeps seat and account; termination takes everything; hand edits of fields that no rule owns survive.
//!
//! - `day`: the steps
//! - `cast`: who plays
//! - `act`: what is done, as commands to faces and rules for faults
//! - `play`: doing it, on a host; `verify`: looking afterwards
//! - [`mod@audit`]: judging everything, whatever the day asked for

mod act;
pub mod audit;
mod cast;
mod day;
mod play;
mod verify;

pub use self::{
    act::Act,
    audit::{AuditReport, audit},
    cast::Player,
    day::{Check, Day, Expectation, Step, Topic},
    verify::Finding,
};

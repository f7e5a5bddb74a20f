//! From wanted and observed to steps. Pure: no I/O, no clock, no database; equal inputs give equal plans.
//!
//! - [`correlate`]: whose account it is
//! - [`lines`]: the single changes inside an operation, and what undoes it
//! - [`clearing`]: holds, approvals, limits and undos as gates
//! - [`failing`]: what becomes of steps that failed
//! - [`drift`]: what another hand changed, where policy leaves it as it is
//! - [`seating`]: which desk satisfies a wish
//! - [`plan_identity`]: the three-way comparison of one person in one site
//! - [`seal`]: names a plan by its content
//! - [`undo`]: operations taken back, against today's world
//! - [`render`]: plans as people read them

pub mod clearing;
pub mod correlate;
mod doors;
pub mod drift;
mod ended;
pub mod failing;
mod grants;
pub mod identity;
pub mod lines;
mod removal;
pub mod render;
pub mod seal;
pub mod seating;
pub mod undo;
mod workplace;

pub use identity::{Observation, Seen, Setting, lacking, plan_identity};
pub use removal::Removal;

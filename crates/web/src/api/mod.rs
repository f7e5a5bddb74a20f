//! What the console and the command line ask, by screen.

pub mod access;
pub mod activity;
pub mod approvals;
pub mod change;
pub mod connections;
pub mod control;
pub mod demo;
pub mod drift;
pub mod events;
pub mod evidence;
pub mod health;
pub mod overview;
pub mod past;
pub mod people;
pub mod places;
pub mod plans;
pub mod policy;
pub mod reviews;
pub mod seals;
mod standing;
pub mod trail;

use crate::problem::Problem;

/// Handlers answer JSON or a refusal.
pub type Answer = Result<axum::Json<serde_json::Value>, Problem>;

//! Event hooks.

use std::sync::Arc;

use super::{dice::Oid, event::LogEvent, state::Org};
use crate::face::Outgoing;

#[derive(Debug, Default)]
pub struct Hooks {
    pub outbox: Vec<Outgoing>,
}

impl Org {
    pub fn offer_to_hooks(&mut self, _event: &Arc<LogEvent>) {}
    pub fn flush_hook(&mut self, _hook: Oid) {}
    pub fn hook_effective(&mut self, _hook: Oid) {}
    pub fn send_delivery(&mut self, _delivery: u64) {}
}

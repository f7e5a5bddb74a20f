//! Hook deliveries that are held back: late ones, and those that wait to be overtaken.

use jiff::Timestamp;

use crate::face::Outgoing;

/// Deliveries held back by a rule.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<Waiting>);

#[derive(Debug)]
struct Waiting {
    due: Timestamp,
    /// Leaves right behind the next delivery, if one comes before `due`.
    overtaken: bool,
    outgoing: Outgoing,
}

impl Held {
    pub(super) fn hold(&mut self, outgoing: Outgoing, due: Timestamp, overtaken: bool) {
        self.0.push(Waiting { due, overtaken, outgoing });
    }

    /// Appends to `leaving` what is due at `now`, and what `leaving` overtakes.
    pub(super) fn release(&mut self, leaving: &mut Vec<Outgoing>, now: Timestamp) {
        let overtaking = !leaving.is_empty();
        let mut kept = Vec::new();
        for waiting in self.0.drain(..) {
            if waiting.due <= now || (waiting.overtaken && overtaking) {
                leaving.push(waiting.outgoing);
            } else {
                kept.push(waiting);
            }
        }
        self.0 = kept;
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.0.iter().map(|waiting| waiting.due).min()
    }
}

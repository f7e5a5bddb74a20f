//! How far a walk over pages of the store has come.

/// A place in an order by text.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    after: Option<String>,
    ended: bool,
}

impl Pages {
    /// What the next page begins after.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    pub(crate) fn seen(&mut self, last: &str) {
        self.after = Some(last.to_owned());
    }

    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    pub(crate) fn ended(&self) -> bool {
        self.ended
    }
}

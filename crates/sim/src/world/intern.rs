//! One copy of each repeated text.

use std::{collections::BTreeMap, sync::Arc};

/// Shares equal strings.
#[derive(Debug, Default)]
pub(super) struct Intern(BTreeMap<Box<str>, Arc<str>>);

impl Intern {
    pub(super) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(found) = self.0.get(text) {
            return Arc::clone(found);
        }
        let shared: Arc<str> = text.into();
        self.0.insert(text.into(), Arc::clone(&shared));
        shared
    }
}

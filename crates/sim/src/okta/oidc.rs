//! Sign-in.

use super::state::UserKey;

#[derive(Debug, Default)]
pub struct SignIns {}

impl SignIns {
    pub fn forget(&mut self, _user: UserKey) {}
}

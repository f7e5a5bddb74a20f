//! Group rules.

use super::{
    dice::Oid,
    state::{GroupKey, Org, UserKey},
};

#[derive(Debug, Clone)]
pub struct Rule {
    pub id: Oid,
}

impl Org {
    pub fn rule_move(&mut self, _user: UserKey, _group: GroupKey, _add: bool, _transaction: String) {}
    pub fn rules_after_change(&mut self, _key: UserKey) {}
    pub fn rules_without_group(&mut self, _id: Oid) {}
}

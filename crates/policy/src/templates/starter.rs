//! The starter policy that `init` writes from what it finds.

use super::StarterFacts;
use crate::PolicyFiles;

/// A careful first policy: it adopts what is there and takes back only what it gave.
pub fn starter(facts: &StarterFacts) -> PolicyFiles {
    super::demo_policy(facts)
}

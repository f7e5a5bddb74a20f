//! Texts that many rows share, kept once and numbered.

use std::{collections::HashMap, hash::Hash};

#[derive(Debug, Clone)]
pub(super) struct Names<T> {
    all: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { all: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Eq + Hash + Clone> Names<T> {
    pub(super) fn number(&mut self, name: &T) -> u32 {
        if let Some(known) = self.numbers.get(name) {
            return *known;
        }
        let number = self.all.len() as u32;
        self.all.push(name.clone());
        self.numbers.insert(name.clone(), number);
        number
    }

    pub(super) fn get(&self, number: u64) -> T {
        self.all[number as usize].clone()
    }
}

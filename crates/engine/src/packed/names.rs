//! Texts that many rows share, kept once and numbered.

use std::{borrow::Borrow, collections::HashMap, hash::Hash};

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
        self.find(name).unwrap_or_else(|| self.add(name.clone()))
    }

    pub(super) fn get(&self, number: u64) -> T {
        self.all[number as usize].clone()
    }

    pub(super) fn known(&self, number: u64) -> &T {
        &self.all[number as usize]
    }

    /// The number of a name that was added.
    pub(super) fn find<Q>(&self, name: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.numbers.get(name).copied()
    }

    /// Adds a name that is not known.
    pub(super) fn add(&mut self, name: T) -> u32 {
        let number = self.all.len() as u32;
        self.all.push(name.clone());
        self.numbers.insert(name, number);
        number
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

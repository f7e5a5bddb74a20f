//! Texts that many rows share, kept once and numbered.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use lanyard_model::{account::FieldName, id::GroupId};

/// So many copies of each name. Threads that unpack rows at the same time take different ones: to count who holds the same one
/// they would wait for each other, several dozen times for each row.
const COPIES: usize = 4;

/// Which copy a thread takes.
fn copy() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed) % COPIES;
    }
    OWN.with(|own| *own)
}

/// What can be copied so that nothing is shared with the copy.
pub(super) trait Apart {
    fn apart(&self) -> Self;
}

impl Apart for Arc<str> {
    fn apart(&self) -> Self {
        Self::from(&**self)
    }
}

impl Apart for GroupId {
    fn apart(&self) -> Self {
        Self::new(self.as_str())
    }
}

impl Apart for FieldName {
    fn apart(&self) -> Self {
        *self
    }
}

#[derive(Debug, Clone)]
pub(super) struct Names<T> {
    all: Vec<[T; COPIES]>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { all: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Eq + Hash + Clone + Apart> Names<T> {
    pub(super) fn number(&mut self, name: &T) -> u32 {
        self.find(name).unwrap_or_else(|| self.add(name.clone()))
    }

    pub(super) fn get(&self, number: u64) -> T {
        self.known(number).clone()
    }

    pub(super) fn known(&self, number: u64) -> &T {
        &self.all[number as usize][copy()]
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
        self.all.push(std::array::from_fn(|_| name.apart()));
        self.numbers.insert(name, number);
        number
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }
}

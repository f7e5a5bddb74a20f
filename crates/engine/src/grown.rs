//! A value that others refer to while a newer one takes its place: whoever holds the old one goes on with it.

use std::sync::OnceLock;

/// Made for values that change a few times in the life of a process: the old ones stay in memory.
pub(crate) struct Grown<T> {
    value: T,
    newer: OnceLock<Box<Grown<T>>>,
}

impl<T> Grown<T> {
    pub fn new(value: T) -> Self {
        Self { value, newer: OnceLock::new() }
    }

    pub fn newest(&self) -> &T {
        &self.last().value
    }

    fn last(&self) -> &Self {
        let mut at = self;
        while let Some(newer) = at.newer.get() {
            at = newer;
        }
        at
    }

    /// Puts what `make` makes of the newest in its place; `make` is asked again if somebody else was faster. `None`:
    /// there is nothing to change. Answers whether something was.
    pub fn grow(&self, make: impl Fn(&T) -> Option<T>) -> bool {
        let mut at = self.last();
        while let Some(value) = make(&at.value) {
            if at.newer.set(Box::new(Self::new(value))).is_ok() {
                return true;
            }
            at = at.last();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Grown;

    #[test]
    fn what_was_read_stays_and_what_is_read_next_is_newer() {
        let list = Grown::new(vec![1]);
        let old = list.newest();
        assert!(list.grow(|known| Some([&known[..], &[2]].concat())));
        assert!(!list.grow(|known| (!known.contains(&2)).then(Vec::new)), "there is a 2 already");
        assert_eq!((&old[..], &list.newest()[..]), (&[1][..], &[1, 2][..]));
    }
}

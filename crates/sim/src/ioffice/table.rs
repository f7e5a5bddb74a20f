//! Rows by id, with pages by offset that cost no more than the page.

pub(crate) type Id = u32;

/// Something that lives in a [`Table`].
pub(crate) trait Row {
    /// Whether lists show the row. Rows that are not listed still answer by id.
    fn listed(&self) -> bool {
        true
    }
}

const BLOCK: usize = 256;

/// Rows in id order. Ids only grow in ordinary use, so insertion appends; removal leaves a gap, never a reused id.
#[derive(Debug)]
pub(crate) struct Table<T> {
    ids: Vec<Id>,
    rows: Vec<Option<T>>,
    /// Listed rows in each block of slots: finding the n-th listed row skips whole blocks.
    listed: Vec<u16>,
    next: Id,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { ids: Vec::new(), rows: Vec::new(), listed: Vec::new(), next: 1 }
    }
}

impl<T: Row> Table<T> {
    /// New rows get ids from `next` on.
    pub(crate) fn start_ids_at(&mut self, next: Id) {
        self.next = self.next.max(next);
    }

    pub(crate) fn next_id(&self) -> Id {
        self.next
    }

    fn slot(&self, id: Id) -> Option<usize> {
        self.ids.binary_search(&id).ok()
    }

    pub(crate) fn get(&self, id: Id) -> Option<&T> {
        self.rows[self.slot(id)?].as_ref()
    }

    pub(crate) fn contains(&self, id: Id) -> bool {
        self.get(id).is_some()
    }

    pub(crate) fn push(&mut self, row: T) -> Id {
        let id = self.next;
        self.insert(id, row);
        id
    }

    /// Puts `row` at `id`, in place of what was there.
    pub(crate) fn insert(&mut self, id: Id, row: T) {
        match self.ids.binary_search(&id) {
            Ok(slot) => {
                self.count(slot, -1);
                self.rows[slot] = Some(row);
                self.count(slot, 1);
            }
            Err(slot) if slot == self.ids.len() => {
                self.ids.push(id);
                self.rows.push(Some(row));
                if slot / BLOCK == self.listed.len() {
                    self.listed.push(0);
                }
                self.count(slot, 1);
            }
            Err(slot) => {
                // Out of order happens only while seeding by hand.
                self.ids.insert(slot, id);
                self.rows.insert(slot, Some(row));
                self.recount();
            }
        }
        self.next = self.next.max(id.saturating_add(1));
    }

    pub(crate) fn edit<R>(&mut self, id: Id, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        let slot = self.slot(id)?;
        self.count(slot, -1);
        let result = self.rows[slot].as_mut().map(change);
        self.count(slot, 1);
        result
    }

    pub(crate) fn remove(&mut self, id: Id) -> Option<T> {
        let slot = self.slot(id)?;
        self.count(slot, -1);
        self.rows[slot].take()
    }

    fn count(&mut self, slot: usize, by: i32) {
        if self.rows[slot].as_ref().is_some_and(Row::listed) {
            let block = &mut self.listed[slot / BLOCK];
            *block = if by > 0 { *block + 1 } else { *block - 1 };
        }
    }

    fn recount(&mut self) {
        self.listed = self
            .rows
            .chunks(BLOCK)
            .map(|rows| {
                u16::try_from(rows.iter().flatten().filter(|row| row.listed()).count()).unwrap_or(u16::MAX)
            })
            .collect();
    }

    /// How many rows lists show.
    pub(crate) fn listed_len(&self) -> usize {
        self.listed.iter().map(|&count| usize::from(count)).sum()
    }

    /// Every row, listed or not, in id order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (Id, &T)> {
        self.ids.iter().zip(&self.rows).filter_map(|(&id, row)| Some((id, row.as_ref()?)))
    }

    pub(crate) fn iter_listed(&self) -> impl DoubleEndedIterator<Item = (Id, &T)> {
        self.iter().filter(|(_, row)| row.listed())
    }

    /// Ids of the listed rows `start..start + limit`, ascending or descending.
    pub(crate) fn page(&self, start: usize, limit: usize, descending: bool) -> Vec<Id> {
        let total = self.listed_len();
        if start >= total {
            return Vec::new();
        }
        let take = limit.min(total - start);
        if !descending {
            return self.ascending(start, take);
        }
        let mut ids = self.ascending(total - start - take, take);
        ids.reverse();
        ids
    }

    fn ascending(&self, mut skip: usize, take: usize) -> Vec<Id> {
        let mut block = 0;
        while block < self.listed.len() && skip >= usize::from(self.listed[block]) {
            skip -= usize::from(self.listed[block]);
            block += 1;
        }
        let from = block * BLOCK;
        self.ids[from..]
            .iter()
            .zip(&self.rows[from..])
            .filter(|(_, row)| row.as_ref().is_some_and(Row::listed))
            .skip(skip)
            .take(take)
            .map(|(&id, _)| id)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Numbered(bool);
    impl Row for Numbered {
        fn listed(&self) -> bool {
            self.0
        }
    }

    #[test]
    fn pages_skip_unlisted_and_removed_rows() {
        let mut table = Table::default();
        for n in 0..1000_u32 {
            table.push(Numbered(n % 3 != 0));
        }
        table.remove(2);
        table.edit(3, |row| row.0 = false);
        let listed: Vec<Id> = table.iter_listed().map(|(id, _)| id).collect();
        assert_eq!(table.listed_len(), listed.len());
        assert_eq!(table.page(0, 3, false), [5, 6, 8]);
        assert_eq!(table.page(400, 5, false), listed[400..405]);
        let reversed: Vec<Id> = listed.iter().rev().copied().collect();
        assert_eq!(table.page(10, 5, true), reversed[10..15]);
        assert!(table.page(listed.len(), 5, false).is_empty());
        table.insert(2, Numbered(true));
        assert_eq!(table.page(0, 2, false), [2, 5]);
    }
}

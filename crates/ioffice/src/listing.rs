//! Whole lists by overlapping pages, with evidence of completeness (§1.4).
//!
//! Offset paging is no snapshot: a removal during the scan shifts later rows up, and one is skipped. So rows are
//! ordered by id, each page repeats the last row of the one before, and when that row is missing the scan steps
//! back until it finds familiar ground. `/count` is read before and after. The verdict is `Evidence::certify`'s.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_engine::ports::Progress;
use lanyard_model::{
    coverage::{Evidence, ReadKind},
    signal::Lane,
};
use serde_json::Value;

use crate::{
    fields::Fields,
    outcome::ReadError,
    session::{Call, Session},
};

/// Pages of one list at most, whatever the count says: two million rows.
const PAGES_MAX: u32 = 20_000;
/// Rows to go back when the overlap row is missing; doubled while that is not enough.
const FIRST_STEP_BACK: u64 = 8;

/// One collection and how to read it.
pub(crate) struct Collection {
    pub endpoint: &'static str,
    pub segments: Vec<String>,
    /// Filters, also sent with the count.
    pub filters: Vec<(&'static str, String)>,
    pub selector: Option<String>,
    pub lane: Lane,
    /// Pattern of the count call; `None` where the collection has no documented count.
    pub count_endpoint: Option<&'static str>,
}

impl Collection {
    /// Everything in it is asked for, not what fits a text.
    fn is_whole(&self) -> bool {
        !self.filters.iter().any(|(name, _)| *name == "search")
    }

    fn path(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }

    fn page(&self, limit: u32, start: u64) -> Call {
        let mut call = Call::get(self.endpoint, &self.path(), self.lane).listing();
        call.query.extend(self.filters.iter().cloned());
        if let Some(selector) = &self.selector {
            call = call.with("selector", selector.clone());
        }
        call.with("orderBy", "id")
            .with("orderByType", "asc")
            .with("limit", limit.to_string())
            .with("startAt", start.to_string())
    }
}

/// Rows that could be understood, by ascending id, each id once.
#[derive(Debug)]
pub(crate) struct Scan<R> {
    pub rows: Vec<R>,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub pages: u32,
    pub reached_end: bool,
    pub count_before: Option<u64>,
    pub count_after: Option<u64>,
    pub overlaps_missed: u32,
}

impl Scan<()> {
    fn with<R>(self, rows: Vec<R>) -> Scan<R> {
        Scan {
            rows,
            started_at: self.started_at,
            ended_at: self.ended_at,
            pages: self.pages,
            reached_end: self.reached_end,
            count_before: self.count_before,
            count_after: self.count_after,
            overlaps_missed: self.overlaps_missed,
        }
    }
}

impl<R> Scan<R> {
    /// A row that could not be understood is a row that was not seen.
    pub fn evidence(&self, kind: ReadKind, canary_seen: Option<bool>, rights: Option<bool>) -> Evidence {
        Evidence {
            kind,
            started_at: self.started_at,
            ended_at: self.ended_at,
            pages: self.pages,
            rows: self.rows.len() as u64,
            reached_end: self.reached_end,
            count_before: self.count_before,
            count_after: self.count_after,
            canary_seen,
            overlaps_missed: self.overlaps_missed,
            feed_whole: None,
            rights_proven: rights,
            schema: None,
        }
    }
}

impl Session {
    /// `GET {collection}/count` (§1.4). `None` where the site has no count for it.
    pub async fn count(&self, collection: &Collection) -> Result<Option<u64>, ReadError> {
        let Some(endpoint) = collection.count_endpoint else { return Ok(None) };
        let mut segments = collection.path();
        segments.push("count");
        let mut call = Call::get(endpoint, &segments, collection.lane);
        call.query.extend(collection.filters.iter().cloned());
        match self.read(&call).await {
            Ok(value) => Ok(Fields::of(&value).number("count").and_then(|n| u64::try_from(n).ok())),
            Err(ReadError::NotFound | ReadError::Refused(_)) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Reads the whole collection, keeping of each row what `read` makes of it. `what` names it for people.
    pub async fn scan<R: Send>(
        &self,
        collection: &Collection,
        what: &str,
        progress: &dyn Progress,
        read: impl Fn(&Value) -> Option<R> + Sync,
    ) -> Result<Scan<R>, ReadError> {
        let mut rows = BTreeMap::new();
        let mut each = |id, row: &Value| {
            let read = read(row);
            let understood = read.is_some();
            rows.insert(id, read);
            understood
        };
        let scan = self.scan_each(collection, what, progress, &mut each).await?;
        Ok(scan.with(rows.into_values().flatten().collect()))
    }

    /// Reads the whole collection and hands each row over as its page arrives: its id, and the row. A row may come
    /// twice, the later one being as it is now. `each` says whether it could be understood.
    pub async fn scan_each(
        &self,
        collection: &Collection,
        what: &str,
        progress: &dyn Progress,
        each: &mut (dyn FnMut(i64, &Value) -> bool + Send),
    ) -> Result<Scan<()>, ReadError> {
        let started_at = self.clock.now();
        let count_before = self.count(collection).await?;
        let mut walk = Walk::new(self.settings.page_rows);
        let pages_max = walk.pages_bound(count_before);
        while !walk.ended && walk.pages < pages_max {
            let value = self.read(&collection.page(walk.limit, walk.start)).await?;
            let Some(rows) = value.as_array() else {
                return Err(ReadError::Malformed {
                    reason: format!("{} is not a list", collection.endpoint),
                });
            };
            walk.take(rows, count_before, each);
            progress.report(what, walk.ids.len() as u64, count_before);
        }
        let count_after = self.count(collection).await?;
        let scan = Scan {
            started_at,
            ended_at: self.clock.now(),
            pages: walk.pages,
            reached_end: walk.ended && !walk.out_of_order,
            count_before,
            count_after,
            overlaps_missed: walk.overlaps_missed,
            // As many as there are ids that were understood: nothing is kept of the rows themselves.
            rows: walk.ids.values().filter(|understood| **understood).map(|_| ()).collect(),
        };
        if scan.evidence(ReadKind::Accounts, None, None).certify(None, 0).holds() {
            self.counters.record_whole(collection.endpoint, scan.pages);
            if let Some(endpoint) = collection.count_endpoint.filter(|_| count_before.is_some()) {
                self.counters.record_whole(endpoint, 2);
            }
        }
        Ok(scan)
    }

    /// Reads at most `pages_max` pages of a search, without counts. `Ok(None)` when there are more.
    pub async fn search<R>(
        &self,
        collection: &Collection,
        pages_max: u32,
        read: impl Fn(&Value) -> Option<R>,
    ) -> Result<Option<Vec<R>>, ReadError> {
        let mut walk = Walk::new(self.settings.page_rows);
        let mut found = BTreeMap::new();
        while !walk.ended {
            if walk.pages >= pages_max {
                return Ok(None);
            }
            let value = self.read(&collection.page(walk.limit, walk.start)).await?;
            let Some(rows) = value.as_array() else {
                return Err(ReadError::Malformed {
                    reason: format!("{} is not a list", collection.endpoint),
                });
            };
            walk.take(rows, None, &mut |id, row| {
                found.insert(id, read(row));
                true
            });
        }
        if collection.is_whole() {
            self.counters.record_whole(collection.endpoint, walk.pages);
        }
        Ok(Some(found.into_values().flatten().collect()))
    }
}

/// The state of a walk over pages; decides where to read next. Pure.
struct Walk {
    limit: u32,
    start: u64,
    /// Ids that are there, and whether their row could be understood.
    ids: BTreeMap<i64, bool>,
    /// Highest id of the stretch read without a gap; the next page must repeat it.
    familiar: Option<i64>,
    pages: u32,
    /// Rows that the next page repeats: one, and more for a while after rows have gone missing.
    overlap: u64,
    overlaps_missed: u32,
    out_of_order: bool,
    ended: bool,
}

impl Walk {
    fn new(limit: u32) -> Self {
        Self {
            limit,
            start: 0,
            ids: BTreeMap::new(),
            familiar: None,
            pages: 0,
            overlap: 1,
            overlaps_missed: 0,
            out_of_order: false,
            ended: false,
        }
    }

    /// Twice what the count asks for, so that stepping back has room and a list that grows forever ends.
    fn pages_bound(&self, count: Option<u64>) -> u32 {
        let needed = count.map_or(u64::from(PAGES_MAX), |n| n / u64::from(self.limit - 1) * 2 + 20);
        u32::try_from(needed).unwrap_or(PAGES_MAX).min(PAGES_MAX)
    }

    fn take(&mut self, page: &[Value], count: Option<u64>, each: &mut dyn FnMut(i64, &Value) -> bool) {
        self.pages += 1;
        let ids: Vec<Option<i64>> = page.iter().map(|row| Fields::of(row).id()).collect();
        let known: Vec<i64> = ids.iter().flatten().copied().collect();
        self.out_of_order |= known.windows(2).any(|pair| pair[0] >= pair[1]);
        let short = page.len() < self.limit as usize;

        // Familiar ground: the page begins at or before the last row we have, or at the very start.
        let joins = match (self.familiar, known.first()) {
            (Some(last), Some(first)) => self.start == 0 || *first <= last,
            // Nothing where the last row was: rows before it are gone.
            (Some(_), None) => self.start == 0,
            (None, _) => true,
        };
        if !joins && !self.out_of_order {
            self.overlaps_missed += 1;
            // A little at first: while many leave, going back a whole page each time would never get on.
            self.overlap = (self.overlap * 2).max(FIRST_STEP_BACK).min(u64::from(self.limit) - 1);
            self.start = self.start.saturating_sub(self.overlap);
            return;
        }
        let before = self.ids.len();
        for (id, row) in ids.iter().zip(page) {
            if let Some(id) = id {
                let understood = each(*id, row);
                self.ids.insert(*id, understood);
            }
        }
        self.familiar = self.familiar.max(known.last().copied());
        let grew = self.ids.len() > before;
        // A short page ends the list, unless the count says that the site merely has smaller pages than asked.
        let more_counted = count.is_some_and(|n| (self.ids.len() as u64) < n);
        self.ended = short && !(more_counted && grew && page.len() > 1);
        let len = page.len() as u64;
        self.start += len.saturating_sub(self.overlap.min(len / 2).max(1));
        self.overlap = (self.overlap / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A list whose rows may change before each page.
    fn walk(mut ids: Vec<i64>, limit: u32, page_max: usize, changes: &[(u32, &[i64])]) -> (Vec<i64>, Walk) {
        let mut walk = Walk::new(limit);
        let count = ids.len() as u64;
        while !walk.ended && walk.pages < 60 {
            for (page, gone) in changes {
                if *page == walk.pages {
                    ids.retain(|id| !gone.contains(id));
                }
            }
            let page: Vec<Value> = ids
                .iter()
                .skip(walk.start as usize)
                .take((limit as usize).min(page_max))
                .map(|id| json!({"id": id}))
                .collect();
            walk.take(&page, Some(count), &mut |_, _| true);
        }
        (walk.ids.keys().copied().collect(), walk)
    }

    #[test]
    fn every_row_is_read_whatever_is_removed_meanwhile() {
        struct Case {
            name: &'static str,
            rows: i64,
            changes: &'static [(u32, &'static [i64])],
            missed: u32,
            pages: u32,
        }
        for case in [
            Case { name: "empty", rows: 0, changes: &[], missed: 0, pages: 1 },
            Case { name: "one short page", rows: 3, changes: &[], missed: 0, pages: 1 },
            Case { name: "exactly one page", rows: 4, changes: &[], missed: 0, pages: 2 },
            Case { name: "three pages", rows: 10, changes: &[], missed: 0, pages: 4 },
            Case { name: "an early row goes", rows: 10, changes: &[(1, &[2])], missed: 1, pages: 6 },
            Case { name: "the overlap row goes", rows: 10, changes: &[(1, &[4])], missed: 1, pages: 6 },
            Case {
                name: "a whole page goes",
                rows: 12,
                changes: &[(2, &[1, 2, 3, 4, 5, 6, 7])],
                missed: 2,
                pages: 6,
            },
            Case { name: "a later row goes", rows: 10, changes: &[(1, &[9])], missed: 0, pages: 4 },
        ] {
            let (seen, walk) = walk((1..=case.rows).collect(), 4, 4, case.changes);
            let gone: Vec<i64> = case.changes.iter().flat_map(|(_, g)| g.iter().copied()).collect();
            let missing: Vec<i64> =
                (1..=case.rows).filter(|id| !seen.contains(id) && !gone.contains(id)).collect();
            assert_eq!(missing, Vec::<i64>::new(), "{}", case.name);
            assert_eq!((walk.overlaps_missed, walk.pages), (case.missed, case.pages), "{}", case.name);
            assert!(walk.ended && !walk.out_of_order, "{}", case.name);
        }
    }

    #[test]
    fn a_site_with_smaller_pages_is_still_read_to_the_end() {
        let (seen, walk) = walk((1..=23).collect(), 10, 5, &[]);
        assert_eq!(seen, (1..=23).collect::<Vec<_>>());
        assert!(walk.ended);
    }

    #[test]
    fn a_list_out_of_order_is_read_but_not_trusted() {
        let (seen, walk) = walk(vec![5, 3, 9, 1, 2], 3, 3, &[]);
        assert_eq!(seen, [1, 2, 3, 5, 9]);
        assert!(walk.out_of_order);
    }
}

//! Pages of lists that are in memory: the cursor names the last row of the page before by what the list is sorted by,
//! so rows that come or go between two pages move nobody else.

use crate::problem::Problem;

const LIMIT_MAX: usize = 1_000;

/// Which page is asked for.
#[derive(Debug, Default, Clone, serde::Deserialize)]
pub struct Paging {
    pub cursor: Option<String>,
    pub limit: Option<usize>,
}

/// One page.
pub struct Cut<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
    /// Rows of all pages.
    pub total: usize,
}

impl Paging {
    /// Cuts the page out of the whole list, which `key` sorts: rising, or falling with `newest_first`.
    ///
    /// # Errors
    /// A cursor that is none of ours.
    pub fn cut<T>(
        &self,
        mut list: Vec<T>,
        usual: usize,
        newest_first: bool,
        key: impl Fn(&T) -> (jiff::Timestamp, String),
    ) -> Result<Cut<T>, Problem> {
        let total = list.len();
        list.sort_by_cached_key(&key);
        if newest_first {
            list.reverse();
        }
        if let Some(cursor) = &self.cursor {
            let after = cursor.split_once('|').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
            let after = after.ok_or_else(not_ours)?;
            list.retain(|row| if newest_first { key(row) < after } else { key(row) > after });
        }
        let limit = self.limit.unwrap_or(usual).clamp(1, LIMIT_MAX);
        let more = list.len() > limit;
        list.truncate(limit);
        let next = list.last().filter(|_| more).map(|row| {
            let (at, id) = key(row);
            format!("{at}|{id}")
        });
        Ok(Cut { items: list, next, total })
    }
}

/// A cursor that no page before named.
pub fn not_ours() -> Problem {
    Problem::field("cursor", "it is not `next` of a page before").fix("leave it out for the first page")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::Paging;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or_default()
    }

    #[test]
    fn a_row_that_went_between_two_pages_takes_no_other_with_it() {
        let list = vec![(at(3), "c"), (at(1), "a"), (at(2), "b"), (at(2), "d")];
        let key = |row: &(Timestamp, &str)| (row.0, row.1.to_owned());
        let names = |cut: &super::Cut<(Timestamp, &'static str)>| -> String {
            cut.items.iter().map(|row| row.1).collect()
        };
        let first = Paging { cursor: None, limit: Some(2) }
            .cut(list.clone(), 50, true, key)
            .unwrap_or_else(|_| unreachable!());
        assert_eq!((names(&first).as_str(), first.total), ("cd", 4));
        let mut less = list;
        less.retain(|row| row.1 != "d");
        let rest = Paging { cursor: first.next, limit: Some(2) }.cut(less, 50, true, key);
        let rest = rest.unwrap_or_else(|_| unreachable!());
        assert_eq!((names(&rest).as_str(), rest.next), ("ba", None));
        assert!(
            Paging { cursor: Some("7".into()), limit: None }
                .cut(vec![at(1)], 5, false, |a| (*a, String::new()))
                .is_err()
        );
    }
}

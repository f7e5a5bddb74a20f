//! Lists: `limit`, `startAt`, `orderBy`, `search`, `modifiedOrCreatedAfter`, `/count`.
//!
//! Paging is by live offset, deliberately without a snapshot: rows that leave shift later rows up. What is
//! kept between requests is only the answer to an unchanged question on unchanged records.

use std::{cmp::Ordering, sync::Arc};

use serde_json::{Value, json};

use super::{
    call::Call,
    noun::Noun,
    places, reservations,
    selector::Want,
    settings::OverLimit,
    state::State,
    table::{Id, Row},
    wire::{Answer, Outcome, Query, Refusal},
};

const LIMIT_DEFAULT: usize = 50;
const LIMIT_DOCUMENTED: usize = 100;
/// With `honour`, a page is still bounded.
const LIMIT_HONOURED: usize = 100_000;
const CACHED_LISTS: usize = 8;

/// Parameters that shape a page but not the set of rows.
const PAGE_ONLY: &[&str] = &["limit", "startAt", "selector"];
const GLOBALS: &[&str] =
    &["search", "limit", "startAt", "orderBy", "orderByType", "selector", "modifiedOrCreatedAfter"];

struct Page {
    limit: usize,
    start: usize,
    order_by: String,
    descending: bool,
}

impl Page {
    fn parse(call: &Call<'_>) -> Result<Self, Refusal> {
        let query = &call.query;
        let positive = |name: &str, number: i64| {
            usize::try_from(number)
                .map_err(|_| Refusal::invalid(format!("parameter {name} must not be negative")))
        };
        let mut limit = query.int("limit")?.map_or(Ok(LIMIT_DEFAULT), |number| positive("limit", number))?;
        if limit > LIMIT_DOCUMENTED {
            limit = match call.settings.over_limit {
                OverLimit::Clamp => LIMIT_DOCUMENTED,
                OverLimit::Honour => limit.min(LIMIT_HONOURED),
                OverLimit::Reject400 => return Err(Refusal::invalid("parameter limit must not exceed 100")),
            };
        }
        let descending = match query.text("orderByType") {
            None => false,
            Some(text) if text.eq_ignore_ascii_case("asc") => false,
            Some(text) if text.eq_ignore_ascii_case("desc") => true,
            Some(_) => return Err(Refusal::invalid("parameter orderByType must be asc or desc")),
        };
        Ok(Self {
            limit,
            start: query.int("startAt")?.map_or(Ok(0), |number| positive("startAt", number))?,
            order_by: query.text("orderBy").unwrap_or("id").to_owned(),
            descending,
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct ListCache {
    entries: Vec<Cached>,
}

#[derive(Debug)]
struct Cached {
    question: String,
    generation: u64,
    /// The answer holds from here (a clock may be set back) up to `valid_until`.
    asked_at: i64,
    valid_until: i64,
    ids: Arc<[Id]>,
}

/// The rows that a handler's own filters leave, ascending by id.
pub(crate) struct Chosen {
    pub(crate) ids: Vec<Id>,
    /// From when on the same filters may choose otherwise without any write, milliseconds.
    pub(crate) valid_until: i64,
}

impl From<Vec<Id>> for Chosen {
    fn from(ids: Vec<Id>) -> Self {
        Self { ids, valid_until: i64::MAX }
    }
}

impl Call<'_> {
    /// Answers a list or a count. `filtered` says whether `choose` leaves out any listed row.
    pub(crate) fn list(
        &mut self,
        noun: Noun,
        filtered: bool,
        choose: impl FnOnce(&Self) -> Result<Chosen, Refusal>,
    ) -> Outcome {
        let page = Page::parse(self)?;
        let mut selector = self.selector(noun)?;
        if noun == Noun::User && !self.settings.permissions_in_lists {
            selector.0.retain(|pick| pick.name != "permissions");
        }
        let plain = !filtered
            && page.order_by == "id"
            && self.query.text("search").is_none()
            && self.query.text("modifiedOrCreatedAfter").is_none();
        let (total, ids) = if plain {
            (listed_len(self.state, noun), listed_page(self.state, noun, &page))
        } else {
            let all = self.rows(noun, filtered, &page, choose)?;
            let from = page.start.min(all.len());
            let to = from.saturating_add(page.limit).min(all.len());
            (all.len(), all[from..to].to_vec())
        };
        if self.count_only {
            return Answer::ok(json!({ "count": total }));
        }
        let view = self.view();
        Answer::ok(ids.into_iter().map(|id| view.show(noun, id, Want::Pick(&selector))).collect())
    }

    /// Lists those of `among` that are listed and that a predicate admits.
    pub(crate) fn list_among(
        &mut self,
        noun: Noun,
        mut among: Vec<Id>,
        admits: impl Fn(&Self, Id, &super::doc::Doc) -> bool,
    ) -> Outcome {
        among.sort_unstable();
        self.list(noun, true, |call| {
            let row = |id| call.state.doc(noun, id).filter(|doc| doc.listed() && admits(call, id, doc));
            Ok(among.into_iter().filter(|&id| row(id).is_some()).collect::<Vec<_>>().into())
        })
    }

    /// Lists all listed rows of a noun that a predicate admits.
    pub(crate) fn list_docs(
        &mut self,
        noun: Noun,
        filtered: bool,
        admits: impl Fn(&Self, Id, &super::doc::Doc) -> bool,
    ) -> Outcome {
        self.list(noun, filtered, |call| {
            let rows = call.state.docs(noun).iter_listed();
            Ok(rows.filter(|(id, doc)| admits(call, *id, doc)).map(|(id, _)| id).collect::<Vec<_>>().into())
        })
    }

    fn rows(
        &mut self,
        noun: Noun,
        filtered: bool,
        page: &Page,
        choose: impl FnOnce(&Self) -> Result<Chosen, Refusal>,
    ) -> Result<Arc<[Id]>, Refusal> {
        let question = question(noun, self.caller(), &self.origin.path, &self.query);
        let (generation, now) = (self.state.generation, self.now());
        let hit = self.cache.entries.iter().find(|entry| {
            entry.question == question
                && entry.generation == generation
                && (entry.asked_at..entry.valid_until).contains(&now)
        });
        if let Some(entry) = hit {
            return Ok(entry.ids.clone());
        }
        let found = self.query.text("search").map(|text| search(self.state, noun, &text.to_lowercase()));
        let mut chosen = match found {
            // Without other filters the search alone decides: no walk over all rows.
            Some(mut found) if !filtered => {
                found.retain(|&id| is_listed(self.state, noun, id));
                Chosen::from(found)
            }
            Some(found) => {
                let mut chosen = choose(self)?;
                chosen.ids.retain(|id| found.binary_search(id).is_ok());
                chosen
            }
            None => choose(self)?,
        };
        if let Some(after) = self.query.int("modifiedOrCreatedAfter")? {
            // inclusive, and removed rows are not reported.
            chosen.ids.retain(|&id| updated(self.state, noun, id) >= after);
        }
        self.order(noun, page, &mut chosen.ids)?;
        let ids: Arc<[Id]> = chosen.ids.into();
        if self.cache.entries.len() >= CACHED_LISTS {
            self.cache.entries.remove(0);
        }
        self.cache.entries.push(Cached {
            question,
            generation,
            asked_at: now,
            valid_until: chosen.valid_until,
            ids: ids.clone(),
        });
        Ok(ids)
    }

    fn order(&self, noun: Noun, page: &Page, ids: &mut Vec<Id>) -> Result<(), Refusal> {
        if page.order_by != "id" {
            if !noun.knows(&page.order_by) {
                if self.settings.published_only {
                    return Err(Refusal::invalid(format!("cannot order by {}", page.order_by)));
                }
                return Ok(());
            }
            let by = super::selector::Selector::known(&page.order_by);
            let view = self.view();
            let mut keyed: Vec<(Value, Id)> = ids
                .iter()
                .map(|&id| {
                    let mut shown = view.show(noun, id, Want::Pick(&by));
                    (shown.get_mut(&page.order_by).map(Value::take).unwrap_or_default(), id)
                })
                .collect();
            keyed.sort_by(|(a, _), (b, _)| compare(a, b)); // Stable: ties stay in id order.
            *ids = keyed.into_iter().map(|(_, id)| id).collect();
        }
        if page.descending {
            ids.reverse();
        }
        Ok(())
    }

    /// In strict mode, a parameter that the contract does not publish for this call is refused.
    pub(crate) fn check_parameters(&self, published: &[&str]) -> Result<(), Refusal> {
        if !self.settings.published_only {
            return Ok(());
        }
        match self.query.names().find(|name| !GLOBALS.contains(name) && !published.contains(name)) {
            Some(name) => Err(Refusal::invalid(format!("unknown parameter {name}"))),
            None => Ok(()),
        }
    }
}

fn question(noun: Noun, caller: Id, path: &str, query: &Query) -> String {
    let mut question = format!("{noun:?}|{caller}|{}", path.split('?').next().unwrap_or(""));
    for (name, value) in query.pairs().filter(|(name, _)| !PAGE_ONLY.contains(name)) {
        question.push_str(&format!("|{name:?}={value:?}")); // Quoted: no value can pose as another parameter.
    }
    question
}

fn compare(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        _ => 3,
    };
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0))
        }
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
        (Value::Object(a), Value::Object(b)) => {
            compare(a.get("name").unwrap_or(&Value::Null), b.get("name").unwrap_or(&Value::Null))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}

/// Which rows a text (lower case) finds, ascending; listed or not.
fn search(state: &State, noun: Noun, text: &str) -> Vec<Id> {
    match noun {
        Noun::User => state.users.search(text),
        Noun::Reservation => reservations::search(state, text),
        Noun::Room => {
            let rooms = state.docs(Noun::Room).iter();
            rooms.filter(|(_, room)| places::room_matches(state, room, text)).map(|(id, _)| id).collect()
        }
        noun => {
            let rows = state.docs(noun).iter();
            rows.filter(|(_, doc)| doc.contains(text, &["name", "code", "description"]))
                .map(|(id, _)| id)
                .collect()
        }
    }
}

fn is_listed(state: &State, noun: Noun, id: Id) -> bool {
    match noun {
        Noun::User => state.users.get(id).is_some_and(Row::listed),
        Noun::Reservation => state.reservations.get(id).is_some_and(Row::listed),
        noun => state.doc(noun, id).is_some_and(Row::listed),
    }
}

fn updated(state: &State, noun: Noun, id: Id) -> i64 {
    match noun {
        Noun::User => state.users.get(id).map_or(0, |user| user.updated),
        Noun::Reservation => state.reservations.get(id).map_or(0, |row| row.updated),
        noun => state.doc(noun, id).map_or(0, |doc| doc.updated),
    }
}

fn listed_len(state: &State, noun: Noun) -> usize {
    match noun {
        Noun::User => state.users.table().listed_len(),
        Noun::Reservation => state.reservations.table().listed_len(),
        noun => state.docs(noun).listed_len(),
    }
}

fn listed_page(state: &State, noun: Noun, page: &Page) -> Vec<Id> {
    let (start, limit, descending) = (page.start, page.limit, page.descending);
    match noun {
        Noun::User => state.users.table().page(start, limit, descending),
        Noun::Reservation => state.reservations.table().page(start, limit, descending),
        noun => state.docs(noun).page(start, limit, descending),
    }
}

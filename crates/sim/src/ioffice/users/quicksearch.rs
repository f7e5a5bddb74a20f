//! The quick search, and saved searches as filters of the user list (§3.4).

use serde_json::Value;

use crate::ioffice::{
    call::Call,
    list::Chosen,
    noun::Noun,
    state::State,
    table::Id,
    wire::{Outcome, Refusal},
};

use super::{User, calls, text_index};

const FILTERS_MAX: usize = 50;

/// Conditions on text properties, lower case.
pub(crate) struct TextFilters {
    all: bool,
    contains: Vec<(u8, String)>,
}

impl TextFilters {
    pub(crate) fn admit(&self, user: &User) -> bool {
        let mut holds =
            self.contains.iter().map(|(index, text)| user.text_at(*index).to_lowercase().contains(text));
        if self.all { holds.all(|held| held) } else { holds.any(|held| held) }
    }

    fn parse(filters: &[Value], all: bool) -> Result<Self, Refusal> {
        if filters.len() > FILTERS_MAX {
            return Err(Refusal::invalid("too many filters"));
        }
        let mut contains = Vec::with_capacity(filters.len());
        for filter in filters {
            let text = |name: &str| filter.get(name).and_then(Value::as_str).unwrap_or_default();
            if text("qualifier") != "CONTAINS" {
                return Err(Refusal::invalid("qualifier must be CONTAINS"));
            }
            let index = text_index(text("propertyPath"));
            let index = index.ok_or_else(|| Refusal::invalid("propertyPath names no property of a user"))?;
            contains.push((index, text("valueString").to_lowercase()));
        }
        Ok(Self { all, contains })
    }
}

pub(crate) fn quick_search(call: &mut Call<'_>) -> Outcome {
    let body = call.fields()?;
    if body.get("itemClassName").and_then(Value::as_str) != Some("com.iofficeconnect.user.User") {
        return Err(Refusal::invalid("itemClassName must be com.iofficeconnect.user.User"));
    }
    let all = body.get("matchingType").and_then(Value::as_bool).unwrap_or(true);
    let filters = body.get("filters").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let filters = TextFilters::parse(filters, all)?;
    // The filters are in the body, not in the query: they must not share a cached answer.
    call.origin.path.push_str(&format!("#{}", Value::Object(body)));
    let only = calls::scope(call)?;
    call.list(Noun::User, true, |call| {
        let rows = call.state.users.table().iter_listed();
        let rows = rows.filter(|(id, user)| only.is_none_or(|only| only == *id) && filters.admit(user));
        Ok(Chosen::from(rows.map(|(id, _)| id).collect::<Vec<_>>()))
    })
}

pub(crate) fn saved_filters(state: &State, id: Id) -> Result<TextFilters, Refusal> {
    let saved =
        state.doc(Noun::SavedSearch, id).ok_or_else(|| Refusal::invalid("there is no such saved search"))?;
    let filters = saved.get("filters").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    TextFilters::parse(filters, saved.text("matchingType") != "ANY")
}

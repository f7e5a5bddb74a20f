//! Lists of users: all of them, by filter, by search in an order, by the start of a name.

use super::{
    dice::Oid,
    errors::{ApiError, ApiResult},
    json::Json,
    moment::Moment,
    paging,
    profile::{AttributeKey, BASE_ATTRIBUTES, EMAIL, FIRST_NAME, Field, LAST_NAME, LOGIN},
    request::{Answer, Call},
    search::{self, Case, Fact, Filter, Literal, Operator},
    settings::{CustomOrder, OverLimit},
    state::{Org, Status, User, UserKey},
    users::{LIST_MAX, View},
};

impl Org {
    /// `GET /api/v1/users`
    pub fn list_users(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let clamp = self.settings.over_limit_lists == OverLimit::Clamp;
        if let Some(q) = call.given("q") {
            return self.look_up_users(call, q, clamp);
        }
        let limit = paging::limit(call, LIST_MAX, LIST_MAX, clamp)?;
        let (filter, case) = match (call.given("search"), call.given("filter")) {
            (Some(text), _) => (Some(self.user_search(text)?), Case::Ignored),
            (None, Some(text)) => (Some(self.user_filter(text)?), Case::Exact),
            (None, None) => (None, Case::Exact),
        };
        let sort = match (call.given("search"), call.given("sortBy")) {
            (Some(_), Some(name)) => Some(self.user_attribute(name).ok_or_else(|| {
                ApiError::of("E0000031").because(format!("sortBy: unknown attribute '{name}'"))
            })?),
            _ => None,
        };
        let descending = sort.is_some() && paging::descending(call)?;
        let place = call.given("after").map(|after| self.cursors.open(after, call.now)).transpose()?;
        let keep = |user: &User| {
            call.who.sees_user(user)
                && match &filter {
                    Some(filter) => self.user_matches(user, filter, case),
                    None => user.status != Status::Deprovisioned,
                }
        };
        let found = match (&sort, lower_bound(filter.as_ref())) {
            (Some(UserAttribute::LastUpdated), bound) => {
                self.by_last_updated(place, bound, descending, limit + 1, &keep)?
            }
            (None, Some(bound)) => self.by_last_updated(place, Some(bound), false, limit + 1, &keep)?,
            (Some(attribute), _) => self.by_attribute(place, attribute, descending, limit + 1, &keep)?,
            (None, None) => self.by_place(place, limit + 1, &keep)?,
        };
        self.user_page(call, found, limit)
    }

    fn user_page(
        &self,
        call: &Call<'_>,
        mut found: Vec<(UserKey, String)>,
        limit: usize,
    ) -> ApiResult<Answer> {
        let more = found.len() > limit || (found.len() == limit && self.settings.empty_last_page);
        found.truncate(limit);
        let view = View::of(call, false);
        let mut out = Json::with_capacity(found.len() * 1024 + 16);
        out.open('[');
        for (key, _) in &found {
            if let Some(user) = self.listed_user(*key) {
                self.write_user(user, &call.link_base, &view, &mut out);
            }
        }
        out.close(']');
        let cursor = found.last().filter(|_| more).map(|(_, place)| self.cursors.seal(place, call.now));
        Ok(Answer::json(out.into_string()).linked(paging::links(call, cursor.as_deref(), limit, &[])))
    }

    /// `q`: starts-with on names and e-mail, no paging.
    fn look_up_users(&self, call: &Call<'_>, q: &str, clamp: bool) -> ApiResult<Answer> {
        let limit = paging::limit(call, 10, LIST_MAX, clamp)?;
        let starts = |user: &User| {
            [FIRST_NAME, LAST_NAME, EMAIL].iter().any(|key| {
                let fact = Fact::Text(user.profile.text(*key));
                Operator::StartsWith.holds(Some(fact), &Literal::Text(q.to_owned()), Case::Ignored)
            })
        };
        let keep =
            |user: &User| user.status != Status::Deprovisioned && call.who.sees_user(user) && starts(user);
        let found = self.by_place(None, limit, &keep)?;
        let mut out = Json::with_capacity(found.len() * 1024 + 16);
        out.open('[');
        for (key, _) in &found {
            if let Some(user) = self.listed_user(*key) {
                self.write_user(user, &call.link_base, &View::of(call, false), &mut out);
            }
        }
        out.close(']');
        Ok(Answer::json(out.into_string()).linked(paging::links(call, None, limit, &[])))
    }

    /// In order of creation, from just after `place`.
    fn by_place(
        &self,
        place: Option<String>,
        wanted: usize,
        keep: &dyn Fn(&User) -> bool,
    ) -> ApiResult<Vec<(UserKey, String)>> {
        let start = match place {
            None => 0,
            Some(place) => match place.strip_prefix("u").and_then(|key| key.parse::<u32>().ok()) {
                Some(key) => key + 1,
                None => return Err(ApiError::refused("after", "Invalid pagination cursor")),
            },
        };
        let keys = start..self.users.len() as u32;
        let found = keys.filter(|key| self.listed_user(*key).is_some_and(keep)).take(wanted);
        Ok(found.map(|key| (key, format!("u{key}"))).collect())
    }

    /// In order of `lastUpdated`, by the index.
    fn by_last_updated(
        &self,
        place: Option<String>,
        bound: Option<Moment>,
        descending: bool,
        wanted: usize,
        keep: &dyn Fn(&User) -> bool,
    ) -> ApiResult<Vec<(UserKey, String)>> {
        let mut low = (bound.unwrap_or(Moment(i64::MIN + 1)), 0);
        let mut high = (Moment(i64::MAX), u32::MAX);
        if let Some(place) = place {
            let parsed = place.strip_prefix("l").and_then(|place| place.split_once('_'));
            let parsed =
                parsed.and_then(|(at, key)| Some((Moment(at.parse().ok()?), key.parse::<u32>().ok()?)));
            let (at, key) = parsed.ok_or_else(|| ApiError::refused("after", "Invalid pagination cursor"))?;
            if descending { high = high.min((at, key)) } else { low = low.max((at, key + 1)) }
        }
        if low >= high {
            return Ok(Vec::new());
        }
        let range = self.by_updated.range(low..high);
        let ordered: Box<dyn Iterator<Item = &(Moment, UserKey)>> =
            if descending { Box::new(range.rev()) } else { Box::new(range) };
        let found = ordered.filter(|(_, key)| self.listed_user(*key).is_some_and(keep)).take(wanted);
        Ok(found.map(|(at, key)| (*key, format!("l{}_{key}", at.0))).collect())
    }

    /// In order of any other attribute, ties by id. Reads all users.
    fn by_attribute(
        &self,
        place: Option<String>,
        attribute: &UserAttribute,
        descending: bool,
        wanted: usize,
        keep: &dyn Fn(&User) -> bool,
    ) -> ApiResult<Vec<(UserKey, String)>> {
        let mut rows: Vec<(String, Oid, UserKey)> = (0..self.users.len() as u32)
            .filter_map(|key| self.listed_user(key).filter(|user| keep(user)).map(|user| (key, user)))
            .map(|(key, user)| (sort_text(user, attribute), user.id, key))
            .collect();
        rows.sort();
        if descending {
            rows.reverse();
        }
        let after = match place {
            None => None,
            Some(place) => {
                let parsed = place.strip_prefix("s").and_then(|place| place.split_once('_'));
                let parsed = parsed.and_then(|(id, text)| Some((text.to_owned(), Oid::parse(id)?)));
                Some(parsed.ok_or_else(|| ApiError::refused("after", "Invalid pagination cursor"))?)
            }
        };
        let past = |row: &(String, Oid, UserKey)| match &after {
            None => true,
            Some((text, id)) if descending => (&row.0, row.1) < (text, *id),
            Some((text, id)) => (&row.0, row.1) > (text, *id),
        };
        let found = rows.into_iter().filter(past).take(wanted);
        Ok(found.map(|(text, id, key)| (key, format!("s{id}_{text}"))).collect())
    }

    fn user_search(&self, text: &str) -> ApiResult<Filter<UserAttribute>> {
        let resolve = |name: &str, operator: Operator| {
            let attribute = self.user_attribute(name).ok_or_else(|| format!("unknown attribute '{name}'"))?;
            match (operator, &attribute) {
                (Operator::Ne | Operator::EndsWith, _) => Err(format!("unsupported operator on '{name}'")),
                (Operator::Contains, UserAttribute::Profile(LOGIN | EMAIL | FIRST_NAME | LAST_NAME)) => {
                    Ok(attribute)
                }
                (Operator::Contains, _) => Err(format!("'co' is not supported on '{name}'")),
                (Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le, UserAttribute::Profile(key))
                    if usize::from(*key) >= BASE_ATTRIBUTES.len()
                        && self.settings.custom_order == CustomOrder::Refuse =>
                {
                    Err(format!("custom attribute '{name}' has no order"))
                }
                _ => Ok(attribute),
            }
        };
        let filter = search::parse(text, &resolve).map_err(|why| ApiError::of("E0000031").because(why))?;
        search::check_times(&filter, &UserAttribute::is_time, "E0000031")?;
        Ok(filter)
    }

    fn user_filter(&self, text: &str) -> ApiResult<Filter<UserAttribute>> {
        let unsupported = std::cell::Cell::new(false);
        let resolve = |name: &str, operator: Operator| {
            let attribute = self.user_attribute(name).filter(|attribute| {
                matches!(
                    attribute,
                    UserAttribute::Status
                        | UserAttribute::LastUpdated
                        | UserAttribute::Id
                        | UserAttribute::Profile(LOGIN | EMAIL | FIRST_NAME | LAST_NAME)
                )
            });
            let ordered =
                matches!(operator, Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le | Operator::Eq);
            match attribute {
                Some(UserAttribute::LastUpdated) if ordered => Ok(UserAttribute::LastUpdated),
                Some(attribute) if operator == Operator::Eq => Ok(attribute),
                _ => {
                    unsupported.set(true);
                    Err(format!("'{name}' is not supported by filter with this operator"))
                }
            }
        };
        let code = || if unsupported.get() { "E0000094" } else { "E0000053" };
        let filter = search::parse(text, &resolve).map_err(|why| ApiError::of(code()).because(why))?;
        search::check_times(&filter, &UserAttribute::is_time, "E0000053")?;
        Ok(filter)
    }

    fn user_attribute(&self, name: &str) -> Option<UserAttribute> {
        Some(match name {
            "id" => UserAttribute::Id,
            "status" => UserAttribute::Status,
            "type.id" => UserAttribute::TypeId,
            "created" => UserAttribute::Created,
            "activated" => UserAttribute::Activated,
            "statusChanged" => UserAttribute::StatusChanged,
            "lastUpdated" => UserAttribute::LastUpdated,
            _ => UserAttribute::Profile(self.names.key(name.strip_prefix("profile.")?)?),
        })
    }

    fn user_matches(&self, user: &User, filter: &Filter<UserAttribute>, case: Case) -> bool {
        filter.holds(&mut |attribute, operator, literal| {
            let time = |at: Moment| operator.holds(at.known().map(Fact::Time), literal, case);
            match attribute {
                UserAttribute::Id => operator.holds(Some(Fact::Text(user.id.as_str())), literal, Case::Exact),
                UserAttribute::Status => {
                    operator.holds(Some(Fact::Text(user.status.as_str())), literal, case)
                }
                UserAttribute::TypeId => {
                    let id = self.types[usize::from(user.type_place)].id;
                    operator.holds(Some(Fact::Text(id.as_str())), literal, Case::Exact)
                }
                UserAttribute::Created => time(user.created),
                UserAttribute::Activated => time(user.activated),
                UserAttribute::StatusChanged => time(user.status_changed),
                UserAttribute::LastUpdated => time(user.last_updated),
                UserAttribute::Profile(key) => field_matches(user.profile.get(*key), operator, literal, case),
            }
        })
    }
}

/// What a user search may name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum UserAttribute {
    Id,
    Status,
    TypeId,
    Created,
    Activated,
    StatusChanged,
    LastUpdated,
    Profile(AttributeKey),
}

impl UserAttribute {
    fn is_time(&self) -> bool {
        matches!(self, Self::Created | Self::Activated | Self::StatusChanged | Self::LastUpdated)
    }
}

fn lower_bound(filter: Option<&Filter<UserAttribute>>) -> Option<Moment> {
    let bounds = filter?.required().into_iter().filter_map(|(attribute, operator, literal)| {
        match (attribute, operator, literal) {
            (UserAttribute::LastUpdated, Operator::Gt | Operator::Ge | Operator::Eq, Literal::Text(text)) => {
                Moment::parse(text)
            }
            _ => None,
        }
    });
    bounds.max()
}

fn field_matches(field: Option<&Field>, operator: Operator, literal: &Literal, case: Case) -> bool {
    let fact = match field {
        Some(Field::List(items)) => {
            return items.iter().any(|item| field_matches(Some(item), operator, literal, case));
        }
        Some(Field::Text(text)) => Some(Fact::Text(text)),
        Some(Field::Bool(value)) => Some(Fact::Bool(*value)),
        Some(Field::Whole(value)) => Some(Fact::Number(*value as f64)),
        Some(Field::Number(value)) => Some(Fact::Number(*value)),
        None => None,
    };
    operator.holds(fact, literal, case)
}

fn sort_text(user: &User, attribute: &UserAttribute) -> String {
    match attribute {
        UserAttribute::Id => user.id.to_string(),
        UserAttribute::Status => user.status.as_str().to_owned(),
        UserAttribute::TypeId => format!("{:05}", user.type_place),
        UserAttribute::Created => user.created.iso(),
        UserAttribute::Activated => user.activated.known().map(Moment::iso).unwrap_or_default(),
        UserAttribute::StatusChanged => user.status_changed.known().map(Moment::iso).unwrap_or_default(),
        UserAttribute::LastUpdated => user.last_updated.iso(),
        UserAttribute::Profile(key) => match user.profile.get(*key) {
            Some(Field::Text(text)) => text.to_lowercase(),
            Some(Field::Whole(value)) => format!("{:020}", i128::from(*value) + (1 << 63)),
            Some(other) => other.to_value().to_string(),
            None => String::new(),
        },
    }
}

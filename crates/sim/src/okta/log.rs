//! The System Log: what is visible, polled by order of arrival and queried by time of occurrence.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use super::{
    errors::{ApiError, ApiResult},
    event::{LogEvent, Shown},
    json::Json,
    moment::Moment,
    paging,
    request::{Answer, Call},
    search::{self, Case, Fact, Filter, Literal, Operator},
    settings::OverLimit,
    state::Org,
};

const DAY_MS: i64 = 86_400_000;

/// Visible events. Sequence numbers follow arrival; `published` may step back.
#[derive(Debug, Default)]
pub struct SystemLog {
    visible: VecDeque<(Moment, Arc<LogEvent>)>,
    /// Sequence number of the first visible event.
    first: u64,
    by_published: BTreeSet<(Moment, u64)>,
    /// By command: events still to be lost before they become visible.
    pub drop_next: u64,
    /// By command: events that become visible twice.
    pub duplicate_next: u64,
    /// By command: added to each event's delay.
    pub extra_delay_ms: i64,
    /// By command: pages of more events than this fail with 500.
    pub page_max: Option<usize>,
}

impl SystemLog {
    fn end(&self) -> u64 {
        self.first + self.visible.len() as u64
    }

    fn at(&self, seq: u64) -> Option<&(Moment, Arc<LogEvent>)> {
        self.visible.get(usize::try_from(seq.checked_sub(self.first)?).ok()?)
    }

    /// The first event that became visible at or after `since`.
    fn since(&self, since: Moment) -> u64 {
        self.first + self.visible.partition_point(|(persisted, _)| *persisted < since) as u64
    }

    pub fn events(&self) -> impl Iterator<Item = &LogEvent> {
        self.visible.iter().map(|(_, event)| &**event)
    }

    pub fn len(&self) -> usize {
        self.visible.len()
    }
}

impl Org {
    pub fn persist(&mut self, event: Arc<LogEvent>) {
        let seq = self.log.end();
        self.log.by_published.insert((event.published, seq));
        self.log.visible.push_back((self.now, event));
        let oldest = self.now.plus_ms(-(self.settings.log_retention_days as i64) * DAY_MS);
        while self.log.visible.front().is_some_and(|(persisted, _)| *persisted < oldest) {
            if let Some((_, event)) = self.log.visible.pop_front() {
                self.log.by_published.remove(&(event.published, self.log.first));
                self.log.first += 1;
            }
        }
    }

    /// `GET /api/v1/logs`
    pub fn list_logs(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let clamp = self.settings.over_limit_logs == OverLimit::Clamp;
        let limit = match call.given("limit") {
            Some("0") => 0,
            Some(text) if text.starts_with('-') => {
                return Err(ApiError::invalid("limit", "'limit' must be between 0 and 1000"));
            }
            _ => paging::limit(call, 100, 1000, clamp)?,
        };
        if self.log.page_max.is_some_and(|max| limit > max) {
            return Err(ApiError::of("E0000009"));
        }
        let descending = match call.given("sortOrder") {
            None | Some("ASCENDING") => false,
            Some("DESCENDING") => true,
            Some(_) => return Err(ApiError::invalid("sortOrder", "must be ASCENDING or DESCENDING")),
        };
        let time = |name: &str| match call.param(name) {
            None | Some("") => Ok(None),
            Some(text) => Moment::parse(text).map(Some).ok_or_else(|| ApiError::of("E0000030")),
        };
        let (since, until) = (time("since")?, time("until")?);
        let after = call.given("after");
        // A place in the log was given out for a time that could be asked for then.
        if after.is_none() && since.is_some_and(|since| since < call.now.plus_ms(-180 * DAY_MS)) {
            return Err(ApiError::of("E0000053").because("since: must be within the last 180 days"));
        }
        if since.zip(until).is_some_and(|(since, until)| since > until) {
            return Err(ApiError::of("E0000053").because("until: must not lie before since"));
        }
        let tests = Tests::of(call, self.settings.log_filter_max)?;
        let place = after.map(|after| self.cursors.open(after, call.now)).transpose()?;

        // Retention is enforced at reading too: a quiet org writes nothing that would sweep the old away.
        let oldest = call.now.plus_ms(-(self.settings.log_retention_days as i64) * DAY_MS);
        if until.is_none() && !descending {
            let since = since.unwrap_or(call.now.plus_ms(-7 * DAY_MS)).max(oldest);
            return self.poll_logs(call, since, limit, &tests, place);
        }
        let until = until.unwrap_or(call.now.plus_ms(1));
        let since = since.unwrap_or(until.plus_ms(-7 * DAY_MS)).max(oldest);
        self.bounded_logs(call, since, until, limit, &tests, descending, place)
    }

    fn poll_logs(
        &self,
        call: &Call<'_>,
        since: Moment,
        limit: usize,
        tests: &Tests,
        place: Option<String>,
    ) -> ApiResult<Answer> {
        let start = match place {
            Some(place) => {
                let seq = place.strip_prefix("p").and_then(|seq| seq.parse::<u64>().ok());
                seq.ok_or_else(|| ApiError::refused("after", "Invalid pagination cursor"))?
            }
            None => self.log.since(since),
        };
        let mut page = Page::new();
        let mut next = start.max(self.log.first);
        while let Some((_, event)) = self.log.at(next) {
            if page.count == limit {
                break;
            }
            next += 1;
            if tests.hold(event) {
                page.add(event);
            }
        }
        // An empty page keeps the caller's cursor, so that following it is a poll and not a walk.
        let cursor = match call.given("after") {
            Some(after) if page.count == 0 && !self.cursors.aging(after, call.now) => after.to_owned(),
            _ => self.cursors.seal(&format!("p{next}"), call.now),
        };
        Ok(Answer::json(page.close()).linked(paging::links(call, Some(&cursor), limit, &[])))
    }

    #[expect(clippy::too_many_arguments, reason = "the parsed parameters of one endpoint")]
    fn bounded_logs(
        &self,
        call: &Call<'_>,
        since: Moment,
        until: Moment,
        limit: usize,
        tests: &Tests,
        descending: bool,
        place: Option<String>,
    ) -> ApiResult<Answer> {
        let broken = || ApiError::refused("after", "Invalid pagination cursor");
        let after = match place {
            Some(place) => {
                let (at, seq) = place.strip_prefix("b").and_then(|p| p.split_once('-')).ok_or_else(broken)?;
                Some((Moment(at.parse().map_err(|_| broken())?), seq.parse::<u64>().map_err(|_| broken())?))
            }
            None => None,
        };
        let mut low = (since, 0);
        let mut high = (until, 0);
        match after {
            Some((at, seq)) if descending => high = high.min((at, seq)),
            Some((at, seq)) => low = low.max((at, seq + 1)),
            None => {}
        }
        let mut page = Page::new();
        let mut last = None;
        let mut more = false;
        if low < high {
            let range = self.log.by_published.range(low..high);
            let ordered: Box<dyn Iterator<Item = &(Moment, u64)>> =
                if descending { Box::new(range.rev()) } else { Box::new(range) };
            for place in ordered {
                let Some((_, event)) = self.log.at(place.1) else { continue };
                if !tests.hold(event) {
                    continue;
                }
                if page.count == limit {
                    more = true;
                    break;
                }
                page.add(event);
                last = Some(*place);
            }
        }
        let stays = self.settings.bounded_log_next_stays;
        let cursor = match (last, more || stays) {
            (Some((at, seq)), true) => Some(self.cursors.seal(&format!("b{}-{seq}", at.0), call.now)),
            (None, true) => call.given("after").map(str::to_owned),
            _ => None,
        };
        Ok(Answer::json(page.close()).linked(paging::links(call, cursor.as_deref(), limit, &[])))
    }
}

struct Page {
    json: Json,
    count: usize,
}

impl Page {
    fn new() -> Self {
        let mut json = Json::with_capacity(4096);
        json.open('[');
        Self { json, count: 0 }
    }

    fn add(&mut self, event: &LogEvent) {
        event.write(Shown::Log, &mut self.json);
        self.count += 1;
    }

    fn close(mut self) -> String {
        self.json.close(']');
        self.json.into_string()
    }
}

/// `filter` and `q` of one request.
struct Tests {
    filter: Option<Filter<String>>,
    keywords: Vec<String>,
}

impl Tests {
    fn of(call: &Call<'_>, filter_max: usize) -> ApiResult<Self> {
        let filter = match call.param("filter") {
            None | Some("") => None,
            Some(text) if text.chars().count() > filter_max => {
                return Err(ApiError::of("E0000031").because("filter: too long"));
            }
            Some(text) => {
                let resolve = |name: &str, operator: Operator| match name {
                    "published" => Err("'published' is not filterable; use since and until".to_owned()),
                    _ if !LOG_ATTRIBUTES
                        .iter()
                        .any(|known| name == *known || name.starts_with(&format!("{known}."))) =>
                    {
                        Err(format!("unknown attribute '{name}'"))
                    }
                    "debugContext.debugData.url" | "debugContext.debugData.requestUri"
                        if operator == Operator::Contains =>
                    {
                        Err(format!("'co' is not supported on '{name}'"))
                    }
                    _ => Ok(name.to_owned()),
                };
                Some(search::parse(text, &resolve).map_err(|why| ApiError::of("E0000031").because(why))?)
            }
        };
        let keywords: Vec<String> =
            call.param("q").unwrap_or_default().split_whitespace().map(str::to_lowercase).collect();
        if keywords.len() > 10 || keywords.iter().any(|word| word.chars().count() > 40) {
            return Err(ApiError::invalid("q", "at most 10 keywords of at most 40 characters"));
        }
        Ok(Self { filter, keywords })
    }

    fn hold(&self, event: &LogEvent) -> bool {
        let filtered = self.filter.as_ref().is_none_or(|filter| {
            filter.holds(&mut |name, operator, literal| compare(event, name, operator, literal))
        });
        filtered && self.keywords.iter().all(|word| mentions(event, word))
    }
}

const LOG_ATTRIBUTES: &[&str] = &[
    "uuid",
    "eventType",
    "version",
    "severity",
    "legacyEventType",
    "displayMessage",
    "actor",
    "client",
    "outcome",
    "target",
    "transaction",
    "debugContext",
    "authenticationContext",
    "securityContext",
    "request",
];

fn compare(event: &LogEvent, name: &str, operator: Operator, literal: &Literal) -> bool {
    let one = |value: Option<&str>| operator.holds(value.map(Fact::Text), literal, Case::Ignored);
    let cause = &event.cause.0;
    match name {
        "uuid" => one(Some(&event.uuid)),
        "eventType" => one(Some(event.kind.name)),
        "version" => one(Some("0")),
        "severity" => one(Some(event.kind.severity)),
        "legacyEventType" => one(Some(event.kind.legacy)),
        "displayMessage" => one(Some(event.kind.message)),
        "actor.id" => one(Some(&cause.actor.id)),
        "actor.type" => one(Some(cause.actor.kind)),
        "actor.alternateId" => one(Some(&cause.actor.alternate_id)),
        "actor.displayName" => one(Some(&cause.actor.display_name)),
        "outcome.result" => one(Some(event.outcome)),
        "outcome.reason" => one(event.reason.as_deref()),
        "transaction.id" => one(Some(&cause.transaction_id)),
        "transaction.type" => one(Some(cause.transaction)),
        "transaction.detail.requestApiTokenId" => one(cause.api_token_id.as_ref().map(|id| id.as_str())),
        "authenticationContext.externalSessionId" => one(Some(&cause.transaction_id)),
        "authenticationContext.authenticationStep" => {
            operator.holds(Some(Fact::Number(0.0)), literal, Case::Ignored)
        }
        "target.id" => event.targets.iter().any(|target| one(Some(&target.id))),
        "target.type" => event.targets.iter().any(|target| one(Some(target.kind))),
        "target.alternateId" => event.targets.iter().any(|target| one(Some(&target.alternate_id))),
        "target.displayName" => event.targets.iter().any(|target| one(Some(&target.display_name))),
        "debugContext.debugData.requestUri" => one(cause.request_uri.as_deref()),
        "debugContext.debugData.requestId" => one(Some(&cause.transaction_id)),
        name if name.starts_with("client.") => one(event.client(&name["client.".len()..])),
        name => {
            let field = name.strip_prefix("debugContext.debugData.");
            let value = field.and_then(|field| event.debug.iter().find(|(known, _)| *known == field));
            one(value.map(|(_, value)| value.as_str()))
        }
    }
}

fn mentions(event: &LogEvent, word: &str) -> bool {
    let cause = &event.cause.0;
    let parties = std::iter::once(&cause.actor).chain(&event.targets);
    let mut texts = vec![event.kind.name, event.kind.legacy, event.kind.message, event.outcome, &event.uuid];
    for party in parties {
        texts.extend([party.id.as_str(), party.kind, &party.alternate_id, &party.display_name]);
    }
    texts.extend(event.debug.iter().map(|(_, value)| value.as_str()));
    texts.iter().any(|text| text.to_lowercase().contains(word))
}

//! What lines of the journal say that no table of the store keeps: who put a finding away and why, who answers for a late
//! leaver, how whole the lists of a comparison were, and where the pages of Okta's log join.

use std::collections::{BTreeMap, HashMap, VecDeque, btree_map};

use jiff::Timestamp;
use lanyard_engine::{intake::gap_beyond, ports::INTAKE};
use lanyard_evidence::{cell::Cell, pack::Pack, tables};
use lanyard_model::{
    coverage::{Certificate, ReadKind},
    id::SiteId,
};
use serde_json::Value;

use super::Scope;

/// Somebody answers for a late leaver.
pub struct Answer {
    pub owner: String,
    pub compensation: String,
    pub by: String,
    pub at: Timestamp,
    pub position: i64,
    since: String,
}

/// Somebody put a finding away.
pub struct Closure {
    pub by: String,
    pub reason: String,
    /// Who answers for its staying as it is.
    pub owner: String,
    /// Up to when it stays away.
    pub until: Option<Timestamp>,
    pub at: Timestamp,
    pub position: i64,
}

/// Somebody pressed the stop button.
pub struct Stop {
    pub by: String,
    pub at: Timestamp,
    pub position: i64,
}

/// How whole a list was in a comparison.
struct Compared {
    sweep: String,
    certificate: Certificate,
    position: i64,
}

/// By tenant or site, and what was listed.
type Lists = BTreeMap<(String, ReadKind), Compared>;

/// Pages of the log that join.
#[derive(Clone)]
struct Chain {
    from_at: Timestamp,
    to_at: Timestamp,
    from: String,
    to: String,
    pages: i64,
    events: i64,
    position: i64,
}

/// What was said, gathered line by line.
#[derive(Default)]
pub struct Sayings {
    closures: HashMap<String, Vec<Closure>>,
    answers: HashMap<(String, SiteId), Vec<Answer>>,
    /// The first comparison that read each list, and the last one: not every comparison reads every list.
    first: Lists,
    last: Lists,
    /// The stop button was pressed, and not released when the period ended.
    stop: Option<Stop>,
    chain: Option<Chain>,
    /// Where the last pages of the chain began: a page that begins at one of them was read twice, and misses nothing.
    passed: VecDeque<String>,
    /// A break that pages alone showed: its row, where the new chain begins, and when that was read.
    unexplained: Option<(usize, String, Timestamp)>,
    /// Rows of the table `intake`, in order.
    intake: Vec<Vec<Cell>>,
}

/// Two readers of one log (its own loop, and a comparison that waits for it) are no further apart than so many pages.
const PASSED_MAX: usize = 64;

/// How lines about the stop button begin.
const STOPPED: &str = "\"title\":\"stopped: ";
const RESUMED: &str = "\"title\":\"resumed\"";

/// Whether a line of this kind may say something; told apart before it is read as a whole.
pub fn speaks(kind: &str, text: &str) -> bool {
    match kind {
        "finding" => text.contains("\"title\":\"put away: "),
        "signal" => text.contains("\"pages\":"),
        "sweep" => text.contains("\"lists\":"),
        "control" => text.contains(STOPPED) || text.contains(RESUMED),
        "breach" | "intake" => true,
        _ => false,
    }
}

impl Sayings {
    /// Takes a line, also one that was written after the period: who answers for what was late in it, and that nobody read the
    /// log when it ended, is said afterwards.
    pub fn take(&mut self, scope: &Scope<'_>, kind: &str, line: &Value, at: Timestamp, position: i64) {
        let (data, inside) = (&line["data"], scope.in_period(at));
        match kind {
            "finding" if at < scope.ask.to => self.put_away(data, at, position),
            "control" if at < scope.ask.to => {
                let by = line["detail"].as_str().unwrap_or_default().trim_start_matches("by ").to_owned();
                self.stop = (line["title"] != "resumed").then_some(Stop { by, at, position });
            }
            "breach" => self.answered(line, at, position),
            "sweep" if inside => self.compared(data, position),
            "signal" if inside => self.page(data, at, position),
            "intake" if at >= scope.ask.from => self.interrupted(scope, data, at, position),
            _ => {}
        }
    }

    fn put_away(&mut self, data: &Value, at: Timestamp, position: i64) {
        let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        let owner = Some(text("owner")).filter(|owner| !owner.is_empty()).unwrap_or_else(|| text("by"));
        let until = data["until"].as_str().and_then(|until| until.parse().ok());
        let closure = Closure { by: text("by"), reason: text("reason"), owner, until, at, position };
        self.closures.entry(text("key")).or_default().push(closure);
    }

    fn answered(&mut self, line: &Value, at: Timestamp, position: i64) {
        let (who, data) = (&line["identity"], &line["data"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let person = format!("{}/{}", text(&who["tenant"]), text(&who["user"]));
        let answer = Answer {
            owner: text(&data["owner"]),
            compensation: text(&data["compensation"]),
            by: text(&data["by"]),
            at,
            position,
            since: text(&data["since"]),
        };
        self.answers.entry((person, SiteId::new(text(&line["site"])))).or_default().push(answer);
    }

    fn compared(&mut self, data: &Value, position: i64) {
        let sweep = data["id"].as_str().unwrap_or_default();
        for list in data["lists"].as_array().into_iter().flatten() {
            let read = serde_json::from_value::<Certificate>(list["certificate"].clone()).ok();
            let Some((certificate, scope)) = read.zip(list["scope"].as_str()) else { continue };
            let key = (scope.to_owned(), certificate.evidence.kind);
            let fresh = Compared { sweep: sweep.to_owned(), certificate, position };
            match self.first.entry(key) {
                btree_map::Entry::Vacant(place) => {
                    place.insert(fresh);
                }
                btree_map::Entry::Occupied(known) => {
                    self.last.insert(known.key().clone(), fresh);
                }
            }
        }
    }

    fn page(&mut self, data: &Value, at: Timestamp, position: i64) {
        let text = |name: &str| data[name].as_str().unwrap_or_default();
        let events = i64::try_from(data["uuids"].as_array().map_or(0, Vec::len)).unwrap_or(i64::MAX);
        let pages = data["pages"].as_i64().unwrap_or(1);
        let fresh = Chain {
            from_at: at,
            to_at: at,
            from: text("from").to_owned(),
            to: text("to").to_owned(),
            pages,
            events,
            position,
        };
        let twice = self.passed.contains(&fresh.from);
        // The slower of two readers ends where the other has been already.
        let behind = twice && self.passed.contains(&fresh.to);
        self.passed.push_back(fresh.from.clone());
        if self.passed.len() > PASSED_MAX {
            self.passed.pop_front();
        }
        match &mut self.chain {
            Some(chain) if chain.to == fresh.from || twice => {
                (chain.to_at, chain.position) = (at, position);
                if !behind {
                    chain.to = fresh.to;
                }
                (chain.pages, chain.events) = (chain.pages + pages, chain.events + events);
            }
            _ => {
                if let Some(before) = self.end_chain() {
                    let seconds = at.duration_since(before.to_at).as_secs();
                    let cause = "two lines about pages do not join, and none says why";
                    self.unexplained = Some((self.intake.len(), fresh.from.clone(), at));
                    self.intake.push(row(
                        "break",
                        (before.to_at, at),
                        seconds,
                        (&before.to, &fresh.from),
                        Some(cause),
                        Some(position),
                    ));
                }
                self.chain = Some(fresh);
            }
        }
    }

    /// What the engine says of a time without reading, as far as it lies in the period.
    fn interrupted(&mut self, scope: &Scope<'_>, data: &Value, at: Timestamp, position: i64) {
        let text = |name: &str| data[name].as_str();
        let what = text("what").unwrap_or_default();
        let from = text("from").and_then(|at| at.parse().ok()).unwrap_or(at);
        if from >= scope.ask.to {
            return;
        }
        let (from, until) = (from.max(scope.ask.from), at.min(scope.ask.to));
        let places = (text("ended").unwrap_or_default(), text("place").unwrap_or_default());
        let seconds = until.duration_since(from).as_secs();
        let cells = row(what, (from, until), seconds, places, text("why"), Some(position));
        // Earlier versions wrote the page first, and then why it does not go on where the last one ended.
        let told = self
            .unexplained
            .take_if(|(_, place, read_at)| what == "break" && place == places.1 && *read_at == at);
        if let Some(known) = told.and_then(|(number, ..)| self.intake.get_mut(number)) {
            *known = cells;
            return;
        }
        if what == "break" {
            // The next page begins a chain of its own.
            self.end_chain();
        }
        self.intake.push(cells);
    }

    /// Writes the chain so far; answers it.
    fn end_chain(&mut self) -> Option<Chain> {
        let chain = self.chain.take()?;
        self.passed.clear();
        let mut cells = row(
            "chain",
            (chain.from_at, chain.to_at),
            chain.to_at.duration_since(chain.from_at).as_secs(),
            (&chain.from, &chain.to),
            None,
            Some(chain.position),
        );
        (cells[4], cells[5]) = (chain.pages.into(), chain.events.into());
        self.intake.push(cells);
        Some(chain)
    }

    /// Who answers for a leaver's being late, whose right ended at `since`: the last word.
    pub fn answer(&self, person: &str, site: &SiteId, since: Timestamp) -> Option<&Answer> {
        let all = self.answers.get(&(person.to_owned(), site.clone()))?;
        all.iter().rev().find(|answer| answer.since.parse::<Timestamp>().is_ok_and(|known| known == since))
    }

    /// Who put a finding away that began at `since` and was over at `over`.
    pub fn closure(&self, key: &str, since: Timestamp, over: Option<Timestamp>) -> Option<&Closure> {
        let all = self.closures.get(key)?;
        all.iter().rev().find(|closure| closure.at >= since && over.is_some_and(|over| closure.at <= over))
    }

    /// Who had stopped everything when the period ended.
    pub fn stop(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// Rows about lists and pages.
    pub fn rows(mut self, scope: &Scope<'_>, pack: &mut Pack) -> anyhow::Result<Vec<String>> {
        for (moment, lists) in [("first", &self.first), ("last", &self.last)] {
            for ((list, _), compared) in lists {
                if in_scope(scope, list) {
                    let (sweep, position) = (&compared.sweep, Some(compared.position));
                    let cells = certified(moment, sweep, list, &compared.certificate, position);
                    pack.row(&tables::CERTIFICATES, cells);
                }
            }
        }
        for (list, _, certificate) in scope.archive.certificates()? {
            if in_scope(scope, &list) {
                pack.row(&tables::CERTIFICATES, certified("extraction", "", &list, &certificate, None));
            }
        }
        self.end_chain();
        self.intake.extend(silence(scope)?);
        let mut limits = Vec::new();
        if self.intake.is_empty() {
            limits.push("No page of Okta's log is on record with its place in this period.".to_owned());
        }
        for cells in self.intake {
            pack.row(&tables::INTAKE, cells);
        }
        Ok(limits)
    }
}

fn in_scope(scope: &Scope<'_>, list: &str) -> bool {
    list == scope.ask.tenant.as_str() || scope.sites.iter().any(|(site, _)| site.as_str() == list)
}

/// Nobody read the log up to the end of the period.
fn silence(scope: &Scope<'_>) -> anyhow::Result<Option<Vec<Cell>>> {
    let (from, to) = (scope.ask.from, scope.ask.to);
    let kept = scope.archive.meta(&format!("{INTAKE}{}", scope.ask.tenant))?;
    let kept: Value = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let Some(read_at) = kept["read_at"].as_str().and_then(|at| at.parse::<Timestamp>().ok()) else {
        return Ok(None);
    };
    let place = kept["end"].as_str().unwrap_or_default();
    // As long as the engine itself calls no gap.
    let beyond = jiff::SignedDuration::try_from(gap_beyond(scope.ask.feed_interval)).unwrap_or_default();
    Ok((to.duration_since(read_at) > beyond).then(|| {
        let why = Some("it was not read again before the period ended");
        let since = read_at.max(from);
        row("gap", (since, to), to.duration_since(since).as_secs(), (place, ""), why, None)
    }))
}

fn row(
    kind: &str,
    (from_at, to_at): (Timestamp, Timestamp),
    seconds: i64,
    (from, to): (&str, &str),
    cause: Option<&str>,
    position: Option<i64>,
) -> Vec<Cell> {
    vec![
        kind.into(),
        from_at.into(),
        to_at.into(),
        seconds.into(),
        Cell::Null,
        Cell::Null,
        from.into(),
        to.into(),
        cause.into(),
        position.into(),
    ]
}

fn certified(
    moment: &str,
    sweep: &str,
    list: &str,
    certificate: &Certificate,
    position: Option<i64>,
) -> Vec<Cell> {
    let e = &certificate.evidence;
    let kind = serde_json::to_value(e.kind).unwrap_or_default();
    vec![
        moment.into(),
        sweep.into(),
        list.into(),
        kind.as_str().into(),
        e.started_at.into(),
        e.ended_at.into(),
        i64::from(e.pages).into(),
        e.rows.into(),
        e.count_before.into(),
        e.count_after.into(),
        e.reached_end.into(),
        e.canary_seen.into(),
        e.rights_proven.into(),
        e.schema.as_ref().map(|schema| schema.before.as_str()).into(),
        e.schema.as_ref().map(|schema| schema.after.as_str()).into(),
        certificate.holds().into(),
        certificate.doubts.join("; ").into(),
        position.into(),
    ]
}

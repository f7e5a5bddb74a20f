//! How whole the intake of a tenant's log is, on record: each page begins where the one before it ended, and where nobody read
//! for a while, or the chain was broken, a journal line says so. "When were we blind?" is answered from these lines.

use std::time::Duration;

use jiff::Timestamp;
use lanyard_model::id::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    Engine,
    journal::line,
    ports::{FeedCursor, INTAKE, Severity, StoreFailure, Write},
};

/// An idle feed is noted so often, and no gap can seem longer than it was by more.
const NOTED_EVERY: Duration = Duration::from_secs(60);
/// What lies between two good reads is a gap beyond this and the time between two polls.
const GAP_MIN: Duration = Duration::from_secs(120);

/// What lies between two good reads is a gap beyond this, if the log is asked so often.
pub fn gap_beyond(interval: Duration) -> Duration {
    GAP_MIN.saturating_add(interval)
}

/// Where the chain ends, kept with the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chain {
    /// The last good read.
    pub(crate) read_at: Timestamp,
    /// The last good read that came to the log's present end, or the first of all; absent: kept by a version that did not tell
    /// them apart.
    #[serde(default)]
    ended_at: Option<Timestamp>,
    /// Fingerprint of the place in the log up to which it was read.
    end: String,
    /// The same, as the last journal line about pages says it.
    told: String,
    /// Pages without an event since that line.
    quiet: u64,
}

impl Chain {
    /// When it was last read to its end: up to then nothing is missing, however many pages lie between the kept place and now.
    pub(crate) fn ended_at(&self) -> Timestamp {
        self.ended_at.unwrap_or(self.read_at)
    }
}

/// What a poll did to the chain.
pub(crate) struct Read<'r> {
    pub(crate) tenant: &'r TenantId,
    pub(crate) now: Timestamp,
    /// As it was kept; `None`: the log was never read before.
    pub(crate) before: &'r Option<Chain>,
    /// Where the page was asked for from.
    pub(crate) from: &'r FeedCursor,
    /// That place was kept by an earlier read; otherwise it only goes back some time from now.
    pub(crate) kept: bool,
    /// Where it ended.
    pub(crate) to: &'r FeedCursor,
    /// And whether that is the log's present end.
    pub(crate) to_its_end: bool,
    /// The kept place was refused, and the log is read again from an earlier moment: why.
    pub(crate) restart: Option<String>,
}

/// Names a place in the log without telling it.
fn fingerprint(cursor: &FeedCursor) -> String {
    let text = serde_json::to_vec(cursor).unwrap_or_default();
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn key(tenant: &TenantId) -> String {
    format!("{INTAKE}{tenant}")
}

impl Read<'_> {
    /// The writes of a page, and the data of its own journal line: `uuids` of its events.
    pub(crate) fn page(&self, uuids: &[String], interval: Duration) -> (Vec<Write>, Value) {
        let (from, to) = (fingerprint(self.from), fingerprint(self.to));
        let told = match self.before {
            Some(before) if before.end == from => before.told.clone(),
            _ => from,
        };
        let pages = self.before.as_ref().map_or(0, |before| before.quiet) + 1;
        let data = json!({ "uuids": uuids, "from": told, "to": to, "pages": pages });
        let (told, quiet) = if uuids.is_empty() { (told, pages) } else { (to.clone(), 0) };
        let mut writes = self.lines(interval);
        writes.push(self.keep(Chain { read_at: self.now, ended_at: self.ended_at(), end: to, told, quiet }));
        (writes, data)
    }

    /// The writes of a poll that brought nothing.
    pub(crate) fn idle(&self, interval: Duration) -> Vec<Write> {
        let mut writes = self.lines(interval);
        let end = fingerprint(self.to);
        let kept = match self.before {
            Some(before) if before.end == end => {
                Chain { read_at: self.now, ended_at: self.ended_at(), ..before.clone() }
            }
            _ => Chain { read_at: self.now, ended_at: self.ended_at(), told: end.clone(), end, quiet: 0 },
        };
        let since = self.before.as_ref().map(|before| self.now.duration_since(before.read_at));
        let noted = since.is_some_and(|since| since.unsigned_abs() < NOTED_EVERY);
        if !noted || !writes.is_empty() {
            writes.push(self.keep(kept));
        }
        writes
    }

    fn ended_at(&self) -> Option<Timestamp> {
        let before = self.before.as_ref().filter(|_| !self.to_its_end);
        Some(before.map_or(self.now, Chain::ended_at))
    }

    fn keep(&self, chain: Chain) -> Write {
        Write::Meta { key: key(self.tenant), value: serde_json::to_string(&chain).unwrap_or_default() }
    }

    /// Why this page does not go on where the last one ended.
    fn broken(&self, from: &str) -> Option<String> {
        if let Some(why) = &self.restart {
            return Some(format!("Okta refused the place up to which its log was read: {why}"));
        }
        let before = self.before.as_ref().filter(|_| self.kept)?;
        (before.end != from).then(|| "the place in the log is not the one that was kept last".to_owned())
    }

    /// Journal lines about the beginning, a gap, or a break.
    fn lines(&self, interval: Duration) -> Vec<Write> {
        let from = fingerprint(self.from);
        let say = |title: String, detail: &str, data: Value, severity| {
            line(self.tenant, self.now, "intake", title).severity(severity).detail(detail).data(data).write()
        };
        let Some(before) = self.before else {
            let title = "Okta's log is read from here on".to_owned();
            let data = json!({ "what": "begin", "to": self.now, "place": from });
            return vec![say(
                title,
                "what happened before is known from full comparisons",
                data,
                Severity::Info,
            )];
        };
        let away = self.now.duration_since(before.read_at);
        let gap = away > gap_beyond(interval).try_into().unwrap_or(jiff::SignedDuration::MAX);
        let broken = self.broken(&from);
        if !gap && broken.is_none() {
            return Vec::new();
        }
        let title = format!("Okta's log was not read for {} s", away.as_secs());
        let (title, detail) = match &broken {
            None => (
                title,
                "it went on where it had ended: what happened meanwhile was read afterwards".to_owned(),
            ),
            Some(why) if gap => {
                (title, format!("{why}; what the log no longer tells shows in the next full comparison"))
            }
            Some(why) => (
                "the chain of Okta's log was broken".to_owned(),
                format!("{why}; what the log no longer tells shows in the next full comparison"),
            ),
        };
        let data = json!({
            "what": if broken.is_some() { "break" } else { "gap" },
            "from": before.read_at, "to": self.now, "seconds": away.as_secs(),
            "ended": before.end, "place": from, "why": broken,
        });
        vec![say(title, &detail, data, Severity::Warning)]
    }
}

impl Engine {
    /// The end of the chain, as it was kept with the cursor.
    pub(crate) async fn intake(&self, tenant: &TenantId) -> Result<Option<Chain>, StoreFailure> {
        let kept = self.store.meta(&key(tenant)).await?;
        Ok(kept.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::ports::Entry;

    const INTERVAL: Duration = Duration::from_secs(10);

    struct Feed {
        kept: Option<Chain>,
        now: Timestamp,
        place: FeedCursor,
    }

    impl Feed {
        fn take(&mut self, writes: Vec<Write>) -> Vec<Entry> {
            let mut lines = Vec::new();
            for write in writes {
                match write {
                    Write::Meta { value, .. } => self.kept = serde_json::from_str(&value).ok(),
                    Write::Journal(entry) => lines.push(*entry),
                    other => panic!("{other:?}"),
                }
            }
            lines
        }

        /// A page after so many seconds: lines beside its own, and its own line's data.
        fn page(
            &mut self,
            after: i64,
            to: &str,
            events: &[&str],
            restart: Option<&str>,
        ) -> (Vec<Entry>, Value) {
            self.now += SignedDuration::from_secs(after);
            let to = FeedCursor::At(to.into());
            let (tenant, before) = (TenantId::new("acme"), self.kept.clone());
            let uuids: Vec<String> = events.iter().map(|uuid| (*uuid).to_owned()).collect();
            let restart = restart.map(str::to_owned);
            let read = Read {
                tenant: &tenant,
                now: self.now,
                before: &before,
                from: &self.place,
                kept: true,
                to: &to,
                to_its_end: true,
                restart,
            };
            let (writes, data) = read.page(&uuids, INTERVAL);
            let lines = self.take(writes);
            self.place = to;
            (lines, data)
        }

        fn idle(&mut self, after: i64) -> (Vec<Entry>, bool) {
            self.now += SignedDuration::from_secs(after);
            let (tenant, before) = (TenantId::new("acme"), self.kept.clone());
            let at = &self.place;
            let read = Read {
                tenant: &tenant,
                now: self.now,
                before: &before,
                from: at,
                kept: true,
                to: at,
                to_its_end: true,
                restart: None,
            };
            let writes = read.idle(INTERVAL);
            let wrote = !writes.is_empty();
            (self.take(writes), wrote)
        }
    }

    fn feed() -> Feed {
        let now = "2026-05-04T10:00:00Z".parse().unwrap();
        Feed { kept: None, now, place: FeedCursor::Since(now) }
    }

    fn titles(lines: &[Entry]) -> Vec<&str> {
        lines.iter().map(|line| line.title.as_str()).collect()
    }

    #[test]
    fn each_page_that_is_told_begins_where_the_last_one_told_of_ended() {
        let mut feed = feed();
        let (lines, first) = feed.page(0, "a", &["1"], None);
        assert_eq!(titles(&lines), ["Okta's log is read from here on"]);
        // Two pages without an event of ours lie between.
        assert_eq!(titles(&feed.page(10, "b", &[], None).0), [""; 0]);
        feed.page(10, "c", &[], None);
        let (lines, second) = feed.page(10, "d", &["2", "3"], None);
        assert!(lines.is_empty());
        assert_eq!(second["from"], first["to"]);
        assert_eq!((&first["pages"], &second["pages"]), (&json!(1), &json!(3)));
        assert_eq!(feed.page(10, "e", &["4"], None).1["from"], second["to"]);
    }

    #[test]
    fn a_time_without_reading_is_a_gap_and_an_idle_feed_is_none() {
        let mut feed = feed();
        feed.page(0, "a", &["1"], None);
        let wrote: Vec<bool> = (0..12).map(|_| feed.idle(10).1).collect();
        assert_eq!(wrote.iter().filter(|wrote| **wrote).count(), 2, "once a minute: {wrote:?}");
        let (lines, _) = feed.idle(400);
        assert_eq!(titles(&lines), ["Okta's log was not read for 400 s"]);
        assert_eq!((&lines[0].data["what"], &lines[0].data["seconds"]), (&json!("gap"), &json!(400)));
        assert!(feed.idle(10).0.is_empty(), "told once");
    }

    #[test]
    fn a_place_that_is_refused_or_was_moved_is_a_break() {
        let mut feed = feed();
        feed.page(0, "a", &["1"], None);
        feed.place = FeedCursor::Since(feed.now);
        let (lines, data) = feed.page(10, "b", &["2"], Some("410"));
        assert_eq!(titles(&lines), ["the chain of Okta's log was broken"]);
        assert!(lines[0].detail.starts_with("Okta refused the place"), "{}", lines[0].detail);
        assert_ne!(data["from"], lines[0].data["ended"]);
        feed.place = FeedCursor::At("moved by hand".into());
        let (lines, _) = feed.page(10, "c", &["3"], None);
        assert!(lines[0].detail.starts_with("the place in the log is not the one"), "{}", lines[0].detail);
    }
}

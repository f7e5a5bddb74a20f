//! Another writer who changes back what policy wants: told once it has happened several times, so that a single hand edit
//! stays a hand edit that is repaired.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use lanyard_plan::drift;
use serde::{Deserialize, Serialize};

use crate::{
    Engine,
    pages::Pages,
    ports::{ActivityFilter, Finding, Severity, StoreFailure, Write},
    survey::Reverted,
};

/// Before the key of a fight, in memory and among the findings.
const FOUGHT: &str = "fought:";
/// Lines of somebody's journal that are looked through.
const LINES_MAX: usize = 200;
/// Fights read at a time.
const PAGE: usize = 1_000;

/// Changed back so often, somebody else decides about it too.
const TIMES: u32 = 3;
/// A fight in which nothing was changed back for so long is over, and counted anew.
const FORGOTTEN: Duration = Duration::from_secs(7 * 86_400);

/// How often one value was changed back.
#[derive(Debug, Serialize, Deserialize)]
struct Fight {
    times: u32,
    last: Timestamp,
}

fn key(reverted: &Reverted) -> String {
    format!("{FOUGHT}{}:{}:{}", reverted.identity, reverted.site, reverted.what)
}

/// Whether a line about a read-back names the value among what was left open: `+ seat; ~ department`. Items go by their kind
/// there.
fn left_open(detail: &str, what: &str) -> bool {
    let what = if what.starts_with(drift::ITEM) { drift::ITEM } else { what };
    detail.split("; ").any(|open| open.split_once(' ').is_some_and(|(_, open)| open == what))
}

impl Engine {
    async fn fight(&self, key: &str) -> Result<Option<Fight>, StoreFailure> {
        let kept = self.store.meta(key).await?;
        Ok(kept.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Whether a read has shown the value as policy wants it since then. Lines name what was left open.
    async fn set_again_since(&self, one: &Reverted, since: Timestamp) -> Result<bool, StoreFailure> {
        let filter = ActivityFilter {
            identity: Some(one.identity.clone()),
            limit: LINES_MAX,
            ..ActivityFilter::default()
        };
        let lines = self.store.activity(&filter).await?;
        Ok(lines.iter().map(|kept| &kept.entry).any(|line| {
            line.kind == "verified"
                && line.at >= since
                && line.site.as_ref() == Some(&one.site)
                && !left_open(&line.detail, &one.what)
        }))
    }

    /// Counts what was changed back, and tells of what was so too often.
    pub(super) async fn fought_writes(
        &self,
        reverted: Vec<Reverted>,
        now: Timestamp,
    ) -> Result<Vec<Write>, StoreFailure> {
        let mut writes = Vec::new();
        for one in reverted {
            let key = key(&one);
            let before = self.fight(&key).await?.filter(|fight| fight.last + FORGOTTEN > now);
            if let Some(fight) = &before
                && !self.set_again_since(&one, fight.last).await?
            {
                // The same change, seen once more: it was not repaired yet.
                continue;
            }
            let times = before.map_or(0, |fight| fight.times) + 1;
            let value = serde_json::to_string(&Fight { times, last: now }).unwrap_or_default();
            writes.push(Write::Meta { key: key.clone(), value });
            if times < TIMES {
                continue;
            }
            let by = one
                .by
                .map_or_else(String::new, |by| format!("; the account was last changed by account {by}"));
            writes.push(Write::Finding(Box::new(Finding {
                key,
                kind: "fought".into(),
                severity: Severity::Warning,
                tenant: Some(one.identity.tenant.clone()),
                site: Some(one.site.clone()),
                identity: Some(one.identity.clone()),
                title: format!("{}: {} is changed back again and again in {}", one.person, one.what, one.site),
                detail: format!(
                    "policy wants \"{}\", the site showed \"{}\" {times} times after it was set{by}. It is set again each time.",
                    one.wanted, one.shown
                ),
                fix: Some("find the other writer (an import, another integration, a person) and let one of the two decide".into()),
                count: None,
                since: now,
            })));
        }
        Ok(writes)
    }

    /// Forgets fights that are over, and ends what was told of them.
    pub(super) async fn fights_over(
        &self,
        open: &BTreeMap<String, Finding>,
        now: Timestamp,
    ) -> Result<Vec<Write>, StoreFailure> {
        let mut over = Vec::new();
        let mut counted = BTreeSet::new();
        let mut pages = Pages::default();
        loop {
            let page = self.store.metas(FOUGHT, pages.after(), PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            pages.seen(last);
            for (key, kept) in page {
                let fight: Option<Fight> = serde_json::from_str(&kept).ok();
                if fight.is_none_or(|fight| fight.last + FORGOTTEN <= now) {
                    over.push(Write::Meta { key: key.clone(), value: String::new() });
                    // Also one that a person put away, which is not among the open ones.
                    over.push(Write::FindingOver { key: key.clone(), at: now });
                }
                counted.insert(key);
            }
        }
        let told = open.keys().filter(|key| key.starts_with(FOUGHT) && !counted.contains(*key));
        over.extend(told.map(|key| Write::FindingOver { key: key.clone(), at: now }));
        Ok(over)
    }
}

#[cfg(test)]
mod tests {
    use super::left_open;

    #[test]
    fn what_was_left_open_is_named_by_whole_words() {
        let detail = "+ category item; ~ seat classification; - role in reservation";
        assert!(left_open(detail, "category item Executive floor"), "items go by their kind");
        assert!(left_open(detail, "role in reservation") && left_open(detail, "seat classification"));
        assert!(!left_open(detail, "seat") && !left_open(detail, "role") && !left_open("", "seat"));
    }
}

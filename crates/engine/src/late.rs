//! Leavers who are not out in time: the alarm before the bound ends, how many are over it, and answering for one: an owner, and
//! what compensates for it. That is a person's word, kept in the journal; evidence shows it beside the breach.

use std::{sync::PoisonError, time::Duration};

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    id::{IdentityId, SiteId},
    plan::{Block, Gate},
};
use serde::{Deserialize, Serialize};

use crate::{
    Engine,
    journal::line,
    ports::{Document, DocumentKey, Finding, LATE_ANSWERS as ANSWERS, Leaver, Severity, StoreFailure, Write},
};

/// The part of the bound after which the alarm comes.
const ALARM_AT: f64 = 0.8;
/// Clocks that are read at a time.
const PAGE: usize = 1_000;
/// A count that is not older than so many rounds of the loop is good.
const COUNTED_LATELY: u32 = 4;

/// How many leavers were over the bound when they were last counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Overdue {
    at: Timestamp,
    late: u64,
}

/// What somebody says about a late leaver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub identity: IdentityId,
    pub site: SiteId,
    /// Who answers for it.
    pub owner: String,
    /// What was done instead, or found out afterwards.
    pub compensation: String,
}

/// The last word on a late leaver, as kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub owner: String,
    pub compensation: String,
    pub by: String,
    pub at: Timestamp,
}

/// A leaver who was not out in time.
#[derive(Debug, Clone)]
pub struct Late {
    pub leaver: Leaver,
    /// Display name as last read; empty: erased, or never read.
    pub name: String,
    pub answered: Option<Answered>,
}

/// Why nothing was put on record.
#[derive(Debug, thiserror::Error)]
pub enum AnswerProblem {
    #[error("{identity} is no leaver of {site}: there is nothing to answer for")]
    NoLeaver { identity: IdentityId, site: SiteId },
    #[error("{identity} was out of {site} within {bound} s: there is nothing to answer for")]
    InTime { identity: IdentityId, site: SiteId, bound: u64 },
    #[error("an owner and a sentence about what compensates for it are needed: an auditor asks for both")]
    Incomplete,
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

impl Engine {
    /// Puts on record who answers for a leaver's being late; the last word counts.
    ///
    /// # Errors
    /// See [`AnswerProblem`]; nothing was kept.
    pub async fn answer_for_late(&self, answer: &Answer, by: &str) -> Result<Leaver, AnswerProblem> {
        let (owner, compensation) = (answer.owner.trim(), answer.compensation.trim());
        if owner.is_empty() || compensation.is_empty() {
            return Err(AnswerProblem::Incomplete);
        }
        let (identity, site) = (answer.identity.clone(), answer.site.clone());
        let clocks = self.store.leaver_clocks(&identity, &site).await?;
        let now = self.clock.now();
        if clocks.is_empty() {
            return Err(AnswerProblem::NoLeaver { identity, site });
        }
        let Some(leaver) = clocks.into_iter().find(|leaver| self.is_late(leaver, now)) else {
            let bound = self.settings.leaver_bound.as_secs();
            return Err(AnswerProblem::InTime { identity, site, bound });
        };
        let told = line(&identity.tenant, now, "breach", format!("{owner} answers for a late leaver"))
            .about(&identity, "")
            .site(&site)
            .severity(Severity::Warning)
            .detail(format!("by {by}: {compensation}"))
            .data(serde_json::json!({
                "since": leaver.since, "verified_at": leaver.verified_at, "returned_at": leaver.returned_at,
                "owner": owner, "compensation": compensation, "by": by,
            }));
        let answered = Answered {
            owner: owner.to_owned(),
            compensation: compensation.to_owned(),
            by: by.to_owned(),
            at: now,
        };
        let key = key(&leaver);
        let known = self.store.documents(ANSWERS, std::slice::from_ref(&key)).await?;
        let person = DocumentKey { kind: "person".into(), value: identity.to_string(), sole: false };
        let document = Document {
            collection: ANSWERS.into(),
            key,
            version: known.first().map_or(0, |document| document.version),
            keys: vec![person],
            body: serde_json::to_value(answered).unwrap_or_default(),
        };
        self.write(vec![told.write(), Write::Document(Box::new(document))]).await?;
        Ok(leaver)
    }

    /// Leavers who were late, the last first, with the last word on each: those whose right ended at or after `since`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn late_leavers(&self, since: Timestamp, limit: usize) -> Result<Vec<Late>, StoreFailure> {
        let now = self.clock.now();
        let late = self.store.late_leavers(since, self.settings.leaver_bound, now, limit).await?;
        let keys: Vec<String> = late.iter().map(key).collect();
        let answers = self.store.documents(ANSWERS, &keys).await?;
        let mut found = Vec::with_capacity(late.len());
        for leaver in late {
            let name = self.store.identity(&leaver.identity).await?;
            let name = name.map(|known| known.identity.display_name()).unwrap_or_default();
            let key = key(&leaver);
            let answered = answers.iter().find(|document| document.key == key);
            let answered = answered.and_then(|document| serde_json::from_value(document.body.clone()).ok());
            found.push(Late { leaver, name, answered });
        }
        Ok(found)
    }

    /// Leavers whose clock has run out by now: those who wait for what the policy itself asks (a hold, a stage, somebody's
    /// word) are not late. As the engine's own alarm counts them, and as it last did: asking again and again costs nothing.
    /// Where it has not counted lately, they are counted.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn leavers_overdue(&self) -> Result<u64, StoreFailure> {
        let now = self.clock.now();
        let lately = self.settings.leaver_check.saturating_mul(COUNTED_LATELY);
        if let Some(counted) =
            self.overdue().filter(|counted| now.duration_since(counted.at).unsigned_abs() <= lately)
        {
            return Ok(counted.late);
        }
        let late = self.keeps_too_long(self.settings.leaver_bound, now).await?;
        Ok(self.note_overdue(&late, now))
    }

    /// Raises an alarm for each leaver whose clock has nearly run out, once; and counts those whose clock has.
    pub async fn alarm_late_leavers(&self) {
        // The moment first: a list that is older than it would make somebody late who was verified in between.
        let now = self.clock.now();
        let alarm_after = self.settings.leaver_bound.mul_f64(ALARM_AT);
        let late = match self.keeps_too_long(alarm_after, now).await {
            Ok(late) => late,
            Err(failure) => return tracing::warn!(%failure, "leavers' clocks could not be looked at"),
        };
        self.note_overdue(&late, now);
        for leaver in &late {
            let key = alarm_key(&leaver.identity, &leaver.site);
            // Where that cannot be read it is raised: the same key is one finding.
            if self.store.finding(&key).await.is_ok_and(|known| known.is_some()) {
                continue;
            }
            self.raise(Finding {
                key: key.clone(),
                kind: "leaver_late".into(),
                severity: Severity::Error,
                tenant: Some(leaver.identity.tenant.clone()),
                site: Some(leaver.site.clone()),
                identity: Some(leaver.identity.clone()),
                title: format!("{} left and is not yet verified gone from {}", leaver.identity, leaver.site),
                detail: format!("seen to have left at {}", leaver.seen_at),
                fix: Some("open the person's plan: it says which step is open and why".into()),
                count: None,
                since: now,
            })
            .await;
            // Whoever was read back as gone meanwhile ended an alarm that was not there yet; it is ended now.
            let clocks = self.store.leaver_clocks(&leaver.identity, &leaver.site).await;
            if clocks.is_ok_and(|clocks| clocks.iter().all(|clock| clock.ended_at().is_some())) {
                self.clear(&key).await;
            }
        }
    }

    /// Leavers whose clock has run for at least so long, however many others wait on purpose.
    async fn keeps_too_long(&self, at_least: Duration, now: Timestamp) -> Result<Vec<Leaver>, StoreFailure> {
        let by = now.checked_sub(at_least).unwrap_or(Timestamp::MIN);
        let (mut late, mut last) = (Vec::new(), None);
        loop {
            let page = self.store.leavers_running(by, last.as_ref(), PAGE).await?;
            last = page.last().cloned();
            let whole = page.len() == PAGE;
            for leaver in page {
                if !self.waits_on_purpose(&leaver, now).await {
                    late.push(leaver);
                }
            }
            if !whole {
                return Ok(late);
            }
        }
    }

    /// Whether all that is left to take waits for what the policy itself asks: a hold, a stage, somebody's word. A hold that was
    /// over for as long as a leaver may take is none any more: something else stands in the way.
    async fn waits_on_purpose(&self, leaver: &Leaver, now: Timestamp) -> bool {
        let bound = self.bound();
        let Ok(Some(newest)) = self.store.newest_plan(&leaver.identity, &leaver.site).await else {
            return false;
        };
        !newest.steps.is_empty()
            && newest.ending.is_some()
            && newest.steps.iter().all(|step| match &step.gate {
                Gate::Held { until, .. } => now.duration_since(*until) < bound,
                Gate::Waiting { .. } => true,
                // Told as the policy's reaction says.
                Gate::Blocked { kind, .. } => *kind == Block::Reaction,
                Gate::Open => false,
            })
    }

    fn bound(&self) -> SignedDuration {
        SignedDuration::try_from(self.settings.leaver_bound).unwrap_or(SignedDuration::MAX)
    }

    fn overdue(&self) -> Option<Overdue> {
        *self.overdue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps how many of these are over the bound, and answers it.
    fn note_overdue(&self, late: &[Leaver], now: Timestamp) -> u64 {
        let bound = self.bound();
        let over = late.iter().filter(|leaver| now.duration_since(runs_since(leaver)) > bound).count() as u64;
        let counted = Overdue { at: now, late: over };
        *self.overdue.lock().unwrap_or_else(PoisonError::into_inner) = Some(counted);
        over
    }

    /// Not out within the bound, or not yet and the bound is over; whoever came back before that was not late.
    fn is_late(&self, leaver: &Leaver, now: Timestamp) -> bool {
        let until = leaver.ended_at().unwrap_or(now);
        until.duration_since(leaver.since) > self.bound()
    }
}

/// Since when somebody has been kept from going: nobody can be late before it was seen that they left.
fn runs_since(leaver: &Leaver) -> Timestamp {
    leaver.seen_at.max(leaver.since)
}

/// The key of the alarm about a late leaver.
pub(crate) fn alarm_key(identity: &IdentityId, site: &SiteId) -> String {
    format!("leaver-late:{identity}:{site}")
}

fn key(leaver: &Leaver) -> String {
    format!("{}|{}|{}", leaver.identity, leaver.site, leaver.since.as_microsecond())
}

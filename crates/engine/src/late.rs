//! Answering for a leaver who was not out in time: an owner, and what compensates for it. A person's word, kept in the journal;
//! evidence shows it beside the breach.

use jiff::Timestamp;
use lanyard_model::id::{IdentityId, SiteId};
use serde::{Deserialize, Serialize};

use crate::{
    Engine,
    journal::line,
    ports::{Document, DocumentKey, LATE_ANSWERS as ANSWERS, Leaver, Severity, StoreFailure, Write},
};

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
    /// word) are not late. As the engine's own alarm counts them.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn leavers_overdue(&self, limit: usize) -> Result<usize, StoreFailure> {
        let now = self.clock.now();
        let bound = jiff::SignedDuration::try_from(self.settings.leaver_bound);
        let bound = bound.unwrap_or(jiff::SignedDuration::MAX);
        let mut late = 0;
        for leaver in self.store.leavers(true, limit).await? {
            let over = now.duration_since(leaver.seen_at.max(leaver.since)) > bound;
            late += usize::from(over && !self.waits_on_purpose(&leaver).await);
        }
        Ok(late)
    }

    /// Not out within the bound, or not yet and the bound is over; whoever came back before that was not late.
    fn is_late(&self, leaver: &Leaver, now: Timestamp) -> bool {
        let until = leaver.ended_at().unwrap_or(now);
        let bound = jiff::SignedDuration::try_from(self.settings.leaver_bound);
        until.duration_since(leaver.since) > bound.unwrap_or(jiff::SignedDuration::MAX)
    }
}

fn key(leaver: &Leaver) -> String {
    format!("{}|{}|{}", leaver.identity, leaver.site, leaver.since.as_microsecond())
}

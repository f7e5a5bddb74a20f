//! The watch over reviews: what is overdue is raised, and a line is closed by the read that no longer shows its right.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::id::{AccountId, IdentityId};
use serde_json::json;

use super::{
    BATCH, CAMPAIGNS, LINES, PAGE, ReviewError, VISIT, body, by_hand,
    campaign::{Decision, Line},
    document, line_document,
};
use crate::{
    Engine,
    journal::line,
    ports::{Finding, Holding, Severity, StoreFailure, Write},
};

/// A removal that no read has confirmed after this long is a person's to look at.
const REMOVAL_MAX: std::time::Duration = std::time::Duration::from_secs(86_400);

/// What the watch over reviews looks at: read from the store once, kept up to date by every step afterwards. Campaigns
/// grow to a hundred thousand lines; the few that wait are looked at by name.
#[derive(Debug, Default)]
pub struct Watched {
    /// Reviews that are not signed off, nor known to be overdue: when they are due.
    pub(super) due: BTreeMap<String, Timestamp>,
    /// Lines that are to be removed and were not read back as gone.
    pub(super) removals: BTreeSet<String>,
}

impl Engine {
    /// Changes what is watched, if it was read already.
    pub(super) fn watched(&self, change: impl FnOnce(&mut Watched)) {
        let mut watched = self.watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        watched.as_mut().map(change);
    }

    /// Closes lines whose right is gone, and raises what is overdue. Called now and then.
    pub async fn watch_reviews(&self) {
        if let Err(error) = self.try_watch_reviews().await {
            tracing::warn!(%error, "access reviews could not be looked through");
        }
    }

    async fn try_watch_reviews(&self) -> Result<(), ReviewError> {
        let now = self.clock.now();
        self.read_watched_once().await?;
        let (mut overdue, mut removals) = (Vec::new(), Vec::new());
        self.watched(|watched| {
            overdue.extend(watched.due.iter().filter(|(_, due)| now > **due).map(|(id, _)| id.clone()));
            removals.extend(watched.removals.iter().cloned());
        });
        for id in overdue {
            self.escalate(&id, now).await?;
            self.watched(|watched| {
                watched.due.remove(&id);
            });
        }
        for chunk in removals.chunks(BATCH) {
            self.confirm_removals(chunk, now).await?;
        }
        Ok(())
    }

    async fn read_watched_once(&self) -> Result<(), ReviewError> {
        let slot = || self.watched.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if slot().is_some() {
            return Ok(());
        }
        // Begun before it is read: what is decided meanwhile is added to it, and what is stale in it is seen later.
        *slot() = Some(Watched::default());
        match self.read_watched().await {
            Ok(all) => self.watched(|watched| {
                watched.due.extend(all.due);
                watched.removals.extend(all.removals);
            }),
            Err(error) => {
                *slot() = None;
                return Err(error);
            }
        }
        Ok(())
    }

    /// What is to be watched, from every review there is; once after the start.
    async fn read_watched(&self) -> Result<Watched, ReviewError> {
        let mut watched = Watched::default();
        for campaign in self.reviews().await? {
            if campaign.closed_at.is_none() && !campaign.flags.iter().any(|flag| flag == "escalated") {
                watched.due.insert(campaign.id.clone(), campaign.due_at);
            }
            for document in self.store.documents_by_key(LINES, "campaign", &campaign.id).await? {
                let line: Line = body(&document)?;
                if line.decision == Some(Decision::Remove) && line.removed_at.is_none() {
                    watched.removals.insert(line.id);
                }
            }
        }
        Ok(watched)
    }

    async fn escalate(&self, id: &str, now: Timestamp) -> Result<(), ReviewError> {
        let (mut campaign, version) = self.campaign(id).await?;
        if campaign.closed_at.is_some() {
            return Ok(());
        }
        let (_, lines) = self.review(id).await?;
        let open = lines.iter().filter(|line| line.decision.is_none()).count();
        campaign.note(true, "overdue");
        campaign.note(true, "escalated");
        let title = format!("the access review {} is overdue: {open} lines undecided", campaign.title);
        let finding = Finding {
            key: format!("review-overdue:{id}"),
            kind: "review_overdue".into(),
            severity: Severity::Error,
            tenant: Some(campaign.tenant.clone()),
            site: None,
            identity: None,
            title: title.clone(),
            detail: format!(
                "due at {}; owner {}, reviewers {}",
                campaign.due_at,
                campaign.owner,
                campaign.reviewers.join(", ")
            ),
            fix: Some(format!("{}: have the reviewers decide, then sign the review off", campaign.owner)),
            count: None,
            since: now,
        };
        let told =
            line(&campaign.tenant, now, "escalation", title).data(json!({ "review": id, "open": open }));
        let kept = document(CAMPAIGNS, id, version, &[], &campaign)?;
        self.write(vec![Write::Document(Box::new(kept)), Write::Finding(Box::new(finding)), told.write()])
            .await?;
        Ok(())
    }

    /// A line marked for removal is closed by the read that no longer shows the right.
    async fn confirm_removals(&self, ids: &[String], now: Timestamp) -> Result<(), ReviewError> {
        for known in self.store.documents(LINES, ids).await? {
            let mut one: Line = body(&known)?;
            if one.decision != Some(Decision::Remove) || one.removed_at.is_some() {
                self.watched(|watched| {
                    watched.removals.remove(&one.id);
                });
                continue;
            }
            let still = self.still_held(&one, now).await?;
            let late = one.decided_at.is_some_and(|at| now > at + REMOVAL_MAX);
            if still && !late {
                continue;
            }
            let (campaign, _) = self.campaign(&one.campaign).await?;
            if still {
                self.write(vec![Write::Finding(Box::new(by_hand(&campaign, &one, now)))]).await?;
                continue;
            }
            one.removed_at = Some(now);
            let title = if one.kind == VISIT {
                format!("review: visit {} is ended, says who put the to-do away", one.what)
            } else {
                format!("review: {} {} is read back as gone", one.kind, one.what)
            };
            let mut told = line(&campaign.tenant, now, "review", title).site(&one.site);
            if let Some((tenant, user)) = one.person.split_once('/') {
                told = told.about(&IdentityId::new(tenant.into(), user), &one.name);
            }
            let told = told.data(json!({ "review": campaign.id, "line": one.id }));
            let over = Write::FindingOver { key: format!("review:{}", one.id), at: now };
            let kept = line_document(&one, known.version)?;
            self.write(vec![Write::Document(Box::new(kept)), over, told.write()]).await?;
            self.watched(|watched| {
                watched.removals.remove(&one.id);
            });
        }
        Ok(())
    }

    /// Whether the last read still shows the line's right. No read shows a visit: it is over when its to-do is put away.
    async fn still_held(&self, line: &Line, now: Timestamp) -> Result<bool, StoreFailure> {
        if line.kind == VISIT {
            return Ok(self.store.finding(&format!("review:{}", line.id)).await?.is_some());
        }
        let of_account = |held: &Holding| held.account.site == line.site && held.account.id == line.account;
        let mut held = match line.person.split_once('/') {
            Some((tenant, user)) => self.store.held_by(&IdentityId::new(tenant.into(), user), now).await?,
            None => Vec::new(),
        };
        // Nobody's account, or no longer this person's.
        if !held.iter().any(of_account) {
            held = self.store.held_in(&line.site, now, AccountId(line.account.0 - 1), PAGE).await?;
        }
        Ok(held
            .iter()
            .filter(|held| of_account(held))
            .any(|held| held.kind == line.kind && held.key == line.key && held.value == line.value))
    }
}

//! Putting a finding away by hand: for what no later read can show to be done.

use jiff::Timestamp;

use crate::{
    Engine,
    journal::finding_line,
    ports::{Finding, Severity, StoreFailure, Write},
};

/// Why a finding stays.
#[derive(Debug, thiserror::Error)]
pub enum PutAwayError {
    #[error("no open finding has the key {0}")]
    Unknown(String),
    /// It ends when what it tells of ends, and not before.
    #[error("{title} cannot be put away: it ends by itself when it is no longer so")]
    EndsByItself { title: String, fix: Option<String> },
    #[error("a reason is needed: whoever reads the journal later asks for it")]
    NoReason,
    /// It would be shown again at once.
    #[error("{0} is over: nothing was put away")]
    Over(Timestamp),
    /// No read or look raises it again.
    #[error(
        "{title} cannot be put away until a moment, because nothing would show it again then: nothing was put away"
    )]
    NotShownAgain { title: String },
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// Why a finding is put away, and on what terms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    pub reason: String,
    /// Who answers for its staying as it is; `None`: whoever puts it away.
    pub owner: Option<String>,
    /// From then on it is shown again when a read or look shows that it is still so; `None`: it stays away until it is over.
    pub until: Option<Timestamp>,
}

/// Kinds that a person may put away: things to do by hand, and things to take note of. The others tell of something
/// that is wrong until it is right.
const BY_HAND: [&str; 11] = [
    "drift",
    "left_booking",
    "todo",
    "message",
    "visits",
    "orphan",
    "site_admin",
    "duplicate",
    "left_seat",
    "beyond_policy",
    "fought",
];

/// Whether a person may put this finding away.
pub fn may_be_put_away(finding: &Finding) -> bool {
    BY_HAND.contains(&&*finding.kind) || finding.key.starts_with("hook-foreign:")
}

/// Before the key of what happened once, and is done when a person has done it.
pub(crate) const BY_HAND_ONCE: &str = "by-hand:";

/// Whether a later read or look raises it again while it is so. What happened once, and what no read can show, is not raised
/// again.
pub fn is_shown_again(finding: &Finding) -> bool {
    ![BY_HAND_ONCE, "message:", "review:"].iter().any(|begins| finding.key.starts_with(begins))
}

impl Engine {
    /// Puts a finding away, with who and why in the journal. Raised again as it was, it stays away until it is over, and no
    /// longer than the terms say.
    ///
    /// # Errors
    /// See [`PutAwayError`]; nothing was changed.
    pub async fn put_away(&self, key: &str, by: &str, terms: Terms) -> Result<Finding, PutAwayError> {
        let Terms { reason, owner, until } = terms;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(PutAwayError::NoReason);
        }
        let at = self.clock.now();
        if let Some(until) = until.filter(|until| *until <= at) {
            return Err(PutAwayError::Over(until));
        }
        let owner = owner.as_deref().map(str::trim).filter(|owner| !owner.is_empty()).unwrap_or(by);
        let finding = self.store.finding(key).await?.ok_or_else(|| PutAwayError::Unknown(key.to_owned()))?;
        if !may_be_put_away(&finding) {
            return Err(PutAwayError::EndsByItself { title: finding.title, fix: finding.fix });
        }
        if until.is_some() && !is_shown_again(&finding) {
            return Err(PutAwayError::NotShownAgain { title: finding.title });
        }
        let key = finding.key.clone();
        let mut batch = vec![match key.starts_with(BY_HAND_ONCE) {
            // It is done, and stands no longer: the same another time would be news.
            true => Write::FindingOver { key, at },
            false => Write::FindingClosed { key, by: by.to_owned(), reason: reason.to_owned(), at, until },
        }];
        let tenants: Vec<_> = match &finding.tenant {
            Some(tenant) => vec![tenant.clone()],
            None => self.directories().keys().cloned().collect(),
        };
        let bound = until.map(|until| format!(" (until {until}, if it is still so)")).unwrap_or_default();
        let answers = if owner == by { String::new() } else { format!(", {owner} answers for it") };
        for tenant in tenants {
            // Readers of the journal know these lines by how they begin.
            let entry = finding_line(&tenant, at, "put away: ", &finding)
                .severity(Severity::Info)
                .detail(format!("by {by}{answers}: {reason}{bound}"))
                .data(serde_json::json!({
                    "key": finding.key, "kind": finding.kind, "by": by, "reason": reason, "owner": owner, "until": until,
                }));
            batch.push(entry.write());
        }
        self.write(batch).await?;
        Ok(finding)
    }
}

//! What is told of a situation, as the policy's reaction to it says.

use jiff::Timestamp;
use lanyard_model::id::{IdentityId, SiteId};
use lanyard_policy::reaction::{Reaction, Reactions, Situation};

use crate::{
    ports::{Finding, Severity, Write},
    survey::Left,
};

/// The finding, as severe as the reaction says; a thing to do where somebody is to do it.
pub(crate) fn toned(mut finding: Finding, reaction: Reaction) -> Finding {
    match reaction {
        Reaction::Hold => finding.severity = Severity::Info,
        Reaction::ToDo => finding.kind = "todo".into(),
        Reaction::Alarm => finding.severity = Severity::Error,
        Reaction::Repair | Reaction::Adopt | Reaction::End | Reaction::Report => {}
    }
    finding
}

/// Why nobody can say yet whose account it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unclear {
    pub(crate) why: String,
    /// [`Situation::Disputed`], or [`Situation::Unlinked`] where policy has a person say so.
    pub(crate) situation: Situation,
}

impl Unclear {
    pub(crate) fn disputed(why: impl Into<String>) -> Self {
        Self { why: why.into(), situation: Situation::Disputed }
    }
}

/// Why an account that nobody had is not taken for theirs by itself, if policy says so.
pub(crate) fn unclaimed(reactions: &Reactions, key: &str) -> Option<Unclear> {
    let situation = Situation::Unlinked;
    reactions
        .waits(situation)
        .map(|why| format!("an account that nobody has yet has the same {key}; {why}"))
        .map(|why| Unclear { why, situation })
}

/// It is not clear whose account it is, or policy has a person say so.
pub(crate) fn disputed(
    id: &IdentityId,
    site: &SiteId,
    person: &str,
    unclear: &Unclear,
    reactions: &Reactions,
    now: Timestamp,
) -> Finding {
    let Unclear { why, situation } = unclear;
    let fix = match situation {
        Situation::Unlinked => format!("say whose it is: lanyard adopt link {id} ACCOUNT --site {site}"),
        _ => "make the keys unique in iOffice or Okta; the next look decides again".to_owned(),
    };
    let finding = Finding {
        key: format!("disputed:{id}:{site}"),
        kind: "disputed".into(),
        severity: Severity::Warning,
        tenant: Some(id.tenant.clone()),
        site: Some(site.clone()),
        identity: Some(id.clone()),
        title: format!("{person}: it is not clear whose account this is"),
        detail: format!("{why}. Nothing was changed for this person."),
        fix: Some(fix),
        count: None,
        since: now,
    };
    toned(finding, reactions.to(*situation))
}

/// What somebody changed and policy has left as it is.
pub(crate) fn left_as_it_is(left: &Left, reactions: &Reactions, now: Timestamp) -> Finding {
    let Left { identity, person, site, values } = left;
    let told: Vec<_> = values
        .iter()
        .map(|one| format!("{} shows \"{}\", policy wants \"{}\"", one.what, one.shown, one.wanted))
        .collect();
    let finding = Finding {
        key: left_key(site, identity),
        kind: "drift".into(),
        severity: Severity::Warning,
        tenant: Some(identity.tenant.clone()),
        site: Some(site.clone()),
        identity: Some(identity.clone()),
        title: format!("{person}: what policy set in {site} was changed there"),
        detail: format!(
            "{}. {} It is left as it is.",
            told.join("; "),
            reactions.waits(Situation::Linked).unwrap_or_default()
        ),
        fix: Some(
            "set it back in iOffice, correct the policy, or let it repair: [reactions] linked = \"repair\""
                .into(),
        ),
        count: None,
        since: now,
    };
    toned(finding, reactions.to(Situation::Linked))
}

pub(crate) fn left_key(site: &SiteId, identity: &IdentityId) -> String {
    format!("drift:{site}:{identity}")
}

/// Findings of what is left as it is, to be written.
pub(crate) fn left_writes<'r>(
    left: &[Left],
    reactions: impl Fn(&SiteId) -> &'r Reactions,
    now: Timestamp,
) -> Vec<Write> {
    left.iter().map(|one| Write::Finding(Box::new(left_as_it_is(one, reactions(&one.site), now)))).collect()
}

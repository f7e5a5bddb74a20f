//! Reading the identity, and telling "gone" from "not found".

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    coverage::ReadKind,
    id::{GroupId, IdentityId, TenantId},
    identity::{Identity, IdentityRead, Status},
    plan::Plan,
    signal::{Lane, Source, tells_of_leaving},
};

use super::{REVIEW_MIN, Scene, Stop, Tail};
use crate::{
    Engine,
    engine::Active,
    journal::line,
    ports::{Finding, Severity, WorkItem, Write},
    sweep::absent_key,
};

/// The identity as this look sees it.
pub(crate) struct Person {
    pub(crate) identity: Identity,
    /// When it was proven gone for good.
    pub(crate) gone: Option<Timestamp>,
    /// Since when its content is as it is.
    pub(crate) since: Timestamp,
    /// When it was read.
    pub(crate) present: Present,
}

/// A moment as two clocks show it, ours and the directory's. A wait counts from the later one and is over by the earlier
/// one: a clock that is wrong makes it longer, never shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Present {
    pub(crate) earliest: Timestamp,
    pub(crate) latest: Timestamp,
}

/// After an event that somebody left or was suspended, a read may still show them as before (contract 10.4): it is repeated
/// 2, 5 and 15 seconds after one another, and then believed.
const LAG: [std::time::Duration; 3] = [
    std::time::Duration::from_secs(2),
    std::time::Duration::from_secs(7),
    std::time::Duration::from_secs(22),
];

/// Whether an event told of a status that the identity does not have yet.
fn lags(event: &str, identity: &Identity) -> bool {
    let shows = match identity.status {
        Status::Deprovisioned => true,
        Status::Suspended => event == "user.lifecycle.suspend",
        _ => false,
    };
    tells_of_leaving(event) && !identity.transitioning && !shows
}

/// Between two reads of somebody whose status Okta is still changing.
const TURNING: SignedDuration = SignedDuration::from_secs(5);

/// What was read of a person is acted on for so long. A look that was kept waiting longer (for the site, or for its turn with
/// the account) asks again first.
const FRESH_FOR: SignedDuration = SignedDuration::from_secs(60);

/// Groups that somebody was in at some time of the last day are asked for before anything goes for want of them.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Changes of somebody that are gone through for that.
const CHANGES_MAX: u32 = 32;

/// Looks one after another that ask for somebody's groups again, because the list was not whole.
const GROUPS_TRIES: u32 = 8;
/// From then on they are asked for now and then: our role in the org may not show `Everyone` at all.
const GROUPS_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// So often one of a tenant's people is asked for all the same.
const GROUPS_PROBE: SignedDuration = SignedDuration::from_mins(5);
/// Because somebody else's groups could be read, nobody is asked for more often than that.
const GROUPS_ASKED: SignedDuration = SignedDuration::from_mins(1);

/// Looks one after another that could not read somebody's groups whole.
#[derive(Debug, Default)]
pub(crate) struct GroupsMissed {
    looks: u32,
    last: Timestamp,
    next: Timestamp,
}

/// Clocks that differ by less agree: answers take time, and name whole seconds.
const CLOCKS_AGREE: SignedDuration = SignedDuration::from_secs(5);

impl Present {
    /// `ours` by our clock, where the other one is `ahead` of it.
    pub(crate) fn of(ours: Timestamp, ahead: SignedDuration) -> Self {
        if ahead.abs() <= CLOCKS_AGREE {
            return Self { earliest: ours, latest: ours };
        }
        let theirs = ours.checked_add(ahead).unwrap_or(ours);
        Self { earliest: ours.min(theirs), latest: ours.max(theirs) }
    }
}

impl Engine {
    /// Reads the identity afresh. `None`: nothing can be decided (not found, and nothing known or proven of it); the
    /// tail says when to look again.
    pub(super) async fn observe_person(
        &self,
        item: &WorkItem,
        active: &Active,
        tail: &mut Tail,
    ) -> Result<Option<Person>, Stop> {
        let id = &item.identity;
        let Some(directory) = self.directories().get(&id.tenant) else {
            return Err(Stop::Dead {
                error: format!("the settings have no tenant {}", id.tenant),
                fix: "add the tenant to the settings".into(),
            });
        };
        let known = self.store.identity(id).await?;
        tail.known_at = known.as_ref().map(|known| known.identity.read_at);
        let read = directory.observe_identity(&id.user, item.lane).await?;
        let now = self.clock.now();
        let present = Present::of(now, directory.clock_ahead());
        tail.lag = now.duration_since(present.earliest);
        match read {
            IdentityRead::Present(mut identity) => {
                active.trim(&mut identity);
                // By time, not by tries: other events of theirs ask for looks in between.
                let waited = now.duration_since(item.raised_at);
                let pause =
                    LAG.iter().find(|pause| SignedDuration::try_from(**pause).is_ok_and(|p| waited < p));
                if let Some(pause) = pause.filter(|_| lags(&item.why, &identity)) {
                    let error = format!(
                        "Okta said {} and still shows {:?}: it is read again",
                        item.why, identity.status
                    );
                    return Err(Stop::Again { at: item.raised_at + *pause, error });
                }
                let groups = &active.groups;
                let since = match &known {
                    Some(known) if known.gone_at.is_none() && is_same(&known.identity, &identity, groups) => {
                        known.since
                    }
                    _ => present.latest,
                };
                let keys = active.identity_keys(&identity);
                let at = present.latest;
                let read = Write::Identity { identity: identity.clone(), keys, at };
                if known.is_none() {
                    // At once: whoever else may be the same person asks the record, and this look may take long. What cannot be
                    // kept now is kept with its end.
                    let _ = self.write(vec![read.clone()]).await;
                }
                tail.writes.push(read);
                tail.writes.push(Write::FindingOver { key: format!("not-found:{id}"), at: now });
                if identity.transitioning {
                    tail.recheck_by(now + TURNING, "Okta is still changing their status");
                }
                Ok(Some(Person { identity: *identity, gone: None, since, present }))
            }
            IdentityRead::NotFound { .. } => {
                let Some(known) = known else {
                    tail.writes.push(
                        line(
                            &id.tenant,
                            now,
                            "decision",
                            "an unknown id that Okta does not have: nothing to do",
                        )
                        .write(),
                    );
                    return Ok(None);
                };
                let proof = if known.gone_at.is_some() {
                    Some("proven before".to_owned())
                } else if self.store.deletion_seen(id).await? {
                    Some("404 by id, and an event that says they were deleted".to_owned())
                } else {
                    self.absence_proof(id).await?
                };
                match proof {
                    Some(proof) => {
                        let gone = known.gone_at.unwrap_or(now);
                        tail.writes.push(Write::FindingOver { key: format!("not-found:{id}"), at: now });
                        tail.writes.push(Write::IdentityGone { identity: id.clone(), at: gone, proof });
                        Ok(Some(Person {
                            identity: known.identity,
                            gone: Some(gone),
                            since: known.since,
                            present,
                        }))
                    }
                    None => {
                        tail.writes.push(Write::Finding(Box::new(Finding {
                            key: format!("not-found:{id}"),
                            kind: "not_found".into(),
                            severity: Severity::Warning,
                            tenant: Some(id.tenant.clone()),
                            site: None,
                            identity: Some(id.clone()),
                            title: format!("{} is not found by id", known.identity.display_name()),
                            detail: "Okta answers 404, and no deletion event or complete list proves that they are gone. \
                                     Nothing was changed."
                                .into(),
                            fix: Some("the next sweep proves or disproves it; check that our admin role covers this person".into()),
                            count: None,
                            since: now,
                        })));
                        tail.again = None;
                        Ok(None)
                    }
                }
            }
        }
    }
}

impl Engine {
    /// Makes sure, before anything is written, that Okta still says of the person what the look decides by. `read_at` is when
    /// that was last so. Whoever leaves does not wait for an answer.
    pub(super) async fn still_as_read(
        &self,
        scene: &Scene<'_>,
        ending: bool,
        read_at: &mut Timestamp,
    ) -> Result<(), Stop> {
        let now = self.clock.now();
        let known = &scene.person.identity;
        if scene.person.gone.is_some() || now.duration_since(*read_at) <= FRESH_FOR {
            return Ok(());
        }
        let Some(directory) = self.directories().get(&known.id.tenant) else { return Ok(()) };
        match directory.observe_identity(&known.id.user, scene.item.lane).await {
            Ok(IdentityRead::Present(mut identity)) => {
                scene.active.trim(&mut identity);
                if is_same(known, &identity, &scene.active.groups) {
                    *read_at = now;
                    return Ok(());
                }
            }
            Ok(IdentityRead::NotFound { .. }) => {}
            Err(_) if ending => return Ok(()),
            Err(failure) => return Err(failure.into()),
        }
        let error = "they changed in Okta while they were being looked at".to_owned();
        Err(Stop::Again { at: self.clock.now() + REVIEW_MIN, error })
    }

    /// Makes sure, before anything is taken for want of a group, that the group is there: the end of a group takes it from everybody
    /// at once, and whoever should tell of it may not have been heard. Only groups that they were in lately are asked for.
    pub(super) async fn groups_still_there(&self, scene: &Scene<'_>, plan: &Plan) -> Result<(), Stop> {
        let identity = &scene.person.identity;
        let taken = plan.open_steps().any(|(_, step)| step.destructive);
        if !taken || scene.person.gone.is_some() || identity.status == Status::Deprovisioned {
            return Ok(());
        }
        let Some(directory) = self.directories().get(&identity.id.tenant) else { return Ok(()) };
        let now = self.clock.now();
        let mut lost = BTreeSet::new();
        let oldest = now - REMEMBERED_FOR;
        // What they were before, one change after another: whatever else changed since then must not hide it. Where that was very
        // often, what they were a day ago says the rest.
        let mut moment = Some(scene.person.since - SignedDuration::from_millis(1));
        for change in 0..=CHANGES_MAX {
            let Some(asked) = moment.take() else { break };
            let asked = if change == CHANGES_MAX { oldest } else { asked };
            let Some(then) = self.store.identity_as_of(&identity.id, asked).await? else { break };
            let left = then.identity.groups.ids().iter().filter(|group| !identity.groups.contains(group));
            lost.extend(left.filter(|group| scene.active.groups.contains(group)).cloned());
            moment = Some(then.since - SignedDuration::from_millis(1))
                .filter(|next| oldest <= then.since && *next < asked);
        }
        let fresh = |at: &Timestamp| now.duration_since(*at).abs() <= FRESH_FOR;
        // What the decision knew to be gone takes nothing: whatever goes, goes for another reason.
        for group in lost.difference(&scene.active.missing).cloned() {
            let seen = self
                .seen_groups
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .get(&group)
                .copied();
            if seen.as_ref().is_some_and(fresh) {
                continue;
            }
            if directory.has_group(&group, scene.item.lane).await? {
                self.seen_groups.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(group, now);
                continue;
            }
            let gone = self.note_deleted_groups(&identity.id.tenant, &[(group.clone(), now)]).await?;
            let missing = self.add_unseen_groups([group.clone()]);
            self.write(missing.into_iter().chain(gone).collect()).await?;
            let error = format!("group {group} is not there any more: nothing is taken for want of it");
            return Err(Stop::Again { at: self.clock.now() + REVIEW_MIN, error });
        }
        Ok(())
    }

    /// A list of somebody's groups that is not whole answers nothing that rests on them: neither what was asked for nor what
    /// is to be taken. No event and no date of theirs would bring the next look, so it is asked for here. What a status
    /// ended waits for no group. Our role in the org may have been narrowed: one person is then asked for every few minutes, and
    /// everybody else as soon as somebody's list is whole again.
    pub(super) fn read_groups_again(&self, person: &Person, tail: &mut Tail) {
        let identity = &person.identity;
        let id = &identity.id;
        let now = self.clock.now();
        let mut missed = self.groups_missed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let is_gone = person.gone.is_some() || identity.status == Status::Deprovisioned;
        if is_gone || identity.groups.complete {
            missed.remove(id);
            if !is_gone {
                ask_for_others(&mut missed, &id.tenant, now, tail);
            }
            return;
        }
        let mut others = missed.iter().filter(|(other, _)| *other != id && other.tenant == id.tenant);
        let is_probed = others.any(|(_, other)| now < other.next && other.next <= now + GROUPS_PROBE);
        let known = missed.entry(id.clone()).or_default();
        let why = "not all of their groups could be read";
        known.last = now;
        if known.looks < GROUPS_TRIES {
            let pause = self.settings.backoff(known.looks, &id.user);
            known.next = now + pause;
            known.looks += 1;
            tail.again = Some((known.next, why.to_owned()));
        } else {
            known.next = now + if is_probed { GROUPS_PAUSE } else { GROUPS_PROBE };
            tail.recheck_by(known.next, why);
        }
    }

    /// Absence counts while the list that shows it is the tenant's last one, and proven complete: somebody may have
    /// been missing from an older list and back in the next.
    async fn absence_proof(&self, id: &IdentityId) -> Result<Option<String>, Stop> {
        let Some(marked) = self.store.meta(&absent_key(id)).await? else { return Ok(None) };
        let last = self.store.certificate(id.tenant.as_str(), ReadKind::Identities).await?;
        let holds = last.is_some_and(|last| last.holds() && last.evidence.ended_at.to_string() == marked);
        Ok(holds.then(|| format!("404 by id, and absent from the certified list of {marked}")))
    }
}

/// Whoever waits long for the next try to read their groups is looked at soon.
fn ask_for_others(
    missed: &mut BTreeMap<IdentityId, GroupsMissed>,
    tenant: &TenantId,
    now: Timestamp,
    tail: &mut Tail,
) {
    for (id, known) in missed.iter_mut().filter(|(id, _)| id.tenant == *tenant) {
        let due = (known.last + GROUPS_ASKED).max(now);
        if known.looks >= GROUPS_TRIES && due < known.next {
            known.next = due;
            let (who, why) = (vec![id.clone()], "groups can be read whole again".to_owned());
            tail.writes.push(Write::Attend { who, source: Source::Timer, lane: Lane::Normal, due, why });
        }
    }
}

/// Same status, profile and membership of the groups that policy names; reading times do not count.
pub(crate) fn is_same(a: &Identity, b: &Identity, groups: &BTreeSet<GroupId>) -> bool {
    a.status == b.status
        && a.transitioning == b.transitioning
        && a.profile == b.profile
        && a.type_id == b.type_id
        && groups.iter().all(|group| a.groups.contains(group) == b.groups.contains(group))
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::Present;

    #[test]
    fn a_wait_begins_by_the_later_clock_and_ends_by_the_earlier_one() {
        let ours = Timestamp::UNIX_EPOCH;
        let hour = SignedDuration::from_hours(1);
        assert_eq!(Present::of(ours, hour), Present { earliest: ours, latest: ours + hour });
        assert_eq!(Present::of(ours, -hour), Present { earliest: ours - hour, latest: ours });
        let agree = SignedDuration::from_secs(-5);
        assert_eq!(Present::of(ours, agree), Present { earliest: ours, latest: ours });
    }
}

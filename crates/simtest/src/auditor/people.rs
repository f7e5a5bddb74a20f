//! Who somebody was in Okta at any moment, and when we last read them by id.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_sim::{host::Vendor, world::GroupSource};
use serde_json::Value;

use super::{Evidence, moment, number, rows};

const USERS: &str = "APP-iOffice-Users";

/// One Okta user with their history.
pub(super) struct Identity {
    pub id: String,
    pub name: String,
    /// Place of their org.
    org: usize,
    /// From when on the record was so; null once deleted. By time; the first holds from the beginning.
    versions: Vec<(Timestamp, Value)>,
    /// Whether they were in the app's group, from when on.
    member: Vec<(Timestamp, bool)>,
    /// When they joined or left any other group.
    moves: Vec<Timestamp>,
    /// When we read them by id.
    reads: Vec<Timestamp>,
    /// When we were told less of their groups than there was, in an answer that looked whole.
    lies: Vec<Timestamp>,
}

#[derive(Default)]
pub(super) struct People {
    pub all: BTreeMap<String, Identity>,
    orgs: usize,
    sites: usize,
}

impl People {
    pub fn read(evidence: &Evidence<'_>) -> Self {
        let (orgs, sites) = (evidence.company.orgs.len(), evidence.company.sites.len());
        let mut people = Self { all: BTreeMap::new(), orgs, sites };
        for (index, org) in evidence.company.orgs.iter().enumerate() {
            let record = evidence.record(Vendor::Okta, index);
            let group =
                org.groups.iter().find(|group| &*group.name == USERS && group.source == GroupSource::Okta);
            let group = group.map(|group| group.id.to_string()).unwrap_or_default();
            // Who is deleted is in no list, and a group that is deleted has no members: what was so at the start is known, and
            // each move since then.
            let began: BTreeSet<String> = org
                .groups
                .iter()
                .filter(|known| known.id.to_string() == group)
                .flat_map(|known| &known.members)
                .map(|place| org.users[*place as usize].id.to_string())
                .collect();
            let there: BTreeSet<String> = org.users.iter().map(|user| user.id.to_string()).collect();
            for user in rows(&record.state["users"]) {
                let id = user["id"].as_str().unwrap_or_default();
                let member = match there.contains(id) {
                    true => began.contains(id),
                    false => rows(&user["groups"]).iter().any(|id| id == &group),
                };
                people.all.insert(
                    id.to_owned(),
                    Identity {
                        id: id.to_owned(),
                        name: name(user),
                        org: index,
                        versions: vec![(Timestamp::MIN, user.clone())],
                        member: vec![(Timestamp::MIN, member)],
                        moves: Vec::new(),
                        reads: Vec::new(),
                        lies: Vec::new(),
                    },
                );
            }
            people.add_changes(index, &record.journal, &group, &began);
        }
        for read in evidence.reads {
            if let Some(identity) = people.all.get_mut(&read.user) {
                identity.reads.push(read.at);
            }
        }
        for identity in people.all.values_mut() {
            // Noted as they were answered; each tells of the moment at which it was asked.
            identity.reads.sort_unstable();
        }
        for lie in evidence.lies {
            if let Some(identity) = people.all.get_mut(&lie.user) {
                identity.lies.push(lie.at);
            }
        }
        people
    }

    /// Puts the journal's changes in place of what the final state said of earlier times.
    fn add_changes(&mut self, org: usize, journal: &Value, group: &str, began: &BTreeSet<String>) {
        let mut versions: BTreeMap<&str, Vec<(Timestamp, Value)>> = BTreeMap::new();
        let mut others: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
        let mut moves: BTreeMap<&str, Vec<(Timestamp, bool)>> = BTreeMap::new();
        for entry in rows(journal) {
            let (at, id) = (moment(&entry["at"]), entry["id"].as_str().unwrap_or_default());
            match entry["kind"].as_str() {
                Some("user") => {
                    let known =
                        versions.entry(id).or_insert_with(|| vec![(Timestamp::MIN, entry["before"].clone())]);
                    known.push((at, entry["after"].clone()));
                }
                Some("membership") => {
                    let Some((of, user)) = id.split_once('/') else { continue };
                    let joined = entry["before"].is_null();
                    if of == group {
                        let known = moves.entry(user).or_insert_with(|| vec![(Timestamp::MIN, !joined)]);
                        known.push((at, joined));
                    } else {
                        others.entry(user).or_default().push(at);
                    }
                }
                _ => {}
            }
        }
        for (id, mut versions) in versions {
            versions.sort_by_key(|(at, _)| *at);
            let turned = turned(&versions);
            versions.extend(turned);
            versions.sort_by_key(|(at, _)| *at);
            let shown = versions.iter().rev().find(|(_, user)| !user.is_null());
            let title = shown.map(|(_, user)| name(user)).unwrap_or_default();
            let identity = self.all.entry(id.to_owned()).or_insert_with(|| Identity {
                id: id.to_owned(),
                name: title,
                org,
                versions: Vec::new(),
                member: vec![(Timestamp::MIN, began.contains(id))],
                moves: Vec::new(),
                reads: Vec::new(),
                lies: Vec::new(),
            });
            identity.versions = versions;
        }
        for (id, moves) in others {
            if let Some(identity) = self.all.get_mut(id) {
                identity.moves = moves;
            }
        }
        for (id, moves) in moves {
            if let Some(identity) = self.all.get_mut(id) {
                identity.member = moves;
            }
        }
    }

    /// Whether anybody ever had this e-mail address, letter case aside.
    pub fn has_email(&self, email: &Value) -> bool {
        let Some(email) = email.as_str().map(str::to_lowercase) else { return false };
        let has = |user: &Value| {
            user["profile"]["email"].as_str().is_some_and(|text| text.trim().to_lowercase() == email.trim())
        };
        self.all.values().any(|identity| identity.versions.iter().any(|(_, user)| has(user)))
    }

    /// Everybody who had this employee number at some time up to `at` and belongs to this site: org `n` of `k` to the
    /// sites `n`, `n + k`, …, as the demonstration policy routes them.
    pub fn with_number(&self, site: usize, wanted: &str, at: Timestamp) -> impl Iterator<Item = &Identity> {
        let (orgs, sites) = (self.orgs.max(1), self.sites.max(1));
        let belongs = move |org: usize| site % orgs == org || (org >= sites && org % sites == site);
        self.all.values().filter(move |identity| {
            belongs(identity.org)
                && identity.versions.iter().any(|(since, user)| {
                    *since <= at && number(&user["profile"]["employeeNumber"]).as_deref() == Some(wanted)
                })
        })
    }
}

impl Identity {
    /// Whether they are of this org.
    pub fn is_of(&self, org: usize) -> bool {
        self.org == org
    }

    /// Whether Okta knew them at every moment of `[from, to]`.
    pub fn was_there(&self, from: Timestamp, to: Timestamp) -> bool {
        self.moments(from, to).all(|at| !self.at(at).is_null())
    }

    /// When they were deleted.
    pub fn deleted_at(&self) -> Option<Timestamp> {
        self.versions.last().filter(|(_, user)| user.is_null()).map(|(at, _)| *at)
    }

    /// Whether no look at them had come to its end by then, and none had given them anything: what they have is not ours.
    pub fn was_unknown(&self, evidence: &Evidence<'_>, by: Timestamp) -> bool {
        let about = evidence.lines.iter().filter(|line| {
            line.entry.identity.as_ref().is_some_and(|id| *id.user == *self.id) && line.entry.at <= by
        });
        about.into_iter().all(|line| match &*line.entry.kind {
            "verified" => false,
            "decision" => line.entry.title.contains("set aside"),
            // What was refused gave them nothing.
            "operation" => {
                let came = [": done", ": unknown"].iter().any(|end| line.entry.title.ends_with(end));
                !came || !line.entry.detail.contains("+ ")
            }
            _ => true,
        })
    }

    /// Whether this was their employee number at some time.
    pub fn has_number(&self, wanted: &str) -> bool {
        let is_it = |user: &Value| number(&user["profile"]["employeeNumber"]).as_deref() == Some(wanted);
        self.versions.iter().any(|(_, user)| is_it(user))
    }

    /// Every employee number that they ever had.
    pub fn numbers(&self) -> impl Iterator<Item = String> {
        self.versions.iter().filter_map(|(_, user)| number(&user["profile"]["employeeNumber"]))
    }

    pub fn at(&self, at: Timestamp) -> &Value {
        let next = self.versions.partition_point(|(since, _)| *since <= at);
        next.checked_sub(1).map_or(&Value::Null, |place| &self.versions[place].1)
    }

    fn is_member(&self, at: Timestamp) -> bool {
        let next = self.member.partition_point(|(since, _)| *since <= at);
        next.checked_sub(1).is_some_and(|place| self.member[place].1)
    }

    /// The last time at or before `at` at which we read them by id.
    pub fn last_read(&self, at: Timestamp) -> Option<Timestamp> {
        self.reads.iter().rev().find(|read| **read <= at).copied()
    }

    /// The third last time at or before `at` at which we read them by id: a decision rests on one of the last, since
    /// others may read the same person meanwhile.
    pub fn read_before_last(&self, at: Timestamp) -> Timestamp {
        let earlier = self.reads.iter().rev().filter(|read| **read <= at);
        earlier.take(3).last().copied().unwrap_or(Timestamp::MIN)
    }

    /// What an attribute of the profile was within `[from, to]`.
    pub fn said<'i>(
        &'i self,
        attribute: &'i str,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = &'i str> {
        self.moments(from, to).filter_map(move |at| self.at(at)["profile"][attribute].as_str())
    }

    /// The moments in `[from, to]` that may differ from each other.
    fn moments(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
        let versions = self.versions.iter().map(|(at, _)| *at);
        let all = versions.chain(self.member.iter().map(|(at, _)| *at));
        [from, to].into_iter().chain(all.filter(move |at| from < *at && *at < to))
    }

    /// Whether nothing at `at` can ask for the end of their account. Doubtful cases (contracts that end, staged
    /// people) answer no: they are judged elsewhere.
    fn must_keep(&self, at: Timestamp) -> bool {
        self.is_employed(at) && self.is_member(at)
    }

    fn is_employed(&self, at: Timestamp) -> bool {
        let user = self.at(at);
        let profile = &user["profile"];
        let contract = profile["userType"] == "Contractor" && !profile["contractEndDate"].is_null();
        // While Okta still changes the status, the old and the new may be read.
        let turning = user["transitioningToStatus"] == "DEPROVISIONED";
        let employed = match user["status"].as_str().unwrap_or_default() {
            "ACTIVE" | "PASSWORD_EXPIRED" | "RECOVERY" | "LOCKED_OUT" => true,
            "SUSPENDED" => profile["employeeStatus"] != "Terminated",
            _ => false,
        };
        employed && !turning && !contract
    }

    /// Since when they are out of the app's group, whatever else is about them.
    pub fn left_the_group_at(&self, at: Timestamp) -> Option<Timestamp> {
        let (left, member) = self.member.iter().rev().find(|(since, _)| *since <= at)?;
        (!member).then_some(*left)
    }

    /// Each time that they left the app's group.
    pub fn leaves_of_the_group(&self) -> impl Iterator<Item = Timestamp> {
        self.member
            .iter()
            .filter(|(since, member)| *since != Timestamp::MIN && !member)
            .map(|(since, _)| *since)
    }

    /// How long they had been out of the app's group at `at`, where nothing else could ask for the end of their account.
    pub fn out_of_the_group_for(&self, at: Timestamp) -> Option<jiff::SignedDuration> {
        if self.is_member(at) || !self.is_employed(at) {
            return None;
        }
        let left = self.member.iter().rev().find(|(since, member)| *since <= at && !member)?.0;
        Some(at.duration_since(left))
    }

    /// Whether nothing else about them moved lately: they left the app's group, and that is all.
    pub fn only_left_the_group(&self, at: Timestamp) -> bool {
        let since = at - ALL_QUIET;
        let within = |moved: &Timestamp| since <= *moved && *moved <= at;
        let moved = self.versions.iter().any(|(moved, _)| within(moved)) || self.moves.iter().any(within);
        let user = self.at(at);
        let away = user["status"] == "SUSPENDED" || user["profile"]["employeeStatus"] == "Leave";
        !moved && !away
    }

    /// Whether they are deactivated, or on the way there, or deleted, at `at`.
    pub fn is_over(&self, at: Timestamp) -> bool {
        let user = self.at(at);
        user.is_null() || shown_status(user) == "DEPROVISIONED"
    }

    /// Whether what was read of them in `[from, to]` said less than there was. A decision is judged on what was read.
    pub fn was_misread(&self, from: Timestamp, to: Timestamp) -> bool {
        self.lies.iter().any(|at| from <= *at && *at <= to)
    }

    /// Since when they are out of the app's group for good, where nothing else could ask for the end of their account.
    pub fn out_for_good_since(&self, now: Timestamp) -> Option<Timestamp> {
        let left = self.member.last().filter(|(_, member)| !member)?.0;
        self.moments(left, now).all(|at| self.is_employed(at)).then_some(left)
    }

    /// Whether they had to keep their account at every moment of `[from, to]`.
    pub fn must_keep_throughout(&self, from: Timestamp, to: Timestamp) -> bool {
        self.moments(from, to).all(|at| self.must_keep(at))
    }

    /// Whether nothing about them changed from the beginning until `at`, and nothing of it was read wrongly. A contract that ends
    /// changes by itself.
    pub fn is_quiet_until(&self, at: Timestamp) -> bool {
        let since_then = |moment: &Timestamp| *moment != Timestamp::MIN && *moment <= at;
        let changed = self.versions.iter().map(|(at, _)| at).chain(self.member.iter().map(|(at, _)| at));
        !changed.chain(&self.moves).any(since_then)
            && !self.was_misread(Timestamp::MIN, at)
            && self.at(at)["profile"]["contractEndDate"].is_null()
    }

    /// Whether they went away, or joined or left any group, within `[from, to]`.
    pub fn moved(&self, from: Timestamp, to: Timestamp) -> bool {
        let groups = self.moves.iter().chain(self.member.iter().map(|(at, _)| at));
        let moved = groups.into_iter().any(|at| from <= *at && *at <= to);
        moved || !self.must_keep_throughout(from, to) || self.is_away_sometime(from, to)
    }

    /// Whether they were away on leave at every moment of `[from, to]`.
    pub fn is_away_throughout(&self, from: Timestamp, to: Timestamp) -> bool {
        let away = |at| {
            let user = self.at(at);
            user["status"] == "SUSPENDED" || user["profile"]["employeeStatus"] == "Leave"
        };
        self.must_keep_throughout(from, to) && self.moments(from, to).all(away)
    }

    /// Whether they were away on leave at some moment of `[from, to]`.
    pub fn is_away_sometime(&self, from: Timestamp, to: Timestamp) -> bool {
        self.moments(from, to).any(|at| {
            let user = self.at(at);
            user["status"] == "SUSPENDED" || user["profile"]["employeeStatus"] == "Leave"
        })
    }

    /// Since when they are deactivated or deleted for good.
    pub fn ended_since(&self) -> Option<Timestamp> {
        let over = |user: &Value| user.is_null() || shown_status(user) == "DEPROVISIONED";
        let (_, last) = self.versions.last()?;
        if !over(last) {
            return None;
        }
        let first = self.versions.iter().rposition(|(_, user)| !over(user)).map_or(0, |place| place + 1);
        Some(self.versions[first].0)
    }
}

/// What a change of somebody's data asks for is done by then, if nothing goes wrong.
const ALL_QUIET: jiff::SignedDuration = jiff::SignedDuration::from_hours(3);

/// Longer than any change of status takes; its end is not in the journal.
const TURN: jiff::SignedDuration = jiff::SignedDuration::from_secs(15);

/// When changes of status were over. A record that was changed again before then goes on from that change.
fn turned(versions: &[(Timestamp, Value)]) -> Vec<(Timestamp, Value)> {
    let later = versions.iter().skip(1).map(|(at, _)| Some(*at)).chain([None]);
    let told = versions.iter().zip(later).filter(|((at, _), _)| *at != Timestamp::MIN);
    told.filter_map(|((at, user), next)| {
        settled(*at, user).filter(|(when, _)| next.is_none_or(|next| next > *when))
    })
    .collect()
}

/// What a record that is still changing its status becomes.
fn settled(at: Timestamp, user: &Value) -> Option<(Timestamp, Value)> {
    let to = user["transitioningToStatus"].as_str()?;
    let mut after = user.clone();
    after["status"] = to.into();
    after["transitioningToStatus"] = Value::Null;
    Some((at + TURN, after))
}

/// The status that is, or is about to be.
fn shown_status(user: &Value) -> &str {
    user["transitioningToStatus"].as_str().or(user["status"].as_str()).unwrap_or_default()
}

fn name(user: &Value) -> String {
    let part = |name: &str| user["profile"][name].as_str().unwrap_or_default();
    format!("{} {} ({})", part("firstName"), part("lastName"), part("employeeNumber"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;
    use serde_json::json;

    use super::People;

    /// Found by seed 191 of `brief`: a title that came while Okta still changed the status was forgotten with the end of that.
    #[test]
    fn what_was_changed_while_the_status_turned_is_not_forgotten() {
        let user = |title: &str, status: &str, to: Option<&str>| json!({ "status": status, "transitioningToStatus": to, "profile": { "title": title, "employeeNumber": "1" } });
        let entry = |at: &str, before, after| json!({ "kind": "user", "id": "u", "at": at, "before": before, "after": after });
        let (gone, turning) =
            (user("Old", "DEPROVISIONED", None), user("Old", "DEPROVISIONED", Some("ACTIVE")));
        let titled = user("New", "DEPROVISIONED", Some("ACTIVE"));
        let journal = json!([
            entry("2026-05-04T09:00:00Z", &gone, &turning),
            entry("2026-05-04T09:00:05Z", &turning, &titled),
        ]);
        let mut people = People::default();
        people.add_changes(0, &journal, "app", &BTreeSet::new());
        let then = people.all["u"].at("2026-05-04T09:01:00Z".parse::<Timestamp>().unwrap());
        assert_eq!((&then["status"], &then["profile"]["title"]), (&json!("ACTIVE"), &json!("New")));
    }
}

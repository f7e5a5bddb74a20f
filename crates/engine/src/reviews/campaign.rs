//! An access review as values: who may decide what, when it is finished, and what looks careless. No store, no clock.

use jiff::Timestamp;
use lanyard_model::id::{AccountId, IdentityId, SiteId, TenantId};
use serde::{Deserialize, Serialize};

use super::By;

/// A review of who holds what, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    pub id: String,
    pub title: String,
    pub tenant: TenantId,
    pub sites: Vec<SiteId>,
    /// `role`, `item`, `seat`, `section`, `site_admin`, `visit`.
    pub kinds: Vec<String>,
    /// Who answers for the campaign and signs it off. Never one of its reviewers.
    pub owner: String,
    pub reviewers: Vec<String>,
    /// Who gives access by hand or publishes policy: may not review it.
    pub provisioners: Vec<String>,
    pub opened_at: Timestamp,
    pub due_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub statement: Option<String>,
    /// SHA-256 of the lines as they were when the campaign was opened.
    pub snapshot: String,
    pub lines: u64,
    /// `overdue`, `escalated`, `hasty`.
    pub flags: Vec<String>,
}

/// What a reviewer says of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Keep,
    Remove,
    /// Somebody else must be asked first; the campaign cannot be signed off with it.
    Ask,
}

/// One right of one account, with what a reviewer needs to judge it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub id: String,
    pub campaign: String,
    /// `tenant/user`; empty: nobody's account.
    pub person: String,
    pub name: String,
    /// Logins and addresses of the person: whoever has one of them does not review this line.
    pub own_names: Vec<String>,
    pub site: SiteId,
    pub account: AccountId,
    pub kind: String,
    pub key: String,
    pub value: String,
    pub what: String,
    pub since: Timestamp,
    pub reviewer: String,
    pub decision: Option<Decision>,
    pub reason: Option<String>,
    pub decided_at: Option<Timestamp>,
    /// The read that no longer showed it.
    pub removed_at: Option<Timestamp>,
    pub flags: Vec<String>,
}

/// Why a campaign was not opened, a line not decided, or a campaign not signed off. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewProblem {
    #[error("a review needs a title, an owner, at least one reviewer, one site and one kind of right")]
    Incomplete,
    #[error("{0} cannot both own the review and decide in it")]
    OwnerReviews(String),
    #[error("{0} gives this access and cannot review it")]
    ProvisionerReviews(String),
    #[error("the review would be due before it is opened")]
    DueBefore,
    #[error("there is nothing of that kind to review")]
    Nothing,
    #[error("there is no review {0}")]
    NoCampaign(String),
    #[error("there is no line {0}")]
    NoLine(String),
    #[error("the line is {reviewer}'s to decide, not {by}'s")]
    NotTheirs { reviewer: String, by: String },
    #[error("{0} cannot decide about their own access")]
    OwnAccess(String),
    #[error("a decision needs a reason")]
    NoReason,
    #[error("the review was signed off at {0}; its decisions stand")]
    Closed(Timestamp),
    #[error("only {owner} signs the review off, not {by}")]
    NotOwner { owner: String, by: String },
    #[error("{undecided} lines are undecided and {asked} wait for an answer")]
    Open { undecided: usize, asked: usize },
    #[error("a sign-off needs a statement")]
    NoStatement,
}

/// So many lines in so little time were not read one by one.
const HASTY_LINES_MIN: usize = 5;
const HASTY_SECONDS_PER_LINE: i64 = 4;
/// Whatever the number of lines.
const HASTY_SECONDS_MIN: i64 = 40;

/// Whether two names are one person's.
pub fn same(a: &str, b: &str) -> bool {
    a.trim().eq_ignore_ascii_case(b.trim())
}

impl Campaign {
    /// Whether it may be opened as it is.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn check(&self) -> Result<(), ReviewProblem> {
        let blank = self.title.trim().is_empty() || self.owner.trim().is_empty();
        if blank || self.reviewers.is_empty() || self.sites.is_empty() || self.kinds.is_empty() {
            return Err(ReviewProblem::Incomplete);
        }
        for reviewer in &self.reviewers {
            if same(reviewer, &self.owner) {
                return Err(ReviewProblem::OwnerReviews(reviewer.clone()));
            }
            if self.provisioners.iter().any(|provisioner| same(provisioner, reviewer)) {
                return Err(ReviewProblem::ProvisionerReviews(reviewer.clone()));
            }
        }
        if self.due_at <= self.opened_at { Err(ReviewProblem::DueBefore) } else { Ok(()) }
    }

    /// The line with a decision in it.
    ///
    /// # Errors
    /// The first rule that forbids it.
    pub fn decide(
        &self,
        line: &Line,
        by: &By,
        decision: Decision,
        reason: &str,
        at: Timestamp,
    ) -> Result<Line, ReviewProblem> {
        if let Some(closed) = self.closed_at {
            return Err(ReviewProblem::Closed(closed));
        }
        if !by.is(&line.reviewer) {
            return Err(ReviewProblem::NotTheirs { reviewer: line.reviewer.clone(), by: by.name.clone() });
        }
        if line.own_names.iter().any(|own| by.is(own)) {
            return Err(ReviewProblem::OwnAccess(by.name.clone()));
        }
        if reason.trim().is_empty() {
            return Err(ReviewProblem::NoReason);
        }
        let mut line = line.clone();
        line.decision = Some(decision);
        line.reason = Some(reason.trim().to_owned());
        line.decided_at = Some(at);
        if at > self.due_at && !line.flags.iter().any(|flag| flag == "overdue") {
            line.flags.push("overdue".into());
        }
        Ok(line)
    }

    /// The campaign signed off.
    ///
    /// # Errors
    /// Not its owner, or not everything is decided.
    pub fn sign(
        &self,
        lines: &[Line],
        by: &By,
        statement: &str,
        at: Timestamp,
    ) -> Result<Self, ReviewProblem> {
        if let Some(closed) = self.closed_at {
            return Err(ReviewProblem::Closed(closed));
        }
        if !by.is(&self.owner) {
            return Err(ReviewProblem::NotOwner { owner: self.owner.clone(), by: by.name.clone() });
        }
        if statement.trim().is_empty() {
            return Err(ReviewProblem::NoStatement);
        }
        let undecided = lines.iter().filter(|line| line.decision.is_none()).count();
        let asked = lines.iter().filter(|line| line.decision == Some(Decision::Ask)).count();
        if undecided + asked > 0 {
            return Err(ReviewProblem::Open { undecided, asked });
        }
        let mut signed = self.clone();
        signed.closed_at = Some(at);
        signed.statement = Some(statement.trim().to_owned());
        signed.note(at > self.due_at, "overdue");
        signed.note(!hasty(lines).is_empty(), "hasty");
        Ok(signed)
    }

    /// Adds a flag once.
    pub fn note(&mut self, holds: bool, flag: &str) {
        if holds && !self.flags.iter().any(|known| known == flag) {
            self.flags.push(flag.to_owned());
        }
    }

    /// Who decides line number `at`: reviewers take turns by person, so that one person's lines are judged together.
    pub fn reviewer_of(&self, person_number: usize, own_names: &[String]) -> Option<&String> {
        let fit = |reviewer: &&String| !own_names.iter().any(|own| same(own, reviewer));
        let turn = person_number % self.reviewers.len().max(1);
        self.reviewers[turn..].iter().chain(&self.reviewers[..turn]).find(fit)
    }
}

/// Reviewers who kept everything faster than anybody reads: name, lines, seconds.
pub fn hasty(lines: &[Line]) -> Vec<(String, usize, i64)> {
    let mut by: std::collections::BTreeMap<&str, Vec<&Line>> = std::collections::BTreeMap::new();
    for line in lines.iter().filter(|line| line.decided_at.is_some()) {
        by.entry(&line.reviewer).or_default().push(line);
    }
    by.into_iter()
        .filter_map(|(reviewer, lines)| {
            let times = lines.iter().filter_map(|line| line.decided_at);
            let (first, last) = (times.clone().min()?, times.max()?);
            let seconds = last.duration_since(first).as_secs();
            let bound = (lines.len() as i64 * HASTY_SECONDS_PER_LINE).max(HASTY_SECONDS_MIN);
            let all_kept = lines.iter().all(|line| line.decision == Some(Decision::Keep));
            let hasty = all_kept && lines.len() >= HASTY_LINES_MIN && seconds <= bound;
            hasty.then(|| (reviewer.to_owned(), lines.len(), seconds))
        })
        .collect()
}

/// A right that a review took away and that policy shall not give again, until the withholding is lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    pub identity: IdentityId,
    pub site: SiteId,
    /// `role`, `item`, `seat` or `door`.
    pub kind: String,
    /// Number of the center or item.
    pub key: i64,
    /// What has no number: the area of a door.
    #[serde(default)]
    pub name: String,
    pub line: String,
    pub reason: String,
    pub since: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn campaign() -> Campaign {
        Campaign {
            id: "rev_1".into(),
            title: "Q4".into(),
            tenant: TenantId::new("acme"),
            sites: vec![SiteId::new("pier")],
            kinds: vec!["role".into()],
            owner: "olga".into(),
            reviewers: vec!["rita".into(), "rob".into()],
            provisioners: vec!["pat".into()],
            opened_at: at(0),
            due_at: at(1000),
            closed_at: None,
            statement: None,
            snapshot: String::new(),
            lines: 2,
            flags: Vec::new(),
        }
    }

    fn line(n: usize) -> Line {
        Line {
            id: format!("rev_1:{n}"),
            campaign: "rev_1".into(),
            person: format!("acme/u{n}"),
            name: format!("Person {n}"),
            own_names: vec![format!("u{n}@acme.example")],
            site: SiteId::new("pier"),
            account: AccountId(n as i64),
            kind: "role".into(),
            key: "5".into(),
            value: "CUSTOMER".into(),
            what: "Reservations".into(),
            since: at(-100),
            reviewer: "rita".into(),
            decision: None,
            reason: None,
            decided_at: None,
            removed_at: None,
            flags: Vec::new(),
        }
    }

    #[test]
    fn reviewer_owner_and_provisioner_are_three_people() {
        assert_eq!(campaign().check(), Ok(()));
        let owner = Campaign { reviewers: vec!["Olga ".into()], ..campaign() };
        assert_eq!(owner.check(), Err(ReviewProblem::OwnerReviews("Olga ".into())));
        let provisioner = Campaign { reviewers: vec!["rita".into(), "PAT".into()], ..campaign() };
        assert_eq!(provisioner.check(), Err(ReviewProblem::ProvisionerReviews("PAT".into())));
        assert_eq!(Campaign { due_at: at(0), ..campaign() }.check(), Err(ReviewProblem::DueBefore));
        assert_eq!(Campaign { kinds: vec![], ..campaign() }.check(), Err(ReviewProblem::Incomplete));
    }

    #[test]
    fn a_line_is_decided_by_its_reviewer_with_a_reason_and_never_about_oneself() {
        let (campaign, line) = (campaign(), line(1));
        let decided = campaign.decide(&line, &"Rita".into(), Decision::Remove, " moved ", at(10)).unwrap();
        assert_eq!((decided.decision, decided.reason.as_deref()), (Some(Decision::Remove), Some("moved")));
        let not_theirs = ReviewProblem::NotTheirs { reviewer: "rita".into(), by: "rob".into() };
        assert_eq!(campaign.decide(&line, &"rob".into(), Decision::Keep, "x", at(10)), Err(not_theirs));
        assert_eq!(
            campaign.decide(&line, &"rita".into(), Decision::Keep, " ", at(10)),
            Err(ReviewProblem::NoReason)
        );
        let own = Line { reviewer: "u1@acme.example".into(), ..line.clone() };
        let by = "U1@acme.example";
        assert_eq!(
            campaign.decide(&own, &by.into(), Decision::Keep, "x", at(10)),
            Err(ReviewProblem::OwnAccess(by.into()))
        );
        let late = campaign.decide(&line, &"rita".into(), Decision::Keep, "x", at(1001)).unwrap();
        assert_eq!(late.flags, ["overdue"]);
    }

    #[test]
    fn reviewers_take_turns_and_never_get_their_own_lines() {
        let campaign = campaign();
        let turn = |n: usize, own: &str| campaign.reviewer_of(n, &[own.to_owned()]).cloned();
        assert_eq!(
            [turn(0, "x"), turn(1, "x"), turn(2, "x")],
            ["rita", "rob", "rita"].map(|r| Some(r.to_owned()))
        );
        assert_eq!(turn(0, "RITA"), Some("rob".into()));
        let alone = Campaign { reviewers: vec!["rita".into()], ..campaign };
        assert_eq!(alone.reviewer_of(0, &["rita".into()]), None);
    }

    #[test]
    fn it_is_signed_off_by_its_owner_when_all_is_decided_and_haste_shows() {
        let campaign = campaign();
        let kept = |n: usize, seconds: i64| {
            campaign.decide(&line(n), &"rita".into(), Decision::Keep, "ok", at(seconds)).unwrap()
        };
        let asked = campaign.decide(&line(9), &"rita".into(), Decision::Ask, "who?", at(5)).unwrap();
        let open = campaign.sign(&[kept(1, 1), line(2), asked], &"olga".into(), "done", at(100));
        assert_eq!(open, Err(ReviewProblem::Open { undecided: 1, asked: 1 }));
        let by = campaign.sign(&[kept(1, 1)], &"rita".into(), "done", at(100));
        assert_eq!(by, Err(ReviewProblem::NotOwner { owner: "olga".into(), by: "rita".into() }));

        let fast: Vec<Line> = (0..6).map(|n| kept(n, n as i64 * 8)).collect();
        assert_eq!(hasty(&fast), [("rita".to_owned(), 6, 40)]);
        assert_eq!(campaign.sign(&fast, &"olga".into(), "done", at(100)).unwrap().flags, ["hasty"]);
        let slow: Vec<Line> = (0..6).map(|n| kept(n, n as i64 * 60)).collect();
        let signed = campaign.sign(&slow, &"olga".into(), "done", at(2000)).unwrap();
        assert_eq!(
            (signed.flags.as_slice(), signed.closed_at),
            (["overdue".to_owned()].as_slice(), Some(at(2000)))
        );
        assert_eq!(
            signed.sign(&slow, &"olga".into(), "again", at(2001)),
            Err(ReviewProblem::Closed(at(2000)))
        );
    }
}

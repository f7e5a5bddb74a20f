//! The policy's own tests: `given` this person, `expect` that. They need nobody: no Okta, no iOffice, no clock. Places,
//! centers and items are stood up from the names that the policy itself uses, once each.

mod compare;
mod coverage;
mod stage;

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_model::{
    account::{Account, AccountKind, FieldName, Seat},
    desired::{Applied, Desired},
    failure::{ALL_LINES, FailedStep, Part, failure_key},
    id::{AccountId, AccountKey},
    identity::Identity,
};
use serde::Serialize;

pub(crate) use self::coverage::words;
pub use self::coverage::{Coverage, Missed, Reach};
use crate::{document::Document, evaluate::Facts, policy::Policy, problem::Spot};

/// When a test takes place that does not say so: a Monday morning.
pub const DEFAULT_MOMENT: &str = "2026-06-01T09:00:00Z";

/// One `[[test]]`.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub name: String,
    pub now: Timestamp,
    pub given: Given,
    pub claims: Vec<Claim>,
    pub spot: Spot,
}

/// Somebody, and what is known of them besides.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub identity: Identity,
    /// They have an account that we know.
    pub account: bool,
    /// What they have was given by this policy.
    pub governed: bool,
    /// Building and floor of the seat they have.
    pub sits: Option<(String, String)>,
    pub manager: bool,
    /// Flows, and parts of flows, that the site refused for good.
    pub failed: Vec<(String, Option<Part>)>,
    /// Deleted in Okta, with proof.
    pub gone: Option<Timestamp>,
}

/// One thing that a test expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    Standing(String),
    Site(Option<String>),
    Field(FieldName, Option<String>),
    UserType(Option<String>),
    CostCenter(Option<String>),
    Place(Option<PlaceClaim>),
    /// Exactly these.
    Roles(Vec<String>),
    /// Exactly these.
    Items(Vec<String>),
    /// Exactly these areas.
    Doors(Vec<String>),
    /// Each is part of some permission's name.
    Has(Vec<String>),
    /// None is part of any permission's name.
    Lacks(Vec<String>),
    /// Flows that give something.
    By(Vec<String>),
    NotBy(Vec<String>),
    Loses(Vec<String>),
    /// Part of the reason for setting the person aside, or of a problem.
    Problem(String),
    Booking(Option<String>),
    Visit(Option<String>),
    Tells(Vec<String>),
    ToDo(Vec<String>),
}

/// The parts of a place that a test names; the others are not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PlaceClaim {
    pub seat: String,
    pub building: Option<String>,
    pub floors: Vec<String>,
    pub kinds: Vec<String>,
    pub section: Option<String>,
    pub rooms: Vec<String>,
}

/// What came of all tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestReport {
    pub tests: Vec<TestResult>,
    pub coverage: Coverage,
}

/// What came of one test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestResult {
    pub name: String,
    pub file: String,
    /// 1-based.
    pub line: usize,
    /// Empty: it passed.
    pub differences: Vec<Difference>,
    /// Why the person has what they have, and has not what they have not: told of tests that failed.
    pub because: Vec<String>,
    #[serde(skip)]
    pub(crate) spot: Spot,
}

/// One part that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// As the test calls it (`place`, `profile.phone`).
    pub part: String,
    pub expected: Vec<String>,
    pub found: Vec<String>,
}

impl TestReport {
    pub fn failed(&self) -> usize {
        self.tests.iter().filter(|test| !test.differences.is_empty()).count()
    }

    /// For people: each failure as a difference, then the sum. With `all`, also what no test reached.
    pub fn render(&self, all: bool) -> String {
        let mut out = String::new();
        for test in self.tests.iter().filter(|test| !test.differences.is_empty()) {
            out += &format!("FAIL  {}  ({}:{})\n", test.name, test.file, test.line);
            for difference in &test.differences {
                out += &format!("      {}\n", difference.part);
                let lines = |mark: char, own: &[String], other: &[String], none: &str| {
                    let mut lines: Vec<String> = own
                        .iter()
                        .filter(|text| !other.contains(text))
                        .map(|text| format!("        {mark} {text}\n"))
                        .collect();
                    if own.is_empty() {
                        lines.push(format!("        {mark} {none}\n"));
                    }
                    lines.concat()
                };
                out += &lines('-', &difference.expected, &difference.found, "nothing");
                out += &lines('+', &difference.found, &difference.expected, "nothing");
            }
            for why in &test.because {
                out += &format!("      {why}\n");
            }
            out.push('\n');
        }
        if all {
            for missed in self.coverage.missed() {
                out += &format!("not reached  {}  ({}:{})\n", missed.what, missed.file, missed.line);
            }
        }
        let sum = match (self.tests.len(), self.failed()) {
            (0, _) => {
                "the policy has no tests: add [[test]] with given = { … } and expect = { … }".to_owned()
            }
            (1, 0) => "1 test passes".to_owned(),
            (tests, 0) => format!("{tests} tests pass"),
            (tests, failed) => format!("{failed} of {tests} tests fail (- expected, + found)"),
        };
        out + &format!("{sum}; reached: {}\n", self.coverage)
    }
}

impl Policy {
    /// Runs the policy's own tests. Deterministic, and bounded by the number of tests times the size of the policy.
    pub fn run_tests(&self) -> TestReport {
        let mut coverage = coverage::Tracker::new(self);
        let tests = self.results(&mut |identity, desired, now| coverage.see(identity, desired, now));
        TestReport { tests, coverage: coverage.finish() }
    }

    /// What comes of each test; `see` is shown what was decided.
    pub(crate) fn results(&self, see: &mut dyn FnMut(&Identity, &Desired, Timestamp)) -> Vec<TestResult> {
        let document = self.document();
        let stage = stage::stage(document);
        // What a test says of groups is what it is about, whatever became of them meanwhile.
        let bound = self.with_missing([]).bind(&stage.catalogues);
        let tests = document.tests.iter().map(|case| {
            let account = stage.account(case);
            // Something that was surely given: how it is spelt does not matter to any rule.
            let governed = case.given.governed.then(|| "given by this policy".to_owned());
            let failed = case.given.failed(document, case.now);
            let applied = (governed.is_some() || !failed.is_empty()).then(|| Applied {
                notices: governed.into_iter().collect(),
                failed,
                ..Applied::default()
            });
            let facts = Facts {
                account: account.as_ref(),
                applied: applied.as_ref(),
                gone: case.given.gone,
                since: case.now - jiff::SignedDuration::from_hours(48),
                manager_account: case.given.manager.then_some(stage::MANAGER),
                delegate_account: None,
                linked: case.given.account || case.given.governed,
                over: false,
            };
            let desired = bound.evaluate(&case.given.identity, &facts, case.now);
            see(&case.given.identity, &desired, case.now);
            let zone =
                crate::subject::with_subject(document, &case.given.identity, case.now, false, |subject| {
                    subject.zone.clone()
                });
            let found = compare::Found::new(&desired, &stage.catalogues, zone);
            let differences: Vec<_> = case.claims.iter().filter_map(|claim| found.differs(claim)).collect();
            let because = if differences.is_empty() { Vec::new() } else { found.because() };
            let (file, line) = place(self, &case.spot);
            TestResult { name: case.name.clone(), file, line, differences, because, spot: case.spot.clone() }
        });
        tests.collect()
    }
}

impl Given {
    /// What failed, as it would be remembered.
    fn failed(&self, document: &Document, now: Timestamp) -> BTreeMap<String, FailedStep> {
        let mut failed = BTreeMap::new();
        for (rule, wanted) in &self.failed {
            let branches = document.failures.get(rule).into_iter().flatten();
            for (part, branch) in branches.filter(|(part, _)| wanted.is_none_or(|wanted| wanted == **part)) {
                let step = FailedStep {
                    rule: rule.clone(),
                    part: *part,
                    what: part.to_string(),
                    lines: [ALL_LINES.to_owned()].into(),
                    why: "the site refused it".into(),
                    fix: String::new(),
                    tries: branch.retries + 1,
                    first: now,
                    last: now,
                    given_up: true,
                    print: branch.print.clone(),
                };
                failed.insert(failure_key(rule, *part, false), step);
            }
        }
        failed
    }
}

/// File and 1-based line of a spot.
pub(crate) fn place(policy: &Policy, spot: &Spot) -> (String, usize) {
    let files = policy.files();
    let beside = policy.document().test_files.get(&spot.file);
    let text = match (beside, spot.file.strip_suffix(".csv")) {
        (Some(text), _) => text.as_str(),
        (None, Some(name)) => files
            .tables
            .iter()
            .find(|(known, _)| known.trim_end_matches(".csv") == name)
            .map_or("", |(_, text)| text.as_str()),
        (None, None) => files.toml.1.as_str(),
    };
    let before = text.get(..spot.span.start).unwrap_or_default();
    (spot.file.clone(), before.matches('\n').count() + 1)
}

impl stage::Stage {
    /// The account that a test speaks of.
    fn account(&self, case: &Case) -> Option<Account> {
        let given = &case.given;
        let seat = given.sits.as_ref().and_then(|(building, floor)| self.seat(building, floor));
        if !given.account && !given.governed && seat.is_none() {
            return None;
        }
        let site = self.catalogues.keys().next()?;
        Some(Account {
            key: AccountKey { site: site.clone(), id: AccountId(1) },
            kind: AccountKind::Person,
            active: Some(true),
            fields: [].into(),
            user_type: None,
            seat: seat.map(|(room, floor)| Seat { room, floor: Some(floor) }),
            section: None,
            seat_class: None,
            cost_center: None,
            items: None,
            roles: None,
            site_admin: None,
            updated_at: None,
            updated_by: None,
            read_at: case.now,
        })
    }
}

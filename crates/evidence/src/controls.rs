//! What SOC 2, ISO/IEC 27001:2022 and NIST SP 800-53 ask, and what the counted rows answer. Made from the figures alone,
//! so that a verifier makes the same rows again.

use crate::{
    bounds::{LIST, NOTICE, PRIVILEGED, TRANSFER, UNATTENDED},
    cell::Cell,
    stats::Spread,
    tally::Summary,
};

/// What the rows say of a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Satisfied,
    NotSatisfied,
    /// It is written down; whether it suffices is the auditor's to judge.
    Documented,
    /// Nothing of the kind happened, or nothing is known.
    NoData,
    /// Another system's control.
    Elsewhere,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::NotSatisfied => "not satisfied",
            Self::Documented => "documented",
            Self::NoData => "no data",
            Self::Elsewhere => "elsewhere",
        }
    }

    fn of(count: u64, holds: bool) -> Self {
        match (count, holds) {
            (0, _) => Self::NoData,
            (_, true) => Self::Satisfied,
            (_, false) => Self::NotSatisfied,
        }
    }

    fn written(count: u64) -> Self {
        if count > 0 { Self::Documented } else { Self::NoData }
    }
}

/// Which rows are exceptions to a control, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exceptions {
    None,
    DoubtfulLists,
    NotAuthorised,
    LateLeavers,
    LateSeen,
    Standing,
    OpenMoves,
    Nobodys,
    OpenReviews,
}

/// One control's row, and what its chapter shows.
pub(crate) struct Control {
    pub(crate) soc2: &'static str,
    pub(crate) iso: &'static str,
    pub(crate) nist: &'static str,
    pub(crate) question: &'static str,
    pub(crate) tested: &'static str,
    pub(crate) answer: String,
    pub(crate) state: State,
    pub(crate) files: &'static str,
    pub(crate) exceptions: Exceptions,
}

/// The rows of the table `controls`.
pub fn rows(summary: &Summary) -> Vec<Vec<Cell>> {
    controls(summary)
        .into_iter()
        .map(|control| {
            vec![
                control.soc2.into(),
                control.iso.into(),
                control.nist.into(),
                control.question.into(),
                control.tested.into(),
                control.answer.into(),
                control.state.name().into(),
                control.files.into(),
            ]
        })
        .collect()
}

/// All controls, in the order of the report.
pub(crate) fn controls(summary: &Summary) -> Vec<Control> {
    let mut all = vec![rules(summary), population(summary)];
    all.extend(people(summary));
    all.extend(accounts(summary));
    all.extend(places(summary));
    all.push(Control {
        soc2: "CC6.1",
        iso: "A.5.17",
        nist: "IA-5",
        question: "How are passwords and factors handed out?",
        tested: "Not tested here",
        answer: "By Okta: Lanyard knows no password of a person and sets none".into(),
        state: State::Elsewhere,
        files: "",
        exceptions: Exceptions::None,
    });
    all.push(Control {
        soc2: "CC7.2",
        iso: "A.8.15",
        nist: "AU-9(3), AU-10",
        question: "Can the record be trusted?",
        tested: "Every line of the journal hashed again, every signed head of the period proven to be a beginning of the next, \
                 every sampled line proven to stand in the journal that was signed",
        answer: format!(
            "{} checkpoints signed in the period, each a beginning of the next; each sampled line with its inclusion proof",
            summary.rows("checkpoints")
        ),
        state: State::of(summary.rows("checkpoints"), true),
        files: "checkpoints, samples",
        exceptions: Exceptions::None,
    });
    all
}

fn rules(summary: &Summary) -> Control {
    let written = summary.rows("policies");
    Control {
        soc2: "CC6.1",
        iso: "A.5.15",
        nist: "AC-2 a-d",
        question: "Who may have what, by which rule, and who published the rule?",
        tested: "Every version of the policy in force, by its seal, with who published and who agreed; every decision carries \
                 the seal of the version that made it; every exception that stood at the end, with owner, reason and end",
        answer: format!(
            "{written} policy versions in force, {} lines of rule and right, {} changes to the control, {} settings; {} exceptions \
             stood at the end: {} without an owner, {} without a stated end, {} past their end",
            summary.rows("rules"),
            summary.rows("control_changes"),
            summary.rows("configuration"),
            summary.rows("open_exceptions"),
            summary.exceptions_unowned,
            summary.exceptions_endless,
            summary.exceptions_past_end
        ),
        state: State::written(written),
        files: "policies, rules, open_exceptions, configuration, control_changes",
        exceptions: Exceptions::Standing,
    }
}

fn population(summary: &Summary) -> Control {
    let (off, doubts) = (summary.totals.off_by(), summary.certificates_in_doubt);
    let totals = &summary.totals;
    Control {
        soc2: "CC2.1",
        iso: "A.8.15",
        nist: "AC-2(4)",
        question: "Is the population complete, and when was nobody looking?",
        tested: "Opening, joined, returned, left and closing added up; lists of the first and last comparison held against \
                 both systems' own counts; the pages of Okta's log chained end to end",
        answer: format!(
            "{} + {} joined + {} returned - {} left = {}, off by {off}; {doubts} lists in doubt; Okta's log not read {} times, \
             {} s in all, {} breaks",
            totals.opening,
            totals.joined,
            totals.returned,
            totals.left,
            totals.closing,
            summary.intake_gaps,
            summary.intake_gap_seconds,
            summary.intake_breaks
        ),
        state: State::of(summary.rows("sweeps"), off == 0 && doubts == 0),
        files: "population, reconciliation, certificates, sweeps, intake",
        exceptions: Exceptions::DoubtfulLists,
    }
}

/// Who comes, moves and goes.
fn people(summary: &Summary) -> Vec<Control> {
    let leavers = summary.leavers_in_time + summary.leavers_late;
    let joiners = summary.joiners_authorised_before + summary.joiners_not_authorised_before;
    let total = summary.stages.get("leavers: event to verified").cloned().unwrap_or_default();
    let moved = bound(summary, TRANSFER);
    vec![
        Control {
            soc2: "CC6.2",
            iso: "A.5.16",
            nist: "AC-2 e, f, i",
            question: "Was access authorised before it was given?",
            tested: "Of every joiner: the plan with its rule was sealed before the first operation was sent; of every request: \
                     who decided is not whom it is about",
            answer: format!(
                "{} of {joiners} joiners; {} requests, holds and limits, {} votes about oneself",
                summary.joiners_authorised_before,
                summary.rows("approvals"),
                summary.votes_not_segregated
            ),
            state: State::of(
                joiners,
                summary.joiners_not_authorised_before == 0 && summary.votes_not_segregated == 0,
            ),
            files: "joiners, approvals, gates",
            exceptions: Exceptions::NotAuthorised,
        },
        Control {
            soc2: "CC6.3",
            iso: "A.5.18",
            nist: "PS-4, AC-2 l",
            question: "Were all leavers out, and how fast?",
            tested: "Of every leaver, not of samples: from the end of the right by Okta's own clock to the read that showed \
                     the access gone",
            answer: format!(
                "{} of {leavers} verified gone within the configured bound{}{}; {} late ones without an owner{}",
                summary.leavers_in_time,
                spread(&total),
                causes(summary),
                summary.breaches_unanswered,
                under_way(summary.leavers_under_way())
            ),
            state: State::of(leavers, summary.leavers_late == 0),
            files: "leavers, timeliness, bounds, breaches",
            exceptions: Exceptions::LateLeavers,
        },
        Control {
            soc2: "CC6.3",
            iso: "A.5.18",
            nist: "AC-2 h",
            question: "Did whoever manages accounts learn in time that somebody left?",
            tested: "Of every leaver: from the end of the right by Okta's own clock to the first signal of it that reached \
                     Lanyard, against 8 hours",
            answer: told(bound(summary, NOTICE), "leavers seen within 8 hours"),
            state: within(bound(summary, NOTICE)),
            files: "leavers, bounds, timeliness",
            exceptions: Exceptions::LateSeen,
        },
        Control {
            soc2: "CC6.3",
            iso: "A.5.18",
            nist: "PS-5",
            question: "Of those who moved: was the old access taken away, and the new given, in time?",
            tested: "Of every plan that takes something from somebody who stays: both moments, what the read-back still found \
                     different, and 24 hours from decision to read-back",
            answer: format!(
                "{} movers, {} with something left open, {} beyond 24 hours; {} conversions{}",
                summary.rows("movers"),
                summary.movers_with_rest,
                moved.1,
                summary.rows("conversions"),
                under_way(summary.rows("movers").saturating_sub(moved.0 + moved.1))
            ),
            // Of moves that are all under way nothing can be said yet.
            state: State::of(moved.0 + moved.1, summary.movers_with_rest == 0 && moved.1 == 0),
            files: "movers, leaves, returns, conversions, bounds",
            exceptions: Exceptions::OpenMoves,
        },
    ]
}

/// Accounts that are nobody's, and those that may more than others.
fn accounts(summary: &Summary) -> Vec<Control> {
    let (privileged, unattended) = (summary.rows("privileged"), bound(summary, UNATTENDED));
    let reviewed = bound(summary, PRIVILEGED);
    let counted = if summary.rows("reviews") > 0 { within(reviewed) } else { State::NoData };
    vec![
        Control {
            soc2: "CC6.2, CC6.3",
            iso: "A.5.16",
            nist: "AC-2(3)",
            question: "Are there accounts that expired or are nobody's, and were they closed in time?",
            tested: "Every account of every comparison held against everybody in Okta; leavers and nobody's accounts against \
                     24 hours. Inactivity is not tested: iOffice tells no last use",
            answer: format!(
                "{} orphaned accounts open at the end of the period; {}",
                summary.orphans_open,
                told(unattended, "expired or nobody's accounts closed within 24 hours")
            ),
            state: State::of(summary.rows("sweeps"), summary.orphans_open == 0 && unattended.1 == 0),
            files: "exceptions, leavers, bounds, reconciliation",
            exceptions: Exceptions::Nobodys,
        },
        Control {
            soc2: "CC6.3",
            iso: "A.8.2",
            nist: "AC-6(7)",
            question: "Who holds privileged rights?",
            tested: "Every role above customer and every site administrator at the end of the period; groups and tokens that \
                     administer Lanyard itself",
            answer: format!("{privileged} privileged rights, Lanyard's own among them"),
            state: State::written(privileged),
            files: "privileged",
            exceptions: Exceptions::None,
        },
        Control {
            soc2: "CC6.3",
            iso: "A.8.2",
            nist: "AC-2 j",
            question: "Were accounts reviewed, privileged ones more often?",
            tested: "Per site, the age of the last signed-off review of roles and administrators when the period ended, \
                     against a quarter; the table bounds has the other cycles",
            answer: told(reviewed, "sites whose roles and administrators were reviewed within a quarter"),
            state: counted,
            files: "reviews, bounds",
            exceptions: Exceptions::None,
        },
    ]
}

/// Who may enter where, and who looked at it.
fn places(summary: &Summary) -> Vec<Control> {
    let (undecided, unconfirmed) = (summary.reviews_undecided, summary.removals_not_confirmed);
    let (lines, list, access) = (summary.rows("reviews"), bound(summary, LIST), summary.rows("access"));
    let separated = summary.reviews_not_separated == 0;
    vec![
        Control {
            soc2: "CC6.4",
            iso: "A.7.2",
            nist: "PE-2 a, b, d",
            question: "Who can use each site, as of the end of the period, and why?",
            tested: "Every right of every live account at the end of the period, with the read that first showed it and the \
                     plan that gave it",
            answer: format!("{access} rights, each with its source"),
            state: State::written(access),
            files: "access, access_changes, overrides",
            exceptions: Exceptions::None,
        },
        Control {
            soc2: "CC6.4",
            iso: "A.5.18",
            nist: "PE-2 c",
            question: "Was the access list reviewed, and were removals carried through?",
            tested: "Every line of every review of the period: decided, by somebody who is neither owner nor provisioner nor \
                     the person, and of removals the read that no longer showed the right; per site a signed-off review \
                     within a year",
            answer: format!(
                "{lines} lines reviewed, {undecided} undecided, {unconfirmed} removals not read back yet, {} not separated; {}",
                summary.reviews_not_separated,
                told(list, "sites with a signed-off review within a year")
            ),
            state: State::of(lines, undecided == 0 && unconfirmed == 0 && separated && list.1 == 0),
            files: "reviews, bounds",
            exceptions: Exceptions::OpenReviews,
        },
    ]
}

fn bound(summary: &Summary, name: &str) -> (u64, u64) {
    summary.bounds.get(name).copied().unwrap_or_default()
}

fn within((within, beyond): (u64, u64)) -> State {
    State::of(within + beyond, beyond == 0)
}

fn told((within, beyond): (u64, u64), what: &str) -> String {
    format!("{within} of {} {what}", within + beyond)
}

fn spread(total: &Spread) -> String {
    match (total.p50, total.p95, total.p99, total.max) {
        (Some(p50), Some(p95), Some(p99), Some(max)) => {
            format!("; median {p50} s, p95 {p95} s, p99 {p99} s, worst {max} s")
        }
        _ => String::new(),
    }
}

/// Those whose bound was not over when the period ended.
fn under_way(count: u64) -> String {
    if count == 0 { String::new() } else { format!("; {count} under way when the period ended") }
}

fn causes(summary: &Summary) -> String {
    let told = summary.late_told();
    if told.is_empty() { told } else { format!("; late: {told}") }
}

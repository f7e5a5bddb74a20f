//! What SOC 2, ISO/IEC 27001:2022 and NIST SP 800-53 ask, and what the counted rows answer. Made from the figures alone,
//! so that a verifier makes the same rows again.

use crate::{cell::Cell, stats::Spread, tally::Summary};

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
}

/// One control's row.
struct Control {
    soc2: &'static str,
    iso: &'static str,
    nist: &'static str,
    question: &'static str,
    answer: String,
    state: State,
    files: &'static str,
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
                control.answer.into(),
                control.state.name().into(),
                control.files.into(),
            ]
        })
        .collect()
}

fn controls(summary: &Summary) -> Vec<Control> {
    let rows = |name: &str| summary.rows.get(name).copied().unwrap_or(0);
    let mut all = people(summary);
    let written = rows("policies");
    all.insert(
        0,
        Control {
            soc2: "CC6.1",
            iso: "A.5.15",
            nist: "AC-2 a-d",
            question: "Who may have what, by which rule, and who published the rule?",
            answer: format!(
                "{written} policy versions in force, {} changes to the control, {} settings",
                rows("control_changes"),
                rows("configuration")
            ),
            state: if written > 0 { State::Documented } else { State::NoData },
            files: "policies, configuration, control_changes",
        },
    );
    all.extend(places(summary));
    all.push(Control {
        soc2: "CC6.1",
        iso: "A.5.17",
        nist: "IA-5",
        question: "How are passwords and factors handed out?",
        answer: "By Okta: Lanyard knows no password of a person and sets none".into(),
        state: State::Elsewhere,
        files: "",
    });
    all.push(Control {
        soc2: "CC7.2",
        iso: "A.8.15",
        nist: "AU-9(3), AU-10",
        question: "Can the record be trusted?",
        answer: format!(
            "{} checkpoints signed in the period, each a beginning of the next; each sampled line with its inclusion proof",
            rows("checkpoints")
        ),
        state: State::of(rows("checkpoints"), true),
        files: "checkpoints, samples",
    });
    all
}

/// Who comes, moves and goes.
fn people(summary: &Summary) -> Vec<Control> {
    let rows = |name: &str| summary.rows.get(name).copied().unwrap_or(0);
    let leavers = summary.leavers_in_time + summary.leavers_late;
    let joiners = summary.joiners_authorised_before + summary.joiners_not_authorised_before;
    let total = summary.stages.get("leavers: event to verified").cloned().unwrap_or_default();
    vec![
        Control {
            soc2: "CC6.2",
            iso: "A.5.16",
            nist: "AC-2 e, f, i",
            question: "Was access authorised before it was given?",
            answer: format!("{} of {joiners} joiners", summary.joiners_authorised_before),
            state: State::of(joiners, summary.joiners_not_authorised_before == 0),
            files: "joiners, approvals",
        },
        Control {
            soc2: "CC6.3",
            iso: "A.5.18",
            nist: "PS-4, AC-2 h, l",
            question: "Were all leavers out, and how fast?",
            answer: format!(
                "{} of {leavers} verified gone within the configured bound{}{}",
                summary.leavers_in_time,
                spread(&total),
                causes(summary)
            ),
            state: State::of(leavers, summary.leavers_late == 0),
            files: "leavers, timeliness, bounds, breaches",
        },
        Control {
            soc2: "CC6.3",
            iso: "A.5.18",
            nist: "PS-5",
            question: "Of those who moved: was the old access taken away, and the new given?",
            answer: format!(
                "{} movers, {} with something left open",
                rows("movers"),
                summary.movers_with_rest
            ),
            state: State::of(rows("movers"), summary.movers_with_rest == 0),
            files: "movers, leaves, returns",
        },
        Control {
            soc2: "CC6.2, CC6.3",
            iso: "A.5.16",
            nist: "AC-2(3)",
            question: "Are there accounts that are nobody's?",
            answer: format!("{} orphaned accounts open at the end of the period", summary.orphans_open),
            state: State::of(rows("sweeps"), summary.orphans_open == 0),
            files: "exceptions, reconciliation, certificates",
        },
    ]
}

/// Who may enter where, and who looked at it.
fn places(summary: &Summary) -> Vec<Control> {
    let rows = |name: &str| summary.rows.get(name).copied().unwrap_or(0);
    let (undecided, unconfirmed) = (summary.reviews_undecided, summary.removals_not_confirmed);
    let reviewed = format!(
        "{} lines reviewed, {undecided} undecided, {unconfirmed} removals not read back yet",
        rows("reviews")
    );
    let state = State::of(rows("reviews"), undecided == 0 && unconfirmed == 0);
    let privileged = rows("privileged");
    vec![
        Control {
            soc2: "CC6.4",
            iso: "A.7.2",
            nist: "PE-2 a, b, d",
            question: "Who can use each site, as of the end of the period, and why?",
            answer: format!("{} rights, each with its source", rows("access")),
            state: if rows("access") > 0 { State::Documented } else { State::NoData },
            files: "access, access_changes",
        },
        Control {
            soc2: "CC6.4",
            iso: "A.5.18",
            nist: "PE-2 c, AC-2 j",
            question: "Was the access list reviewed, and were removals carried through?",
            answer: reviewed,
            state,
            files: "reviews",
        },
        Control {
            soc2: "CC6.3",
            iso: "A.8.2",
            nist: "AC-6(7)",
            question: "Who holds privileged rights?",
            answer: format!("{privileged} privileged rights, Lanyard's own among them"),
            state: if privileged > 0 { State::Documented } else { State::NoData },
            files: "privileged",
        },
    ]
}

fn spread(total: &Spread) -> String {
    match (total.p50, total.p95, total.p99, total.max) {
        (Some(p50), Some(p95), Some(p99), Some(max)) => {
            format!("; median {p50} s, p95 {p95} s, p99 {p99} s, worst {max} s")
        }
        _ => String::new(),
    }
}

fn causes(summary: &Summary) -> String {
    let told = summary.late_told();
    if told.is_empty() { told } else { format!("; late: {told}") }
}

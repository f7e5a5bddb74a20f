//! The person's standing: what their status, dates and marks ask for, before any flow is asked.

use jiff::{Timestamp, ToSpan, civil::Date};
use lanyard_model::{
    desired::{Because, Ending, Lifecycle, Loses, NoticeWish, Want},
    identity::{Identity, Status},
};

use crate::{
    condition::{Condition, Truth, all, joined},
    date,
    document::{Document, EndRule, OnLeaving},
    evaluate::Facts,
    names::Attribute,
    subject::{Day, Subject},
    visit::Begin,
};

/// The answer, with what flows need to know about the dates.
pub(crate) struct Standing {
    pub lifecycle: Lifecycle,
    pub because: Vec<Because>,
    pub begin: Begin,
    /// Last day that counts, of people who have an end date.
    pub end: Option<Date>,
    /// When the right ends by itself.
    pub end_at: Option<Timestamp>,
    pub notices: Vec<Want<NoticeWish>>,
    pub review: Vec<Timestamp>,
}

impl Standing {
    fn is(mut self, lifecycle: Lifecycle, rule: &str, text: String) -> Self {
        self.lifecycle = lifecycle;
        self.because.push(because(rule, text));
        self
    }

    fn aside(self, rule: &str, why: String) -> Self {
        self.is(Lifecycle::Aside { why: why.clone() }, rule, why)
    }
}

fn because(rule: &str, text: String) -> Because {
    Because { rule: rule.to_owned(), row: None, text }
}

/// The reason of an answer.
fn reason(truth: &Truth, conditions: &[Condition], subject: &Subject<'_>) -> String {
    match truth {
        Truth::Yes => grounds(conditions, subject),
        Truth::No | Truth::Unknown => lack(conditions, subject),
        Truth::Broken(why) => why.clone(),
    }
}

pub(crate) fn grounds(conditions: &[Condition], subject: &Subject<'_>) -> String {
    match conditions {
        [] => "applies to everybody in scope".to_owned(),
        list => joined(list, subject),
    }
}

pub(crate) fn lack(conditions: &[Condition], subject: &Subject<'_>) -> String {
    conditions
        .iter()
        .find(|part| part.test(subject) != Truth::Yes)
        .map_or_else(String::new, |part| part.lack(subject))
}

/// A date attribute of the person: absent, a day, or unreadable.
fn day_of(attribute: &Attribute, subject: &Subject<'_>) -> Result<Option<Date>, String> {
    match subject.day(attribute) {
        Day::Absent => Ok(None),
        Day::Is(day) => Ok(Some(day)),
        Day::Unreadable => Err(subject.no_day(attribute)),
    }
}

/// The moment from which an end date has passed.
fn end_moment(rule: &EndRule, end: Date, subject: &Subject<'_>) -> Timestamp {
    date::start_of(if rule.inclusive { date::shift(end, 1) } else { end }, subject.zone)
}

pub(crate) fn standing(
    document: &Document,
    subject: &Subject<'_>,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Standing {
    let identity = subject.identity;
    let rules = &document.lifecycle;
    let ours = facts.has_ours();
    let known = facts.linked || facts.over || facts.account.is_some() || ours;
    let tenant = document.tenants.get(&identity.id.tenant);
    let start_attribute = tenant
        .and_then(|tenant| tenant.start_attribute.as_ref())
        .or(rules.start.as_ref().map(|rule| &rule.attribute));
    let start = start_attribute.map_or(Ok(None), |attribute| day_of(attribute, subject));
    let mut standing = Standing {
        lifecycle: Lifecycle::OutOfScope,
        because: Vec::new(),
        begin: Begin::of(&start, identity),
        end: None,
        end_at: None,
        notices: Vec::new(),
        review: Vec::new(),
    };
    let end = end_date(document, subject, tenant.and_then(|tenant| tenant.end_attribute.as_ref()));
    let end_at = match (&rules.end, &end) {
        (Some(rule), Ok(Some(day))) => {
            standing.end = Some(*day);
            Some(end_moment(rule, *day, subject))
        }
        _ => None,
    };
    standing.end_at = end_at;
    let passed = end_at.filter(|at| *at <= now);

    let in_scope = all(&document.scope.conditions, subject);
    let scope_text = || reason(&in_scope, &document.scope.conditions, subject);
    if let Some(at) = facts.gone {
        if !known {
            return standing.is(
                Lifecycle::OutOfScope,
                "scope",
                "deleted in Okta, and never had an account".into(),
            );
        }
        let since = Some(passed.map_or(at, |passed| passed.min(at)));
        let ended = Lifecycle::Ended { since, how: Ending::Deleted };
        let standing = standing.is(ended, "lifecycle.deleted", "deleted in Okta".into());
        return told_of_end(standing, document, subject, since);
    }
    let deactivated = identity.status == Status::Deprovisioned;
    let concerned = match &in_scope {
        Truth::No => deactivated && waives_groups(document, subject),
        _ => true,
    };
    if !known && !concerned {
        return standing.is(Lifecycle::OutOfScope, "scope", scope_text());
    }
    if deactivated {
        let since = match (identity.status_changed, passed) {
            (Some(changed), Some(passed)) => Some(changed.min(passed)),
            (changed, passed) => changed.or(passed),
        };
        let ended = Lifecycle::Ended { since, how: Ending::Deactivated };
        let standing = standing.is(ended, "lifecycle.deactivated", "status is DEPROVISIONED".into());
        return if known { told_of_end(standing, document, subject, since) } else { standing };
    }
    if let Status::Unknown(text) = &identity.status {
        return standing.aside("lifecycle.status", format!("the status {text} is not known to this version"));
    }
    match &in_scope {
        Truth::Yes if subject.told() => standing.because.push(because("scope", subject.say(scope_text))),
        Truth::Yes => {}
        Truth::No => {
            let ends = facts.linked && ours;
            if document.scope.on_leaving == OnLeaving::Ignore || !(ends || facts.over) {
                return standing.is(Lifecycle::OutOfScope, "scope", scope_text());
            }
            let since = Some(facts.since);
            let ended = Lifecycle::Ended { since, how: Ending::LeftScope };
            let standing = standing.is(ended, "scope", scope_text());
            // Of whoever is gone already it was told then.
            return if ends { told_of_end(standing, document, subject, since) } else { standing };
        }
        Truth::Unknown | Truth::Broken(_) => return standing.aside("scope", scope_text()),
    }
    for mark in &rules.ended {
        let truth = all(&mark.conditions, subject);
        if truth == Truth::No {
            continue;
        }
        let rule = format!("lifecycle.ended.{}", mark.id);
        match (&truth, reason(&truth, &mark.conditions, subject)) {
            (Truth::Yes, text) => {
                let changed = match identity.status {
                    Status::Suspended => identity.status_changed,
                    _ => identity.last_updated,
                };
                let since = match (changed, passed) {
                    (Some(changed), Some(passed)) => Some(changed.min(passed)),
                    (changed, passed) => changed.or(passed),
                };
                let ended = Lifecycle::Ended { since, how: Ending::Deactivated };
                let standing = standing.is(ended, &rule, text);
                return if known { told_of_end(standing, document, subject, since) } else { standing };
            }
            (Truth::No, _) => {}
            (Truth::Unknown | Truth::Broken(_), why) => return standing.aside(&rule, why),
        }
    }
    if let Err(why) = &end {
        return standing.aside("lifecycle.end", why.clone());
    }
    if let (Some(day), Some(passed)) = (standing.end, passed) {
        let ended = Lifecycle::Ended { since: Some(passed), how: Ending::Expired };
        let standing = standing.is(ended, "lifecycle.end", format!("the contract ended on {day}"));
        return if known { told_of_end(standing, document, subject, Some(passed)) } else { standing };
    }
    standing.review.extend(end_at);
    if identity.status == Status::Staged {
        return staged(standing, document, subject, start, now);
    }
    let mut standing = warned(standing, document, subject, end_at, now);
    for leave in &rules.leave {
        let truth = all(&leave.conditions, subject);
        if truth == Truth::No {
            continue;
        }
        let rule = format!("lifecycle.leave.{}", leave.id);
        match (&truth, reason(&truth, &leave.conditions, subject)) {
            (Truth::Yes, text) => return standing.is(Lifecycle::Paused { loses: leave.loses }, &rule, text),
            (Truth::No, _) => {}
            (Truth::Unknown | Truth::Broken(_), why) => return standing.aside(&rule, why),
        }
    }
    if identity.status == Status::Suspended {
        // Suspension without another mark is a leave (contract okta.md §6.2), whether or not the policy says so.
        let loses = Loses { roles: true, doors: true, ..Loses::default() };
        let text = "status is SUSPENDED without a mark of termination".to_owned();
        return standing.is(Lifecycle::Paused { loses }, "lifecycle.leave", text);
    }
    standing.lifecycle = Lifecycle::Active;
    if subject.told() {
        let text = subject.say(|| format!("status is {}", identity.status));
        standing.because.push(because("lifecycle.active", text));
    }
    standing
}

/// Whether a deactivated person is in scope but for their groups, which are often taken away first.
fn waives_groups(document: &Document, subject: &Subject<'_>) -> bool {
    if !document.scope.leavers_keep_scope {
        return false;
    }
    let names_group = |condition: &Condition| {
        let mut found = false;
        condition.visit(&mut |part| {
            found |= match part {
                Condition::Group(_) => true,
                Condition::Cel(cel) => cel.reads_groups(),
                _ => false,
            };
        });
        found
    };
    let others = document.scope.conditions.iter().filter(|condition| !names_group(condition));
    others.into_iter().all(|condition| condition.test(subject) == Truth::Yes)
}

/// The end date of people whom the end rule concerns.
fn end_date(
    document: &Document,
    subject: &Subject<'_>,
    own: Option<&Attribute>,
) -> Result<Option<Date>, String> {
    let Some(rule) = &document.lifecycle.end else { return Ok(None) };
    match all(&rule.conditions, subject) {
        Truth::Yes => day_of(own.unwrap_or(&rule.attribute), subject),
        Truth::No => Ok(None),
        Truth::Unknown => Err(lack(&rule.conditions, subject)),
        Truth::Broken(why) => Err(why),
    }
}

fn staged(
    mut standing: Standing,
    document: &Document,
    subject: &Subject<'_>,
    start: Result<Option<Date>, String>,
    now: Timestamp,
) -> Standing {
    let Some(rule) = &document.lifecycle.start else {
        let lifecycle = Lifecycle::NotYet { prepare_at: Timestamp::MAX };
        return standing.is(lifecycle, "lifecycle.start", "status is STAGED: waits for activation".into());
    };
    match start {
        Err(why) => standing.aside("lifecycle.start", why),
        Ok(None) if rule.wait_without_date => {
            let lifecycle = Lifecycle::NotYet { prepare_at: Timestamp::MAX };
            let text = format!("status is STAGED and {} is empty: waits for activation", rule.attribute.name);
            standing.is(lifecycle, "lifecycle.start", text)
        }
        Ok(None) => standing
            .aside("lifecycle.start", format!("status is STAGED and {} is empty", rule.attribute.name)),
        Ok(Some(day)) => {
            let prepare_at = date::start_of(date::shift(day, -rule.prepare_days), subject.zone);
            let text =
                format!("status is STAGED, first day {day}, prepared {} days before", rule.prepare_days);
            if prepare_at <= now {
                return standing.is(Lifecycle::Active, "lifecycle.start", text);
            }
            standing.review.push(prepare_at);
            standing.is(Lifecycle::NotYet { prepare_at }, "lifecycle.start", text)
        }
    }
}

/// Adds the warning that an end draws near.
fn warned(
    mut standing: Standing,
    document: &Document,
    subject: &Subject<'_>,
    end_at: Option<Timestamp>,
    now: Timestamp,
) -> Standing {
    let (Some(rule), Some(end), Some(_)) = (&document.lifecycle.end, standing.end, end_at) else {
        return standing;
    };
    if rule.warn_days == 0 || rule.tell.is_empty() {
        return standing;
    }
    let warn_at = date::start_of(date::shift(end, -rule.warn_days), subject.zone);
    if now < warn_at {
        standing.review.push(warn_at);
        return standing;
    }
    let name = subject.identity.display_name();
    let days = i64::from(date::days_between(subject.today(), end));
    let left = match days {
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        days => format!("in {days} days"),
    };
    standing.notices.push(Want {
        value: NoticeWish {
            key: format!("contract-warning:{end}"),
            to: rule.tell.clone(),
            subject: format!("Contract of {name} ends on {end}"),
            text: format!(
                "The contract of {name} ({}) ends {left}, on {end}. At the end of that day the workplace account, \
                 permissions, seat and bookings are taken back. If the contract goes on, change the date in Okta.",
                place_of(subject.identity),
            ),
            after_verified: false,
        },
        because: vec![because("lifecycle.end", format!("{} days before {end}", rule.warn_days))],
    });
    standing
}

fn place_of(identity: &Identity) -> String {
    let mail = identity.profile.text("email").unwrap_or(&identity.id.user);
    match identity.profile.text("organization").or(identity.profile.text("department")) {
        Some(organization) => format!("{mail}, {organization}"),
        None => mail.to_owned(),
    }
}

/// Adds the confirmation that an end was carried out.
fn told_of_end(
    mut standing: Standing,
    document: &Document,
    subject: &Subject<'_>,
    since: Option<Timestamp>,
) -> Standing {
    let rules = &document.lifecycle;
    let concerned = rules.end.as_ref().filter(|rule| {
        !rule.tell.is_empty() && all(&rule.conditions, subject) == Truth::Yes && !rule.conditions.is_empty()
            || standing.end.is_some()
    });
    let mut to: Vec<String> = rules.tell.clone();
    for name in concerned.iter().flat_map(|rule| &rule.tell) {
        if !to.contains(name) {
            to.push(name.clone());
        }
    }
    if to.is_empty() {
        return standing;
    }
    let name = subject.identity.display_name();
    let day = since.map(|at| at.to_zoned(subject.zone.clone()).date());
    // An expiry that Okta follows with a deactivation is the same end: it is confirmed once.
    let key = match (standing.end.filter(|end| day.is_some_and(|day| *end <= day)), day) {
        (Some(end), _) => format!("ended:{end}"),
        (None, Some(day)) => format!("ended:{day}"),
        (None, None) => "ended".to_owned(),
    };
    let why = standing.because.last().map_or_else(String::new, |because| because.text.clone());
    standing.notices.push(Want {
        value: NoticeWish {
            key,
            to,
            subject: format!("{name} no longer has a workplace"),
            text: format!(
                "{name} ({}): {why}. Account, permissions, seat and bookings have been taken back, and a read of the \
                 workplace system confirms it.",
                place_of(subject.identity),
            ),
            after_verified: true,
        },
        because: standing.because.last().cloned().into_iter().collect(),
    });
    standing
}

/// Nothing is taken away before this moment.
pub(crate) fn settle_until(
    document: &Document,
    lifecycle: &Lifecycle,
    identity: &Identity,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Option<Timestamp> {
    let moving = matches!(
        lifecycle,
        Lifecycle::Active | Lifecycle::Paused { .. } | Lifecycle::Ended { how: Ending::LeftScope, .. }
    );
    if !moving {
        return None;
    }
    let settle = document.lifecycle.settle_seconds.seconds();
    let from = if identity.transitioning { facts.since.max(now) } else { facts.since };
    from.checked_add(settle).ok().filter(|until| *until > now)
}

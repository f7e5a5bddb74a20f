//! What the first day brings: a booked desk, an announced visit; and what is left to do by hand afterwards.

use std::borrow::Cow;

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use lanyard_model::{
    desired::{Because, BookingWish, Desired, KeptBookings, ToDo, VisitWish, Want},
    id::{AccountId, CenterId, FloorId},
    identity::{Identity, Status},
};

use crate::{
    date,
    document::{Document, HandOver, Keep},
    evaluate::Facts,
};

/// Whoever begins when they are activated is announced so long afterwards, should nobody have been there to do it: the sweep of
/// a night makes up for it.
const ANNOUNCED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// So long after their record was made somebody is still a newcomer, where nobody can say when they begin.
const NEW_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// When somebody begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// On their start date.
    On(Date),
    /// At the moment of their activation: they have no start date.
    Activated(Timestamp),
    /// Nobody can say, and why.
    Unknown(Cow<'static, str>),
}

impl Begin {
    /// `start` is the start date: absent, a day, or why it cannot be read.
    pub fn of(start: &Result<Option<Date>, String>, identity: &Identity) -> Self {
        match (start, identity.activated) {
            (Ok(Some(day)), _) => Self::On(*day),
            (Err(why), _) => Self::Unknown(why.clone().into()),
            (Ok(None), _) if identity.status == Status::Staged => {
                Self::Unknown("there is no start date, and they are not activated yet".into())
            }
            (Ok(None), Some(at)) => Self::Activated(at),
            (Ok(None), None) => {
                Self::Unknown("there is no start date, and Okta does not say when they were activated".into())
            }
        }
    }
}

pub(crate) struct FirstDay<'a> {
    pub begin: &'a Begin,
    pub now: Timestamp,
    pub zone: &'a TimeZone,
    /// One reason, or none where nobody is told.
    pub because: &'a [Because],
}

impl FirstDay<'_> {
    fn day(&self) -> Result<Date, String> {
        match self.begin {
            Begin::On(day) => Ok(*day),
            Begin::Activated(at) => Ok(self.zone.to_datetime(*at).date()),
            Begin::Unknown(why) => Err(why.to_string()),
        }
    }

    fn reason(&self, day: Date) -> Vec<Because> {
        let mut because = self.because.to_vec();
        let begins = match self.begin {
            Begin::Activated(_) => format!("no start date, activated on {day}"),
            _ => format!("first day {day}"),
        };
        because.iter_mut().for_each(|because| because.text = format!("{}; {begins}", because.text));
        because
    }

    /// The day and the moment, while it lies ahead.
    fn ahead(&self, time: Time) -> Result<(Date, Timestamp), String> {
        let day = self.day()?;
        let at = date::at(day, time, self.zone);
        if at <= self.now { Err(format!("the first day, {day}, has begun")) } else { Ok((day, at)) }
    }

    /// The day, the moment they arrive, and until when that is announced: before it, but for whoever is there already
    /// because they begin with their activation.
    fn arrival(&self, time: Time) -> Result<(Date, Timestamp, Timestamp), String> {
        let Begin::Activated(activated) = *self.begin else {
            return self.ahead(time).map(|(day, at)| (day, at, at));
        };
        let day = self.day()?;
        let until = activated.saturating_add(ANNOUNCED_FOR).unwrap_or(activated);
        if until <= self.now {
            return Err(format!("there is no start date, and they began when they were activated, on {day}"));
        }
        Ok((day, activated.max(date::at(day, time, self.zone)), until))
    }

    /// The day of an arrival that somebody can still announce by hand, and until when there is use in that. `None`: it is past.
    /// Where nobody knows the day, newcomers alone count: everybody else is there already.
    fn by_hand(&self, identity: &Identity) -> Option<(Option<Date>, Timestamp)> {
        let (day, until) = match (self.begin, self.day()) {
            (Begin::Unknown(_), _) | (_, Err(_)) => {
                let made = identity.created.max(identity.activated)?;
                (None, made.saturating_add(NEW_FOR).unwrap_or(made))
            }
            (_, Ok(day)) => (Some(day), date::start_of(date::shift(day, 1), self.zone)),
        };
        (until > self.now).then_some((day, until))
    }
}

/// Which desk is wanted for the first day.
pub(crate) struct FirstDesk {
    pub(crate) title: String,
    /// Folded.
    pub(crate) kinds: Vec<String>,
    pub(crate) floors: Vec<FloorId>,
}

/// The wish for a desk on the first day, while that lies ahead, and when it begins. Most people's lies behind, and nobody asks
/// `what` would be wanted. The error says why there is no wish.
pub(crate) fn booking(
    first: &FirstDay<'_>,
    (from, to): (Time, Time),
    what: impl FnOnce() -> FirstDesk,
) -> Result<(Want<BookingWish>, Timestamp), String> {
    let (day, start) = first.ahead(from)?;
    let FirstDesk { title, kinds, floors } = what();
    if floors.is_empty() {
        return Err("there is no floor to book on".into());
    }
    let end = date::at(day, to, first.zone);
    let value = BookingWish { key: format!("day-one:{day}"), title, floors, kinds, start, end };
    Ok((Want { value, because: first.reason(day) }, start))
}

/// Wishes the arrival to be announced, while there is still use in it. The error says why there is no wish.
pub(crate) fn add_visit(
    first: &FirstDay<'_>,
    identity: &Identity,
    (visitor_type, notes, at): (Option<&str>, &str, Time),
    host: Option<AccountId>,
    center: Option<CenterId>,
    desired: &mut Desired,
) -> Result<(), String> {
    let (day, arrival, until) = first.arrival(at)?;
    let host = host.ok_or("neither the manager nor the site's default host has an account")?;
    let center = center.ok_or("no visitor center serves the building")?;
    let text = |name: &str| identity.profile.text(name).map(|text| text.trim().to_owned());
    let (Some(first_name), Some(last_name)) = (text("firstName"), text("lastName")) else {
        return Err("first or last name is empty".into());
    };
    let value = VisitWish {
        key: visit_key(day),
        first_name,
        last_name,
        email: text("email"),
        company: text("organization"),
        notes: notes.to_owned(),
        visitor_type: visitor_type.map(str::to_owned),
        host,
        center,
        arrival,
    };
    desired.visits.push(Want { value, because: first.reason(day) });
    desired.review_by(until);
    Ok(())
}

/// Somebody must announce by hand an arrival that cannot be wished for, and why. Once per arrival, and not where it was announced
/// while that was still possible.
pub(crate) fn add_announcement(
    first: &FirstDay<'_>,
    identity: &Identity,
    why: &str,
    facts: &Facts<'_>,
    desired: &mut Desired,
) {
    let Some((day, until)) = first.by_hand(identity) else { return };
    let announced = facts.applied.is_some_and(|applied| match day {
        Some(day) => applied.visits.contains_key(&visit_key(day)),
        None => !applied.visits.is_empty(),
    });
    let (key, when) = match day {
        Some(day) => (format!("announce:{day}"), format!("on {day}")),
        None => ("announce".to_owned(), "on their first day".to_owned()),
    };
    if announced || desired.todos.iter().any(|todo| todo.value.key == key) {
        return;
    }
    let value = ToDo {
        key,
        what: format!("Announce {} at the front desk, who arrives {when}", identity.display_name()),
        how: format!(
            "It cannot be announced through the API: {why}. Pre-register the visit in iOffice's visitor center, with its host, \
             or tell the front desk."
        ),
    };
    desired.todos.push(Want { value, because: first.because.to_vec() });
    desired.review_by(until);
}

fn visit_key(day: Date) -> String {
    format!("visit:{day}")
}

/// Whoever would take the bookings over of somebody who left, or is on a leave that takes them.
struct Taker<'a> {
    account: Option<AccountId>,
    delegate: bool,
    /// Why the site would not hand one over to them.
    refused: Option<&'a String>,
}

/// The delegate, where the rule says so and there is one whom the site does not refuse; else the manager.
fn taker<'a>(rule: HandOver, facts: &Facts<'a>) -> Taker<'a> {
    let of = |account: Option<AccountId>, delegate| {
        let refused = account.zip(facts.applied).and_then(|(to, applied)| applied.not_handed_over.get(&to));
        Taker { account, delegate, refused }
    };
    let delegate = of(facts.delegate_account.filter(|_| rule == HandOver::Delegate), true);
    match delegate {
        Taker { account: Some(_), refused: None, .. } => delegate,
        _ => of(facts.manager_account, false),
    }
}

/// Which bookings of somebody whose right to them ended at `since`, which `end` calls in words, stay for now. What the site once refused to hand over to
/// an account is not asked of it again: somebody does it by hand.
pub(crate) fn kept(
    document: &Document,
    since: Timestamp,
    end: &str,
    zone: &TimeZone,
    facts: &Facts<'_>,
) -> Vec<KeptBookings> {
    let rules = document.lifecycle.bookings.iter().enumerate();
    rules
        .map(|(at, rule)| {
            let name = if rule.kinds.is_empty() { "any".to_owned() } else { rule.kinds.join(" or ") };
            // Whole days where the person was.
            let (last, within) = match rule.keep {
                Some(Keep::Days(days)) => (
                    Some(date::shift(zone.to_datetime(since).date(), days)),
                    format!("within {days} days of {end}"),
                ),
                Some(Keep::Until(day)) => (Some(day), format!("on {day} at the latest")),
                None => (None, String::new()),
            };
            let taker = rule.hand_over.map(|to| taker(to, facts));
            let text = match last {
                Some(_) => format!(
                    "bookings of {name} that begin {within} {}",
                    match &taker {
                        None => "are kept",
                        Some(Taker { account: Some(_), refused: None, delegate: true }) =>
                            "go to whoever stands in for them",
                        Some(Taker { account: Some(_), refused: None, .. }) => "go to the manager",
                        Some(Taker { account: Some(_), .. }) =>
                            "are kept, for somebody to hand over: the site does not give them to the manager",
                        Some(Taker { account: None, .. }) =>
                            "are kept, for somebody to hand over: the manager has no account here",
                    }
                ),
                None => format!("bookings of {name} are cancelled"),
            };
            let to = taker.as_ref().filter(|taker| taker.refused.is_none());
            KeptBookings {
                kinds: rule.kinds.clone(),
                until: last.map_or(Timestamp::MIN, |last| date::start_of(date::shift(last, 1), zone)),
                hand_over: rule.hand_over.is_some(),
                to: to.and_then(|taker| taker.account),
                to_delegate: to.is_some_and(|taker| taker.account.is_some() && taker.delegate),
                refused: taker.as_ref().and_then(|taker| taker.refused.cloned()),
                because: Because { rule: format!("lifecycle.bookings.{}", at + 1), row: None, text },
            }
        })
        .collect()
}

/// iOffice offers no way to end a visit: whoever announced one must have it checked out by hand.
pub(crate) fn add_checkouts(facts: &Facts<'_>, desired: &mut Desired) {
    let because = desired.because.last().cloned();
    for (key, registration) in facts.applied.iter().flat_map(|applied| &applied.visits) {
        let number =
            if *registration > 0 { format!(" (registration {registration})") } else { String::new() };
        desired.todos.push(Want {
            value: ToDo {
                key: format!("visit-checkout:{key}"),
                what: format!("Check out the visit{number} at the front desk"),
                how: "iOffice offers no way to end a visit through its API: open it in the visitor center and check \
                      the person out."
                    .into(),
            },
            because: because.clone().into_iter().collect(),
        });
    }
}

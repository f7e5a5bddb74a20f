//! What the first day brings: a booked desk, an announced visit; and what is left to do by hand afterwards.

use jiff::{
    Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};
use lanyard_model::{
    desired::{Because, BookingWish, Desired, KeptBookings, ToDo, VisitWish, Want},
    fold,
    id::{AccountId, CenterId, FloorId},
    identity::Identity,
};

use crate::{date, document::Document, evaluate::Facts};

pub(crate) struct FirstDay<'a> {
    pub start: Option<Date>,
    pub now: Timestamp,
    pub zone: &'a TimeZone,
    /// One reason, or none where nobody is told.
    pub because: &'a [Because],
}

impl FirstDay<'_> {
    fn reason(&self, day: Date) -> Vec<Because> {
        let mut because = self.because.to_vec();
        because.iter_mut().for_each(|because| because.text = format!("{}; first day {day}", because.text));
        because
    }

    /// The day and the moment, while it lies ahead.
    fn ahead(&self, time: Time) -> Result<(Date, Timestamp), String> {
        let Some(day) = self.start else { return Err("there is no start date".into()) };
        let at = date::at(day, time, self.zone);
        if at <= self.now { Err(format!("the first day, {day}, has begun")) } else { Ok((day, at)) }
    }
}

/// Wishes a desk for the first day, while that lies ahead. The error says why there is no wish.
pub(crate) fn add_booking(
    first: &FirstDay<'_>,
    title: &str,
    kinds: &[String],
    (from, to): (Time, Time),
    floors: Vec<FloorId>,
    desired: &mut Desired,
) -> Result<(), String> {
    let (day, start) = first.ahead(from)?;
    if floors.is_empty() {
        return Err("there is no floor to book on".into());
    }
    let end = date::at(day, to, first.zone);
    let value = BookingWish {
        key: format!("day-one:{day}"),
        title: title.to_owned(),
        floors,
        kinds: kinds.iter().map(|kind| fold::text(kind)).collect(),
        start,
        end,
    };
    desired.bookings.push(Want { value, because: first.reason(day) });
    desired.review_by(start);
    Ok(())
}

/// Wishes the arrival to be announced, while it lies ahead. The error says why there is no wish.
pub(crate) fn add_visit(
    first: &FirstDay<'_>,
    identity: &Identity,
    (visitor_type, notes, at): (Option<&str>, &str, Time),
    host: Option<AccountId>,
    center: Option<CenterId>,
    desired: &mut Desired,
) -> Result<(), String> {
    let (day, arrival) = first.ahead(at)?;
    let host = host.ok_or("neither the manager nor the site's default host has an account")?;
    let center = center.ok_or("no visitor center serves the building")?;
    let text = |name: &str| identity.profile.text(name).map(|text| text.trim().to_owned());
    let (Some(first_name), Some(last_name)) = (text("firstName"), text("lastName")) else {
        return Err("first or last name is empty".into());
    };
    let value = VisitWish {
        key: format!("visit:{day}"),
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
    desired.review_by(arrival);
    Ok(())
}

/// Which bookings of somebody whose right ended at `since` stay for now. What the site once refused to hand over to the
/// manager's account is not asked of it again: somebody does it by hand.
pub(crate) fn kept(
    document: &Document,
    since: Timestamp,
    zone: &TimeZone,
    facts: &Facts<'_>,
) -> Vec<KeptBookings> {
    let manager = facts.manager_account;
    let refused = manager.zip(facts.applied).and_then(|(to, applied)| applied.not_handed_over.get(&to));
    let rules = document.lifecycle.bookings.iter().enumerate();
    rules
        .map(|(at, rule)| {
            let name = if rule.kinds.is_empty() { "any".to_owned() } else { rule.kinds.join(" or ") };
            // Whole days where the person was.
            let last = date::shift(zone.to_datetime(since).date(), rule.keep_days.unwrap_or(-1) + 1);
            let until = date::start_of(last, zone);
            let text = match rule.keep_days {
                Some(days) => format!(
                    "bookings of {name} that begin within {days} days of the end {}",
                    match (rule.hand_over, manager, refused) {
                        (false, ..) => "are kept",
                        (true, Some(_), None) => "go to the manager",
                        (true, Some(_), Some(_)) =>
                            "are kept, for somebody to hand over: the site does not give them to the manager",
                        (true, None, _) =>
                            "are kept, for somebody to hand over: the manager has no account here",
                    }
                ),
                None => format!("bookings of {name} are cancelled"),
            };
            let refused = refused.filter(|_| rule.hand_over).cloned();
            KeptBookings {
                kinds: rule.kinds.clone(),
                until: rule.keep_days.map_or(Timestamp::MIN, |_| until),
                hand_over: rule.hand_over,
                to: manager.filter(|_| rule.hand_over && refused.is_none()),
                refused,
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

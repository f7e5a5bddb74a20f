//! Leavers with each stage, and the late ones with their cause and who answers for them.

use jiff::Timestamp;
use lanyard_evidence::{cell::Cell, pack::Pack, tables};
use lanyard_model::{desired::Ending, id::SiteId};

use super::{
    Scope, people,
    people::{Known, Membership},
    plans::{Note, Plans},
    sayings::Sayings,
};

/// Okta's clock and ours may differ by so much.
const SKEW: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// A leaver who was not verified gone in time.
pub struct Late {
    person: String,
    name: String,
    site: SiteId,
    since: Timestamp,
    verified: Option<Timestamp>,
    total: i64,
    cause: Option<&'static str>,
}

/// Writes the leavers; answers the late ones, of whom the journal says who answers for them. Whose bound was not over when
/// the period ended is neither in time nor late.
///
/// Whoever had left before the first complete comparison there could not have been in time.
pub fn leavers(
    scope: &Scope<'_>,
    known: &Known,
    plans: &Plans,
    membership: &Membership,
    pack: &mut Pack,
) -> anyhow::Result<Vec<Late>> {
    let bound = scope.ask.leaver_bound_seconds;
    let mut late = Vec::new();
    for leaver in scope.archive.leavers(scope.ask.from, scope.ask.to)? {
        if leaver.identity.tenant != scope.ask.tenant || !scope.site(&leaver.site) {
            continue;
        }
        let person = leaver.identity.to_string();
        let verified = leaver.verified_at.filter(|at| *at < scope.ask.to);
        let returned = leaver.returned_at.filter(|at| *at < scope.ask.to);
        let (since, seen) = (leaver.since, leaver.seen_at.max(leaver.since));
        let until = verified.or(returned).unwrap_or(scope.ask.to);
        let total = until.duration_since(since).as_secs().max(0);
        if verified.is_none() && returned.is_some() && total <= bound {
            // Back before anybody had to be out: a cancelled clock is among the returns.
            continue;
        }
        let note = plans
            .notes(&person, &leaver.site)
            .iter()
            .find(|note| note.ending.is_some() && note.made_at() + SKEW >= since && note.made_at() <= until);
        let decided = note.map(Note::made_at);
        let (sent, answered) = (note.and_then(|n| plans.sent(n)), note.and_then(|n| plans.answered(n)));
        let between = |from: Option<Timestamp>, to: Option<Timestamp>| {
            from.zip(to).map(|(from, to)| to.duration_since(from).as_secs().max(0))
        };
        let stages = [
            between(Some(since), Some(seen)),
            between(Some(seen), decided),
            between(decided, sent),
            between(sent, answered),
            between(answered, verified),
        ];
        // Whoever was back already went on above: this clock runs, and its bound is not over.
        let under_way = verified.is_none() && total <= bound;
        let in_time = verified.is_some() && total <= bound;
        let baseline = membership.baselines.get(&leaver.site);
        let before = verified.is_some() && baseline.is_some_and(|baseline| since < *baseline);
        let cause = match (in_time || under_way, before) {
            (true, _) => None,
            (false, true) => Some("before_first_comparison"),
            (false, false) if verified.is_none() && returned.is_some() => Some("never_out"),
            (false, false) => Some(cause(verified.is_some(), &stages)),
        };
        let account = account_of(scope, &leaver.identity.to_string(), &leaver.site);
        let name = known.name(&person);
        let how = note.and_then(|note| note.ending).map(ending);
        let mut row: Vec<Cell> = vec![
            person.as_str().into(),
            name.as_str().into(),
            leaver.site.as_str().into(),
            account.into(),
            how.into(),
            since.into(),
            seen.into(),
            decided.into(),
            sent.into(),
            answered.into(),
            verified.into(),
        ];
        row.extend(stages.map(Cell::from));
        row.extend([
            total.into(),
            (!under_way).then_some(in_time).into(),
            cause.into(),
            on_weekend(since).into(),
            returned.into(),
            note.map(Note::name).into(),
        ]);
        pack.row(&tables::LEAVERS, row);
        if !in_time && !under_way {
            late.push(Late { person, name, site: leaver.site, since, verified, total, cause });
        }
    }
    Ok(late)
}

/// The late ones as rows.
pub fn breaches(late: &[Late], bound: i64, sayings: &Sayings, pack: &mut Pack) {
    for one in late {
        let answer = sayings.answer(&one.person, &one.site, one.since);
        pack.row(
            &tables::BREACHES,
            vec![
                one.person.as_str().into(),
                one.name.as_str().into(),
                one.site.as_str().into(),
                one.since.into(),
                one.verified.into(),
                one.total.into(),
                bound.into(),
                (one.total - bound).max(0).into(),
                one.cause.into(),
                on_weekend(one.since).into(),
                answer.map(|answer| answer.owner.as_str()).into(),
                answer.map(|answer| answer.compensation.as_str()).into(),
                answer.map(|answer| answer.at).into(),
                answer.map(|answer| answer.by.as_str()).into(),
                answer.map(|answer| answer.position).into(),
            ],
        );
    }
}

/// Whether it is Saturday or Sunday then, UTC.
fn on_weekend(at: Timestamp) -> bool {
    use jiff::civil::Weekday::{Saturday, Sunday};
    matches!(at.to_zoned(jiff::tz::TimeZone::UTC).weekday(), Saturday | Sunday)
}

/// The slowest stage names the cause.
fn cause(verified: bool, stages: &[Option<i64>; 5]) -> &'static str {
    const NAMES: [&str; 5] = ["okta_late", "engine", "hold_or_gate", "ioffice", "read_back"];
    if !verified {
        return "open";
    }
    let slowest = stages.iter().enumerate().max_by_key(|(_, seconds)| seconds.unwrap_or(-1));
    slowest.map_or("engine", |(at, _)| NAMES[at])
}

fn ending(how: Ending) -> &'static str {
    match how {
        Ending::Deactivated => "deactivated",
        Ending::Deleted => "deleted",
        Ending::Expired => "expired",
        Ending::LeftScope => "left_scope",
    }
}

/// The account the person has, or last had, in the site.
fn account_of(scope: &Scope<'_>, person: &str, site: &SiteId) -> Option<i64> {
    let who = people::identity(person)?;
    let all = scope.archive.accounts_of(&who).ok()?;
    all.into_iter()
        .filter(|(key, ..)| key.site == *site)
        .max_by_key(|(_, from, _)| *from)
        .map(|(key, ..)| key.id.0)
}

//! One rule: where, when, how often, and what happens.

use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::host::{DeskName, Vendor};

/// Where a rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Requests to an Okta org.
    Okta,
    /// Requests to an iOffice site.
    Ioffice,
    /// Requests to the badge system.
    Badge,
    /// Event-hook requests that an Okta org makes.
    Hook,
    /// SCIM requests that an Okta org makes to the server that an app provisions to.
    Scim,
}

impl Target {
    /// Whose stand-in it happens at.
    pub(super) fn vendor(self) -> Vendor {
        match self {
            Self::Okta | Self::Hook | Self::Scim => Vendor::Okta,
            Self::Ioffice => Vendor::Ioffice,
            Self::Badge => Vendor::Badge,
        }
    }
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// 401, nothing done.
    Unauthorized,
    /// 403, nothing done.
    Forbidden,
    /// 429 of the quota kind, nothing done. Okta's reset lies `by` (default 30 s) ahead.
    Quota,
    /// 429 of the concurrency kind (Okta: limit 0, a bogus reset `by`, default 5 min, ahead), nothing done.
    Concurrency,
    /// 500, nothing done.
    ServerError,
    /// 503, nothing done.
    Unavailable,
    /// Nothing done, no answer for `by` (default 60 s), then the connection closes.
    TimeoutBefore,
    /// Done, no answer for `by` (default 60 s), then the connection closes. SCIM: the sender hears of no answer as soon as
    /// the server has given it.
    TimeoutAfter,
    /// The connection closes before the request is looked at.
    Refuse,
    /// Done, and the connection closes without a byte of the answer.
    Cut,
    /// Done, and the connection closes in the middle of the answer's body.
    CutMidBody,
    /// Done, and the answer comes `by` (default 2 s) later.
    Delay,
    /// A list answer loses its last third of rows (one at least); its links and status stay.
    TornPage,
    /// A follow-up page of a list loses its first row, as if an earlier row had just been removed.
    ShiftingPage,
    /// A list answers what it answered to the same request when first asked.
    StaleList,
    /// The `next` link of a list names another host.
    ForeignNext,
    /// From now on the caller's credential answers 401, until the rule ends or is removed.
    RevokeCredential,
    /// From now on the face's clock is off by `by` (may be negative), until the rule ends or is removed.
    ClockJump,
    /// Hook: the delivery is lost on the way; the sender believes it arrived.
    Drop,
    /// Hook, SCIM: the receiver cannot be reached; the sender notices, and may retry.
    Unreachable,
    /// Hook, SCIM: the request is made twice.
    Duplicate,
    /// Hook, SCIM: the request is made `by` (default 30 s) late.
    Late,
    /// Hook, SCIM: the request waits until the next one has been made (30 s at most).
    Reorder,
}

impl Effect {
    /// Whether the effect can happen to what a target stands for.
    pub fn is_for(self, target: Target) -> bool {
        let on_the_way = matches!(self, Self::Unreachable | Self::Duplicate | Self::Late | Self::Reorder);
        match target {
            Target::Hook => on_the_way || self == Self::Drop,
            Target::Scim => on_the_way || self.is_answered_for() || self == Self::TimeoutAfter,
            Target::Okta | Target::Ioffice | Target::Badge => !on_the_way && self != Self::Drop,
        }
    }

    /// Whether a refusal stands in for the answer, so that nothing is done.
    fn is_answered_for(self) -> bool {
        use Effect::{Forbidden, Quota, ServerError, TimeoutBefore, Unauthorized, Unavailable};
        matches!(self, Unauthorized | Forbidden | Quota | ServerError | Unavailable | TimeoutBefore)
    }

    /// The length of time that `by` means when unset.
    pub(super) fn default_by(self) -> SignedDuration {
        match self {
            Self::Quota | Self::Late | Self::Reorder => SignedDuration::from_secs(30),
            Self::Concurrency => SignedDuration::from_secs(300),
            Self::TimeoutBefore | Self::TimeoutAfter => SignedDuration::from_secs(60),
            Self::Delay => SignedDuration::from_secs(2),
            Self::ClockJump => SignedDuration::from_hours(1),
            _ => SignedDuration::ZERO,
        }
    }
}

/// A moment in a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// After the start of the stand-in (or, for a rule posted later, after its arrival).
    After(SignedDuration),
    At(Timestamp),
}

impl Moment {
    /// The moment, where the stand-in started (or the rule arrived) at `start`.
    pub fn on(self, start: Timestamp) -> Timestamp {
        match self {
            Self::After(wait) => start.checked_add(wait).unwrap_or(Timestamp::MAX),
            Self::At(at) => at,
        }
    }
}

/// One thing that goes wrong. Conditions that are unset always hold; those that are set must all hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Shown in reports.
    pub name: String,
    pub target: Target,
    /// Only at this org or site, counted from 0.
    pub index: Option<usize>,
    /// `GET`, `PUT`, …
    pub method: Option<String>,
    /// Path pattern in which `*` stands for any text, without query.
    pub path: Option<String>,
    /// Not before.
    pub from: Option<Moment>,
    /// Not at or after.
    pub until: Option<Moment>,
    /// The first so many matches are spared.
    pub skip: u64,
    /// Only every so manieth of the remaining matches, starting with the first.
    pub every: u64,
    /// How likely each of those is hit, 0 to 1.
    pub probability: f64,
    /// Only so many hits altogether.
    pub count: u64,
    pub effect: Effect,
    /// The effect's length of time; see [`Effect`].
    pub by: Option<SignedDuration>,
}

impl Rule {
    /// A rule that always hits.
    pub fn new(target: Target, effect: Effect) -> Self {
        Self {
            name: format!("{target:?} {effect:?}"),
            target,
            index: None,
            method: None,
            path: None,
            from: None,
            until: None,
            skip: 0,
            every: 1,
            probability: 1.0,
            count: u64::MAX,
            effect,
            by: None,
        }
    }

    /// Whether the rule can ever apply at this face.
    pub fn concerns(&self, desk: DeskName) -> bool {
        self.target.vendor() == desk.vendor && self.index.is_none_or(|index| index == desk.index)
    }

    pub(super) fn by(&self) -> SignedDuration {
        self.by.unwrap_or_else(|| self.effect.default_by())
    }

    pub(super) fn is_open(&self, start: Timestamp, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from.on(start) <= now) && !self.is_over(start, now)
    }

    pub(super) fn is_over(&self, start: Timestamp, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until.on(start) <= now)
    }

    pub(super) fn matches<B>(&self, request: &Request<B>) -> bool {
        self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(request.method().as_str()))
            && self
                .path
                .as_ref()
                .is_none_or(|pattern| glob(pattern.as_bytes(), request.uri().path().as_bytes()))
    }
}

/// Whether `text` has the shape of `pattern`, in which `*` stands for any bytes. Linear in both for one star, and
/// never worse than their product.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                back = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    p = star + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("/users", "/users", true),
            ("/users", "/users/1", false),
            ("/users*", "/users/1", true),
            ("/users/*/groups", "/users/00u1/groups", true),
            ("/users/*/groups", "/users/groups", false),
            ("*/cancel", "/reservations/7/cancel", true),
            ("*a*b", "xxaxxbxb", true),
            ("*a*b", "xxaxxbxc", false),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}

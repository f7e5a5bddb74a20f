//! Rate limits: which bucket a call falls in, what is left of it, and the two kinds of 429.

use std::{collections::HashMap, sync::Arc};

use http::Method;

use super::{dice::Dice, moment::Moment, principals::Share, settings::Quotas};

/// A quota shared by a family of paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bucket {
    Apps,
    App,
    Groups,
    Group,
    Users,
    User,
    UserWrite,
    Logs,
    OauthClients,
    Authorize,
    Other,
    /// Keys and discovery documents.
    Unlimited,
}

const BUCKETS: usize = 12;

impl Bucket {
    fn named(name: &str) -> Self {
        match name {
            "apps" => Self::Apps,
            "app" => Self::App,
            "groups" => Self::Groups,
            "group" => Self::Group,
            "users" => Self::Users,
            "user" => Self::User,
            "user_write" => Self::UserWrite,
            "logs" => Self::Logs,
            _ => Self::Other,
        }
    }

    /// The pattern shown in rate-limit events.
    pub fn label(self) -> &'static str {
        match self {
            Self::Apps => "/api/v1/apps",
            Self::App => "/api/v1/apps/{id}",
            Self::Groups => "/api/v1/groups",
            Self::Group => "/api/v1/groups/{id}",
            Self::Users => "/api/v1/users",
            Self::User => "/api/v1/users/{idOrLogin}",
            Self::UserWrite => "/api/v1/users/{id}",
            Self::Logs => "/api/v1/logs",
            Self::OauthClients => "/oauth2/v1/clients",
            Self::Authorize => "/oauth2/v1/authorize",
            Self::Other => "/api/v1",
            Self::Unlimited => "",
        }
    }

    fn quota(self, quotas: &Quotas) -> u64 {
        match self {
            Self::Apps => quotas.apps,
            Self::App => quotas.app,
            Self::Groups => quotas.groups,
            Self::Group => quotas.group,
            Self::Users => quotas.users,
            Self::User => quotas.user,
            Self::UserWrite => quotas.user_write,
            Self::Logs => quotas.logs,
            Self::OauthClients => quotas.oauth_clients,
            Self::Authorize => quotas.authorize,
            Self::Other => quotas.other,
            Self::Unlimited => 0,
        }
    }
}

pub fn bucket_of(method: &Method, segments: &[&str], quotas: &Quotas) -> Bucket {
    match segments {
        ["oauth2", "v1", "keys"] | [".well-known", ..] => Bucket::Unlimited,
        ["oauth2", "v1", "clients", ..] => Bucket::OauthClients,
        ["oauth2", "v1", "authorize"] => Bucket::Authorize,
        ["api", "v1", "apps", _] => Bucket::App,
        ["api", "v1", "apps", ..] => Bucket::Apps,
        ["api", "v1", "groups", _, "users", ..] => Bucket::named(&quotas.group_users_bucket),
        ["api", "v1", "groups", id] if *id != "rules" => Bucket::Group,
        ["api", "v1", "groups", ..] => Bucket::Groups,
        ["api", "v1", "users"] => Bucket::Users,
        ["api", "v1", "users", _] if method == Method::GET => Bucket::User,
        ["api", "v1", "users", _] => Bucket::UserWrite,
        ["api", "v1", "users", _, "groups"] => Bucket::named(&quotas.user_groups_bucket),
        ["api", "v1", "logs"] => Bucket::Logs,
        _ => Bucket::Other,
    }
}

/// What the rate-limit headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub limit: u64,
    pub remaining: u64,
    /// UTC epoch seconds.
    pub reset: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on. `warn`: this call is the first in its window to pass 60 % of the org's quota.
    Pass { standing: Standing, warn: bool },
    /// 429; `first` of its window, so that the violation is logged once.
    Quota { standing: Standing, first: bool },
    /// 429 with `Limit: 0`.
    Concurrency { standing: Standing, first: bool },
}

impl Verdict {
    pub fn standing(&self) -> Standing {
        match self {
            Self::Pass { standing, .. }
            | Self::Quota { standing, .. }
            | Self::Concurrency { standing, .. } => *standing,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Window {
    start: Moment,
    used: u64,
    warned: bool,
    violated: bool,
}

const FRESH: Window = Window { start: Moment::NEVER, used: 0, warned: false, violated: false };

impl Window {
    fn roll(&mut self, now: Moment, length_ms: i64) {
        if self.start == Moment::NEVER || now.0 - self.start.0 >= length_ms || now < self.start {
            *self = Window { start: now, ..FRESH };
        }
    }
}

/// A request under way, as far as the time that its answer takes says.
#[derive(Debug)]
struct Request {
    ends: Moment,
    principal: Arc<str>,
    authorize: bool,
}

/// Counts calls per bucket, for the org and for each principal.
#[derive(Debug)]
pub struct Limits {
    org: [Window; BUCKETS],
    principals: HashMap<Arc<str>, [Window; BUCKETS]>,
    /// Shares that differ from the default, by principal.
    pub shares: HashMap<Arc<str>, Share>,
    in_flight: Vec<Request>,
    /// Other requests that wait for their answer now, as the host counts them.
    pub others_in_flight: u64,
    last_concurrency_violation: Moment,
    /// Answers still to be refused for concurrency, by command.
    pub forced_concurrency: u64,
    /// Until then every call of the bucket is over quota, by command.
    pub exhausted: HashMap<Bucket, Moment>,
}

impl Limits {
    pub fn new() -> Self {
        Self {
            org: [FRESH; BUCKETS],
            principals: HashMap::new(),
            shares: HashMap::new(),
            in_flight: Vec::new(),
            others_in_flight: 0,
            last_concurrency_violation: Moment::NEVER,
            forced_concurrency: 0,
            exhausted: HashMap::new(),
        }
    }

    pub fn bucket_named(name: &str) -> Bucket {
        Bucket::named(name)
    }

    /// Counts one call that takes `takes_ms` and says whether it may go on.
    pub fn admit(
        &mut self,
        bucket: Bucket,
        principal: &Arc<str>,
        quotas: &Quotas,
        now: Moment,
        takes_ms: i64,
        dice: &mut Dice,
    ) -> Verdict {
        let length_ms = quotas.window_seconds.max(1) as i64 * 1000;
        if self.forced_concurrency > 0 {
            self.forced_concurrency -= 1;
            return self.concurrency_refusal(now, dice);
        }
        let quota = bucket.quota(quotas);
        let (percent, concurrency_percent) = (self.shares.get(principal))
            .map_or((quotas.principal_percent, quotas.principal_concurrency_percent), |share| {
                (share.percent, share.concurrency_percent)
            });
        if let Some(until) = self.exhausted.get(&bucket).copied() {
            if now < until {
                let reset = until.plus_ms(999).seconds();
                let share = quota * percent / 100;
                return Verdict::Quota {
                    standing: Standing { limit: share, remaining: 0, reset },
                    first: false,
                };
            }
            self.exhausted.remove(&bucket);
        }
        if bucket == Bucket::Unlimited || !quotas.enforced {
            let reset = now.plus_ms(length_ms).seconds();
            return Verdict::Pass {
                standing: Standing { limit: quota, remaining: quota, reset },
                warn: false,
            };
        }
        if self.others_in_flight >= quotas.concurrency {
            return self.concurrency_refusal(now, dice);
        }
        if takes_ms > 0 {
            self.in_flight.retain(|other| other.ends > now);
            let authorize = bucket == Bucket::Authorize;
            let own = |other: &&Request| other.principal == *principal && other.authorize == authorize;
            let (own, all) = (self.in_flight.iter().filter(own).count() as u64, self.in_flight.len() as u64);
            let share = if authorize {
                quotas.authorize_concurrency
            } else {
                quotas.concurrency * concurrency_percent / 100
            };
            if all >= quotas.concurrency || own >= share.max(1) {
                return self.concurrency_refusal(now, dice);
            }
            self.in_flight.push(Request {
                ends: now.plus_ms(takes_ms),
                principal: principal.clone(),
                authorize,
            });
        }

        let share = match bucket {
            Bucket::Authorize => quotas.authorize_client.max(1),
            _ => (quota * percent / 100).max(1),
        };
        if !self.principals.contains_key(principal) {
            self.principals.insert(principal.clone(), [FRESH; BUCKETS]);
        }
        let org = &mut self.org[bucket as usize];
        let Some(own) = self.principals.get_mut(principal).map(|windows| &mut windows[bucket as usize])
        else {
            return self.concurrency_refusal(now, dice);
        };
        org.roll(now, length_ms);
        own.roll(now, length_ms);
        let left = (share.saturating_sub(own.used)).min(quota.saturating_sub(org.used));
        let holding = if own.used >= share { own.start } else { org.start };
        // The reset is in whole seconds and never lies before the window's end.
        let reset = |start: Moment| start.plus_ms(length_ms + 999).seconds();
        if left == 0 {
            if quotas.count_refused {
                own.used += 1;
                org.used += 1;
            }
            let first = !own.violated;
            own.violated = true;
            return Verdict::Quota {
                standing: Standing { limit: share, remaining: 0, reset: reset(holding) },
                first,
            };
        }
        own.used += 1;
        org.used += 1;
        let warn = !org.warned && org.used * 10 >= quota * 6;
        org.warned |= warn;
        let standing = Standing { limit: share, remaining: left - 1, reset: reset(own.start) };
        Verdict::Pass { standing, warn }
    }

    fn concurrency_refusal(&mut self, now: Moment, dice: &mut Dice) -> Verdict {
        let first = now.0.saturating_sub(self.last_concurrency_violation.0) > 60_000;
        if first {
            self.last_concurrency_violation = now;
        }
        // The reset of this kind is only a guess, and obeying it stalls a client: that is the vendor's trap.
        let reset = now.plus_ms(60_000 + dice.below(240_000) as i64).seconds();
        Verdict::Concurrency { standing: Standing { limit: 0, remaining: 0, reset }, first }
    }
}

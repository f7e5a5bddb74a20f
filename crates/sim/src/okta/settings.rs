//! What a test or a rehearsal may vary: every assumption where the vendor's contract is silent, the quotas, and
//! where the org is reached. Defaults are the contract's defaults; [`OktaSettings::exact`] removes all chance and delay.

use serde::{Deserialize, Serialize};

use super::dice::Dice;

/// A delay drawn anew each time: usually between `low_ms` and `high_ms`, now and then up to `rare_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table such as { low_ms = 0, high_ms = 2000 }")]
pub struct Spread {
    pub low_ms: u64,
    pub high_ms: u64,
    /// Upper end of the rare case.
    pub rare_ms: u64,
    /// How many draws in a thousand are rare.
    pub rare_per_mille: u64,
}

impl Spread {
    pub const NONE: Spread = Spread { low_ms: 0, high_ms: 0, rare_ms: 0, rare_per_mille: 0 };

    pub const fn between(low_ms: u64, high_ms: u64) -> Self {
        Self { low_ms, high_ms, rare_ms: high_ms, rare_per_mille: 0 }
    }

    pub(super) fn draw(&self, dice: &mut Dice) -> i64 {
        if self.high_ms == 0 && self.rare_per_mille == 0 {
            return 0;
        }
        if self.rare_per_mille > 0 && dice.below(1000) < self.rare_per_mille {
            return dice.within(&(self.high_ms..=self.rare_ms.max(self.high_ms))) as i64;
        }
        dice.within(&(self.low_ms..=self.high_ms.max(self.low_ms))) as i64
    }
}

impl Default for Spread {
    fn default() -> Self {
        Self::NONE
    }
}

/// What becomes of a `limit` over the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverLimit {
    Clamp,
    Refuse,
}

/// What `gt`, `ge`, `lt` and `le` do on a custom text attribute in `search`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomOrder {
    /// Texts are compared as texts: right for ISO dates, wrong for others.
    Lexicographic,
    /// 400 E0000031.
    Refuse,
}

/// How the org treats a second group of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateGroup {
    /// 400 E0000001 with a cause on `name`.
    Validation,
    /// 409 E0000055.
    Conflict,
    Allowed,
}

/// Requests per window and bucket, for the whole org.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table such as { users = 600 }")]
pub struct Quotas {
    /// `false`: nothing is ever throttled; headers show the quota untouched.
    pub enforced: bool,
    pub window_seconds: u64,
    pub apps: u64,
    pub app: u64,
    pub groups: u64,
    pub group: u64,
    pub users: u64,
    pub user: u64,
    pub user_write: u64,
    pub logs: u64,
    pub oauth_clients: u64,
    pub other: u64,
    pub authorize: u64,
    /// Sign-ins that one web app may begin in a window.
    pub authorize_client: u64,
    /// Sign-ins that one web app may begin at once. The vendor counts by client, address and device; here all come from one
    /// machine.
    pub authorize_concurrency: u64,
    /// Bucket of `/users/{id}/groups` (O-05): `other`, or any other bucket name of this struct.
    pub user_groups_bucket: String,
    /// Bucket of `/groups/{id}/users` (O-05).
    pub group_users_bucket: String,
    /// Share of each bucket that one token or service app may use, percent.
    pub principal_percent: u64,
    /// Requests in flight per org.
    pub concurrency: u64,
    /// Share of `concurrency` that one principal may use, percent.
    pub principal_concurrency_percent: u64,
    /// Whether refused calls count against the quota (O-06).
    pub count_refused: bool,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            enforced: true,
            window_seconds: 60,
            apps: 100,
            app: 500,
            groups: 500,
            group: 1000,
            users: 600,
            user: 2000,
            user_write: 600,
            logs: 120,
            oauth_clients: 100,
            other: 1200,
            authorize: 1200,
            authorize_client: 60,
            authorize_concurrency: 5,
            user_groups_bucket: "other".to_owned(),
            group_users_bucket: "groups".to_owned(),
            principal_percent: 50,
            concurrency: 75,
            principal_concurrency_percent: 50,
            count_refused: false,
        }
    }
}

/// Everything that may differ between two stand-in orgs, data apart. `O-nn` names the contract's assumption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OktaSettings {
    /// Decides every draw.
    pub seed: u64,
    /// Host for links outside a request (hook sources, issuer when no Host is sent): `northgate.okta.com`.
    pub host: String,
    /// Scheme for links; unset: from the request, `http` for loopback hosts, else `https`.
    pub scheme: Option<String>,
    /// Custom-domain alias, shown by `/.well-known/okta-organization`.
    pub alias_host: Option<String>,
    /// Full base (`https://id.example.com`) for `next` links instead of the caller's host.
    pub next_link_base: Option<String>,
    pub quotas: Quotas,
    /// Time each answer takes; requests still in it count against the concurrency limit.
    pub answer_time: Spread,
    /// O-02: life of a page cursor.
    pub cursor_life_seconds: u64,
    /// O-03
    pub over_limit_lists: OverLimit,
    /// O-03
    pub over_limit_logs: OverLimit,
    /// O-04: clock tolerance for client assertions and DPoP proofs.
    pub clock_tolerance_seconds: u64,
    /// O-07: whether activation of a DEPROVISIONED user makes it PROVISIONED; else ACTIVE.
    pub reactivation_provisions: bool,
    /// O-08
    pub sign_in_moves_last_updated: bool,
    /// O-09
    pub duplicate_group: DuplicateGroup,
    /// O-10: whether a repeated add or an absent remove still writes an event and moves `lastMembershipUpdated`.
    pub repeat_membership_logged: bool,
    /// O-11: whether deleting a group writes one removal per member.
    pub group_delete_logs_members: bool,
    /// O-12: from occurrence to visibility in the System Log.
    pub log_delay: Spread,
    /// O-13: longest log filter, characters.
    pub log_filter_max: usize,
    /// O-14: most events in one hook delivery.
    pub hook_batch_max: usize,
    /// O-15: consecutive failed deliveries after which a hook is deactivated; 0: never.
    pub hook_failures_max: u64,
    /// O-16: whether a redelivery keeps its `eventId`.
    pub hook_retry_keeps_id: bool,
    /// O-17
    pub shuffle_targets: bool,
    /// O-18: whether hard deletion also writes removals for each membership.
    pub delete_logs_memberships: bool,
    /// O-18: whether a deactivation is told before the ends of the app assignments that it causes.
    pub deactivation_told_first: bool,
    /// O-22
    pub custom_order: CustomOrder,
    /// O-23: until lists and searches show a change.
    pub index_lag: Spread,
    /// Until a group's member list shows a change.
    pub member_lag: Spread,
    /// O-24: all pages of a group's member list show who was a member when the first was read.
    pub member_snapshot: bool,
    /// Until a person's own group list shows a change. Fresh by default.
    pub user_groups_lag: Spread,
    /// O-25: whether deactivation / hard deletion of a member moves `lastMembershipUpdated`.
    pub deactivation_moves_membership: bool,
    pub deletion_moves_membership: bool,
    /// O-25: whether a rule's or an import's change of a member moves `lastMembershipUpdated`.
    pub background_moves_membership: bool,
    /// O-26: whether imported users also get `user.lifecycle.*` events.
    pub import_logs_lifecycle: bool,
    /// O-27: from the second DELETE until the user answers 404.
    pub delete_lag: Spread,
    /// From then to `delete.completed`.
    pub delete_completion: Spread,
    /// O-28: how long activation and deactivation stay in transition.
    pub transition: Spread,
    /// Whether a member change of an imported group is also written as `group.user_membership.*`, beside
    /// `app.user_management`.
    pub imported_members_logged: bool,
    /// O-29
    pub everyone_logs_members: bool,
    /// O-30: whether a full last page has a `next` that leads to an empty page.
    pub empty_last_page: bool,
    /// Bounded log listings keep their `next` on the last page too, as seen in the field.
    pub bounded_log_next_stays: bool,
    /// `next` of app users loses `expand`, as the vendor's did until July 2026.
    pub app_users_next_loses_expand: bool,
    /// Attributes of an app user that are mapped from the person's profile and pushed: setting another value is refused
    /// with E0000075, where the app provisions.
    pub app_pushed_attributes: Vec<String>,
    /// O-19: how often a provisioning request that met a 5xx or silence is repeated by itself; afterwards, and with 0 at
    /// once, it waits for an administrator.
    pub scim_retries: u64,
    /// O-20: whether changes of one pushed group are sent at once, or one after another.
    pub scim_parallel: bool,
    /// O-21: whether the end of an assignment also deletes the account in the target, after making it inactive.
    pub scim_deletes: bool,
    /// From a change to each half of a rule's move.
    pub rule_delay: Spread,
    /// From an assignment's cause to the app's change and event.
    pub app_delay: Spread,
    /// How many events in a thousand are in the System Log twice.
    pub log_duplicates_per_mille: u64,
    /// How many hook deliveries in a thousand are made twice.
    pub hook_duplicates_per_mille: u64,
    /// Events leave to hooks in random order.
    pub hook_shuffle: bool,
    /// From an event to its dispatch to hooks.
    pub hook_delay: Spread,
    /// Until a new or changed hook is effective.
    pub hook_effective: Spread,
    /// The receiver's time to answer.
    pub hook_timeout_ms: u64,
    /// Plain-http hook URLs are accepted for loopback hosts.
    pub hook_http_loopback: bool,
    /// Events per 24 h and org over all hooks; beyond it nothing is delivered or replayed.
    pub hook_daily_cap: u64,
    pub hooks_max: usize,
    pub log_retention_days: u64,
    /// Users without password become ACTIVE instead of PROVISIONED.
    pub optional_passwords: bool,
    /// Profiles of DEPROVISIONED users may be changed (and such changes are not logged).
    pub edit_deactivated: bool,
    /// Unknown scopes at the token endpoint: refused with `invalid_scope`, or silently left out.
    pub ungranted_scope_refused: bool,
    pub token_life_seconds: u64,
    pub dpop_nonce_rotation_seconds: u64,
    pub dpop_nonce_life_seconds: u64,
    /// More matching groups than this make an OIDC sign-in fail.
    pub groups_claim_max: usize,
    /// Doubled rate-limit headers, as seen in the field.
    pub doubled_headers: bool,
    /// A POST or PUT without `Content-Length` is answered 411.
    pub length_required: bool,
    /// A rate-limit header that is no number stands before each right one.
    pub bogus_headers: bool,
    /// Added to the `Date` header and the reset time: a server clock that is off.
    pub clock_skew_ms: i64,
    /// Accepted writes kept for inspection, 0 for all. With a bound at least so many of the latest stay, and the journal says
    /// how many are gone.
    pub journal_max: usize,
}

impl Default for OktaSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            host: "northgate.okta.com".to_owned(),
            scheme: None,
            alias_host: None,
            next_link_base: None,
            quotas: Quotas::default(),
            answer_time: Spread::NONE,
            cursor_life_seconds: 86_400,
            over_limit_lists: OverLimit::Clamp,
            over_limit_logs: OverLimit::Refuse,
            clock_tolerance_seconds: 300,
            reactivation_provisions: true,
            sign_in_moves_last_updated: false,
            duplicate_group: DuplicateGroup::Validation,
            repeat_membership_logged: false,
            group_delete_logs_members: false,
            log_delay: Spread { low_ms: 0, high_ms: 5_000, rare_ms: 60_000, rare_per_mille: 10 },
            log_filter_max: 2000,
            hook_batch_max: 100,
            hook_failures_max: 0,
            hook_retry_keeps_id: true,
            shuffle_targets: false,
            delete_logs_memberships: false,
            deactivation_told_first: false,
            custom_order: CustomOrder::Lexicographic,
            index_lag: Spread::between(0, 2_000),
            member_lag: Spread::between(0, 2_000),
            member_snapshot: false,
            user_groups_lag: Spread::NONE,
            deactivation_moves_membership: false,
            deletion_moves_membership: true,
            background_moves_membership: true,
            import_logs_lifecycle: true,
            delete_lag: Spread::NONE,
            delete_completion: Spread::between(500, 5_000),
            transition: Spread::between(0, 3_000),
            imported_members_logged: true,
            everyone_logs_members: false,
            empty_last_page: false,
            bounded_log_next_stays: false,
            app_users_next_loses_expand: false,
            app_pushed_attributes: vec!["email".to_owned()],
            scim_retries: 0,
            scim_parallel: true,
            scim_deletes: false,
            rule_delay: Spread::between(1_000, 60_000),
            app_delay: Spread::between(0, 5_000),
            log_duplicates_per_mille: 0,
            hook_duplicates_per_mille: 0,
            hook_shuffle: false,
            hook_delay: Spread::between(0, 2_000),
            hook_effective: Spread::NONE,
            hook_timeout_ms: 3_000,
            hook_http_loopback: true,
            hook_daily_cap: 400_000,
            hooks_max: 25,
            log_retention_days: 90,
            optional_passwords: false,
            edit_deactivated: false,
            ungranted_scope_refused: true,
            token_life_seconds: 3600,
            dpop_nonce_rotation_seconds: 86_400,
            dpop_nonce_life_seconds: 3 * 86_400,
            groups_claim_max: 100,
            doubled_headers: false,
            length_required: true,
            bogus_headers: false,
            clock_skew_ms: 0,
            journal_max: 0,
        }
    }
}

impl OktaSettings {
    /// No delays, no lag, no quotas: every effect is there before the answer. For tests of logic.
    pub fn exact() -> Self {
        Self {
            quotas: Quotas { enforced: false, ..Quotas::default() },
            log_delay: Spread::NONE,
            index_lag: Spread::NONE,
            member_lag: Spread::NONE,
            user_groups_lag: Spread::NONE,
            delete_completion: Spread::NONE,
            transition: Spread::NONE,
            rule_delay: Spread::NONE,
            app_delay: Spread::NONE,
            hook_delay: Spread::NONE,
            ..Self::default()
        }
    }
}

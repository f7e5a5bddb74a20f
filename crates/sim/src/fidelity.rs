//! How far the stand-ins can be believed: what is simulated, what is assumed where a contract is silent (each with its
//! setting), what is left out. `lanyard sim doc` prints it; tests hold it against the settings and the contracts.

use serde_json::{Map, Value};

/// One assumption of a contract's register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumption {
    /// `O-nn` (Okta) or `A-nn` (iOffice).
    pub id: &'static str,
    pub subject: &'static str,
    /// What the preset `default` does.
    pub default: &'static str,
    /// Keys of the settings that change it, inner keys after a dot. Empty: it cannot be changed.
    pub settings: &'static [&'static str],
}

const fn row(
    id: &'static str,
    subject: &'static str,
    default: &'static str,
    settings: &'static [&'static str],
) -> Assumption {
    Assumption { id, subject, default, settings }
}

/// Section 16 of the Okta contract.
pub const OKTA: &[Assumption] = &[
    row("O-01", "id uniqueness across orgs", "unique per org only", &[]),
    row("O-02", "life of a cursor; a dead one", "24 h; 400 E0000001", &["cursor_life_seconds"]),
    row(
        "O-03",
        "limit over the maximum",
        "clamped (lists); 400 (logs)",
        &["over_limit_lists", "over_limit_logs"],
    ),
    row("O-04", "clock tolerance of assertions and proofs", "5 min", &["clock_tolerance_seconds"]),
    row(
        "O-05",
        "bucket of a user's groups, of a group's users",
        "other, groups",
        &["quotas.user_groups_bucket", "quotas.group_users_bucket"],
    ),
    row("O-06", "whether refused calls count", "no", &["quotas.count_refused"]),
    row("O-07", "activate on DEPROVISIONED", "PROVISIONED; groups remain", &["reactivation_provisions"]),
    row("O-08", "sign-in moves lastUpdated", "no", &["sign_in_moves_last_updated"]),
    row("O-09", "second group of a name", "400 E0000001", &["duplicate_group"]),
    row("O-10", "repeated add, absent remove of a member", "204, no event", &["repeat_membership_logged"]),
    row("O-11", "membership events on deletion of a group", "none", &["group_delete_logs_members"]),
    row("O-12", "delay of the System Log", "0-5 s, 60 s at p99", &["log_delay"]),
    row("O-13", "length of a log filter", "2,000 characters", &["log_filter_max"]),
    row("O-14", "events in one hook delivery", "1-100", &["hook_batch_max"]),
    row("O-15", "hook deactivated after failures", "never", &["hook_failures_max"]),
    row("O-16", "ids on redelivery", "unchanged", &["hook_retry_keeps_id"]),
    row("O-17", "order of targets", "as listed in the contract", &["shuffle_targets"]),
    row(
        "O-18",
        "events of one operation",
        "as listed in the contract",
        &["delete_logs_memberships", "deactivation_told_first"],
    ),
    row("O-19", "SCIM retry after 5xx or silence", "by hand only", &["scim_retries"]),
    row("O-20", "SCIM changes of one group", "sent at once", &["scim_parallel"]),
    row("O-21", "SCIM DELETE of a user whose assignment ended", "none, only inactive", &["scim_deletes"]),
    row("O-22", "gt and lt on custom attributes", "lexicographic", &["custom_order"]),
    row("O-23", "lag of lists and searches", "0-2 s", &["index_lag"]),
    row(
        "O-24",
        "member list during change",
        "each page current at its call",
        &["member_snapshot", "member_lag"],
    ),
    row(
        "O-25",
        "lastMembershipUpdated when a rule or import changes a member; when one is deactivated; deleted",
        "moves; stays; moves",
        &["background_moves_membership", "deactivation_moves_membership", "deletion_moves_membership"],
    ),
    row("O-26", "imports also write user.lifecycle.*", "yes", &["import_logs_lifecycle"]),
    row(
        "O-27",
        "deleted user: until 404",
        "at once; delete.completed 0.5-5 s later",
        &["delete_lag", "delete_completion"],
    ),
    row("O-28", "asynchronous activation and deactivation", "0-3 s in transition", &["transition"]),
    row("O-29", "membership events of Everyone", "none", &["everyone_logs_members"]),
    row("O-30", "empty page after a full last page", "no", &["empty_last_page"]),
];

/// Section 15 of the iOffice contract.
pub const IOFFICE: &[Assumption] = &[
    row("A-01", "static x-auth-token", "refused", &["auth_token"]),
    row(
        "A-02",
        "OAuth: life of a token, rotation, clients",
        "3600 s; refresh rotates; any client",
        &["oauth_access_seconds", "oauth_refresh_rotates", "oauth_clients", "oauth_secret_required"],
    ),
    row("A-03", "limit above 100", "clamped", &["over_limit"]),
    row("A-04", "paging while rows change", "live offsets, no snapshot", &[]),
    row("A-05", "unknown names in a selector", "ignored", &["unknown_selector"]),
    row("A-06", "modifiedOrCreatedAfter", "inclusive; removals are not shown", &[]),
    row("A-07", "missing rights", "403; lists show the own row", &["rights_checked", "unprivileged_list"]),
    row("A-08", "error codes", "400, 404, 405, 415, 429, 500; never 409", &[]),
    row(
        "A-09",
        "load limits",
        "10/s, burst 20, 4 at once; no Retry-After",
        &["load_limits", "rate_per_second", "rate_burst", "concurrent_max", "retry_after", "reply_millis"],
    ),
    row("A-10", "null in a sparse PUT", "clears", &["null_clears"]),
    row("A-11", "a sent list", "replaces the stored list", &[]),
    row("A-12", "path id differs from body id", "400", &[]),
    row(
        "A-13",
        "DELETE of a user; active in PUT; inactive by id",
        "soft; works; 200 with active false",
        &["user_delete", "user_active_write", "inactive_by_id"],
    ),
    row("A-14", "PUT permissions", "replaces", &["permissions_put"]),
    row("A-15", "spelling of modules", "visitor, mail, asset, copy, inventory, directory", &[]),
    row(
        "A-16",
        "no entry for a center",
        "no access",
        &["implicit_customer_modules", "implicit_customer_centers"],
    ),
    row("A-17", "seatClassification, neighborhoodSection in PUT", "work", &["neighborhood_write"]),
    row("A-18", "userName left out", "e-mail's local part, numbered on clash", &[]),
    row("A-19", "userType left out", "Employee", &[]),
    row("A-20", "centerId without role, or the reverse", "400", &[]),
    row("A-21", "required property of the type missing on POST", "400", &["type_required_checked"]),
    row("A-22", "paging of quick search", "limit and startAt honoured", &[]),
    row("A-23", "rules by user and category", "accepted", &["rule_users_json"]),
    row("A-24", "one e-mail twice", "allowed", &["duplicate_email"]),
    row("A-25", "what deactivation takes along", "nothing", &["cascade"]),
    row("A-26", "edits of an inactive user", "400", &["inactive_edit_refused"]),
    row("A-27", "parent of a category item", "costCenterParent", &[]),
    row("A-28", "deleting an item in use", "400", &[]),
    row("A-29", "deleting a place with children", "400", &[]),
    row("A-30", "a full room", "takes one more", &["seat_check"]),
    row("A-31", "booking refused by a rule", "400", &[]),
    row("A-32", "guests of a booking", "objects with id, or email and name", &[]),
    row("A-33", "window of a booking list", "overlap", &[]),
    row("A-34", "others' bookings", "site admin, or operator and above", &["bookings_need_staff"]),
    row("A-35", "cancelling twice; a past one", "200 unchanged; 400", &[]),
    row("A-36", "repeated bookings", "a row each", &[]),
    row("A-37", "ids of visit statuses", "1, 2, 3, 4", &["visit_status_ids"]),
    row("A-38", "required parts of a pre-registration", "checked", &["visit_required_checked"]),
    row("A-39", "check-out and changes of visitors", "off", &["visitor_extensions"]),
    row("A-40", "pre-registering again flips the visitor", "off", &["visitor_flip_by_preregister"]),
    row("A-41", "archiving a move", "seat changes, terminate deactivates", &[]),
    row("A-42", "costCenters by selector", "readable", &["cost_centers_readable"]),
];

/// Settings that follow from no register: what the field has seen, the size of quotas, how values are printed.
pub const BESIDE: &[(&str, &[&str])] = &[
    (
        "okta",
        &[
            "seed",
            "host",
            "scheme",
            "alias_host",
            "next_link_base",
            "quotas",
            "answer_time",
            "user_groups_lag",
            "imported_members_logged",
            "bounded_log_next_stays",
            "app_users_next_loses_expand",
            "app_pushed_attributes",
            "rule_delay",
            "app_delay",
            "log_duplicates_per_mille",
            "hook_duplicates_per_mille",
            "hook_shuffle",
            "hook_delay",
            "hook_effective",
            "hook_timeout_ms",
            "hook_http_loopback",
            "hook_daily_cap",
            "hooks_max",
            "log_retention_days",
            "optional_passwords",
            "edit_deactivated",
            "ungranted_scope_refused",
            "token_life_seconds",
            "dpop_nonce_rotation_seconds",
            "dpop_nonce_life_seconds",
            "groups_claim_max",
            "doubled_headers",
            "bogus_headers",
            "length_required",
            "clock_skew_ms",
            "journal_max",
        ],
    ),
    (
        "ioffice",
        &[
            "preset",
            "published_only",
            "permissions_in_lists",
            "put_user_body",
            "absent",
            "service_user_name",
            "service_password",
            "service_site_admin",
            "journal_max",
        ],
    ),
];

/// Settings that are read of a preset with `overrides` laid over it, or a sentence naming the key that cannot be laid over
/// it. Inner maps override only the keys that they hold.
pub(crate) fn overlaid<T>(
    vendor: &str,
    preset: &Value,
    overrides: Map<String, Value>,
    read: impl Fn(Value) -> Result<T, serde_json::Error>,
) -> Result<T, String> {
    let with = |overrides| {
        let mut whole = preset.clone();
        lay_over(&mut whole, Value::Object(overrides));
        read(whole)
    };
    let alone = |(key, value): (&String, &Value)| {
        let wrong = with(Map::from_iter([(key.clone(), value.clone())])).err()?;
        Some(format!("{vendor} setting `{key}`: {wrong}"))
    };
    match with(overrides.clone()) {
        Ok(settings) => Ok(settings),
        Err(error) => Err(overrides.iter().find_map(alone).unwrap_or_else(|| error.to_string())),
    }
}

fn lay_over(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                lay_over(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

/// What answers as the vendor does.
pub const SIMULATED: &[(&str, &str)] = &[
    (
        "Okta",
        "users and their whole life cycle, sessions; groups, members, rules with their delay and two halves",
    ),
    ("Okta", "user types and schemas, group schema; app assignments, group push mappings"),
    ("Okta", "System Log, bounded and polled; event hooks: challenge, batches, one retry, daily cap"),
    (
        "Okta",
        "tokens by private_key_jwt, DPoP with nonce and replay refusal; API tokens; sign-in by OIDC code flow",
    ),
    (
        "Okta",
        "provisioning to a SCIM server of yours: users and pushed groups, in the forms of both kinds of app",
    ),
    ("Okta", "filter and search languages, Link paging, quotas per bucket and principal, concurrency limit"),
    ("iOffice", "users, permissions, user types, fields, quick search; buildings, floors, rooms, room types"),
    ("iOffice", "centers, holidays, reservation rules, reservations; neighborhoods and sections; categories"),
    ("iOffice", "visitors in their own envelope; moves and their archive; saved searches; assets, read only"),
    (
        "iOffice",
        "header pair and OAuth sign-in, selectors, counts, modifiedOrCreatedAfter, load rules, error bodies",
    ),
    (
        "badge",
        "a badge system for the feed that tells doors: signed webhook, SCIM group push, CSV drop; `--badge` serves it",
    ),
    (
        "both",
        "several orgs and sites in one process, faults by script and at run time, a clock that can be moved",
    ),
    ("both", "own journal of every accepted write, counts of every call, the whole state as JSON"),
];

/// What is not there, so that nobody rehearses on it.
pub const LEFT_OUT: &[(&str, &str)] = &[
    (
        "Okta",
        "policies, factors, devices, brands, identity providers, admin roles, realms, Workflows, Automations",
    ),
    ("Okta", "e-mails to people; real passwords are kept only to tell right from wrong at sign-in"),
    (
        "Okta",
        "authorization servers other than the org's (/oauth2/{id}), refresh tokens; limits per address and device, since all callers are one machine",
    ),
    (
        "Okta",
        "a group of the org that stands for a pushed group: targetGroupId of a mapping made by name leads nowhere",
    ),
    ("iOffice", "move plans, approvals, maintenance, mail, devices, sensors, pictures, writes to assets"),
    ("iOffice", "the vendor's SFTP import, its SCIM service, SAML sign-in; doors (the vendor has none)"),
    ("both", "the vendors' consoles; `POST /_stand-in/…/command` of the control endpoint stands in for them"),
    (
        "both",
        "speed: quotas are the vendors', latencies are not unless answer_time or reply_millis sets them",
    ),
];

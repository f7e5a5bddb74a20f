//! Named readings of the contract's silences, and settings from the map that people write.

use serde::Deserialize as _;
use serde_json::Value;

use super::settings::{CustomOrder, DuplicateGroup, OktaSettings, OverLimit, Quotas, Spread};
use crate::fidelity;

impl OktaSettings {
    /// One of `default`, `strict` (limits refused rather than clamped, little tolerance, hooks slow to take effect),
    /// `lenient` (every silence read in the client's favour: no lag, no delay, no quota) and `hostile` (every silence
    /// read against it, with what the field has seen: doubled headers, a skewed clock, lost `expand`, endless `next`).
    ///
    /// # Errors
    /// A sentence that names the unknown preset.
    pub fn preset(name: &str) -> Result<Self, String> {
        let base = Self::default();
        match name {
            "default" => Ok(base),
            "strict" => Ok(Self {
                cursor_life_seconds: 3600,
                over_limit_lists: OverLimit::Refuse,
                clock_tolerance_seconds: 60,
                duplicate_group: DuplicateGroup::Conflict,
                log_filter_max: 1000,
                custom_order: CustomOrder::Refuse,
                hook_effective: Spread::between(1_000, 60_000),
                ..base
            }),
            "lenient" => Ok(Self {
                over_limit_logs: OverLimit::Clamp,
                duplicate_group: DuplicateGroup::Allowed,
                clock_tolerance_seconds: 600,
                group_delete_logs_members: true,
                delete_logs_memberships: true,
                member_snapshot: true,
                length_required: false,
                app_pushed_attributes: Vec::new(),
                scim_parallel: false,
                log_filter_max: 20_000,
                hook_daily_cap: 100_000_000,
                ..Self::exact()
            }),
            "hostile" => Ok(Self {
                quotas: Quotas {
                    count_refused: true,
                    user_groups_bucket: "groups".to_owned(),
                    ..Quotas::default()
                },
                cursor_life_seconds: 600,
                over_limit_lists: OverLimit::Refuse,
                clock_tolerance_seconds: 60,
                reactivation_provisions: false,
                sign_in_moves_last_updated: true,
                repeat_membership_logged: true,
                log_delay: Spread { low_ms: 0, high_ms: 30_000, rare_ms: 600_000, rare_per_mille: 10 },
                log_filter_max: 1000,
                hook_batch_max: 7,
                hook_retry_keeps_id: false,
                shuffle_targets: true,
                index_lag: Spread::between(0, 10_000),
                member_lag: Spread::between(0, 10_000),
                deactivation_moves_membership: true,
                deletion_moves_membership: false,
                background_moves_membership: false,
                custom_order: CustomOrder::Refuse,
                delete_lag: Spread::between(0, 10_000),
                log_duplicates_per_mille: 20,
                hook_duplicates_per_mille: 50,
                hook_shuffle: true,
                import_logs_lifecycle: false,
                transition: Spread::between(0, 10_000),
                imported_members_logged: false,
                everyone_logs_members: true,
                empty_last_page: true,
                bounded_log_next_stays: true,
                app_users_next_loses_expand: true,
                rule_delay: Spread::between(1_000, 120_000),
                app_delay: Spread::between(0, 30_000),
                hook_delay: Spread { low_ms: 0, high_ms: 10_000, rare_ms: 120_000, rare_per_mille: 20 },
                hook_effective: Spread::between(0, 60_000),
                deactivation_told_first: true,
                scim_retries: 1,
                scim_deletes: true,
                edit_deactivated: true,
                ungranted_scope_refused: false,
                doubled_headers: true,
                bogus_headers: true,
                clock_skew_ms: 45_000,
                ..base
            }),
            other => Err(format!("unknown Okta preset `{other}`: use default, strict, lenient or hostile")),
        }
    }

    /// Reads a map: `preset` (a name) chooses the start, every other key overrides one field; inner maps (`quotas`, a
    /// delay) override only the keys that they hold.
    ///
    /// # Errors
    /// A sentence that names the unknown preset, key or value.
    pub fn from_value(map: Value) -> Result<Self, String> {
        let Value::Object(mut overrides) = map else {
            return Err("Okta settings must be a map".into());
        };
        let preset = match overrides.remove("preset") {
            None => Self::default(),
            Some(Value::String(name)) => Self::preset(&name)?,
            Some(_) => return Err("Okta setting `preset` must be a text".into()),
        };
        let base = serde_json::to_value(preset).map_err(|error| error.to_string())?;
        fidelity::overlaid("Okta", &base, overrides, Self::deserialize)
    }
}

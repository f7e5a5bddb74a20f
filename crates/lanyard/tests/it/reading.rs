//! How the stand-ins of these tests read the silences of the vendors' contracts, and what a site then cannot be told.
//!
//! Every test starts its company under the reading that `LANYARD_PRESET` names, `default` if it names none:
//! `cargo xtask presets` runs all of them under each. A field of [`Reading`] is a stated exception: something that the
//! API of such a site makes impossible, so that the engine must say it instead of doing it.

/// What a site makes of the writes on which the published contract is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub preset: &'static str,
    /// Whether an account can be made inactive by a write. Otherwise it is ended by DELETE, which the settings must allow.
    pub writes_active: bool,
    /// Whether a role can be taken away: where a sent list is merged, it cannot.
    pub revokes: bool,
    /// Whether an ended account can be brought back; otherwise a new one is made.
    pub revives: bool,
    /// Whether the record of an ended account is kept.
    pub keeps_records: bool,
    /// Whether a site's OAuth demands the client's secret.
    pub demands_secret: bool,
    /// Whether an org that provisions also deletes an account whose assignment ended.
    pub deletes_provisioned: bool,
}

pub const DEFAULT: Reading = Reading {
    preset: "default",
    writes_active: true,
    revokes: true,
    revives: true,
    keeps_records: true,
    demands_secret: false,
    deletes_provisioned: false,
};
pub const STRICT: Reading = Reading { preset: "strict", writes_active: false, revives: false, ..DEFAULT };
pub const LENIENT: Reading = Reading { preset: "lenient", ..DEFAULT };
pub const HOSTILE: Reading = Reading {
    preset: "hostile",
    writes_active: false,
    revokes: false,
    revives: false,
    keeps_records: false,
    demands_secret: true,
    deletes_provisioned: true,
};

/// The variable that names the reading of a run.
const VARIABLE: &str = "LANYARD_PRESET";

impl Reading {
    /// The one that this run of the tests is under.
    pub fn of_this_run() -> Self {
        let name = std::env::var(VARIABLE).unwrap_or_else(|_| DEFAULT.preset.into());
        let all = [DEFAULT, STRICT, LENIENT, HOSTILE];
        all.into_iter()
            .find(|reading| reading.preset == name)
            .unwrap_or_else(|| panic!("{VARIABLE}={name}: use default, strict, lenient or hostile"))
    }
}

/// What `--settings` takes beside a preset: waits that are long enough to be met and short enough to be waited for. What is
/// refused, ignored, doubled and reordered stays the preset's.
pub fn short_waits() -> String {
    let waits = [
        ("index_lag", 400),
        ("member_lag", 400),
        ("log_delay", 800),
        ("transition", 300),
        ("delete_lag", 300),
        ("delete_completion", 300),
        ("rule_delay", 900),
        ("app_delay", 300),
        ("hook_delay", 400),
        ("hook_effective", 300),
    ];
    let mut text = "[okta]\n".to_owned();
    for (name, most) in waits {
        text +=
            &format!("{name} = {{ low_ms = 0, high_ms = {most}, rare_ms = {most}, rare_per_mille = 0 }}\n");
    }
    text + "[okta.quotas]\nwindow_seconds = 2\n[ioffice]\nrate_per_second = 200.0\nrate_burst = 200.0\n"
}

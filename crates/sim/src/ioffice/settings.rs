//! Which reading of the contract's silences this site follows. One field per switchable assumption (`A-nn`), four
//! presets, and a parser for the maps people write in TOML or JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fidelity;

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
    };
}

choice! {
    /// a `limit` above 100.
    OverLimit { Clamp, Honour, Reject400 }
}
choice! {
    /// What happens to something the contract does not define: it is left aside, or answered 400.
    Unknown { Ignore, Reject400 }
}
choice! {
    /// A write whose effect the contract does not state.
    SilentWrite {
        /// It works.
        Accept,
        /// 200, and nothing changes.
        Ignore,
        Reject400,
    }
}
choice! {
    /// what DELETE does to a user.
    UserDelete { Soft, Hard }
}
choice! {
    /// how an inactive user answers a read by id.
    InactiveById {
        #[serde(rename = "200inactive")]
        Shown,
        #[serde(rename = "404")]
        NotFound,
    }
}
choice! {
    /// what PUT permissions does with entries that the sent list leaves out.
    PermissionsPut { Replace, Merge }
}
choice! {
    /// two users with one e-mail address.
    DuplicateEmail { Allow, Reject400 }
}
choice! {
    /// what deactivation takes along.
    Cascade {
        /// Nothing: bookings, seat, permissions and tokens stay.
        None,
        /// Future bookings are cancelled, seat and permissions cleared, tokens ended.
        Full,
    }
}
choice! {
    /// a user put into a room that is already full.
    SeatCheck { Allow, RejectOverCapacity }
}
choice! {
    /// what a caller without any staff role gets from `GET /users`.
    UnprivilegedList {
        /// Only the caller's own row: a scan shrinks without an error.
        OwnRow,
        All,
        Forbidden,
    }
}
choice! {
    /// How absent references and texts are printed.
    Absent {
        /// Left out.
        Omit,
        /// Some rows print `{}` and `""`, by id.
        Mixed,
    }
}

/// Settings of one site. Every field names its assumption in the contract's register (§15).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct IofficeSettings {
    /// The preset that the other fields started from.
    pub preset: String,
    /// Answers 404 or 400 to anything not tagged [D], [Dh], [C] or [L].
    pub published_only: bool,
    /// the static `x-auth-token`, and with it the service account's rights. `None` refuses the header.
    pub auth_token: Option<String>,
    /// life of an access token, seconds.
    pub oauth_access_seconds: i64,
    /// a refresh ends the presented refresh token and issues another.
    pub oauth_refresh_rotates: bool,
    /// registered clients; empty accepts any client id.
    pub oauth_clients: Vec<OauthClient>,
    /// the token endpoint demands `x-client-secret` of clients that have one.
    pub oauth_secret_required: bool,
    ///
    pub over_limit: OverLimit,
    ///
    pub unknown_selector: Unknown,
    /// rights are checked at all.
    pub rights_checked: bool,
    ///
    pub unprivileged_list: UnprivilegedList,
    /// the off-switch for rate and concurrency limits.
    pub load_limits: bool,
    /// sustained requests per second.
    pub rate_per_second: f64,
    /// bucket size.
    pub rate_burst: f64,
    /// more requests than this at once get 429.
    pub concurrent_max: usize,
    /// a 429 has a `Retry-After`, in whole seconds.
    pub retry_after: bool,
    /// Time a reply takes, milliseconds. Requests overlap (for `concurrent_max`) while a reply is under way.
    pub reply_millis: u64,
    /// explicit `null` in a sparse PUT.
    pub null_clears: SilentWrite,
    ///
    pub user_delete: UserDelete,
    /// `active` in a user PUT.
    pub user_active_write: SilentWrite,
    ///
    pub inactive_by_id: InactiveById,
    ///
    pub permissions_put: PermissionsPut,
    /// centers whose module is listed here, or whose id is, give every user CUSTOMER without an entry.
    pub implicit_customer_modules: Vec<String>,
    ///
    pub implicit_customer_centers: Vec<u32>,
    /// `seatClassification` and `neighborhoodSection` in a user PUT.
    pub neighborhood_write: SilentWrite,
    /// a POST that omits a property its user type requires is refused.
    pub type_required_checked: bool,
    /// `IncludeUsers`, `ExcludeUsers`, `IncludeCategories`, `ExcludeCategories` in a sent rule list.
    pub rule_users_json: SilentWrite,
    ///
    pub duplicate_email: DuplicateEmail,
    ///
    pub cascade: Cascade,
    /// edits to an inactive user are refused unless they set `active:true`.
    pub inactive_edit_refused: bool,
    ///
    pub seat_check: SeatCheck,
    /// seeing others' bookings needs site admin or OPERATOR and above in the center.
    pub bookings_need_staff: bool,
    /// `[expected, checked in, checked out, cancelled]`.
    pub visit_status_ids: [u32; 4],
    /// the parts of a pre-registration are required.
    pub visit_required_checked: bool,
    /// `checkout`, `PUT /visitors/{id}`, `GET /visitors`.
    pub visitor_extensions: bool,
    /// pre-registering a known visitor with `active:false` flips the visitor.
    pub visitor_flip_by_preregister: bool,
    /// `costCenters` can be selected on a user.
    pub cost_centers_readable: bool,
    /// `permissions` can be selected on user lists (attested on `/users/me` only).
    pub permissions_in_lists: bool,
    /// PUT `/users/{id}` answers with the user ([C]); the documentation prints no body.
    pub put_user_body: bool,
    /// How absent values are printed (§1.3).
    pub absent: Absent,
    /// The engine's account.
    pub service_user_name: String,
    pub service_password: String,
    /// The service account is a site administrator.
    pub service_site_admin: bool,
    /// Accepted writes kept for inspection, 0 for all. With a bound at least so many of the latest stay, and the journal says
    /// how many are gone.
    pub journal_max: usize,
}

/// An OAuth client that the vendor registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OauthClient {
    pub client_id: String,
    /// Checked against `x-client-secret` when that header is sent.
    #[serde(default)]
    pub client_secret: Option<String>,
}

impl Default for IofficeSettings {
    fn default() -> Self {
        Self {
            preset: "default".into(),
            published_only: false,
            auth_token: None,
            oauth_access_seconds: 3600,
            oauth_refresh_rotates: true,
            oauth_clients: Vec::new(),
            oauth_secret_required: false,
            over_limit: OverLimit::Clamp,
            unknown_selector: Unknown::Ignore,
            rights_checked: true,
            unprivileged_list: UnprivilegedList::OwnRow,
            load_limits: true,
            rate_per_second: 10.0,
            rate_burst: 20.0,
            concurrent_max: 4,
            retry_after: false,
            reply_millis: 0,
            null_clears: SilentWrite::Accept,
            user_delete: UserDelete::Soft,
            user_active_write: SilentWrite::Accept,
            inactive_by_id: InactiveById::Shown,
            permissions_put: PermissionsPut::Replace,
            implicit_customer_modules: Vec::new(),
            implicit_customer_centers: Vec::new(),
            neighborhood_write: SilentWrite::Accept,
            type_required_checked: true,
            rule_users_json: SilentWrite::Accept,
            duplicate_email: DuplicateEmail::Allow,
            cascade: Cascade::None,
            inactive_edit_refused: true,
            seat_check: SeatCheck::Allow,
            bookings_need_staff: true,
            visit_status_ids: [1, 2, 3, 4],
            visit_required_checked: true,
            visitor_extensions: false,
            visitor_flip_by_preregister: false,
            cost_centers_readable: true,
            permissions_in_lists: true,
            put_user_body: true,
            absent: Absent::Mixed,
            service_user_name: "lanyard.sync".into(),
            service_password: "lanyard-local".into(),
            service_site_admin: true,
            journal_max: 0,
        }
    }
}

impl IofficeSettings {
    /// One of `default`, `strict` (the published contract and nothing else), `lenient` (every silence read in the
    /// client's favour, no load limits) and `hostile` (every silence read against it).
    ///
    /// # Errors
    /// A sentence that names the unknown preset.
    pub fn preset(name: &str) -> Result<Self, String> {
        let base = Self::default();
        match name {
            "default" => Ok(base),
            "strict" => Ok(Self {
                preset: name.into(),
                published_only: true,
                over_limit: OverLimit::Reject400,
                unknown_selector: Unknown::Reject400,
                unprivileged_list: UnprivilegedList::Forbidden,
                user_active_write: SilentWrite::Reject400,
                neighborhood_write: SilentWrite::Reject400,
                rule_users_json: SilentWrite::Reject400,
                cost_centers_readable: false,
                permissions_in_lists: false,
                put_user_body: false,
                ..base
            }),
            "lenient" => Ok(Self {
                preset: name.into(),
                over_limit: OverLimit::Honour,
                rights_checked: false,
                unprivileged_list: UnprivilegedList::All,
                load_limits: false,
                retry_after: true,
                implicit_customer_modules: vec!["reservation".into()],
                type_required_checked: false,
                cascade: Cascade::Full,
                inactive_edit_refused: false,
                bookings_need_staff: false,
                visit_required_checked: false,
                visitor_extensions: true,
                visitor_flip_by_preregister: true,
                absent: Absent::Omit,
                ..base
            }),
            "hostile" => Ok(Self {
                preset: name.into(),
                oauth_access_seconds: 60,
                oauth_secret_required: true,
                unknown_selector: Unknown::Reject400,
                rate_per_second: 5.0,
                rate_burst: 5.0,
                concurrent_max: 1,
                null_clears: SilentWrite::Ignore,
                user_delete: UserDelete::Hard,
                user_active_write: SilentWrite::Ignore,
                inactive_by_id: InactiveById::NotFound,
                permissions_put: PermissionsPut::Merge,
                neighborhood_write: SilentWrite::Ignore,
                rule_users_json: SilentWrite::Reject400,
                duplicate_email: DuplicateEmail::Reject400,
                seat_check: SeatCheck::RejectOverCapacity,
                visit_status_ids: [2, 2, 7, 9],
                cost_centers_readable: false,
                permissions_in_lists: false,
                put_user_body: false,
                ..base
            }),
            other => {
                Err(format!("unknown iOffice preset `{other}`: use default, strict, lenient or hostile"))
            }
        }
    }

    /// Reads a map: `preset` (a name) chooses the start, every other key overrides one field.
    ///
    /// # Errors
    /// A sentence that names the unknown preset, key or value.
    pub fn from_value(map: Value) -> Result<Self, String> {
        let Value::Object(mut overrides) = map else {
            return Err("iOffice settings must be a map".into());
        };
        let preset = match overrides.remove("preset") {
            None => Self::default(),
            Some(Value::String(name)) => Self::preset(&name)?,
            Some(_) => return Err("iOffice setting `preset` must be a text".into()),
        };
        let base = serde_json::to_value(preset).map_err(|error| error.to_string())?;
        fidelity::overlaid("iOffice", &base, overrides, Self::deserialize)
    }

    /// Whether an absent `(id, property)` is printed as an empty value rather than left out.
    pub(crate) fn prints_empty(&self, id: u32, every: u32) -> bool {
        self.absent == Absent::Mixed && id.is_multiple_of(every)
    }
}

impl<'de> Deserialize<'de> for IofficeSettings {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Value::deserialize(deserializer)?;
        Self::from_value(map).map_err(serde::de::Error::custom)
    }
}

impl Serialize for IofficeSettings {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

//! What the client may be told about one site: address, credential, what the site can do, and how fast to go.

use std::{fmt, time::Duration};

use lanyard_model::id::SiteId;
use secrecy::SecretString;
use url::Url;

use crate::budget::Pace;

/// The documented maximum of `limit` (§1.4). A larger page makes the short-page test lie.
pub const PAGE_ROWS_MAX: u32 = 100;

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}; hint: {fix}")]
pub struct SettingsError {
    /// The setting's name as written in the settings file.
    pub field: &'static str,
    pub problem: String,
    pub fix: String,
}

/// Address of a site: scheme, host and port only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteUrl(Url);

impl SiteUrl {
    /// Accepts what people paste: a bare host, a trailing slash, or the whole API address.
    ///
    /// # Errors
    /// Plain http to a host that is not loopback, user information in the address, or a path that is not the API's.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        let bad = |problem: String| SettingsError {
            field: "url",
            problem,
            fix: "write the site's address as in the browser, for example https://acme.iofficeconnect.com"
                .into(),
        };
        let trimmed = text.trim();
        let with_scheme =
            if trimmed.contains("://") { trimmed.to_owned() } else { format!("https://{trimmed}") };
        let mut url =
            Url::parse(&with_scheme).map_err(|e| bad(format!("`{trimmed}` is not an address: {e}")))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        if host.is_empty() {
            return Err(bad(format!("`{trimmed}` names no host")));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("the address holds a user name or password".into()));
        }
        match url.scheme() {
            "https" => {}
            "http" if lanyard_wire::is_loopback(&host) => {}
            other => return Err(bad(format!("`{other}://{host}` is not https"))),
        }
        let path = url.path().trim_end_matches('/').to_owned();
        let known =
            ["", "/external", "/external/api", "/external/api/rest", "/external/api/rest/v2", "/login.html"];
        if !known.contains(&path.as_str()) {
            return Err(bad(format!("`{path}` is not part of a site's address")));
        }
        url.set_path("/");
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// `https://host[:port]`, without a trailing slash.
    pub fn origin(&self) -> String {
        self.0.as_str().trim_end_matches('/').to_owned()
    }

    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The address of an API resource; every segment is percent-encoded.
    pub(crate) fn resource(&self, segments: &[&str], query: &[(&str, String)]) -> Url {
        self.join(&["external", "api", "rest", "v2"], segments, query)
    }

    /// The address below `/external/api/oauth2`, which is outside the REST root (§1.2).
    pub(crate) fn oauth(&self, segment: &str) -> Url {
        self.join(&["external", "api", "oauth2"], &[segment], &[])
    }

    fn join(&self, root: &[&str], segments: &[&str], query: &[(&str, String)]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(root).extend(segments);
        }
        if !query.is_empty() {
            let mut pairs = url.query_pairs_mut();
            for (name, value) in query {
                pairs.append_pair(name, value);
            }
        }
        url
    }
}

impl fmt::Display for SiteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

/// How the service account signs in. `Debug` never shows a secret.
#[derive(Debug, Clone)]
pub enum Credential {
    /// `x-auth-username` and `x-auth-password` on every request. Works only for a local (non-SSO) account (§1.2).
    HeaderPair {
        username: String,
        password: SecretString,
    },
    OAuth(OAuthCredential),
}

/// The result of one interactive sign-in; there is no unattended grant (§1.2).
#[derive(Debug, Clone)]
pub struct OAuthCredential {
    pub client_id: String,
    pub client_secret: Option<SecretString>,
    pub redirect_uri: String,
    pub scope: String,
    pub refresh_token: SecretString,
}

/// Whether a site can do something that the public contract does not promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flag {
    /// Try it, verify by a read, remember what was seen.
    #[default]
    Auto,
    Yes,
    No,
}

impl Flag {
    /// `Auto` allows the attempt.
    pub fn may_try(self) -> bool {
        self != Self::No
    }
}

/// Per-site answers to what the contract leaves open (§14.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapabilityFlags {
    /// `PUT /users/{id}` with `active` works.
    pub user_active_write: Flag,
    /// `neighborhoodSection` and `seatClassification` of a user can be written.
    pub neighborhood_write: Flag,
    /// User and category rules may be written; needs a captured sample, so `Auto` means no.
    pub rule_users_json: Flag,
    /// Check-out and cancelling of visits; undocumented, so `Auto` means no.
    pub visitor_ext: Flag,
    /// `PUT` of permissions replaces the list (`Yes`) or merges into it (`No`).
    pub permissions_semantics: Flag,
    /// A static `x-auth-token` is accepted; unpublished, so `Auto` means no. Reported only, never sent.
    pub x_auth_token: Flag,
    /// `DELETE /users/{id}` may be used. It may be irreversible, so `Auto` means no (§3.6).
    pub delete_allowed: Flag,
}

impl Default for CapabilityFlags {
    fn default() -> Self {
        Self {
            user_active_write: Flag::Auto,
            neighborhood_write: Flag::Auto,
            rule_users_json: Flag::No,
            visitor_ext: Flag::No,
            permissions_semantics: Flag::Auto,
            x_auth_token: Flag::No,
            delete_allowed: Flag::No,
        }
    }
}

/// How an account is deactivated (§3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeactivationMethod {
    /// `PUT active:false`, verified by a read; if it had no effect and deletes are allowed, `DELETE`.
    #[default]
    Auto,
    PutActive,
    Delete,
}

/// Everything one client needs to know.
#[derive(Debug, Clone)]
pub struct IofficeSettings {
    pub site: SiteId,
    pub url: SiteUrl,
    pub credential: Credential,
    pub capabilities: CapabilityFlags,
    pub deactivation: DeactivationMethod,
    /// Bookings are scanned from now to this far ahead.
    pub booking_horizon: Duration,
    /// Rows per page, 2 to 100; pages overlap by one row.
    pub page_rows: u32,
    pub pace: Pace,
    /// From call to last byte.
    pub timeout: Duration,
    /// Attempts of one call, first one included, when repeating is safe.
    pub attempts_max: u32,
    /// Longest wait that one attempt makes because the site asked for it; beyond it the caller is told when to come back.
    pub wait_max: Duration,
    /// Seed of the jitter in waits, so that a simulation repeats exactly.
    pub jitter_seed: u64,
}

impl IofficeSettings {
    /// Settings with defaults for everything but address and credential.
    pub fn new(site: SiteId, url: SiteUrl, credential: Credential) -> Self {
        Self {
            site,
            url,
            credential,
            capabilities: CapabilityFlags::default(),
            deactivation: DeactivationMethod::default(),
            booking_horizon: Duration::from_secs(5 * 365 * 86_400),
            page_rows: PAGE_ROWS_MAX,
            pace: Pace::default(),
            timeout: Duration::from_secs(30),
            attempts_max: 4,
            wait_max: Duration::from_secs(60),
            jitter_seed: 0x1a_a7d,
        }
    }

    /// # Errors
    /// The first setting out of its bounds.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let bad = |field, problem: String, fix: &str| Err(SettingsError { field, problem, fix: fix.into() });
        if !(2..=PAGE_ROWS_MAX).contains(&self.page_rows) {
            return bad(
                "page_rows",
                format!("{} is not between 2 and 100", self.page_rows),
                "leave it at 100",
            );
        }
        if !(1..=10).contains(&self.attempts_max) {
            return bad(
                "attempts_max",
                format!("{} is not between 1 and 10", self.attempts_max),
                "leave it at 4",
            );
        }
        if self.timeout.is_zero() {
            return bad("timeout", "it is zero".into(), "leave it at 30 seconds");
        }
        self.pace.validate()?;
        if let Credential::HeaderPair { username, .. } = &self.credential
            && (username.trim().is_empty() || !username.is_ascii())
        {
            return bad(
                "username",
                "it is empty or not ASCII".into(),
                "use the service account's login name",
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn site_addresses_are_normalised_or_refused_with_a_fix() {
        let ok = |text: &str| SiteUrl::parse(text).map(|u| u.origin());
        for text in [
            "acme.iofficeconnect.com",
            " https://acme.iofficeconnect.com/ ",
            "https://ACME.iofficeconnect.com/external/api/rest/v2/",
            "https://acme.iofficeconnect.com/login.html?x=1#y",
        ] {
            assert_eq!(ok(text).as_deref(), Ok("https://acme.iofficeconnect.com"), "{text}");
        }
        assert_eq!(ok("http://127.0.0.1:8081").as_deref(), Ok("http://127.0.0.1:8081"));
        for (text, problem) in [
            ("http://acme.iofficeconnect.com", "`http://acme.iofficeconnect.com` is not https"),
            ("https://bob:pw@acme.example", "the address holds a user name or password"),
            ("https://acme.example/tenants/7", "`/tenants/7` is not part of a site's address"),
        ] {
            assert_eq!(SiteUrl::parse(text).unwrap_err().problem, problem);
        }
    }

    #[test]
    fn segments_and_query_are_encoded() {
        let site = SiteUrl::parse("acme.example").unwrap();
        let url = site.resource(&["users", "username", "a/b c?"], &[("selector", "id,name".into())]);
        assert_eq!(
            url.as_str(),
            "https://acme.example/external/api/rest/v2/users/username/a%2Fb%20c%3F?selector=id%2Cname"
        );
    }

    #[test]
    fn secrets_do_not_print() {
        let credential = Credential::HeaderPair {
            username: "svc".into(),
            password: SecretString::from("hunter2".to_owned()),
        };
        assert!(!format!("{credential:?}").contains("hunter2"));
    }
}

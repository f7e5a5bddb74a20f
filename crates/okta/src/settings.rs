//! What a tenant's operator tells the client: where the org is, and how to sign in.

use std::collections::BTreeSet;
use std::fmt;

use lanyard_model::id::TenantId;
use secrecy::SecretString;
use url::Url;

/// A settings value that cannot be used, in words for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; hint: {hint}")]
pub struct SettingsProblem {
    pub what: String,
    pub hint: String,
}

/// The base address of one Okta org, normalised: scheme, host and port, no path, no trailing slash.
///
/// A doubled slash would end up in the `htu` of each DPoP proof and break it (contract §3.2), so none survives.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgUrl(String);

impl OrgUrl {
    /// Reads what an operator wrote. A missing scheme means https; path, query and fragment are dropped.
    ///
    /// # Errors
    /// [`SettingsProblem`] for plain http to anything but this machine, for an address with a user or password in
    /// it, and for the admin console's host.
    pub fn parse(text: &str) -> Result<Self, SettingsProblem> {
        let text = text.trim();
        let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let problem = |what: String, hint: &str| SettingsProblem { what, hint: hint.to_owned() };
        let url = Url::parse(&full).map_err(|e| {
            problem(format!("`{text}` is no address: {e}"), "write it as https://example.okta.com")
        })?;
        let Some(host) = url.host_str().map(str::to_owned) else {
            return Err(problem(format!("`{text}` names no host"), "write it as https://example.okta.com"));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(problem(
                format!("the address of {host} carries a user or password"),
                "leave it out: credentials have settings of their own",
            ));
        }
        match url.scheme() {
            "https" => {}
            "http" if lanyard_wire::is_loopback(&host) => {}
            "http" => {
                return Err(problem(
                    format!("plain http to {host}"),
                    "use https; plain http is for this machine only",
                ));
            }
            other => return Err(problem(format!("`{other}` is no scheme for an Okta org"), "use https")),
        }
        if let Some((first, rest)) = host.split_once('.')
            && let Some(org) = first.strip_suffix("-admin")
        {
            return Err(problem(
                format!("{host} is the admin console, not the API"),
                &format!("use https://{org}.{rest}"),
            ));
        }
        let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
        Ok(Self(format!("{}://{host}{port}", url.scheme())))
    }

    /// `https://host[:port]`, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Host and, where it is not the scheme's own, port.
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest)
    }

    /// The hosts a `next` link or a hook's `source` may name before `/.well-known/okta-organization` said more:
    /// the org itself and its admin console.
    pub(crate) fn first_hosts(&self) -> BTreeSet<String> {
        let own = self.authority().to_ascii_lowercase();
        let mut hosts = BTreeSet::from([own.clone()]);
        hosts.extend(admin_host(&own));
        hosts
    }

    /// The address of `path` (which starts with a slash) in this org.
    pub(crate) fn join(&self, path: &str) -> Url {
        let text = format!("{}{path}", self.0);
        Url::parse(&text).unwrap_or_else(|_| unreachable_url(&self.0))
    }
}

/// Paths are built in this crate from encoded parts, so joining cannot fail; the base itself always parses.
fn unreachable_url(base: &str) -> Url {
    Url::parse(base).expect("a normalised org address parses")
}

/// `northgate.okta.com` has `northgate-admin.okta.com`; bare names and addresses have none.
pub(crate) fn admin_host(authority: &str) -> Option<String> {
    let bare = authority.split(':').next().unwrap_or(authority);
    if bare.starts_with('[') || bare.parse::<std::net::Ipv4Addr>().is_ok() {
        return None;
    }
    let (first, rest) = authority.split_once('.')?;
    Some(format!("{first}-admin.{rest}"))
}

impl fmt::Debug for OrgUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for OrgUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// When to bind tokens to a proof key (contract §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DpopMode {
    /// Without, until the org says that this app must.
    #[default]
    Auto,
    Always,
    Never,
}

/// A service app that signs its own assertions.
#[derive(Debug, Clone)]
pub struct ServiceApp {
    pub client_id: String,
    /// Name of the key among the app's public keys.
    pub kid: String,
    /// PKCS#8 PEM, RSA or EC (P-256, P-384); PKCS#1 is read for RSA.
    pub key_pem: SecretString,
    /// Scopes to ask for, for example `okta.users.read`.
    pub scopes: BTreeSet<String>,
    pub dpop: DpopMode,
}

/// How the client signs in.
#[derive(Debug, Clone)]
pub enum Credential {
    /// An SSWS token: dies with the admin who made it, so the probe warns for as long as one is used.
    ApiToken(SecretString),
    ServiceApp(ServiceApp),
}

/// Bounds and sizes, with safe defaults.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Rows per page of people, groups and members; more than 200 pages inconsistently (contract §7.2).
    pub page_rows: u32,
    /// Rows per page of app users (at most 500).
    pub app_page_rows: u32,
    /// Events per page of the log (at most 1,000).
    pub log_page_events: u32,
    /// Pages after which a listing is given up as endless.
    pub pages_max: u32,
    /// How often one read is tried, the first time included.
    pub attempts_max: u32,
    /// Share of each quota kept for leavers, in percent.
    pub reserve_percent: u32,
    /// Calls in flight at once, over all lanes; half and three quarters of it for bulk and normal work.
    pub in_flight_max: u32,
    /// From call to last byte. Log queries may take Okta 30 seconds.
    pub answer_seconds_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page_rows: 200,
            app_page_rows: 500,
            log_page_events: 1000,
            pages_max: 20_000,
            attempts_max: 6,
            reserve_percent: 20,
            in_flight_max: 16,
            answer_seconds_max: 40,
        }
    }
}

/// Everything about one tenant's Okta.
#[derive(Debug, Clone)]
pub struct OktaSettings {
    pub tenant: TenantId,
    pub org: OrgUrl,
    pub credential: Credential,
    pub limits: Limits,
    /// Okta id of somebody who is always there: each full listing must contain them.
    pub canary_user: Option<String>,
    /// Ids (`00T…`) of the API tokens we use, by which the log shows our own doings. A service app needs none.
    pub api_token_ids: BTreeSet<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalised() {
        for (written, read) in [
            ("https://northgate.okta.com", "https://northgate.okta.com"),
            ("https://northgate.okta.com/", "https://northgate.okta.com"),
            ("https://Northgate.Okta.com//api/v1/", "https://northgate.okta.com"),
            (" northgate.okta.com ", "https://northgate.okta.com"),
            ("https://id.northgate.example:8443/oauth2/default?x=1#y", "https://id.northgate.example:8443"),
            ("https://northgate.okta.com:443/", "https://northgate.okta.com"),
            ("http://127.0.0.1:4010/", "http://127.0.0.1:4010"),
            ("http://[::1]:4010/", "http://[::1]:4010"),
        ] {
            assert_eq!(
                OrgUrl::parse(written).map(|u| u.as_str().to_owned()),
                Ok(read.to_owned()),
                "{written}"
            );
        }
    }

    #[test]
    fn unusable_addresses_say_the_fix() {
        for (written, fix) in [
            ("https://northgate-admin.okta.com/", "use https://northgate.okta.com"),
            ("http://northgate.okta.com", "use https; plain http is for this machine only"),
            ("https://me:pw@northgate.okta.com", "leave it out: credentials have settings of their own"),
            ("ftp://northgate.okta.com", "use https"),
            ("https://", "write it as https://example.okta.com"),
        ] {
            let problem = OrgUrl::parse(written).expect_err(written);
            assert_eq!(problem.hint, fix, "{written}");
            assert!(!problem.to_string().contains("pw"), "no password in {problem}");
        }
    }

    #[test]
    fn the_admin_console_belongs_to_the_org() {
        let hosts = OrgUrl::parse("https://northgate.okta.com").map(|u| u.first_hosts());
        let expected =
            BTreeSet::from(["northgate.okta.com".to_owned(), "northgate-admin.okta.com".to_owned()]);
        assert_eq!(hosts, Ok(expected));
        let hosts = OrgUrl::parse("http://127.0.0.1:4010").map(|u| u.first_hosts());
        assert_eq!(hosts, Ok(BTreeSet::from(["127.0.0.1:4010".to_owned()])));
    }

    #[test]
    fn debug_output_hides_secrets() {
        let settings = OktaSettings {
            tenant: TenantId::new("northgate"),
            org: OrgUrl::parse("northgate.okta.com").expect("an address"),
            credential: Credential::ApiToken("00planted-secret".into()),
            limits: Limits::default(),
            canary_user: None,
            api_token_ids: BTreeSet::new(),
        };
        assert!(!format!("{settings:?}").contains("planted"));
    }
}

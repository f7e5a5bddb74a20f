//! A connection that is in no settings yet: where it is, how to sign in there, and its block of the settings.

use std::path::Path;

use lanyard_web::access::fresh_token;

use crate::local::write_private;

/// An Okta org and how to sign in there.
pub struct Org {
    pub url: String,
    pub credential: Credential,
}

pub enum Credential {
    Token(String),
    App { client_id: String, key: String, key_id: Option<String> },
}

impl Org {
    /// Keeps the secrets, and answers the block of the settings.
    ///
    /// # Errors
    /// A secret that cannot be kept.
    pub fn write(&self, dir: &Path, tenant: &str) -> anyhow::Result<String> {
        let credential = match &self.credential {
            Credential::Token(token) => {
                keep_secret(dir, &format!("okta-{tenant}-token"), token)?;
                format!(
                    "# An API token dies with the admin who made it: a service app is better.\nokta_token_file = \"secrets/okta-{tenant}-token\"\n"
                )
            }
            Credential::App { client_id, key, key_id } => {
                keep_secret(dir, &format!("okta-{tenant}-key.pem"), key)?;
                let kid =
                    key_id.as_ref().map(|kid| format!("okta_key_id = {}\n", quoted(kid))).unwrap_or_default();
                format!(
                    "okta_client_id = {}\nokta_key_file = \"secrets/okta-{tenant}-key.pem\"\n{kid}# DPoP: auto switches to it when the org demands it; always; never.\ndpop = \"auto\"\n",
                    quoted(client_id)
                )
            }
        };
        keep_secret(dir, &format!("hook-{tenant}"), &fresh_token())?;
        Ok(format!(
            "# An Okta org. Repeat the block for further orgs, or run `lanyard init --add`.\n\
             [[tenant]]\n\
             id = {}\n\
             okta_url = {}\n\
             {credential}\
             # The event hook sends this secret; Lanyard makes and verifies the hook by itself.\n\
             hook_secret_file = \"secrets/hook-{tenant}\"\n",
            quoted(tenant),
            quoted(&self.url)
        ))
    }
}

/// An iOffice site and how to sign in there.
pub struct Place {
    pub url: String,
    pub credential: PlaceCredential,
}

/// How an iOffice site is signed in to.
pub enum PlaceCredential {
    Local { user: String, password: String },
    OAuth { client_id: String, secret: Option<String>, redirect_uri: String, scope: String, refresh: String },
}

impl Place {
    /// Keeps the secrets, and answers the block of the settings.
    ///
    /// # Errors
    /// A secret that cannot be kept.
    pub fn write(&self, dir: &Path, site: &str) -> anyhow::Result<String> {
        let credential = match &self.credential {
            PlaceCredential::Local { user, password } => {
                keep_secret(dir, &format!("ioffice-{site}-password"), password)?;
                format!(
                    "ioffice_user = {}\nioffice_password_file = \"secrets/ioffice-{site}-password\"\n",
                    quoted(user)
                )
            }
            PlaceCredential::OAuth { client_id, secret, redirect_uri, scope, refresh } => {
                keep_secret(dir, &format!("ioffice-{site}-refresh-token"), refresh)?;
                let secret = match secret {
                    Some(secret) => {
                        let name = format!("ioffice-{site}-client-secret");
                        keep_secret(dir, &name, secret)?;
                        format!("ioffice_client_secret_file = \"secrets/{name}\"\n")
                    }
                    None => String::new(),
                };
                format!(
                    "ioffice_client_id = {}\n{secret}ioffice_redirect_uri = {}\nioffice_scope = {}\n\
                     # Lanyard writes the next refresh token into this file whenever the site hands one out.\n\
                     ioffice_refresh_token_file = \"secrets/ioffice-{site}-refresh-token\"\n",
                    quoted(client_id),
                    quoted(redirect_uri),
                    quoted(scope)
                )
            }
        };
        Ok(format!(
            "# An iOffice site. Repeat the block for further sites, or run `lanyard init --add`.\n\
             [[site]]\n\
             id = {}\n\
             ioffice_url = {}\n\
             {credential}\
             # How leavers' accounts are deactivated: auto tries the reversible way and reads it back; delete may be irreversible.\n\
             deactivation = \"auto\"\n\
             delete_allowed = false\n",
            quoted(site),
            quoted(&self.url)
        ))
    }
}

/// Keeps a secret in a file of its own.
fn keep_secret(dir: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    write_private(&dir.join("secrets").join(name), &format!("{}\n", text.trim_end()))
}

/// A text as TOML writes it.
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

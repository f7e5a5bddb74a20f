//! A connection that is in no settings yet: where it is, how to sign in there, and its block of the settings.

use std::{fs, io, path::Path};

use anyhow::Context as _;
use lanyard_web::access::fresh_token;

use crate::{local::write_new_private, settings};

/// Files for one name, at most: each belongs to an attempt that came before.
const NUMBERS_MAX: u32 = 100;

/// A connection's block of the settings, and the secrets that were kept for it.
pub struct Written {
    pub block: String,
    secrets: Vec<String>,
}

impl Written {
    /// Nothing came of it: its secrets are taken away again, but for those that the settings name all the same.
    pub fn discard(self, dir: &Path) {
        let named = fs::read_to_string(dir.join(settings::FILE)).unwrap_or_default();
        for name in self.secrets.into_iter().filter(|name| !named.contains(&format!("\"{name}\""))) {
            // What stays is of no use to anybody, and readable by its owner only.
            let _ = fs::remove_file(dir.join(name));
        }
    }
}

/// Keeps secrets, each in a file of its own that nobody had before.
struct Secrets<'a> {
    dir: &'a Path,
    made: Vec<String>,
}

impl<'a> Secrets<'a> {
    fn new(dir: &'a Path) -> Self {
        Self { dir, made: Vec::new() }
    }

    /// Answers the file, as the settings name it. A file that is there belongs to another connection, or to somebody who
    /// adds one of the same name at this moment: it is never written to.
    fn keep(&mut self, name: &str, text: &str) -> anyhow::Result<String> {
        let (stem, end) = name.rsplit_once('.').map_or((name, String::new()), |(s, e)| (s, format!(".{e}")));
        for number in 1..=NUMBERS_MAX {
            let name = match number {
                1 => format!("secrets/{name}"),
                _ => format!("secrets/{stem}-{number}{end}"),
            };
            let file = self.dir.join(&name);
            match write_new_private(&file, &format!("{}\n", text.trim_end())) {
                Ok(()) => {
                    self.made.push(name.clone());
                    return Ok(name);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot write {}", file.display()));
                }
            }
        }
        let folder = self.dir.join("secrets");
        anyhow::bail!(
            "{} holds {NUMBERS_MAX} files named {stem} already: take old ones away",
            folder.display()
        )
    }

    fn with(self, block: String) -> Written {
        Written { block, secrets: self.made }
    }
}

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
    pub fn write(&self, dir: &Path, tenant: &str) -> anyhow::Result<Written> {
        let mut secrets = Secrets::new(dir);
        let credential = match &self.credential {
            Credential::Token(token) => {
                let file = secrets.keep(&format!("okta-{tenant}-token"), token)?;
                format!(
                    "# An API token dies with the admin who made it: a service app is better.\nokta_token_file = \"{file}\"\n"
                )
            }
            Credential::App { client_id, key, key_id } => {
                let file = secrets.keep(&format!("okta-{tenant}-key.pem"), key)?;
                let kid =
                    key_id.as_ref().map(|kid| format!("okta_key_id = {}\n", quoted(kid))).unwrap_or_default();
                format!(
                    "okta_client_id = {}\nokta_key_file = \"{file}\"\n{kid}# DPoP: auto switches to it when the org demands it; always; never.\ndpop = \"auto\"\n",
                    quoted(client_id)
                )
            }
        };
        let hook = secrets.keep(&format!("hook-{tenant}"), &fresh_token())?;
        let block = format!(
            "# An Okta org. Repeat the block for further orgs, or run `lanyard init --add`.\n\
             [[tenant]]\n\
             id = {}\n\
             okta_url = {}\n\
             {credential}\
             # The event hook sends this secret; Lanyard makes and verifies the hook by itself.\n\
             hook_secret_file = \"{hook}\"\n",
            quoted(tenant),
            quoted(&self.url)
        );
        Ok(secrets.with(block))
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
    pub fn write(&self, dir: &Path, site: &str) -> anyhow::Result<Written> {
        let mut secrets = Secrets::new(dir);
        let credential = match &self.credential {
            PlaceCredential::Local { user, password } => {
                let file = secrets.keep(&format!("ioffice-{site}-password"), password)?;
                format!("ioffice_user = {}\nioffice_password_file = \"{file}\"\n", quoted(user))
            }
            PlaceCredential::OAuth { client_id, secret, redirect_uri, scope, refresh } => {
                let refresh = secrets.keep(&format!("ioffice-{site}-refresh-token"), refresh)?;
                let secret = match secret {
                    Some(secret) => {
                        let file = secrets.keep(&format!("ioffice-{site}-client-secret"), secret)?;
                        format!("ioffice_client_secret_file = \"{file}\"\n")
                    }
                    None => String::new(),
                };
                format!(
                    "ioffice_client_id = {}\n{secret}ioffice_redirect_uri = {}\nioffice_scope = {}\n\
                     # Lanyard writes the next refresh token into this file whenever the site hands one out.\n\
                     ioffice_refresh_token_file = \"{refresh}\"\n",
                    quoted(client_id),
                    quoted(redirect_uri),
                    quoted(scope)
                )
            }
        };
        let block = format!(
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
        );
        Ok(secrets.with(block))
    }
}

/// A text as TOML writes it.
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(password: &str) -> Place {
        Place {
            url: "https://south.iofficeconnect.com".into(),
            credential: PlaceCredential::Local { user: "lanyard".into(), password: password.into() },
        }
    }

    #[test]
    fn two_who_add_one_site_at_once_do_not_overwrite_each_others_secret() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        fs::create_dir(dir.join("secrets")).unwrap();
        let secret = |name: &str| fs::read_to_string(dir.join("secrets").join(name)).ok();
        let first = place("one").write(dir, "south").unwrap();
        let second = place("two").write(dir, "south").unwrap();
        assert!(first.block.contains("\"secrets/ioffice-south-password\""), "{}", first.block);
        assert!(second.block.contains("\"secrets/ioffice-south-password-2\""), "{}", second.block);
        // The second one came too late for the settings.
        second.discard(dir);
        assert_eq!(secret("ioffice-south-password").as_deref(), Some("one\n"));
        assert_eq!(secret("ioffice-south-password-2"), None);
        let org = Org {
            url: "https://example.okta.com".into(),
            credential: Credential::App { client_id: "0oa1".into(), key: "key".into(), key_id: None },
        };
        org.write(dir, "main").unwrap();
        let again = org.write(dir, "main").unwrap();
        assert!(again.block.contains("okta_key_file = \"secrets/okta-main-key-2.pem\""), "{}", again.block);
        assert!(again.block.contains("hook_secret_file = \"secrets/hook-main-2\""), "{}", again.block);
    }
}

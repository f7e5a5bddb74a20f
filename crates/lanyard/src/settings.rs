//! The settings file `lanyard.toml`: who and where, never what policy says. Secrets stay in files of their own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use lanyard_model::id::is_slug;
use secrecy::SecretString;
use serde::Deserialize;

/// Name of the file in the data folder.
pub const FILE: &str = "lanyard.toml";

/// The whole file. Unknown keys are mistakes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Address to listen on.
    #[serde(default = "default_listen")]
    pub listen: String,
    /// Address under which Okta reaches this server; event hooks go there.
    pub public_url: Option<String>,
    /// Folder of the policy, relative to this file.
    #[serde(default = "default_policy")]
    pub policy: PathBuf,
    /// Observe and plan, write nothing upstream.
    #[serde(default)]
    pub observe_only: bool,
    /// Seconds between two polls of Okta's log.
    #[serde(default = "default_feed_seconds")]
    pub feed_seconds: u64,
    /// Extra roots of trust, PEM.
    pub ca_file: Option<PathBuf>,
    #[serde(rename = "tenant", default)]
    pub tenants: Vec<TenantSettings>,
    #[serde(rename = "site", default)]
    pub sites: Vec<SiteSettings>,
    pub mail: Option<MailSettings>,
    /// Named secrets (a Slack webhook's address, say) by the file that holds each.
    #[serde(default)]
    pub secrets: std::collections::BTreeMap<String, PathBuf>,
}

/// One Okta org.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantSettings {
    pub id: String,
    pub okta_url: String,
    /// File with an API token (SSWS). Prefer a service app.
    pub okta_token_file: Option<PathBuf>,
    pub okta_client_id: Option<String>,
    /// File with the service app's private key, PEM.
    pub okta_key_file: Option<PathBuf>,
    /// Name of the key among the app's public keys.
    pub okta_key_id: Option<String>,
    /// `auto`, `always` or `never`.
    #[serde(default)]
    pub dpop: Dpop,
    /// File with the secret that Okta's event hook sends.
    pub hook_secret_file: Option<PathBuf>,
    /// Set to false to live from the log alone.
    #[serde(default = "yes")]
    pub hook: bool,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dpop {
    #[default]
    Auto,
    Always,
    Never,
}

/// One iOffice instance.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteSettings {
    pub id: String,
    pub ioffice_url: String,
    pub ioffice_user: String,
    pub ioffice_password_file: PathBuf,
    /// `auto`, `put_active` or `delete`.
    #[serde(default)]
    pub deactivation: Deactivation,
    /// `DELETE /users/{id}` may be used. It may be irreversible.
    #[serde(default)]
    pub delete_allowed: bool,
    /// Calls per second we allow ourselves; learnt downwards when the site says 429. 0: no limit of ours.
    pub requests_per_second: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deactivation {
    #[default]
    Auto,
    PutActive,
    Delete,
}

/// Where e-mail goes out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    pub host: String,
    pub port: u16,
    pub from: String,
    /// `starttls`, `tls`, or `none` (loopback only).
    #[serde(default = "default_mail_tls")]
    pub tls: String,
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
}

fn default_listen() -> String {
    "127.0.0.1:8480".into()
}

fn default_policy() -> PathBuf {
    "policy".into()
}

fn default_feed_seconds() -> u64 {
    10
}

fn default_mail_tls() -> String {
    "starttls".into()
}

fn yes() -> bool {
    true
}

/// Everything wrong with the file, rendered with line, column and fix.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsProblems(pub String);

impl Settings {
    /// Reads `lanyard.toml` in `dir`.
    ///
    /// # Errors
    /// The problems, rendered for people.
    pub fn load(dir: &Path) -> Result<Self, SettingsProblems> {
        let path = dir.join(FILE);
        let text = fs::read_to_string(&path).map_err(|error| {
            SettingsProblems(format!(
                "error: cannot read {}: {error}\nhint: `lanyard init {}` writes one",
                path.display(),
                dir.display()
            ))
        })?;
        let shown = path.display().to_string();
        let settings: Self = toml::from_str(&text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            SettingsProblems(render(&shown, &text, span, error.message()))
        })?;
        let problems = settings.check(dir);
        if problems.is_empty() {
            return Ok(settings);
        }
        let all: Vec<_> = problems
            .into_iter()
            .map(|(needle, message)| {
                let start = text.find(&needle).unwrap_or(0);
                render(&shown, &text, start..start + needle.len().min(text.len() - start), &message)
            })
            .collect();
        Err(SettingsProblems(all.join("\n")))
    }

    /// Mistakes that only meaning shows: a piece of text to point at, and a sentence with the fix.
    fn check(&self, dir: &Path) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        if self.listen.parse::<std::net::SocketAddr>().is_err() {
            problems.push((
                self.listen.clone(),
                "not an address to listen on; write it like 127.0.0.1:8480".into(),
            ));
        }
        if self.tenants.is_empty() {
            problems.push((String::new(), "no [[tenant]]: at least one Okta org is needed".into()));
        }
        if self.sites.is_empty() {
            problems.push((String::new(), "no [[site]]: at least one iOffice site is needed".into()));
        }
        let mut seen = std::collections::BTreeSet::new();
        for (kind, id) in
            self.tenants.iter().map(|t| ("tenant", &t.id)).chain(self.sites.iter().map(|s| ("site", &s.id)))
        {
            if !is_slug(id) {
                problems.push((id.clone(), "an id is 1 to 40 of a-z, 0-9 and hyphen".into()));
            }
            if !seen.insert((kind, id)) {
                problems.push((id.clone(), format!("the {kind} id {id} is used twice; ids are unique")));
            }
        }
        for tenant in &self.tenants {
            if let Err(problem) = lanyard_okta::OrgUrl::parse(&tenant.okta_url) {
                problems.push((tenant.okta_url.clone(), problem.to_string()));
            }
            let app = tenant.okta_client_id.is_some() || tenant.okta_key_file.is_some();
            match (&tenant.okta_token_file, app) {
                (Some(_), true) => problems.push((
                    tenant.id.clone(),
                    "both an API token and a service app are given; keep one (the service app is better)"
                        .into(),
                )),
                (None, false) => problems.push((
                    tenant.id.clone(),
                    "no credential: give okta_client_id and okta_key_file, or okta_token_file".into(),
                )),
                (None, true) if tenant.okta_client_id.is_none() || tenant.okta_key_file.is_none() => problems
                    .push((
                        tenant.id.clone(),
                        "a service app needs both okta_client_id and okta_key_file".into(),
                    )),
                _ => {}
            }
            for file in [&tenant.okta_token_file, &tenant.okta_key_file, &tenant.hook_secret_file]
                .into_iter()
                .flatten()
            {
                check_file(dir, file, &mut problems);
            }
        }
        for site in &self.sites {
            if let Err(problem) = lanyard_ioffice::SiteUrl::parse(&site.ioffice_url) {
                problems.push((site.ioffice_url.clone(), problem.to_string()));
            }
            check_file(dir, &site.ioffice_password_file, &mut problems);
        }
        for file in
            self.secrets.values().chain(self.mail.iter().filter_map(|mail| mail.password_file.as_ref()))
        {
            check_file(dir, file, &mut problems);
        }
        problems
    }
}

fn check_file(dir: &Path, file: &Path, problems: &mut Vec<(String, String)>) {
    if let Err(error) = fs::metadata(dir.join(file)) {
        problems.push((
            file.display().to_string(),
            format!("cannot read this file: {error}; paths are relative to the settings file"),
        ));
    }
}

/// A secret file's content without outer white space.
///
/// # Errors
/// A sentence naming the file.
pub fn read_secret(dir: &Path, file: &Path) -> anyhow::Result<SecretString> {
    let path = dir.join(file);
    let text = fs::read_to_string(&path)
        .map_err(|error| anyhow::anyhow!("cannot read {}: {error}", path.display()))?;
    let text = text.trim();
    anyhow::ensure!(!text.is_empty(), "{} is empty; it should hold a secret", path.display());
    Ok(SecretString::from(text.to_owned()))
}

fn render(file: &str, text: &str, span: std::ops::Range<usize>, message: &str) -> String {
    let group = Level::ERROR
        .primary_title(message)
        .element(Snippet::source(text).path(file).annotation(AnnotationKind::Primary.span(span)));
    Renderer::plain().render(&[group])
}

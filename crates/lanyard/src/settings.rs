//! The settings file `lanyard.toml`: who and where, never what policy says. Secrets stay in files of their own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use lanyard_model::id::is_slug;
use secrecy::SecretString;
use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use crate::local;

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
    /// Folder that signed checkpoints of the journal are laid into every hour; best on another machine's disk.
    pub checkpoint_dir: Option<PathBuf>,
    /// Where checkpoints go beside that folder.
    pub checkpoints: Option<CheckpointSettings>,
    #[serde(rename = "tenant", default)]
    pub tenants: Vec<TenantSettings>,
    #[serde(rename = "site", default)]
    pub sites: Vec<SiteSettings>,
    pub mail: Option<MailSettings>,
    /// How people sign in to the console; without it, by owner links alone.
    pub sign_in: Option<SignInSettings>,
    /// Who is told what needs a person.
    #[serde(rename = "alert", default)]
    pub alerts: Vec<AlertEntry>,
    /// A summary once a day.
    pub digest: Option<DigestEntry>,
    /// Told of everything that waits for an approval, beside the people whom the policy names.
    pub approvals: Option<Recipients>,
    /// A Slack app of yours: its buttons approve and decline.
    pub slack: Option<SlackSettings>,
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
    /// File with the token that Okta's provisioning (SCIM) sends; without it there is no SCIM endpoint.
    pub scim_token_file: Option<PathBuf>,
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
    /// User name of a local service account; with `ioffice_password_file`, or else OAuth.
    pub ioffice_user: Option<String>,
    pub ioffice_password_file: Option<PathBuf>,
    /// Client id that the vendor issued, for OAuth.
    pub ioffice_client_id: Option<String>,
    /// File with the client's secret, where the vendor issued one.
    pub ioffice_client_secret_file: Option<PathBuf>,
    /// The redirect address of the one sign-in by hand that gave the refresh token.
    pub ioffice_redirect_uri: Option<String>,
    /// The scope of that sign-in; free text, and it restricts nothing.
    pub ioffice_scope: Option<String>,
    /// File with the refresh token. Lanyard writes the next one into it when the site hands one out.
    pub ioffice_refresh_token_file: Option<PathBuf>,
    /// `auto`, `put_active` or `delete`.
    #[serde(default)]
    pub deactivation: Deactivation,
    /// `DELETE /users/{id}` may be used. It may be irreversible.
    #[serde(default)]
    pub delete_allowed: bool,
    /// Nothing is written here before `lanyard adopt sign-off`.
    #[serde(default)]
    pub sign_off: bool,
    /// `active` on users can be written. Not said: it is tried and read back.
    pub user_active_write: Option<bool>,
    /// Seat classification and neighborhood section of users can be written. Not said: it is tried and read back.
    pub neighborhood_write: Option<bool>,
    /// Writing permissions replaces the whole list (true) or only adds to it (false). Not said: what is seen counts.
    pub permissions_replace: Option<bool>,
    /// Calls per second we allow ourselves; learnt downwards when the site says 429. 0: no limit of ours.
    pub requests_per_second: Option<u32>,
    /// How the site's badge system is told who may enter what; without it, doors are to-dos.
    pub doors: Option<DoorSettings>,
}

/// A physical-access feed: one of `webhook`, `drop` and `scim`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoorSettings {
    /// Address that takes signed JSON.
    pub webhook: Option<String>,
    /// With `webhook`: name under `[secrets]` of the signing key (`whsec_…`).
    pub key: Option<String>,
    /// Folder that lists are laid into as CSV; relative to this file.
    pub drop: Option<PathBuf>,
    /// Address before `/Users` and `/Groups`.
    pub scim: Option<String>,
    /// With `scim`: name under `[secrets]` of the bearer token.
    pub token: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deactivation {
    #[default]
    Auto,
    PutActive,
    Delete,
}

/// One alert rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertEntry {
    pub id: String,
    /// Kinds of findings; none: all.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// Sites; none: all, and what is of no site.
    #[serde(default)]
    pub sites: Vec<String>,
    /// Tenants; none: all, and what is of no tenant.
    #[serde(default)]
    pub tenants: Vec<String>,
    #[serde(default)]
    pub at_least: Least,
    /// Seconds that others are waited for after the first.
    #[serde(default = "default_gather")]
    pub gather_seconds: u32,
    /// Minutes between two messages of this rule.
    #[serde(default = "default_every")]
    pub every_minutes: u32,
    /// File with a template of the text.
    pub template: Option<PathBuf>,
    #[serde(flatten)]
    pub to: Recipients,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Least {
    Info,
    #[default]
    Warning,
    Error,
}

/// Where a message goes; at least one.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Recipients {
    #[serde(default)]
    pub email: Vec<String>,
    /// Name under `[secrets]`: a Slack incoming webhook's address.
    pub slack: Option<String>,
    /// Name under `[secrets]`: the address that takes JSON.
    pub webhook: Option<String>,
    /// Name under `[secrets]`: the key that signs it.
    pub webhook_key: Option<String>,
    /// Name under `[secrets]`: a routing key for PagerDuty's events.
    pub pager: Option<String>,
    /// Another service that takes the same events.
    pub pager_url: Option<String>,
}

/// The daily digest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestEntry {
    /// `08:00`.
    pub at: String,
    /// `Europe/London`.
    pub zone: String,
    #[serde(flatten)]
    pub to: Recipients,
}

/// A Slack app. Its interactivity address is `PUBLIC_URL/slack/actions`; its bot needs the scopes `users:read` and
/// `users:read.email`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackSettings {
    /// Name under `[secrets]`: what Slack signs its requests with.
    pub signing_secret: String,
    /// Name under `[secrets]`: the bot's token.
    pub bot_token: String,
    #[serde(default = "default_slack_api")]
    pub api: String,
}

/// Where signed heads of the journals go, out of reach of whoever administers this server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointSettings {
    /// Mailboxes that get the newest one now and then.
    #[serde(default)]
    pub email: Vec<String>,
    /// Hours between two such mails.
    #[serde(default = "default_email_hours")]
    pub email_hours: u32,
    /// Gets each one, every hour.
    pub bucket: Option<BucketEntry>,
}

/// A bucket that speaks S3.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BucketEntry {
    /// `https://s3.REGION.amazonaws.com`, or the address of another store that speaks S3.
    pub endpoint: String,
    pub name: String,
    pub region: String,
    /// Put before each object's name.
    #[serde(default)]
    pub prefix: String,
    /// The bucket as first part of the path instead of the host's name; most stores that are not Amazon's want it.
    #[serde(default)]
    pub path_style: bool,
    pub key_id: String,
    /// Name under `[secrets]`: the secret key.
    pub key: String,
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

/// Sign-in with Okta (OIDC). The web app registered there has `PUBLIC_URL/sign-in/callback` as redirect URI and a
/// groups claim for the groups named here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInSettings {
    /// The tenant whose people sign in.
    pub tenant: String,
    /// Where it is not the tenant's org itself (a custom authorization server or domain): the issuer, exactly.
    pub issuer: Option<String>,
    pub client_id: String,
    /// File with the client secret; without one the app is a public client (PKCE alone).
    pub client_secret_file: Option<PathBuf>,
    /// Which group gives which role. Whoever is in none of the groups is not let in.
    #[serde(rename = "role", default)]
    pub roles: Vec<RoleSettings>,
}

/// Members of `group` have `role`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleSettings {
    pub group: String,
    /// `viewer`, `operator`, `policy_editor`, `approver`, `auditor` or `owner`.
    pub role: String,
    /// Only in these tenants.
    #[serde(default)]
    pub tenants: Vec<String>,
    /// Only in these sites.
    #[serde(default)]
    pub sites: Vec<String>,
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

fn default_slack_api() -> String {
    "https://slack.com/api".into()
}

fn default_email_hours() -> u32 {
    24
}

fn default_gather() -> u32 {
    30
}

fn default_every() -> u32 {
    15
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
        Self::parse(dir, &text)
    }

    /// Reads `text` as if it stood in `dir`.
    fn parse(dir: &Path, text: &str) -> Result<Self, SettingsProblems> {
        let shown = dir.join(FILE).display().to_string();
        let settings: Self = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            SettingsProblems(render(&shown, text, span, error.message()))
        })?;
        let mistakes = settings.check(dir);
        if mistakes.is_empty() {
            return Ok(settings);
        }
        let document = DeTable::parse(text).ok();
        let spot = |mistake: &Mistake| {
            document.as_ref().and_then(|document| mistake.place.span(document.get_ref())).unwrap_or(0..0)
        };
        let all: Vec<_> =
            mistakes.iter().map(|mistake| render(&shown, text, spot(mistake), &mistake.message)).collect();
        Err(SettingsProblems(all.join("\n")))
    }

    /// Mistakes that only meaning shows.
    fn check(&self, dir: &Path) -> Vec<Mistake> {
        let mut mistakes = Mistakes { dir, found: Vec::new() };
        mistakes.check_top(self);
        mistakes.check_ids(self);
        for (row, tenant) in self.tenants.iter().enumerate() {
            mistakes.check_tenant(row, tenant);
        }
        for (row, site) in self.sites.iter().enumerate() {
            mistakes.check_site(row, site);
        }
        if let Some(mail) = &self.mail {
            if !["starttls", "tls", "none"].contains(&mail.tls.as_str()) {
                let message = format!("{:?} is no way to send mail; use starttls, tls or none", mail.tls);
                mistakes.add(Place::key("mail", "tls"), message);
            }
            if let Some(file) = &mail.password_file {
                mistakes.check_file(Place::key("mail", "password_file"), file);
            }
        }
        mistakes.check_sign_in(self);
        for (name, file) in &self.secrets {
            mistakes.check_file(Place::key("secrets", name), file);
        }
        mistakes.check_alerts(self);
        mistakes.check_checkpoints(self);
        mistakes.check_asking(self);
        mistakes.found
    }
}

/// The settings in use with a block at their end, as text and as read. Nothing is written.
///
/// # Errors
/// A file that cannot be read; settings that the block would spoil.
pub fn with_block(dir: &Path, block: &str) -> anyhow::Result<(String, Settings)> {
    let old = fs::read_to_string(dir.join(FILE))?;
    let text = format!("{}\n\n{block}", old.trim_end());
    let settings = Settings::parse(dir, &text)?;
    Ok((text, settings))
}

/// Adds a block to the settings in use. Whoever else adds one waits for us, and whoever reads them finds the old text or the
/// new one, whole.
///
/// # Errors
/// As [`with_block`], and a file that cannot be written. They are as they were.
pub fn append(dir: &Path, block: &str) -> anyhow::Result<()> {
    let file = dir.join(FILE);
    let _turn = local::turn(&file)?;
    let (text, _) = with_block(dir, block)?;
    local::replace(&file, &text)
}

/// A mistake: where it stands, and a sentence with the fix.
struct Mistake {
    place: Place,
    message: String,
}

/// A key in the file.
struct Place {
    /// Empty for the top of the file; a table within a table after a dot.
    table: &'static str,
    /// For `[[tenant]]` and `[[site]]`.
    row: Option<usize>,
    /// Empty for the table itself.
    key: String,
}

impl Place {
    fn top(key: &str) -> Self {
        Self { table: "", row: None, key: key.to_owned() }
    }

    fn key(table: &'static str, key: &str) -> Self {
        Self { table, row: None, key: key.to_owned() }
    }

    fn row(table: &'static str, row: usize, key: &str) -> Self {
        Self { table, row: Some(row), key: key.to_owned() }
    }

    /// Where the key's value stands, or the table that lacks it.
    fn span(&self, document: &DeTable<'_>) -> Option<std::ops::Range<usize>> {
        if self.table.is_empty() {
            return document.get(self.key.as_str()).map(|value| value.span());
        }
        let mut names = self.table.split('.');
        let mut table = document.get(names.next()?)?;
        for name in names {
            let DeValue::Table(keys) = table.get_ref() else { break };
            table = keys.get(name)?;
        }
        if let (Some(row), DeValue::Array(rows)) = (self.row, table.get_ref()) {
            table = rows.get(row)?;
        }
        let value = match table.get_ref() {
            DeValue::Table(keys) => keys.get(self.key.as_str()),
            _ => None,
        };
        Some(value.unwrap_or(table).span())
    }
}

struct Mistakes<'a> {
    dir: &'a Path,
    found: Vec<Mistake>,
}

impl Mistakes<'_> {
    fn add(&mut self, place: Place, message: impl Into<String>) {
        self.found.push(Mistake { place, message: message.into() });
    }

    fn check_top(&mut self, settings: &Settings) {
        if settings.listen.parse::<std::net::SocketAddr>().is_err() {
            self.add(Place::top("listen"), "not an address to listen on; write it like 127.0.0.1:8480");
        }
        if let Some(url) = &settings.public_url
            && !is_public(url)
        {
            self.add(
                Place::top("public_url"),
                "not an address that Okta can call; write it like https://lanyard.example.com (plain http only to this machine)",
            );
        }
        if let Some(file) = &settings.ca_file {
            self.check_file(Place::top("ca_file"), file);
        }
        if settings.tenants.is_empty() {
            self.add(Place::top(""), "no [[tenant]]: at least one Okta org is needed");
        }
        if settings.sites.is_empty() {
            self.add(Place::top(""), "no [[site]]: at least one iOffice site is needed");
        }
    }

    fn check_ids(&mut self, settings: &Settings) {
        let tenants = settings.tenants.iter().map(|tenant| &tenant.id).enumerate();
        let sites = settings.sites.iter().map(|site| &site.id).enumerate();
        let all =
            tenants.map(|(row, id)| ("tenant", row, id)).chain(sites.map(|(row, id)| ("site", row, id)));
        let mut seen = std::collections::BTreeSet::new();
        for (kind, row, id) in all {
            if !is_slug(id) {
                self.add(Place::row(kind, row, "id"), "an id is 1 to 40 of a-z, 0-9 and hyphen");
            }
            if !seen.insert((kind, id)) {
                self.add(
                    Place::row(kind, row, "id"),
                    format!("the {kind} id {id} is used twice; ids are unique"),
                );
            }
        }
    }

    fn check_tenant(&mut self, row: usize, tenant: &TenantSettings) {
        let place = |key: &str| Place::row("tenant", row, key);
        if let Err(problem) = lanyard_okta::OrgUrl::parse(&tenant.okta_url) {
            self.add(place("okta_url"), problem.to_string());
        }
        let app = (tenant.okta_client_id.is_some(), tenant.okta_key_file.is_some());
        match (tenant.okta_token_file.is_some(), app) {
            (true, (true, _) | (_, true)) => self.add(
                place("okta_token_file"),
                "both an API token and a service app are given; keep one (the service app is better)",
            ),
            (false, (false, false)) => self
                .add(place(""), "no credential: give okta_client_id and okta_key_file, or okta_token_file"),
            (false, (true, false) | (false, true)) => {
                self.add(place(""), "a service app needs both okta_client_id and okta_key_file");
            }
            _ => {}
        }
        for (key, file) in [
            ("okta_token_file", &tenant.okta_token_file),
            ("okta_key_file", &tenant.okta_key_file),
            ("hook_secret_file", &tenant.hook_secret_file),
            ("scim_token_file", &tenant.scim_token_file),
        ] {
            if let Some(file) = file {
                self.check_file(place(key), file);
            }
        }
    }

    fn check_site(&mut self, row: usize, site: &SiteSettings) {
        let place = |key: &str| Place::row("site", row, key);
        if let Err(problem) = lanyard_ioffice::SiteUrl::parse(&site.ioffice_url) {
            self.add(place("ioffice_url"), problem.to_string());
        }
        let pair = (site.ioffice_user.is_some(), site.ioffice_password_file.is_some());
        let app = (
            site.ioffice_client_id.is_some(),
            site.ioffice_redirect_uri.is_some(),
            site.ioffice_refresh_token_file.is_some(),
        );
        match (pair, app) {
            ((true, true), (false, false, false)) | ((false, false), (true, true, true)) => {}
            ((false, false), (false, false, false)) => self.add(
                place(""),
                "no credential: give ioffice_user and ioffice_password_file, or the OAuth keys \
                 (ioffice_client_id, ioffice_redirect_uri, ioffice_refresh_token_file)",
            ),
            ((true, _) | (_, true), (true, ..) | (_, true, _) | (.., true)) => {
                self.add(place("ioffice_user"), "both a local account and OAuth are given; keep one");
            }
            (_, (false, false, false)) => {
                self.add(place(""), "a local account needs both ioffice_user and ioffice_password_file");
            }
            _ => self.add(
                place(""),
                "OAuth needs ioffice_client_id, ioffice_redirect_uri and ioffice_refresh_token_file",
            ),
        }
        if let Some(doors) = &site.doors {
            self.check_doors(row, doors);
        }
        for (key, file) in [
            ("ioffice_password_file", &site.ioffice_password_file),
            ("ioffice_client_secret_file", &site.ioffice_client_secret_file),
            ("ioffice_refresh_token_file", &site.ioffice_refresh_token_file),
        ] {
            if let Some(file) = file {
                self.check_file(place(key), file);
            }
        }
    }

    /// Secrets are checked where they are read: they stand elsewhere in the file.
    fn check_doors(&mut self, row: usize, doors: &DoorSettings) {
        let place = || Place::row("site", row, "doors");
        let ways = [doors.webhook.is_some(), doors.drop.is_some(), doors.scim.is_some()];
        match ways.iter().filter(|way| **way).count() {
            1 => {}
            0 => self.add(place(), "doors names no way: give webhook, drop or scim"),
            _ => self.add(place(), "doors names several ways; keep one of webhook, drop and scim"),
        }
        if doors.webhook.is_some() != doors.key.is_some() {
            self.add(
                place(),
                "a webhook needs its key, and nothing else does: the name of a secret (whsec_…)",
            );
        }
        if doors.scim.is_some() != doors.token.is_some() {
            self.add(place(), "scim needs its token, and nothing else does: the name of a secret");
        }
    }

    fn check_sign_in(&mut self, settings: &Settings) {
        let Some(sign_in) = &settings.sign_in else { return };
        let place = |key: &str| Place::key("sign_in", key);
        if !settings.tenants.iter().any(|tenant| tenant.id == sign_in.tenant) {
            self.add(place("tenant"), format!("there is no [[tenant]] with the id {}", sign_in.tenant));
        }
        if let Some(issuer) = &sign_in.issuer
            && !is_public(issuer)
        {
            self.add(
                place("issuer"),
                "not an issuer; write it as Okta names itself, like https://example.okta.com",
            );
        }
        if let Some(file) = &sign_in.client_secret_file {
            self.check_file(place("client_secret_file"), file);
        }
        if sign_in.roles.is_empty() {
            self.add(
                place("role"),
                "no [[sign_in.role]]: nobody could do anything; name at least one group as owner",
            );
        }
        for rule in &sign_in.roles {
            let role = lanyard_web::access::Role::parse(&rule.role);
            if role.is_none_or(|role| role == lanyard_web::access::Role::Metrics) {
                self.add(
                    place("role"),
                    format!(
                        "{:?} is no role; use viewer, operator, policy_editor, approver, auditor or owner",
                        rule.role
                    ),
                );
            }
            for id in
                rule.tenants.iter().filter(|id| !settings.tenants.iter().any(|tenant| tenant.id == **id))
            {
                self.add(
                    place("role"),
                    format!("the role of {} names the tenant {id}, which is not set up", rule.group),
                );
            }
            for id in rule.sites.iter().filter(|id| !settings.sites.iter().any(|site| site.id == **id)) {
                self.add(
                    place("role"),
                    format!("the role of {} names the site {id}, which is not set up", rule.group),
                );
            }
        }
    }

    fn check_alerts(&mut self, settings: &Settings) {
        let mut seen = std::collections::BTreeSet::new();
        for (row, alert) in settings.alerts.iter().enumerate() {
            let place = |key: &str| Place::row("alert", row, key);
            if !is_slug(&alert.id) {
                self.add(place("id"), "an id is 1 to 40 of a-z, 0-9 and hyphen");
            }
            if !seen.insert(&alert.id) {
                self.add(place("id"), format!("the alert id {} is used twice; ids are unique", alert.id));
            }
            for site in alert.sites.iter().filter(|id| !settings.sites.iter().any(|site| site.id == **id)) {
                self.add(place("sites"), format!("there is no site {site}"));
            }
            let is_tenant = |id: &&String| settings.tenants.iter().any(|tenant| tenant.id == **id);
            for tenant in alert.tenants.iter().filter(|id| !is_tenant(id)) {
                self.add(place("tenants"), format!("there is no tenant {tenant}"));
            }
            if let Some(file) = &alert.template {
                self.check_file(place("template"), file);
                if let Err(why) = crate::alerts::Template::read(&self.dir.join(file)) {
                    self.add(place("template"), why);
                }
            }
            self.check_recipients(settings, &place, &alert.to);
        }
        let Some(digest) = &settings.digest else { return };
        let place = |key: &str| Place::key("digest", key);
        if digest.at.parse::<jiff::civil::Time>().is_err() {
            self.add(place("at"), "not a time of day; write it like 08:00");
        }
        if jiff::tz::TimeZone::get(&digest.zone).is_err() {
            self.add(
                place("zone"),
                format!("there is no time zone {}; write it like Europe/London", digest.zone),
            );
        }
        self.check_recipients(settings, &place, &digest.to);
    }

    fn check_recipients(&mut self, settings: &Settings, place: &dyn Fn(&str) -> Place, to: &Recipients) {
        let names = [
            ("slack", &to.slack),
            ("webhook", &to.webhook),
            ("webhook_key", &to.webhook_key),
            ("pager", &to.pager),
        ];
        if to.email.is_empty() && names.iter().all(|(_, name)| name.is_none()) {
            self.add(place(""), "nobody is told; give email, slack, webhook or pager");
        }
        for (key, name) in names {
            if let Some(name) = name
                && !settings.secrets.contains_key(name)
            {
                let message = format!("there is no secret {name}; name a file for it under [secrets]");
                self.add(place(key), message);
            }
        }
        if to.webhook_key.is_some() && to.webhook.is_none() {
            self.add(place("webhook_key"), "a key without a webhook signs nothing; give webhook too");
        }
        if !to.email.is_empty() && settings.mail.is_none() {
            self.add(place("email"), "there is no [mail]: add where e-mail goes out");
        }
    }

    fn check_asking(&mut self, settings: &Settings) {
        if let Some(to) = &settings.approvals {
            self.check_recipients(settings, &|key| Place::key("approvals", key), to);
        }
        let Some(slack) = &settings.slack else { return };
        for (key, name) in [("signing_secret", &slack.signing_secret), ("bot_token", &slack.bot_token)] {
            if !settings.secrets.contains_key(name) {
                let message = format!("there is no secret {name}; name a file for it under [secrets]");
                self.add(Place::key("slack", key), message);
            }
        }
        if !is_public(&slack.api) {
            self.add(Place::key("slack", "api"), "not an https address (plain http is for loopback only)");
        }
        if settings.public_url.is_none() {
            let message = "Slack must reach this server: set public_url";
            self.add(Place::key("slack", ""), message);
        }
    }

    fn check_checkpoints(&mut self, settings: &Settings) {
        let Some(checkpoints) = &settings.checkpoints else { return };
        if !checkpoints.email.is_empty() && settings.mail.is_none() {
            self.add(Place::key("checkpoints", "email"), "there is no [mail]: add where e-mail goes out");
        }
        if !(1..=744).contains(&checkpoints.email_hours) {
            let message = format!("{} is not between 1 and 744 hours", checkpoints.email_hours);
            self.add(Place::key("checkpoints", "email_hours"), message);
        }
        let Some(bucket) = &checkpoints.bucket else { return };
        let place = |key: &str| Place::key("checkpoints.bucket", key);
        if !is_public(&bucket.endpoint) {
            self.add(place("endpoint"), "not an https address (plain http is for loopback only)");
        }
        if bucket.name.is_empty() {
            self.add(place("name"), "a bucket has a name");
        }
        if !settings.secrets.contains_key(&bucket.key) {
            let message = format!("there is no secret {}; name a file for it under [secrets]", bucket.key);
            self.add(place("key"), message);
        }
    }

    fn check_file(&mut self, place: Place, file: &Path) {
        if let Err(error) = fs::metadata(self.dir.join(file)) {
            let message = format!("cannot read this file: {error}; paths are relative to the settings file");
            self.add(place, message);
        }
    }
}

/// Whether `url` may be told to Okta: https, or plain http to this machine.
fn is_public(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let here = url.host_str().is_some_and(lanyard_wire::is_loopback);
    (url.scheme() == "https" && url.has_host() || url.scheme() == "http" && here) && url.query().is_none()
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn blocks_that_are_added_at_once_are_all_kept_and_readers_never_find_half() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        fs::write(dir.join("secret"), "something").unwrap();
        let site = |id: &str| {
            format!(
                "[[site]]\nid = \"{id}\"\nioffice_url = \"https://{id}.iofficeconnect.com\"\n\
                 ioffice_user = \"lanyard\"\nioffice_password_file = \"secret\"\n"
            )
        };
        let tenant = "[[tenant]]\nid = \"main\"\nokta_url = \"https://example.okta.com\"\nokta_token_file = \"secret\"\n";
        fs::write(dir.join(FILE), format!("{tenant}{}", site("first"))).unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    Settings::load(dir).unwrap();
                }
            });
            let adding = |who: usize| {
                move || (0..5).for_each(|number| append(dir, &site(&format!("s{who}-{number}"))).unwrap())
            };
            let adders: Vec<_> = (0..4).map(|who| scope.spawn(adding(who))).collect();
            adders.into_iter().for_each(|adder| adder.join().unwrap());
            done.store(true, Ordering::Relaxed);
        });
        assert_eq!(Settings::load(dir).unwrap().sites.len(), 21);
        let refused = append(dir, &site("first")).unwrap_err().to_string();
        assert!(refused.contains("the site id first is used twice"), "{refused}");
        assert_eq!(Settings::load(dir).unwrap().sites.len(), 21, "and nothing was written");
    }
}

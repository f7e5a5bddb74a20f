//! The settings file `lanyard.toml`: who and where, never what policy says. Secrets stay in files of their own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use secrecy::SecretString;
use serde::Deserialize;
use toml::de::DeTable;

use self::mistakes::Mistake;
use crate::local;

mod mistakes;

/// Name of the file in the data folder.
pub const FILE: &str = "lanyard.toml";

/// Name of the policy's folder, where the settings name no other.
pub const POLICY: &str = "policy";

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
    /// Seconds within which a leaver must be verified gone: 30 to 86400. The alarm comes at four fifths of it; packs and the
    /// console call who takes longer late.
    #[serde(default = "default_leaver_bound_seconds")]
    pub leaver_bound_seconds: u64,
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
    /// Minutes from a message of this rule to the next one with news; that all is over is told at once.
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
#[serde(deny_unknown_fields)]
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
    /// Mailboxes that get each one.
    #[serde(default)]
    pub email: Vec<String>,
    /// Hours between two mails, where one an hour is too many: the newest then.
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
    /// Whoever does nothing for so long is signed out.
    #[serde(default = "default_idle_seconds")]
    pub idle_seconds: u32,
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

fn default_idle_seconds() -> u32 {
    7_200
}

fn default_listen() -> String {
    "127.0.0.1:8480".into()
}

fn default_policy() -> PathBuf {
    POLICY.into()
}

fn default_feed_seconds() -> u64 {
    10
}

fn default_leaver_bound_seconds() -> u64 {
    lanyard_engine::EngineSettings::default().leaver_bound.as_secs()
}

fn default_mail_tls() -> String {
    "starttls".into()
}

fn default_slack_api() -> String {
    "https://slack.com/api".into()
}

fn default_email_hours() -> u32 {
    1
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

/// A file that the settings name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedFile {
    /// As it is named: relative to the settings, or absolute.
    pub path: PathBuf,
    pub secret: bool,
}

impl Settings {
    /// Every file that the settings name, each once; folders are none.
    pub fn named_files(&self) -> Vec<NamedFile> {
        let plain = self.ca_file.iter().chain(self.alerts.iter().filter_map(|alert| alert.template.as_ref()));
        let mut secret: Vec<&PathBuf> = self.secrets.values().collect();
        for tenant in &self.tenants {
            let TenantSettings { okta_token_file, okta_key_file, hook_secret_file, scim_token_file, .. } =
                tenant;
            secret.extend(
                [okta_token_file, okta_key_file, hook_secret_file, scim_token_file].into_iter().flatten(),
            );
        }
        for site in &self.sites {
            let password = &site.ioffice_password_file;
            let oauth = [&site.ioffice_client_secret_file, &site.ioffice_refresh_token_file];
            secret.extend(oauth.into_iter().chain([password]).flatten());
        }
        secret.extend(self.mail.iter().filter_map(|mail| mail.password_file.as_ref()));
        secret.extend(self.sign_in.iter().filter_map(|sign_in| sign_in.client_secret_file.as_ref()));
        let secret = secret.into_iter().map(|path| NamedFile { path: path.clone(), secret: true });
        let mut named: Vec<_> =
            plain.map(|path| NamedFile { path: path.clone(), secret: false }).chain(secret).collect();
        named.sort();
        named.dedup();
        named
    }

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
            SettingsProblems(render(&shown, text, span, &with_nearest(error.message())))
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

/// A complaint about an unknown key or word, with the nearest of those that are known before the list of all.
fn with_nearest(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let (Some(unknown), true) = (quoted.next(), message.starts_with("unknown ")) else {
        return message.to_owned();
    };
    match (lanyard_policy::problem::nearest(unknown, quoted), message.split_once(", ")) {
        (Some(meant), Some((what, all))) => format!("{what}: {meant} {}", capital(all)),
        _ => message.to_owned(),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
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

    /// The engine, and with it the console, and packs.
    #[test]
    fn the_bound_on_leavers_is_read_by_whoever_says_who_is_late() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        fs::write(dir.join("secret"), "something").unwrap();
        let rest = "[[tenant]]\nid = \"main\"\nokta_url = \"https://example.okta.com\"\nokta_token_file = \"secret\"\n\
                    [[site]]\nid = \"pier\"\nioffice_url = \"https://pier.iofficeconnect.com\"\n\
                    ioffice_user = \"lanyard\"\nioffice_password_file = \"secret\"\n";
        let now = "2026-05-01T00:00:00Z".parse().unwrap();
        for (line, seconds) in [("", 120), ("leaver_bound_seconds = 900\n", 900)] {
            fs::write(dir.join(FILE), format!("{line}{rest}")).unwrap();
            let settings = Settings::load(dir).unwrap();
            assert_eq!(crate::wiring::engine_settings(&settings).leaver_bound.as_secs(), seconds);
            let wanted = crate::verbs::report::Wanted {
                tenant: None,
                site: None,
                from: None,
                to: None,
                seed: None,
                sample: None,
                sample_by: None,
                named: Vec::new(),
                made_by: "a test".into(),
            };
            let ask = crate::verbs::report::ask(dir, wanted, &settings, now).unwrap();
            assert_eq!(u64::try_from(ask.leaver_bound_seconds), Ok(seconds));
            let told =
                ask.settings.iter().any(|(_, path, value)| path == "leaver_bound_seconds" && value == "900");
            assert_eq!(told, seconds == 900, "{:?}", ask.settings);
        }
    }

    #[test]
    fn alert_rules_name_kinds_that_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        fs::write(dir.join("secret"), "something").unwrap();
        let rest = "[[tenant]]\nid = \"main\"\nokta_url = \"https://example.okta.com\"\nokta_token_file = \"secret\"\n\
                    [[site]]\nid = \"pier\"\nioffice_url = \"https://pier.iofficeconnect.com\"\n\
                    ioffice_user = \"lanyard\"\nioffice_password_file = \"secret\"\n\
                    [secrets]\nchat = \"secret\"\n[[alert]]\nid = \"it\"\nslack = \"chat\"\n";
        let of = |kinds: &str| Settings::parse(dir, &format!("{rest}kinds = [{kinds}]\n"));
        let all = lanyard_engine::ports::FINDING_KINDS.map(|kind| format!("\"{kind}\"")).join(", ");
        assert_eq!(of(&all).expect("every kind").alerts[0].kinds.len(), all.split(", ").count());
        let wrong = of("\"credential\", \"leaver-late\"").expect_err("a kind that there is not").0;
        let said = "there is no finding of the kind leaver-late (did you mean \"leaver_late\"?)";
        assert!(wrong.contains(said), "{wrong}");
        assert!(of("\"everything\"").expect_err("nothing like it").0.contains("the kind everything; "));
    }

    #[test]
    fn every_kind_of_finding_has_a_page_and_every_page_a_kind() {
        let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
        let pages = fs::read_dir(pages).unwrap().map(|page| page.unwrap().path());
        let mut named: Vec<_> =
            pages.filter_map(|page| Some(page.file_stem()?.to_str()?.to_owned())).collect();
        named.retain(|name| !["README", "exit-codes", "refusals"].contains(&name.as_str()));
        named.sort();
        assert_eq!(named, lanyard_engine::ports::FINDING_KINDS);
    }

    #[test]
    fn a_key_that_nobody_knows_is_told_with_the_nearest_before_all() {
        let told = with_nearest("unknown field `okta_ulr`, expected one of `id`, `okta_url`, `hook`");
        let list = "Expected one of `id`, `okta_url`, `hook`";
        assert_eq!(told, format!("unknown field `okta_ulr`: did you mean \"okta_url\"? {list}"));
        let told = with_nearest("unknown variant `allways`, expected `auto` or `always`");
        assert_eq!(told, "unknown variant `allways`: did you mean \"always\"? Expected `auto` or `always`");
        for plain in
            ["unknown field `colour`, expected `id` or `role`", "invalid type: string `x`, expected u64"]
        {
            assert_eq!(with_nearest(plain), plain);
        }
    }

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

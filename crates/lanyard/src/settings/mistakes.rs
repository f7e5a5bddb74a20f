//! Mistakes in the settings that only meaning shows: where each stands, and a sentence with the fix.

use std::{fs, path::Path};

use lanyard_engine::ports::FINDING_KINDS;
use lanyard_model::id::is_slug;
use lanyard_policy::problem::nearest;
use toml::de::{DeTable, DeValue};

use super::*;

impl Settings {
    /// Mistakes that only meaning shows.
    pub(super) fn check(&self, dir: &Path) -> Vec<Mistake> {
        let mut mistakes = Mistakes { dir, found: Vec::new() };
        mistakes.check_top(self);
        mistakes.check_ids(self);
        for (row, tenant) in self.tenants.iter().enumerate() {
            mistakes.check_tenant(row, tenant);
        }
        for (row, site) in self.sites.iter().enumerate() {
            mistakes.check_site(row, site, self);
        }
        if let Some(mail) = &self.mail {
            if !["starttls", "tls", "none"].contains(&mail.tls.as_str()) {
                let message = format!("{:?} is no way to send mail; use starttls, tls or none", mail.tls);
                mistakes.add(Place::key("mail", "tls"), message);
            }
            if let Some(file) = &mail.password_file {
                mistakes.check_secret(Place::key("mail", "password_file"), file);
            }
        }
        mistakes.check_sign_in(self);
        for (name, file) in &self.secrets {
            mistakes.check_secret(Place::key("secrets", name), file);
        }
        mistakes.check_alerts(self);
        mistakes.check_checkpoints(self);
        mistakes.check_asking(self);
        mistakes.found
    }
}

/// A mistake: where it stands, and a sentence with the fix.
pub(super) struct Mistake {
    pub(super) place: Place,
    pub(super) message: String,
}

/// A key in the file.
pub(super) struct Place {
    /// Empty for the top of the file; a table within a table after a dot.
    table: &'static str,
    /// For `[[tenant]]` and `[[site]]`.
    row: Option<usize>,
    /// Empty for the table itself; a key of a table within it after a dot.
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
    pub(super) fn span(&self, document: &DeTable<'_>) -> Option<std::ops::Range<usize>> {
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
            DeValue::Table(keys) => keys.get(self.key.as_str()).or_else(|| match self.key.split_once('.') {
                Some((inner, key)) => match keys.get(inner)?.get_ref() {
                    DeValue::Table(keys) => keys.get(key),
                    _ => None,
                },
                None => None,
            }),
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
        if !(30..=86_400).contains(&settings.leaver_bound_seconds) {
            let message = format!(
                "{} is not between 30 and 86400 seconds; without the setting it is 120",
                settings.leaver_bound_seconds
            );
            self.add(Place::top("leaver_bound_seconds"), message);
        }
        if let Some(file) = &settings.ca_file {
            self.check_roots(file);
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
                self.check_secret(place(key), file);
            }
        }
    }

    fn check_site(&mut self, row: usize, site: &SiteSettings, settings: &Settings) {
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
            self.check_doors(row, doors, settings);
        }
        for (key, file) in [
            ("ioffice_password_file", &site.ioffice_password_file),
            ("ioffice_client_secret_file", &site.ioffice_client_secret_file),
            ("ioffice_refresh_token_file", &site.ioffice_refresh_token_file),
        ] {
            if let Some(file) = file {
                self.check_secret(place(key), file);
            }
        }
    }

    fn check_doors(&mut self, row: usize, doors: &DoorSettings, settings: &Settings) {
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
        for (key, name) in [("doors.key", &doors.key), ("doors.token", &doors.token)] {
            if let Some(name) = name.as_ref().filter(|name| !settings.secrets.contains_key(*name)) {
                self.add(Place::row("site", row, key), no_secret(name));
            }
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
            self.check_secret(place("client_secret_file"), file);
        }
        if !(5..=28_800).contains(&sign_in.idle_seconds) {
            self.add(place("idle_seconds"), "5 to 28800: a session ends after eight hours anyway");
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
            for kind in alert.kinds.iter().filter(|kind| !FINDING_KINDS.contains(&kind.as_str())) {
                let meant =
                    nearest(kind, FINDING_KINDS).map(|meant| format!(" ({meant})")).unwrap_or_default();
                let fix = "the kinds are the findings of docs/errors";
                self.add(place("kinds"), format!("there is no finding of the kind {kind}{meant}; {fix}"));
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
                self.add(place(key), no_secret(name));
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
                self.add(Place::key("slack", key), no_secret(name));
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
            self.add(place("key"), no_secret(&bucket.key));
        }
    }

    fn check_file(&mut self, place: Place, file: &Path) {
        if let Err(error) = fs::metadata(self.dir.join(file)) {
            self.add(place, unreadable(&error));
        }
    }

    /// A file that holds a secret: nothing of it is told.
    fn check_secret(&mut self, place: Place, file: &Path) {
        match fs::read_to_string(self.dir.join(file)) {
            Err(error) => self.add(place, unreadable(&error)),
            Ok(text) if text.trim().is_empty() => {
                self.add(place, "this file is empty; it should hold a secret")
            }
            Ok(_) => {}
        }
    }

    /// Extra roots of trust, as the client will read them.
    fn check_roots(&mut self, file: &Path) {
        let place = Place::top("ca_file");
        match fs::read(self.dir.join(file)) {
            Err(error) => self.add(place, unreadable(&error)),
            Ok(pem) => {
                if let Err(why) = lanyard_wire::check_roots(&pem) {
                    let fix = "it should hold certificates in PEM: -----BEGIN CERTIFICATE-----";
                    self.add(place, format!("this file holds no usable certificate ({why}); {fix}"));
                }
            }
        }
    }
}

fn unreadable(error: &std::io::Error) -> String {
    format!("cannot read this file: {error}; paths are relative to the settings file")
}

fn no_secret(name: &str) -> String {
    format!("there is no secret {name}; name a file for it under [secrets]")
}

/// Whether `url` may be told to Okta: https, or plain http to this machine.
fn is_public(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return false };
    let here = url.host_str().is_some_and(lanyard_wire::is_loopback);
    (url.scheme() == "https" && url.has_host() || url.scheme() == "http" && here) && url.query().is_none()
}

//! The control itself: policy versions with who published them, and what policy and settings say.

use jiff::Timestamp;
use lanyard_engine::policies::Version;
use lanyard_evidence::{cell::Cell, pack::Pack, tables};
use lanyard_policy::rule_rights;
use lanyard_web::access::token::{self, Token};
use toml::Value;

use super::Scope;
use crate::settings::Settings;

/// Parts of a policy that say how carefully it is carried out; the rules themselves are behind the seal.
const PARTS: &[&str] = &["correlation", "scope", "lifecycle", "guardrails"];
/// Settings about who may do what, and where proof goes. Credentials and addresses of other kinds stay out.
const SETTINGS: &[&str] = &[
    "observe_only",
    "leaver_bound_seconds",
    "checkpoint_dir",
    "checkpoints",
    "sign_in",
    "approvals",
    "digest",
];
/// Whatever is called so is not shown.
const SECRET: &[&str] = &["secret", "password", "token", "key"];

/// All published versions, oldest first.
pub struct Versions(Vec<Version>);

impl Versions {
    pub(super) fn read(scope: &Scope<'_>) -> anyhow::Result<Self> {
        let mut all: Vec<Version> = scope
            .archive
            .documents("policy:versions")?
            .into_iter()
            .map(|(_, body)| serde_json::from_value(body))
            .collect::<Result<_, _>>()?;
        all.sort_by_key(|version| version.number);
        Ok(Self(all))
    }

    /// Those in force at any time of the period, each with the moment at which the next one replaced it.
    pub(super) fn in_force(&self, scope: &Scope<'_>) -> Vec<(&Version, Option<Timestamp>)> {
        let replaced = self.0.iter().skip(1).map(|next| Some(next.at)).chain([None]);
        self.0
            .iter()
            .zip(replaced)
            .filter(|(version, until)| {
                version.at < scope.ask.to && until.is_none_or(|until| until > scope.ask.from)
            })
            .collect()
    }

    /// Number and seal of those in force at any time of the period.
    pub(super) fn seals(&self, scope: &Scope<'_>) -> Vec<(i64, String)> {
        let all = self.in_force(scope);
        all.iter().map(|(version, _)| (version.number, version.seal.clone())).collect()
    }

    /// Those published before a moment, oldest first.
    pub(super) fn published_before(&self, at: Timestamp) -> impl DoubleEndedIterator<Item = &Version> {
        self.0.iter().filter(move |version| version.at < at)
    }
}

/// What the policy in force when the period ended gives, keeps and takes, rule by rule.
fn rules(scope: &Scope<'_>, version: &Version, pack: &mut Pack) {
    let sites: Vec<&str> = scope.sites.iter().map(|(site, _)| site.as_str()).collect();
    for one in rule_rights(&version.source, scope.ask.tenant.as_str(), &sites) {
        let text = |text: String| Cell::from(Some(text).filter(|text| !text.is_empty()));
        let (mapping, row) = one.row.unzip();
        pack.row(
            &tables::RULES,
            vec![
                version.number.into(),
                one.rule.into(),
                one.effect.into(),
                one.right.into(),
                one.whom.into(),
                one.priority.into(),
                text(one.asks),
                text(one.until),
                text(one.sentence),
                mapping.into(),
                row.into(),
            ],
        );
    }
}

/// Parts of the policy that say whom nothing is taken from: another tenant's people are not named.
const OF_PEOPLE: &[&str] = &["guardrails.protected", "guardrails.protection"];

/// Policy, settings and program as rows.
pub(super) fn rows(scope: &Scope<'_>, versions: &Versions, pack: &mut Pack) {
    if let Some(version) = versions.at_end(scope) {
        rules(scope, version, pack);
    }
    let told = |setting: &str| !scope.several || OF_PEOPLE.iter().all(|whom| !setting.starts_with(whom));
    let mut put = |part: &str, setting: &str, value: &str| {
        pack.row(&tables::CONFIGURATION, vec![part.into(), setting.into(), Cell::from(value)]);
    };
    put("program", "version", &scope.program);
    put("program", "leaver_bound_seconds", &scope.ask.leaver_bound_seconds.to_string());
    if let Some(version) = versions.at_end(scope) {
        put("policy", "version", &version.number.to_string());
        put("policy", "seal", &version.seal);
        let rules: toml::Table = version.source.toml.1.parse().unwrap_or_default();
        let mut found = Vec::new();
        for part in PARTS {
            if let Some(value) = rules.get(*part) {
                flatten(part, value, &mut found);
            }
        }
        let found = found.iter().filter(|(setting, _)| told(setting));
        found.for_each(|(setting, value)| put("policy", setting, value));
    }
    for (part, setting, value) in &scope.ask.settings {
        put(part, setting, value);
    }
    for (group, role, where_) in &scope.ask.administrators {
        let row = vec![
            "Lanyard".into(),
            Cell::Null,
            Cell::Null,
            Cell::Null,
            group.as_str().into(),
            format!("members of the Okta group, {where_}").into(),
            role.as_str().into(),
            Cell::Null,
            "settings, sign_in.role".into(),
            Cell::Null,
            Cell::Null,
        ];
        pack.row(&tables::PRIVILEGED, row);
    }
}

/// Tokens that programs administer Lanyard with, as far as they reach the tenant.
pub(super) fn tokens(scope: &Scope<'_>, pack: &mut Pack) -> anyhow::Result<()> {
    for (_, body) in scope.archive.documents(token::COLLECTION)? {
        let token: Token = serde_json::from_value(body)?;
        for grant in &token.grants {
            let here = grant.tenants.is_empty() || grant.tenants.contains(&scope.ask.tenant);
            if !here || token.created_at >= scope.ask.to || token.expires_at < scope.ask.from {
                continue;
            }
            let row = vec![
                "Lanyard".into(),
                Cell::Null,
                Cell::Null,
                Cell::Null,
                token.name.as_str().into(),
                format!("token {}", token.id).into(),
                grant.role.as_str().into(),
                token.created_at.into(),
                format!("made by {}", token.created_by).into(),
                token.expires_at.into(),
                token.last_used_at.into(),
            ];
            pack.row(&tables::PRIVILEGED, row);
        }
    }
    Ok(())
}

/// What the settings file says of the control, without anything secret.
pub fn settings_rows(text: &str) -> Vec<(String, String, String)> {
    let all: toml::Table = text.parse().unwrap_or_default();
    let mut found = Vec::new();
    for name in SETTINGS {
        if let Some(value) = all.get(*name) {
            flatten(name, value, &mut found);
        }
    }
    found
        .into_iter()
        .filter(|(path, _)| !SECRET.iter().any(|word| path.contains(word)))
        // Roles are told as privileged rights; a role of another tenant is not this pack's.
        .filter(|(path, _)| !path.starts_with("sign_in.role"))
        .map(|(path, value)| ("settings".to_owned(), path, value))
        .collect()
}

/// Who administers Lanyard for a tenant: Okta group, role, where.
pub fn administrators(settings: &Settings, tenant: &str) -> Vec<(String, String, String)> {
    let roles = settings.sign_in.iter().flat_map(|sign_in| &sign_in.roles);
    roles
        .filter(|role| role.tenants.is_empty() || role.tenants.iter().any(|known| known == tenant))
        .map(|role| {
            let sites = if role.sites.is_empty() { "all sites".to_owned() } else { role.sites.join(", ") };
            (role.group.clone(), role.role.clone(), sites)
        })
        .collect()
}

/// Every value under its whole name, in the file's order.
fn flatten(path: &str, value: &Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Table(table) => {
            table.iter().for_each(|(name, value)| flatten(&format!("{path}.{name}"), value, into));
        }
        Value::Array(all) if all.iter().any(Value::is_table) => {
            all.iter().enumerate().for_each(|(at, value)| flatten(&format!("{path}[{at}]"), value, into));
        }
        Value::String(text) => into.push((path.to_owned(), text.clone())),
        other => into.push((path.to_owned(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::settings_rows;

    #[test]
    fn settings_are_told_without_anything_secret() {
        let text = "observe_only = false\nlisten = \"x\"\n[mail]\npassword_file = \"p\"\n\
                    [checkpoints]\nemail = [\"a@b.example\"]\n[checkpoints.bucket]\nname = \"n\"\nkey_id = \"AKIA\"\nkey = \"k\"\n\
                    [sign_in]\ntenant = \"acme\"\nclient_secret_file = \"s\"\n[[sign_in.role]]\ngroup = \"G\"\nrole = \"owner\"\n";
        let told: Vec<String> =
            settings_rows(text).into_iter().map(|(_, path, value)| format!("{path} = {value}")).collect();
        assert_eq!(
            told,
            [
                "observe_only = false",
                "checkpoints.bucket.name = n",
                "checkpoints.email = [\"a@b.example\"]",
                "sign_in.tenant = acme"
            ]
        );
    }
}

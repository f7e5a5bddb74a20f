//! What is in force, on record at each start at which it differs: version, policy, settings of the control, who administers it,
//! and when each secret was last replaced.

use std::{
    fs,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use lanyard_engine::{
    Engine,
    journal::line,
    ports::{Entry, Write},
};
use lanyard_model::id::TenantId;
use serde_json::{Map, Value, json};

use crate::{
    evidence::configuration,
    settings::{FILE, Settings},
};

/// Where the store keeps what a tenant's last noted start had in force.
pub fn key(tenant: &TenantId) -> String {
    format!("in-force:{tenant}")
}

/// Journals for each tenant what is in force, where that differs from what the last start noted.
pub async fn note(engine: &Engine, dir: &Path) {
    let settings = match Settings::load(dir) {
        Ok(settings) => settings,
        Err(error) => return tracing::error!(%error, "what is in force could not be recorded"),
    };
    let text = fs::read_to_string(dir.join(FILE)).unwrap_or_default();
    for tenant in engine.directories().keys() {
        let force = force(engine, dir, &settings, &text, tenant);
        let key = key(tenant);
        let before = engine.store().meta(&key).await.ok().flatten();
        if before.as_deref() == Some(&force.to_string()) {
            continue;
        }
        let before: Value = before.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let batch = vec![
            Write::Meta { key, value: force.to_string() },
            Write::Journal(Box::new(entry(tenant, engine.clock().now(), &before, force))),
        ];
        if let Err(failure) = engine.store().write(batch).await {
            tracing::error!(%failure, %tenant, "what is in force could not be recorded");
        }
    }
}

fn force(engine: &Engine, dir: &Path, settings: &Settings, text: &str, tenant: &TenantId) -> Value {
    let active = engine.active();
    let told: Map<String, Value> =
        configuration::settings_rows(text).into_iter().map(|(_, path, value)| (path, value.into())).collect();
    let roles: Map<String, Value> = configuration::administrators(settings, tenant.as_str())
        .into_iter()
        .map(|(group, role, place)| (group, format!("{role}, {place}").into()))
        .collect();
    let secrets: Map<String, Value> =
        secrets(settings, tenant).into_iter().map(|(what, file)| (what, replaced(&dir.join(file)))).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "policy": active.policy.name(),
        "seal": active.policy.seal(),
        "observe_only": engine.settings().observe_only,
        "leaver_bound_seconds": engine.settings().leaver_bound.as_secs(),
        "settings": told,
        "roles": roles,
        "secrets": secrets,
    })
}

/// Secrets that a tenant's work rests on, by what they are; never what they say. Refresh tokens are left out: sites hand out
/// the next one by themselves.
fn secrets(settings: &Settings, tenant: &TenantId) -> Vec<(String, PathBuf)> {
    let mut all = Vec::new();
    let mut put = |what: String, file: &Option<PathBuf>| all.extend(file.clone().map(|file| (what, file)));
    for own in settings.tenants.iter().filter(|own| own.id == tenant.as_str()) {
        put("okta token".into(), &own.okta_token_file);
        put("okta key".into(), &own.okta_key_file);
        put("hook secret".into(), &own.hook_secret_file);
        put("scim token".into(), &own.scim_token_file);
    }
    // Where there are several tenants, whose sites these are is not for each of them to know.
    let sites = if settings.tenants.len() == 1 { settings.sites.as_slice() } else { &[] };
    for site in sites {
        put(format!("password of {}", site.id), &site.ioffice_password_file);
        put(format!("client secret of {}", site.id), &site.ioffice_client_secret_file);
    }
    all
}

/// When a file was last written; null: it is not there.
fn replaced(file: &Path) -> Value {
    let at = fs::metadata(file).and_then(|known| known.modified()).ok();
    let at = at.and_then(|at| Timestamp::try_from(at).ok());
    at.map_or(Value::Null, |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into())
}

fn entry(tenant: &TenantId, at: Timestamp, before: &Value, after: Value) -> Entry {
    let detail = match before {
        Value::Null => "noted at the first start".to_owned(),
        before => format!("noted at start; changed: {}", changed("", before, &after).join(", ")),
    };
    let policy = after["policy"].as_str().unwrap_or_default();
    let title = format!("in force: policy {policy}, lanyard {}", env!("CARGO_PKG_VERSION"));
    let told = line(tenant, at, "control", title).detail(detail);
    told.data(json!({ "before": before, "after": after })).entry()
}

/// Paths of what differs.
fn changed(path: &str, before: &Value, after: &Value) -> Vec<String> {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
            names.sort();
            names.dedup();
            let dot = if path.is_empty() { "" } else { ": " };
            let of = |object: &Map<String, Value>, name: &str| object.get(name).cloned().unwrap_or_default();
            names
                .into_iter()
                .flat_map(|name| changed(&format!("{path}{dot}{name}"), &of(old, name), &of(new, name)))
                .collect()
        }
        (old, new) if old == new => Vec::new(),
        _ => vec![path.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_since_the_last_start_is_named_and_no_secret_is() {
        let before = json!({ "version": "0.1.0", "roles": { "G": "owner, all sites" }, "secrets": { "okta token": "a" } });
        let after =
            json!({ "version": "0.1.0", "roles": {}, "secrets": { "okta token": "b", "hook secret": "c" } });
        assert_eq!(changed("", &before, &after), ["roles: G", "secrets: hook secret", "secrets: okta token"]);
        let at = "2026-05-04T10:00:00Z".parse().unwrap();
        let told = entry(&TenantId::new("acme"), at, &before, after.clone());
        assert_eq!(
            told.detail,
            "noted at start; changed: roles: G, secrets: hook secret, secrets: okta token"
        );
        assert_eq!(entry(&TenantId::new("acme"), at, &Value::Null, after).detail, "noted at the first start");
    }

    #[test]
    fn a_replaced_secret_shows_by_its_time_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        assert_eq!(replaced(&file), Value::Null);
        fs::write(&file, "hush").unwrap();
        let told = replaced(&file);
        assert!(told.as_str().is_some_and(|at| at.ends_with('Z') && !at.contains("hush")), "{told}");
    }
}

//! The event hook of each org: the one that Lanyard makes and keeps, or why there is none and what a person can do.

use std::{collections::BTreeMap, path::Path};

use lanyard_engine::ports::HookWish;
use lanyard_model::id::TenantId;
use lanyard_okta::hook_by_hand;
use lanyard_web::NoHook;
use secrecy::ExposeSecret as _;

use crate::settings::{FILE, Settings, TenantSettings, read_secret};

/// Stands for the address that nobody has named yet.
const ADDRESS: &str = "https://ADDRESS-OF-THIS-SERVER";

/// The hook each tenant should have, with its secret.
///
/// # Errors
/// When a secret file cannot be read.
pub fn wishes(dir: &Path, settings: &Settings) -> anyhow::Result<Vec<(TenantId, HookWish)>> {
    let mut wishes = Vec::new();
    for tenant in settings.tenants.iter().filter(|tenant| tenant.hook) {
        let (Some(public), Some(file)) = (&settings.public_url, &tenant.hook_secret_file) else { continue };
        wishes.push((
            TenantId::new(tenant.id.as_str()),
            HookWish {
                name: format!("Lanyard {}", tenant.id),
                url: address(public, tenant),
                secret: read_secret(dir, file)?.expose_secret().to_owned(),
                secret_is: text_in(file),
            },
        ));
    }
    Ok(wishes)
}

/// The tenants for which no hook can be made, or none is wanted.
pub fn missing(settings: &Settings) -> BTreeMap<TenantId, NoHook> {
    let all = settings.tenants.iter();
    all.filter_map(|tenant| Some((TenantId::new(tenant.id.as_str()), no_hook(settings, tenant)?))).collect()
}

fn no_hook(settings: &Settings, tenant: &TenantSettings) -> Option<NoHook> {
    let meanwhile = format!(
        "changes arrive by Okta's log alone, up to {} s after it shows them (feed_seconds)",
        settings.feed_seconds.max(1)
    );
    if !tenant.hook {
        let why = format!("no event hook is wanted (hook = false in {FILE}): {meanwhile}");
        return Some(NoHook { why, fix: None });
    }
    let lacking = match (&settings.public_url, &tenant.hook_secret_file) {
        (Some(_), Some(_)) => return None,
        (None, Some(_)) => "no public_url says under which address Okta reaches this server",
        (Some(_), None) => "no hook_secret_file holds what tells Okta's deliveries from others'",
        (None, None) => "neither public_url nor hook_secret_file is set",
    };
    let own = Path::new("secrets").join(format!("hook-{}", tenant.id));
    let file = tenant.hook_secret_file.as_deref().unwrap_or(own.as_path());
    let mut steps = Vec::new();
    if settings.public_url.is_none() {
        steps.push(format!(
            "let a proxy with TLS lead from an address that Okta reaches to {}, and set public_url to that address",
            settings.listen
        ));
    }
    if tenant.hook_secret_file.is_none() {
        steps.push(format!(
            "write a long random text into {0} and set hook_secret_file = \"{0}\" of the tenant",
            file.display()
        ));
    }
    let url = address(settings.public_url.as_deref().unwrap_or(ADDRESS), tenant);
    Some(NoHook {
        why: format!(
            "no event hook can be made and verified: {lacking} in {FILE}. Until there is one, {meanwhile}"
        ),
        fix: Some(format!(
            "{}; then restart `lanyard serve`: it makes and verifies the hook. By hand instead, {}",
            steps.join("; "),
            hook_by_hand(&url, &text_in(file))
        )),
    })
}

/// Where Okta delivers.
fn address(public: &str, tenant: &TenantSettings) -> String {
    format!("{}/hooks/okta/{}", public.trim_end_matches('/'), tenant.id)
}

/// The secret, as people are told of it.
fn text_in(file: &Path) -> String {
    let whose = if file.is_absolute() { "" } else { " of the data folder" };
    format!("the text in {}{whose}", file.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(top: &str, tenant: &str) -> Settings {
        let text = format!(
            "{top}\n[[tenant]]\nid = \"main\"\nokta_url = \"https://example.okta.com\"\nokta_token_file = \"t\"\n{tenant}\n"
        );
        toml::from_str(&text).expect("settings")
    }

    const SECRET: &str = "hook_secret_file = \"secrets/hook-main\"";
    const PUBLIC: &str = "public_url = \"https://lanyard.example.com/\"";

    #[test]
    fn whoever_has_no_hook_is_told_why_and_what_to_paste() {
        let told = |top: &str, tenant: &str| {
            let mut all = missing(&settings(top, tenant));
            all.remove(&TenantId::new("main")).map(|none| (none.why, none.fix))
        };
        assert_eq!(told(PUBLIC, SECRET), None);

        let (why, fix) = told("feed_seconds = 20", SECRET).expect("it is told");
        assert_eq!(
            why,
            "no event hook can be made and verified: no public_url says under which address Okta reaches this server in \
             lanyard.toml. Until there is one, changes arrive by Okta's log alone, up to 20 s after it shows them (feed_seconds)"
        );
        let fix = fix.expect("a fix");
        let begin = "let a proxy with TLS lead from an address that Okta reaches to 127.0.0.1:8480, and set public_url to \
                     that address; then restart `lanyard serve`: it makes and verifies the hook. By hand instead, in Okta: \
                     Workflow > Event Hooks > Create Event Hook: URL https://ADDRESS-OF-THIS-SERVER/hooks/okta/main, \
                     authentication field Authorization, authentication secret the text in secrets/hook-main of the data \
                     folder, events user.lifecycle.create, user.lifecycle.activate, ";
        assert!(fix.starts_with(begin), "{fix}");
        assert!(fix.ends_with("; then Save & Continue, and Verify"), "{fix}");

        let (why, fix) = told(PUBLIC, "").expect("it is told");
        assert!(why.contains("no hook_secret_file holds what tells"), "{why}");
        let fix = fix.expect("a fix");
        let begin = "write a long random text into secrets/hook-main and set hook_secret_file = \"secrets/hook-main\" of the \
                     tenant; then restart";
        assert!(fix.starts_with(begin), "{fix}");
        assert!(fix.contains("URL https://lanyard.example.com/hooks/okta/main, "), "{fix}");

        let (why, fix) = told("", "").expect("it is told");
        assert!(why.contains("neither public_url nor hook_secret_file"), "{why}");
        assert!(fix.is_some_and(|fix| fix.contains("public_url to that address; write a long")));

        let (why, fix) = told(PUBLIC, &format!("{SECRET}\nhook = false")).expect("it is told");
        assert_eq!(
            why,
            "no event hook is wanted (hook = false in lanyard.toml): changes arrive by Okta's log alone, up to 10 s after it \
             shows them (feed_seconds)"
        );
        assert_eq!(fix, None, "nothing is to be done");
    }
}

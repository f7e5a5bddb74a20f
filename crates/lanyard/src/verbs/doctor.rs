//! `doctor`: probes both sides and says what to fix.

use std::{collections::BTreeMap, sync::Arc};

use clap::Args;
use futures_util::future;
use lanyard_engine::{
    clock::Clock,
    ports::{Check, Directory, DoorFeed, HookState, HookWish, Workplace},
};
use lanyard_model::id::TenantId;
use lanyard_web::NoHook;
use serde_json::json;

use super::Data;
use crate::{
    event_hooks, exit,
    settings::Settings,
    wiring::{self, Patience, SystemClock},
};

#[derive(Debug, Args)]
pub struct DoctorArguments {
    #[command(flatten)]
    data: Data,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// # Errors
/// The settings' problems.
pub async fn run(arguments: DoctorArguments) -> anyhow::Result<u8> {
    let dir = &arguments.data.dir;
    let settings = Settings::load(dir)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let transport = wiring::transport(dir, &settings)?;
    let clients = wiring::clients(dir, &settings, &clock, &transport, Patience::Probe)
        .map_err(|error| exit::Unusable(format!("{error:#}")))?;
    let wishes = event_hooks::wishes(dir, &settings).map_err(|error| exit::Unusable(format!("{error:#}")))?;
    let no_hooks = event_hooks::missing(&settings);
    // Every side at once: one that does not answer keeps nobody waiting for the others.
    let (okta, ioffice, doors) = future::join3(
        future::join_all(
            clients.directories.iter().map(|directory| look_at_okta(&**directory, &wishes, &no_hooks)),
        ),
        future::join_all(clients.workplaces.iter().map(|workplace| look_at_ioffice(&**workplace))),
        future::join_all(clients.doors.iter().map(|feed| look_at_doors(&**feed))),
    )
    .await;
    let found: Vec<(String, Check)> = okta.into_iter().chain(ioffice).chain(doors).flatten().collect();
    let failed = found.iter().filter(|(_, check)| !check.ok && !check.warning).count();
    if arguments.json {
        let checks: Vec<_> = found
            .iter()
            .map(|(target, check)| {
                let mut value = serde_json::to_value(check).unwrap_or_default();
                value["target"] = json!(target);
                value
            })
            .collect();
        say!("{}", json!({ "ok": failed == 0, "checks": checks }));
    } else {
        let mut last = "";
        for (target, check) in &found {
            if target != last {
                say!("{target}");
                last = target;
            }
            say!("{}", told(check));
        }
        say!(
            "{}",
            if failed == 0 {
                "nothing stands in the way".to_owned()
            } else {
                format!("{failed} things stand in the way")
            }
        );
    }
    Ok(if failed == 0 { exit::DONE } else { exit::UPSTREAM })
}

/// A check in a line, and in another one what to do where something is not as it should be.
fn told(check: &Check) -> String {
    let mark = match (check.warning, check.ok) {
        (true, _) => "warn",
        (false, true) => "ok  ",
        (false, false) => "FAIL",
    };
    let fix = check.fix.as_ref().filter(|_| !check.ok || check.warning);
    let fix = fix.map(|fix| format!("\n        fix: {fix}")).unwrap_or_default();
    format!("  {mark}  {}: {}{fix}", check.name, check.detail)
}

/// Tries the credentials of new settings, and says whatever is not as it should be. Most of that keeps nobody from going on;
/// without a way in there is nothing to go on with.
///
/// # Errors
/// An address or a credential with which nothing can be read.
pub async fn try_out(clients: &wiring::Clients) -> anyhow::Result<()> {
    let okta = clients.directories.iter().map(|directory| async move {
        let name = format!("okta {}", directory.tenant());
        directory.probe().await.into_iter().map(|check| (name.clone(), check)).collect::<Vec<_>>()
    });
    let ioffice = clients.workplaces.iter().map(|workplace| async move {
        let name = format!("ioffice {}", workplace.site());
        workplace.probe().await.into_iter().map(|check| (name.clone(), check)).collect::<Vec<_>>()
    });
    let (okta, ioffice) = future::join(future::join_all(okta), future::join_all(ioffice)).await;
    let mut last = String::new();
    for (target, check) in okta.into_iter().chain(ioffice).flatten() {
        if check.ok && !check.warning {
            continue;
        }
        let barred = !check.warning && NO_WAY_IN.contains(&check.name.as_str());
        if barred {
            let fix = check.fix.map(|fix| format!("\nhint: {fix}")).unwrap_or_default();
            anyhow::bail!(exit::Upstream(format!("{target}: {}: {}{fix}", check.name, check.detail)));
        }
        if target != last {
            talk!("{target}");
        }
        talk!("{}", told(&check));
        last = target;
    }
    Ok(())
}

/// Checks that fail where nothing can be read.
const NO_WAY_IN: [&str; 3] = ["okta.credential", "okta.rest", "ioffice.credential"];

async fn look_at_okta(
    directory: &dyn Directory,
    wishes: &[(TenantId, HookWish)],
    no_hooks: &BTreeMap<TenantId, NoHook>,
) -> Vec<(String, Check)> {
    let name = format!("okta {}", directory.tenant());
    let mut found = directory.probe().await;
    if found.iter().any(|check| check.name == "okta.rest") {
        return found.into_iter().map(|check| (name.clone(), check)).collect();
    }
    let (ok, detail, fix) = match wishes.iter().find(|(tenant, _)| tenant == directory.tenant()) {
        Some((_, wish)) => match directory.hook_state(wish).await {
            Ok(HookState::Live { id }) => (true, format!("event hook {id} is verified and delivers"), None),
            Ok(HookState::Absent) => (
                false,
                "no event hook yet".into(),
                Some("start `lanyard serve`: it makes and verifies one".into()),
            ),
            Ok(HookState::Broken { why, .. }) => {
                (false, why, Some(format!("check that Okta can reach {}", wish.url)))
            }
            Ok(HookState::Manual { why, paste }) => (false, why, Some(paste)),
            Err(failure) => (false, failure.to_string(), failure.hint().map(str::to_owned)),
        },
        None => match no_hooks.get(directory.tenant()) {
            // Nothing to be done: it is to be so.
            Some(none) => (none.fix.is_none(), none.why.clone(), none.fix.clone()),
            None => (false, "the settings name no such tenant".into(), None),
        },
    };
    found.push(Check { name: "okta.event_hook".into(), ok, warning: !ok, detail, fix });
    found.into_iter().map(|check| (name.clone(), check)).collect()
}

async fn look_at_doors(feed: &dyn DoorFeed) -> Vec<(String, Check)> {
    let target = format!("doors of {}", feed.site());
    feed.probe().await.into_iter().map(|check| (target.clone(), check)).collect()
}

async fn look_at_ioffice(workplace: &dyn Workplace) -> Vec<(String, Check)> {
    let name = format!("ioffice {}", workplace.site());
    let mut found = workplace.probe().await;
    let capabilities = workplace.capabilities();
    found.push(Check {
        name: "ioffice.capabilities".into(),
        ok: true,
        warning: false,
        detail: serde_json::to_string(&capabilities).unwrap_or_default(),
        fix: None,
    });
    found.into_iter().map(|check| (name.clone(), check)).collect()
}

//! Environments, each a tenant in a site: how it stands, how far behind it is, and what is open there.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lanyard_engine::{
    engine::is_credential_of,
    environments::Environment,
    ports::{Finding, Severity},
};
use lanyard_model::id::{SiteId, TenantId};
use serde_json::{Value, json};

use crate::{WebState, access::Caller, problem::Problem, traffic::Minute};

/// A log that was not read for so long is silent.
const SILENT_SECONDS: i64 = 120;
/// Calls of so long ago still tell how things are.
const LATELY: SignedDuration = SignedDuration::from_mins(3);

/// What is known of an environment, from which its standing follows.
struct Signs {
    stopped: bool,
    writes: bool,
    refused: bool,
    log_seconds: Option<i64>,
    throttled: u64,
    faulted: u64,
    answered: u64,
    certified: Option<bool>,
}

impl Signs {
    /// The worst that holds, and why.
    fn standing(&self) -> (&'static str, String) {
        if self.stopped {
            return ("stopped", "the stop button is pressed: nothing is written".into());
        }
        if self.refused {
            return ("refused", "a credential is refused: see what needs a person".into());
        }
        match self.log_seconds {
            None => return ("silent", "the log of the tenant was never read".into()),
            Some(seconds) if seconds > SILENT_SECONDS => {
                return ("silent", format!("the log of the tenant was not read for {seconds} s"));
            }
            Some(_) => {}
        }
        if self.faulted > 0 && self.answered == 0 {
            return (
                "down",
                format!("{} failed in the last minutes, none was answered", calls(self.faulted)),
            );
        }
        if self.throttled > 0 {
            return ("throttled", format!("{} asked to wait in the last minutes", calls(self.throttled)));
        }
        if self.faulted > 0 {
            return ("degraded", format!("{} failed in the last minutes", calls(self.faulted)));
        }
        if !self.writes {
            return ("observed", "only observed: it is not signed off".into());
        }
        match self.certified {
            None => ("unproven", "it was not compared in full yet".into()),
            Some(false) => ("unproven", "the last full comparison was not proven complete".into()),
            Some(true) => ("in_step", "the last full comparison was complete, and all answers come".into()),
        }
    }
}

fn calls(count: u64) -> String {
    format!("{count} call{}", if count == 1 { "" } else { "s" })
}

fn lately(minutes: &[Minute], now: Timestamp) -> impl Iterator<Item = &Minute> {
    minutes.iter().filter(move |minute| now.duration_since(minute.at) <= LATELY)
}

/// Those that the caller sees, of all tenants or of one, with what is open there.
pub(super) async fn environments(
    state: &WebState,
    caller: &Caller,
    only: Option<&TenantId>,
    findings: &[Finding],
    certified: &BTreeMap<SiteId, Option<bool>>,
) -> Result<Vec<Value>, Problem> {
    let engine = &state.engine;
    let now = engine.clock().now();
    let mut all = Vec::new();
    for Environment { tenant, site, people } in engine.environments().await? {
        if !caller.sees(Some(&tenant), Some(&site)) || only.is_some_and(|only| *only != tenant) {
            continue;
        }
        let traffic = |name: String| state.remembered.traffic.of(&name, now);
        let minutes = [traffic(format!("tenant:{tenant}")), traffic(format!("site:{site}"))].concat();
        let sum = |of: fn(&Minute) -> u64| lately(&minutes, now).map(of).sum::<u64>();
        // A finding of a tenant or a site alone concerns each environment of it.
        let here = |finding: &&Finding| {
            let of = finding.tenant.as_ref().or(finding.identity.as_ref().map(|id| &id.tenant));
            of.is_none_or(|of| *of == tenant)
                && finding.site.as_ref().is_none_or(|of| *of == site)
                && (of.is_some() || finding.site.is_some())
        };
        let refused = |finding: &Finding| {
            [tenant.as_str(), site.as_str()].iter().any(|name| is_credential_of(&finding.key, name))
        };
        let read_at = engine.feed_standing(&tenant).await?.read_at;
        let signs = Signs {
            stopped: engine.is_stopped(),
            writes: engine.may_write(&site),
            refused: findings.iter().any(refused),
            log_seconds: read_at.map(|at| now.duration_since(at).as_secs()),
            throttled: sum(|minute| minute.calls.throttled),
            faulted: sum(|minute| minute.calls.faulted),
            answered: sum(|minute| minute.calls.answered),
            certified: certified.get(&site).copied().flatten(),
        };
        let (standing, why) = signs.standing();
        let lag = engine.latency.lag(&tenant, &site);
        let open = findings.iter().filter(here).filter(|finding| finding.severity != Severity::Info).count();
        all.push(json!({
            "tenant": tenant,
            "site": site,
            "people": people,
            "state": standing,
            "why": why,
            "changes": lag.map_or(0, |lag| lag.changes),
            "lag_p50_ms": lag.map(|lag| lag.p50.as_millis()),
            "lag_p95_ms": lag.map(|lag| lag.p95.as_millis()),
            "open": open,
        }));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::Signs;

    #[test]
    fn the_worst_sign_decides_how_an_environment_stands() {
        let well = || Signs {
            stopped: false,
            writes: true,
            refused: false,
            log_seconds: Some(4),
            throttled: 0,
            faulted: 0,
            answered: 9,
            certified: Some(true),
        };
        let check = |signs: Signs, expected: &str| assert_eq!(signs.standing().0, expected);
        check(well(), "in_step");
        check(Signs { certified: None, ..well() }, "unproven");
        check(Signs { writes: false, certified: Some(false), ..well() }, "observed");
        check(Signs { faulted: 2, ..well() }, "degraded");
        check(Signs { faulted: 2, answered: 0, ..well() }, "down");
        check(Signs { faulted: 2, throttled: 1, ..well() }, "throttled");
        check(Signs { throttled: 1, log_seconds: Some(121), ..well() }, "silent");
        check(Signs { log_seconds: None, ..well() }, "silent");
        check(Signs { refused: true, log_seconds: None, ..well() }, "refused");
        check(Signs { stopped: true, refused: true, ..well() }, "stopped");
    }
}

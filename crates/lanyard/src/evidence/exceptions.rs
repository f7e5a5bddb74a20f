//! Orphans, disputes, protected accounts, limits reached: everything that a person had to see, and what became of it.

use std::collections::HashMap;

use jiff::Timestamp;
use lanyard_engine::ports::Finding;
use lanyard_evidence::{ocsf, pack::Pack, tables};
use lanyard_model::id::{SiteId, TenantId};

use super::{
    Scope,
    people::{Known, Membership},
    sayings::{Closure, Sayings},
    standing::Exception,
};

/// Whose person a message that was not delivered is about, and in which site: its name begins with them, where it is about one.
fn sent_for<'t>(finding: &'t Finding, tenants: &'t [TenantId]) -> Option<(&'t TenantId, Option<&'t str>)> {
    let message = finding.key.strip_prefix("message:").filter(|_| finding.kind == "message")?;
    tenants.iter().find_map(|tenant| {
        let rest = message.strip_prefix(tenant.as_str()).filter(|rest| rest.starts_with('/'))?;
        Some((tenant, rest.split(':').nth(1)))
    })
}

/// What a pack says in place of a finding about Lanyard as a whole, whose words may be about others.
const LEFT_OUT: &str = "something about Lanyard as a whole, left out of this pack";

/// A key that says no more than kind and time.
fn bare_key(finding: &Finding, taken: &mut HashMap<String, usize>) -> String {
    let key = format!("{}:{}", finding.kind, finding.since);
    let count = taken.entry(key.clone()).or_default();
    *count += 1;
    if *count == 1 { key } else { format!("{key}:{count}") }
}

/// A finding that somebody put away, and that is still so: nobody is shown it, on somebody's word.
fn put_away(finding: &Finding, title: &str, closure: Option<&Closure>, over: Option<Timestamp>) -> Exception {
    Exception {
        kind: "put_away",
        person: finding.identity.as_ref().map(ToString::to_string).unwrap_or_default(),
        site: finding.site.as_ref().map(ToString::to_string).unwrap_or_default(),
        what: title.to_owned(),
        owner: closure.map(|closure| closure.owner.clone()),
        reason: closure.map(|closure| closure.reason.clone()),
        made_by: closure.map(|closure| closure.by.clone()).unwrap_or_default(),
        since: closure.map(|closure| closure.at).or(over),
        until: closure.and_then(|closure| closure.until),
        ends: "a read or look that no longer shows it",
        source: match closure {
            Some(closure) => format!("journal line {}", closure.position),
            None => "a journal line whose text is no longer kept".into(),
        },
        ..Exception::default()
    }
}

/// Writes them, with who put away what a person put away.
pub fn rows(
    scope: &Scope<'_>,
    known: &Known,
    membership: &Membership,
    sayings: &Sayings,
    pack: &mut Pack,
) -> anyhow::Result<()> {
    let tenants = &scope.tenants;
    // Sites that somebody left out of the pack.
    let mut other_sites = scope.archive.sites()?;
    other_sites.retain(|site| !scope.ask.all_sites && !scope.site(site));
    let mut taken = HashMap::new();
    let away = scope.archive.put_away()?;
    let all = scope.archive.findings(scope.ask.to)?;
    // Of a key that was seen several times, the last time is the one that was put away.
    let last: HashMap<String, Timestamp> =
        all.iter().map(|(finding, _)| (finding.key.clone(), finding.since)).collect();
    for (finding, over) in all {
        let sent_for = sent_for(&finding, tenants);
        let sent_to = sent_for.and_then(|(_, site)| site);
        let elsewhere = sent_for.is_some_and(|(tenant, _)| *tenant != scope.ask.tenant)
            || sent_to.is_some_and(|site| other_sites.iter().any(|other| other.as_str() == site))
            || finding.tenant.as_ref().is_some_and(|tenant| *tenant != scope.ask.tenant)
            || finding.site.as_ref().is_some_and(|site| !scope.site(site));
        let over = over.filter(|over| *over < scope.ask.to);
        let stands = over.is_some() && away.contains(&finding.key) && last[&finding.key] == finding.since;
        let before = over.is_some_and(|over| over < scope.ask.from);
        if elsewhere || before && !stands {
            continue;
        }
        let shared = finding.site.as_ref().is_some_and(|site| membership.foreign(site) > 0);
        let nobodys = finding.tenant.is_none() && finding.identity.is_none() && finding.kind != "orphan";
        // What is said of a whole site may name people of whoever else works there, and what is said of Lanyard as a whole
        // those of any tenant and any site: of that no word is told.
        let lanyards = nobodys && finding.site.is_none() && sent_for.is_none();
        let hidden = lanyards && (tenants.len() > 1 || !other_sites.is_empty());
        let detail = match (shared && nobodys, hidden) {
            (true, _) => "The site serves other tenants too: whom this is about is left out of this pack.",
            (_, true) if tenants.len() > 1 => {
                "Lanyard serves other tenants too: what more is said is left out of this pack."
            }
            (_, true) => "Lanyard serves other sites too: what more is said is left out of this pack.",
            _ => finding.detail.as_str(),
        };
        let title = if hidden { LEFT_OUT } else { finding.title.as_str() };
        let closure = sayings.closure(&finding.key, finding.since, over);
        if stands {
            put_away(&finding, title, closure, over).put(scope, known, pack);
        }
        if before {
            continue;
        }
        let key = if hidden { bare_key(&finding, &mut taken) } else { finding.key.clone() };
        let fix = finding.fix.as_deref().filter(|_| !hidden);
        pack.row(
            &tables::EXCEPTIONS,
            vec![
                key.as_str().into(),
                finding.kind.as_str().into(),
                serde_json::to_value(finding.severity)?.as_str().unwrap_or("").into(),
                finding.site.as_ref().map(SiteId::as_str).into(),
                finding.identity.as_ref().map(ToString::to_string).into(),
                title.into(),
                detail.into(),
                fix.into(),
                finding.since.into(),
                over.into(),
                closure.map(|closure| closure.by.as_str()).into(),
                closure.map(|closure| closure.reason.as_str()).into(),
                closure.map(|closure| closure.owner.as_str()).into(),
                closure.and_then(|closure| closure.until).into(),
                closure.map(|closure| closure.position).into(),
            ],
        );
        let control = match finding.kind.as_str() {
            "leaver_late" => "PS-4",
            "orphan" | "disputed" => "AC-2(3)",
            _ => "AC-2",
        };
        pack.event(&ocsf::finding(
            &key,
            title,
            detail,
            control,
            finding.since,
            over,
            scope.ask.tenant.as_str(),
            &scope.program,
        ));
    }
    Ok(())
}

//! Orphans, disputes, protected accounts, limits reached: everything that a person had to see, and what became of it.

use lanyard_engine::ports::Finding;
use lanyard_evidence::{ocsf, pack::Pack, tables};
use lanyard_model::id::{SiteId, TenantId};

use super::{Scope, people::Membership, sayings::Sayings};

/// Whose person a message that was not delivered is about: its name begins with them, where it is about one.
fn sent_for<'t>(finding: &Finding, tenants: &'t [TenantId]) -> Option<&'t TenantId> {
    let message = finding.key.strip_prefix("message:").filter(|_| finding.kind == "message")?;
    tenants
        .iter()
        .find(|tenant| message.strip_prefix(tenant.as_str()).is_some_and(|rest| rest.starts_with('/')))
}

/// Writes them, with who put away what a person put away.
pub fn rows(
    scope: &Scope<'_>,
    membership: &Membership,
    sayings: &Sayings,
    pack: &mut Pack,
) -> anyhow::Result<()> {
    let tenants = scope.archive.tenants()?;
    for (finding, over) in scope.archive.findings(scope.ask.to)? {
        let sent_for = sent_for(&finding, &tenants);
        let elsewhere = sent_for.is_some_and(|tenant| *tenant != scope.ask.tenant)
            || finding.tenant.as_ref().is_some_and(|tenant| *tenant != scope.ask.tenant)
            || finding.site.as_ref().is_some_and(|site| !scope.site(site));
        if elsewhere || over.is_some_and(|over| over < scope.ask.from) {
            continue;
        }
        let over = over.filter(|over| *over < scope.ask.to);
        let shared = finding.site.as_ref().is_some_and(|site| membership.foreign(site) > 0);
        let nobodys = finding.tenant.is_none() && finding.identity.is_none() && finding.kind != "orphan";
        // What is said of a whole site may name people of whoever else works there, and what is said of Lanyard as a whole
        // those of any tenant.
        let anybodys = nobodys && finding.site.is_none() && tenants.len() > 1 && sent_for.is_none();
        let detail = match (shared && nobodys, anybodys) {
            (true, _) => "The site serves other tenants too: whom this is about is left out of this pack.",
            (_, true) => "Lanyard serves other tenants too: what more is said is left out of this pack.",
            _ => finding.detail.as_str(),
        };
        let closure = sayings.closure(&finding.key, finding.since, over);
        pack.row(
            &tables::EXCEPTIONS,
            vec![
                finding.key.as_str().into(),
                finding.kind.as_str().into(),
                serde_json::to_value(finding.severity)?.as_str().unwrap_or("").into(),
                finding.site.as_ref().map(SiteId::as_str).into(),
                finding.identity.as_ref().map(ToString::to_string).into(),
                finding.title.as_str().into(),
                detail.into(),
                finding.fix.as_deref().into(),
                finding.since.into(),
                over.into(),
                closure.map(|closure| closure.by.as_str()).into(),
                closure.map(|closure| closure.reason.as_str()).into(),
                closure.map(|closure| closure.position).into(),
            ],
        );
        let control = match finding.kind.as_str() {
            "leaver_late" => "PS-4",
            "orphan" | "disputed" => "AC-2(3)",
            _ => "AC-2",
        };
        pack.event(&ocsf::finding(
            &finding.key,
            &finding.title,
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

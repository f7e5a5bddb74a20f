//! What a sweep tells people: findings that are new or say something new, and those that are over.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    id::{SiteId, TenantId},
};

use lanyard_policy::{
    Problems,
    reaction::{Reactions, Situation},
};

use super::SweepScope;
use crate::{
    Engine,
    judge::OVERDUE_AFTER,
    ports::{Finding, Severity, StoreFailure, Write},
    reactions::{disputed, toned},
    survey::{Admin, Astray, Decided, Lists, Overdue, SiteSurvey, TenantSurvey, Whose},
};

/// Open findings to compare with.
const OPEN_MAX: usize = 1_000_000;
/// Key of what is told of names that are not known.
const NAMES: &str = "policy_names";
/// Names in the text of a finding about many.
const NAMED_MAX: usize = 10;

impl Engine {
    /// What is to be written of everything that was found: nothing for what is known and says the same.
    pub(super) async fn finding_writes(
        &self,
        lists: &Lists,
        decided: &Decided,
        left: &[String],
        now: Timestamp,
    ) -> Result<Vec<Write>, StoreFailure> {
        let active = self.active();
        let everybody = lists.everybody_is_known();
        let mut findings = findings(decided, &|site| active.policy.reactions(site), now);
        let mut late = decided.overdue.clone();
        self.add_deleted(decided, &mut late, now).await?;
        // Of a tenant whose list is in doubt nobody is said to be gone.
        let certain = |tenant: &TenantId| {
            lists.tenants.iter().any(|known| known.tenant == *tenant && known.certificate.holds())
        };
        late.retain(|(_, tenant, _), _| everybody || certain(tenant));
        findings.extend(overdue(&late, now));
        // Of a site that was never read no name is known.
        let named = self.sites().values().all(|site| site.has_catalogue());
        findings.extend(named.then(|| unknown_names(active.bound.problems(), now)).flatten());
        let known: BTreeMap<String, Finding> =
            self.store.findings(OPEN_MAX).await?.into_iter().map(|f| (f.key.clone(), f)).collect();
        let news = |finding: &&Finding| {
            known
                .get(&finding.key)
                .is_none_or(|known| Finding { since: finding.since, ..known.clone() } != **finding)
        };
        let mut writes: Vec<_> =
            findings.iter().filter(news).map(|finding| Write::Finding(Box::new(finding.clone()))).collect();
        for (site, failure) in &lists.unread {
            writes.push(self.unread_write(&SweepScope::of_site(site), Some(failure.to_string())));
        }
        // Earlier versions told of a site under its plain name, which may be a tenant's now.
        let sites =
            lists.sites.iter().map(|site| &site.site).chain(lists.unread.iter().map(|(site, _)| site));
        let plain = sites.flat_map(|site| ["unread", "schema"].map(|kind| self.plain_key(kind, site)));
        let plain = plain.flatten().filter(|key| known.contains_key(key));
        writes.extend(plain.map(|key| Write::FindingOver { key, at: now }));
        writes.extend(self.fights_over(&known, now).await?);
        writes.extend(over_now(lists, self.sites().len(), &findings, left, &known, now));
        if named && known.contains_key(NAMES) && !findings.iter().any(|finding| finding.key == NAMES) {
            writes.push(Write::FindingOver { key: NAMES.into(), at: now });
        }
        Ok(writes)
    }

    /// Adds people who were proven deleted a while ago and whose accounts are live. They are in no list, so nobody decides
    /// about them here: the mirror and their last plan tell of them.
    async fn add_deleted(
        &self,
        decided: &Decided,
        late: &mut BTreeMap<(SiteId, TenantId, Overdue), (usize, Vec<String>)>,
        now: Timestamp,
    ) -> Result<(), StoreFailure> {
        for (id, account) in &decided.unlisted {
            let Some(known) = self.store.identity(id).await? else { continue };
            let Some(gone) = known.gone_at.filter(|gone| now.duration_since(*gone) > OVERDUE_AFTER) else {
                continue;
            };
            let of = (account.site.clone(), id.tenant.clone(), Overdue::Gone);
            let (count, named) = late.entry(of).or_default();
            *count += 1;
            if named.len() < NAMED_MAX {
                let plans = self.store.plans(Some(id), 5).await?;
                let plan = plans.iter().find(|plan| plan.site == account.site);
                let waits = plan.and_then(|plan| plan.steps.iter().find_map(|step| step.gate.why()));
                let waits = waits.map_or_else(String::new, |what| format!(", waits: {what}"));
                let (person, day) = (known.identity.display_name(), gone.strftime("%Y-%m-%d"));
                named.push(format!("{person} (account {}): since {day}{waits}", account.id));
            }
        }
        Ok(())
    }
}

/// What this sweep no longer finds is over, whether or not somebody was looked at since. Each thing ends by the lists that it
/// rests on, so that it ends too where schedules compare one tenant or one site at a time. `sites`: how many there are.
fn over_now(
    lists: &Lists,
    sites: usize,
    findings: &[Finding],
    left: &[String],
    known: &BTreeMap<String, Finding>,
    now: Timestamp,
) -> Vec<Write> {
    let over = |prefix: String| {
        let found = findings.iter().map(|finding| &finding.key).chain(left);
        let keep = found.filter(|key| key.starts_with(&prefix)).cloned().collect();
        Write::FindingsOverExcept { prefix, keep, at: now }
    };
    let everybody = lists.everybody_is_known();
    let proven = |tenant: &TenantSurvey| tenant.certificate.holds() && tenant.members.holds();
    let proven: Vec<&TenantId> =
        lists.tenants.iter().filter(|one| proven(one)).map(|one| &one.tenant).collect();
    let all_proven = proven.len() == lists.tenants.len();
    let certified: Vec<&SiteSurvey> = lists.sites.iter().filter(|site| site.certificate.holds()).collect();
    let found: BTreeSet<&str> = findings.iter().map(|finding| finding.key.as_str()).collect();
    let is_found = |key: &str| found.contains(key);
    // Whose it is, is in the finding only where the key does not begin with the tenant.
    let of_proven = |finding: &Finding| finding.tenant.as_ref().is_some_and(|of| proven.contains(&of));
    let ended = |prefix: String| {
        let open = known.range(prefix.clone()..).take_while(move |(key, _)| key.starts_with(&prefix));
        let ended = open.filter(|(key, finding)| of_proven(finding) && !is_found(key));
        let ended = ended.map(|(key, _)| Write::FindingOver { key: key.clone(), at: now });
        ended.collect::<Vec<_>>()
    };
    let mut writes = Vec::new();
    if all_proven {
        // Also of tenants that there are no more.
        writes.push(over("aside:".into()));
    } else {
        writes.extend(proven.iter().map(|tenant| over(format!("aside:{tenant}/"))));
    }
    if all_proven && certified.len() == sites {
        writes.push(over("disputed:".into()));
    }
    for site in certified {
        let id = &site.site;
        writes.extend(["duplicate", "left_seat"].map(|kind| over(format!("{kind}:{id}:"))));
        let disputed = known.values().filter(|one| one.key.starts_with("disputed:"));
        let disputed = disputed.filter(|one| one.site.as_ref() == Some(id) && of_proven(one));
        let disputed = disputed.filter(|one| !is_found(&one.key));
        writes.extend(disputed.map(|one| Write::FindingOver { key: one.key.clone(), at: now }));
        if everybody {
            let kinds = ["drift", "orphan", "undead", "past_date", "zombie", "beyond_policy"];
            writes.extend(kinds.map(|kind| over(format!("{kind}:{id}:"))));
            writes.push(over(format!("site-admin:{id}/")));
            continue;
        }
        for tenant in &proven {
            writes.push(over(format!("drift:{id}:{tenant}/")));
            let kinds = ["past_date", "zombie", "beyond_policy"].map(|kind| format!("{kind}:{id}:{tenant}"));
            let gone = kinds.into_iter().filter(|key| !is_found(key));
            writes.extend(gone.map(|key| Write::FindingOver { key, at: now }));
        }
        // Earlier versions told of everybody together.
        let before = [("past_date", "all"), ("zombie", "all"), ("beyond_policy", "roles")];
        let before = before.map(|(kind, of)| format!("{kind}:{id}:{of}"));
        writes.extend(before.map(|key| Write::FindingOver { key, at: now }));
        writes.extend(ended(format!("undead:{id}:")));
        // Whoever else has the right has it still; whoever has it no more is over, whoever they are.
        let prefix = format!("site-admin:{id}/");
        let admins = site.accounts.iter().filter(|account| account.site_admin == Some(true));
        let keep = admins.map(|account| format!("site-admin:{}", account.key)).collect();
        writes.push(Write::FindingsOverExcept { prefix, keep, at: now });
    }
    writes
}

fn findings<'r>(
    decided: &Decided,
    reactions: &dyn Fn(&SiteId) -> &'r Reactions,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, person, why) in &decided.aside {
        findings.push(Finding {
            tenant: Some(id.tenant.clone()),
            identity: Some(id.clone()),
            title: format!("{person} is set aside"),
            detail: why.clone(),
            fix: Some("correct the data in Okta, or the policy; nothing was changed for this person".into()),
            ..warning("aside", format!("aside:{id}"), now)
        });
    }
    for (id, site, person, why) in &decided.disputed {
        findings.push(disputed(id, site, person, why, reactions(site), now));
    }
    for (id, account) in &decided.ungoverned {
        findings.push(Finding {
            tenant: Some(id.tenant.clone()),
            site: Some(account.site.clone()),
            identity: Some(id.clone()),
            title: format!("account {account} is a site administrator's"),
            detail: "site administrators are never governed: the API cannot take that right away".into(),
            fix: Some("review the right in iOffice".into()),
            ..warning("site_admin", format!("site-admin:{account}"), now)
        });
    }
    findings.extend(decided.admins.iter().map(|admin| unheld_admin(admin, now)));
    findings.extend(
        decided
            .astray
            .iter()
            .map(|one| toned(astray(one, now), reactions(&one.account.key.site).to(Situation::Unmatched))),
    );
    findings.extend(
        decided.orphans.iter().map(|account| {
            toned(orphan(account, now), reactions(&account.key.site).to(Situation::Unmatched))
        }),
    );
    for (kind, value, accounts) in &decided.duplicates {
        findings.extend(duplicate(kind, value, accounts, now));
    }
    for (id, person, account) in &decided.undead {
        let site = &account.key.site;
        findings.push(Finding {
            severity: Severity::Error,
            tenant: Some(id.tenant.clone()),
            site: Some(site.clone()),
            identity: Some(id.clone()),
            title: format!("{person} left, and their account in {site} is live again"),
            detail: format!(
                "account {} was verified gone before. Somebody or something activated it since; it is taken back again.",
                account.key
            ),
            fix: Some("find out in iOffice's history who activated it; if they work here again, Okta must say so".into()),
            ..warning("undead", format!("undead:{site}:{}", account.key.id), now)
        });
    }
    for (site, rooms) in left_seats(decided) {
        let named: Vec<_> =
            rooms.iter().map(|(room, account)| format!("{room} (account {account})")).collect();
        findings.push(Finding {
            site: Some(site.clone()),
            title: format!("{site}: {} kept by accounts that are no longer live", counted(rooms.len(), "seat is", "seats are")),
            detail: some_of(&named),
            count: Some(rooms.len() as u64),
            fix: Some("clear the occupant of these spaces in iOffice: the API cannot edit an account that is not live".into()),
            ..warning("left_seat", format!("left_seat:{site}:all"), now)
        });
    }
    for ((site, tenant), (count, named)) in &decided.beyond {
        findings.push(Finding {
            severity: Severity::Info,
            tenant: Some(tenant.clone()),
            site: Some(site.clone()),
            title: format!(
                "{site}: {} that no rule gives and no rule takes ({tenant})",
                counted(*count, "person holds a role", "people hold roles")
            ),
            detail: first_of(named, *count),
            count: Some(*count as u64),
            fix: Some("let a rule give or own these roles, or take them away in iOffice".into()),
            ..warning("beyond_policy", format!("beyond_policy:{site}:{tenant}"), now)
        });
    }
    findings
}

/// Names in the policy in force that no site has, or has more than once: something was renamed since.
fn unknown_names(problems: &Problems, now: Timestamp) -> Option<Finding> {
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    (!told.is_empty()).then(|| Finding {
        title: format!(
            "the policy in force names {} that iOffice does not know, or not as one",
            counted(told.len(), "thing", "things")
        ),
        detail: first_of(&told[..told.len().min(NAMED_MAX)], told.len()),
        fix: Some(
            "write the name as iOffice has it now, and publish; until then nobody loses what a rule gave under the old name"
                .into(),
        ),
        ..warning("policy_names", NAMES.into(), now)
    })
}

/// People who should be gone, one finding for each tenant and site: who of them is gone meanwhile is worked off anyway.
fn overdue(
    late: &BTreeMap<(SiteId, TenantId, Overdue), (usize, Vec<String>)>,
    now: Timestamp,
) -> impl Iterator<Item = Finding> {
    late.iter().map(move |((site, tenant, why), (count, named))| {
        let (kind, one, several) = match why {
            Overdue::PastDate => (
                "past_date",
                "person is past their end date and has a live account",
                "people are past their end date and have live accounts",
            ),
            Overdue::Gone => (
                "zombie",
                "live account belongs to somebody who is gone",
                "live accounts belong to people who are gone",
            ),
        };
        Finding {
            tenant: Some(tenant.clone()),
            site: Some(site.clone()),
            title: format!("{site}: {} ({tenant})", counted(*count, one, several)),
            detail: first_of(named, *count),
            count: Some(*count as u64),
            fix: Some("look at what each of them waits for: explain PERSON tells it; whoever waits for nothing is taken back now".into()),
            ..warning(kind, format!("{kind}:{site}:{tenant}"), now)
        }
    })
}

/// The first names of so many.
fn first_of(named: &[String], count: usize) -> String {
    match count.saturating_sub(named.len()) {
        0 => named.join("; "),
        more => format!("{}; and {more} more", named.join("; ")),
    }
}

fn left_seats(decided: &Decided) -> BTreeMap<&SiteId, Vec<(&str, i64)>> {
    let mut seats: BTreeMap<&SiteId, Vec<(&str, i64)>> = BTreeMap::new();
    for (account, room) in &decided.left_seats {
        seats.entry(&account.site).or_default().push((room, account.id.0));
    }
    seats
}

pub(super) fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

pub(super) fn some_of(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED_MAX);
    let named = names[..names.len() - more].join("; ");
    if more == 0 { named } else { format!("{named}; and {more} more") }
}

pub(super) fn warning(kind: &str, key: String, since: Timestamp) -> Finding {
    Finding {
        key,
        kind: kind.to_owned(),
        severity: Severity::Warning,
        tenant: None,
        site: None,
        identity: None,
        title: String::new(),
        detail: String::new(),
        fix: None,
        count: None,
        since,
    }
}

fn orphan(account: &Account, now: Timestamp) -> Finding {
    Finding {
        site: Some(account.key.site.clone()),
        title: format!(
            "{} has an account in {} and nobody in Okta",
            account.display_name(),
            account.key.site
        ),
        detail: format!(
            "account {}, user name {}, e-mail {}",
            account.key.id,
            account.field("userName").unwrap_or("none"),
            account.field("email").unwrap_or("none")
        ),
        fix: Some("give it an e-mail or employee number that Okta knows, or deactivate it in iOffice".into()),
        ..warning("orphan", format!("orphan:{}:{}", account.key.site, account.key.id), now)
    }
}

/// An account that would be an orphan, if nobody in Okta had a key of it.
fn astray(one: &Astray, now: Timestamp) -> Finding {
    let Astray { account, of, person, key, second } = one;
    let site = &account.key.site;
    let (title, fix) = match second {
        true => (
            format!("{person} has a second account in {site}"),
            "deactivate or merge the superfluous one in iOffice, or correct its data".to_owned(),
        ),
        false => (
            format!("{person} has an account in {site}, where policy has no place for them"),
            format!("deactivate it in iOffice; or let a route of the policy lead them to {site}"),
        ),
    };
    Finding {
        tenant: Some(of.tenant.clone()),
        identity: Some(of.clone()),
        title,
        detail: format!(
            "account {} ({}) has the same {key} as {of} and is linked with nobody. It was not touched.",
            account.key.id,
            account.display_name()
        ),
        fix: Some(fix),
        ..orphan(account, now)
    }
}

/// A site administrator whose account nobody in a list is linked with.
fn unheld_admin(admin: &Admin, now: Timestamp) -> Finding {
    let account = &admin.account;
    let (name, key, site) = (account.display_name(), &account.key, &account.key.site);
    let (of, title, detail) = match &admin.whose {
        Whose::Nobodys => (
            None,
            format!("{name} is a site administrator of {site} and nobody in Okta"),
            format!("no person in Okta is linked with account {key} or has one of its keys"),
        ),
        Whose::Unlisted(of) => (
            Some(of),
            format!("{name} is a site administrator of {site} and in no list of Okta any more"),
            format!("account {key} is linked with {of}, whom no complete list shows"),
        ),
        Whose::Keyed { of, person, key: kind } => (
            Some(of),
            format!("{person} has a site administrator's account in {site} that is linked with nobody"),
            format!("account {key} ({name}) has the same {kind} as {of}"),
        ),
    };
    Finding {
        tenant: of.map(|of| of.tenant.clone()),
        site: Some(site.clone()),
        identity: of.cloned(),
        title,
        detail: format!(
            "{detail}. Site administrators are never governed: the API cannot take that right away."
        ),
        fix: Some(
            "find out whose it is; take the right away in iOffice, or deactivate the account there".into(),
        ),
        ..warning("site_admin", format!("site-admin:{key}"), now)
    }
}

fn duplicate(kind: &str, value: &str, accounts: &[Account], now: Timestamp) -> Option<Finding> {
    let first = accounts.first()?;
    let site = &first.key.site;
    let ids: BTreeSet<_> = accounts.iter().map(|account| account.key.id.0).collect();
    let named: Vec<_> =
        accounts.iter().map(|account| format!("{} ({})", account.key.id, account.display_name())).collect();
    Some(Finding {
        site: Some(site.clone()),
        title: format!("{site}: {} live accounts have the same {kind}", ids.len()),
        detail: format!("{kind} {value}: accounts {}", some_of(&named)),
        count: Some(ids.len() as u64),
        fix: Some("deactivate or merge the superfluous one in iOffice, or correct its data; nobody is matched by a key that is not one account's".into()),
        ..warning("duplicate", format!("duplicate:{site}:{}", first.key.id), now)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_about_many_says_how_many() {
        let now = Timestamp::UNIX_EPOCH;
        let named: Vec<String> = (0..10).map(|n| format!("number {n}")).collect();
        let site = SiteId::new("hq");
        let late = BTreeMap::from([((site, TenantId::new("acme"), Overdue::Gone), (201, named))]);
        let late: Vec<_> = overdue(&late, now).map(|finding| (finding.title, finding.count)).collect();
        let said = "hq: 201 live accounts belong to people who are gone (acme)";
        assert_eq!(late, [(said.to_owned(), Some(201))]);
    }
}

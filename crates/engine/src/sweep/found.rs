//! What a sweep tells people: findings that are new or say something new, and those that are over.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{account::Account, id::SiteId};

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
    survey::{Decided, Lists, Overdue},
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
        if everybody {
            let mut late = decided.overdue.clone();
            self.add_deleted(decided, &mut late, now).await?;
            findings.extend(overdue(&late, now));
        }
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
        let over = |prefix: String| {
            let keep =
                findings.iter().map(|f| f.key.clone()).filter(|key| key.starts_with(&prefix)).collect();
            Write::FindingsOverExcept { prefix, keep, at: now }
        };
        if named && known.contains_key(NAMES) && !findings.iter().any(|finding| finding.key == NAMES) {
            writes.push(Write::FindingOver { key: NAMES.into(), at: now });
        }
        // What this sweep no longer finds is over, whether or not somebody was looked at since.
        let whole = everybody
            && lists.tenants.iter().all(|tenant| tenant.members.holds())
            && lists.sites.iter().all(|site| site.certificate.holds())
            && lists.sites.len() == self.sites().len();
        if whole {
            writes.extend(["aside:", "disputed:", "site-admin:"].map(|prefix| over(prefix.into())));
        }
        for site in lists.sites.iter().filter(|site| site.certificate.holds()) {
            writes.push(over(format!("duplicate:{}:", site.site)));
            if everybody {
                let prefix = format!("drift:{}:", site.site);
                let keep = left.iter().filter(|key| key.starts_with(&prefix)).cloned().collect();
                writes.push(Write::FindingsOverExcept { prefix, keep, at: now });
                let kinds = ["orphan", "undead", "past_date", "zombie", "left_seat", "beyond_policy"];
                writes.extend(kinds.map(|kind| over(format!("{kind}:{}:", site.site))));
            }
        }
        Ok(writes)
    }

    /// Adds people who were proven deleted a while ago and whose accounts are live. They are in no list, so nobody decides
    /// about them here: the mirror and their last plan tell of them.
    async fn add_deleted(
        &self,
        decided: &Decided,
        late: &mut BTreeMap<(SiteId, Overdue), (usize, Vec<String>)>,
        now: Timestamp,
    ) -> Result<(), StoreFailure> {
        for (id, account) in &decided.unlisted {
            let Some(known) = self.store.identity(id).await? else { continue };
            let Some(gone) = known.gone_at.filter(|gone| now.duration_since(*gone) > OVERDUE_AFTER) else {
                continue;
            };
            let (count, named) = late.entry((account.site.clone(), Overdue::Gone)).or_default();
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
            fix: Some("clear the occupant of these spaces in iOffice: the API cannot edit an account that is not live".into()),
            ..warning("left_seat", format!("left_seat:{site}:all"), now)
        });
    }
    for (site, (count, named)) in &decided.beyond {
        findings.push(Finding {
            severity: Severity::Info,
            site: Some(site.clone()),
            title: format!(
                "{site}: {} that no rule gives and no rule takes",
                counted(*count, "person holds a role", "people hold roles")
            ),
            detail: first_of(named, *count),
            fix: Some("let a rule give or own these roles, or take them away in iOffice".into()),
            ..warning("beyond_policy", format!("beyond_policy:{site}:roles"), now)
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

/// People who should be gone, one finding for each site: who of them is gone meanwhile is worked off anyway.
fn overdue(
    late: &BTreeMap<(SiteId, Overdue), (usize, Vec<String>)>,
    now: Timestamp,
) -> impl Iterator<Item = Finding> {
    late.iter().map(move |((site, why), (count, named))| {
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
            site: Some(site.clone()),
            title: format!("{site}: {}", counted(*count, one, several)),
            detail: first_of(named, *count),
            fix: Some("look at what each of them waits for: explain PERSON tells it; whoever waits for nothing is taken back now".into()),
            ..warning(kind, format!("{kind}:{site}:all"), now)
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
        fix: Some("deactivate or merge the superfluous one in iOffice, or correct its data; nobody is matched by a key that is not one account's".into()),
        ..warning("duplicate", format!("duplicate:{site}:{}", first.key.id), now)
    })
}

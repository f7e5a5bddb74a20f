//! A large store for benches of what is read from it: people with accounts, links, plans and journal lines, written as
//! the engine writes them. They exist in no stand-in, and nothing looks at them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use anyhow::{Context, ensure};
use jiff::Timestamp;
use lanyard_engine::{
    Engine,
    ports::{Entry, Order, Severity, Write},
};
use lanyard_model::{
    account::{Account, AccountKind, FieldName},
    id::{AccountId, AccountKey, IdentityId, PlanId, SiteId, TenantId},
    identity::{AttributeValue, Groups, Identity, Profile, Status},
    link::{How, Link},
    plan::{AccountPatch, Difference, Effect, Gate, Operation, Plan, Step},
    signal::Lane,
};

const BATCH: usize = 10_000;
const FIRST: [&str; 16] = [
    "Amara", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hana", "Ines", "Jonas", "Kofi", "Lena",
    "Mateo", "Noor", "Olga", "Priya",
];
const LAST: [&str; 20] = [
    "Abara",
    "Bergmann",
    "Costa",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Grant",
    "Haddad",
    "Ivanov",
    "Jensen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Petrov",
    "Quist",
    "Rossi",
    "Sato",
    "Tanaka",
];
const TEAMS: [&str; 6] = ["Design", "Engineering", "Finance", "Legal", "Operations", "Sales"];
/// Accounts of the stand-ins have smaller numbers.
const ACCOUNTS_FROM: i64 = 10_000_000;

/// Adds people to the first tenant and site; each with a journal line, and a plan.
///
/// # Errors
/// A store that cannot be written, an engine without a tenant or site.
pub async fn add(engine: &Engine, people: u32) -> anyhow::Result<()> {
    let tenant = engine.directories().keys().next().context("there is no tenant")?.clone();
    let site = engine.sites().keys().next().context("there is no site")?.clone();
    let now = engine.clock().now();
    let policy = engine.active().policy.seal().to_owned();
    let mut batch = Vec::new();
    for number in 0..people {
        let person = identity(&tenant, number, now);
        let (id, name) = (person.id.clone(), person.display_name());
        let key = AccountKey { site: site.clone(), id: AccountId(ACCOUNTS_FROM + i64::from(number)) };
        let at = now - std::time::Duration::from_secs(u64::from(number) + 60);
        batch.push(Write::Account { account: Box::new(account(&key, &person, now)?), keys: vec![] });
        batch.push(Write::Identity { identity: Box::new(person), keys: vec![], at });
        batch.push(Write::Link(Link {
            identity: id.clone(),
            account: key.clone(),
            how: How::Key("employee number".into()),
            since: at,
            ended_at: None,
        }));
        let plan = plan(&id, &name, &key, &policy, at, number);
        batch.push(Write::Journal(Box::new(entry(&id, &name, &site, &plan.id, at))));
        batch.push(Write::Plan(Arc::new(plan)));
        if batch.len() >= BATCH {
            engine.write(std::mem::take(&mut batch)).await?;
        }
    }
    engine.write(batch).await?;
    let (_, _, total) = engine.store().search_people(Some(&tenant), "", Order::Rising, None, 1).await?;
    let total = total.unwrap_or_default();
    ensure!(total >= u64::from(people), "the store shows {total} people");
    Ok(())
}

fn identity(tenant: &TenantId, number: u32, now: Timestamp) -> Identity {
    let at = number as usize;
    let (first, last) = (FIRST[at % FIRST.len()], LAST[at / FIRST.len() % LAST.len()]);
    let login = format!("{}.{}{number}@crowd.example", first.to_lowercase(), last.to_lowercase());
    let mut profile = Profile::default();
    for (name, value) in [
        ("login", login.as_str()),
        ("email", &login),
        ("firstName", first),
        ("lastName", last),
        ("employeeNumber", &format!("9{number:07}")),
        ("department", TEAMS[at % TEAMS.len()]),
        ("title", "Associate"),
    ] {
        profile.set(name, AttributeValue::Text(value.into()));
    }
    Identity {
        id: IdentityId::new(tenant.clone(), format!("00ucrowd{number:08}")),
        status: if number.is_multiple_of(40) { Status::Suspended } else { Status::Active },
        transitioning: false,
        profile,
        groups: Groups::new([], true),
        created: None,
        activated: None,
        status_changed: Some(now),
        last_updated: Some(now),
        type_id: None,
        read_at: now,
    }
}

fn account(key: &AccountKey, person: &Identity, now: Timestamp) -> anyhow::Result<Account> {
    let mut fields = BTreeMap::new();
    for (field, from) in
        [("userName", "login"), ("email", "email"), ("firstName", "firstName"), ("lastName", "lastName")]
    {
        let name = FieldName::new(field).with_context(|| format!("{field} is no field"))?;
        fields.insert(name, person.profile.text(from).unwrap_or_default().to_owned());
    }
    Ok(Account {
        key: key.clone(),
        kind: AccountKind::Person,
        active: Some(true),
        fields,
        user_type: None,
        seat: None,
        section: None,
        seat_class: None,
        cost_center: None,
        items: Some(BTreeSet::new()),
        roles: Some(BTreeMap::new()),
        site_admin: Some(false),
        updated_at: None,
        updated_by: None,
        read_at: now,
    })
}

fn plan(id: &IdentityId, name: &str, key: &AccountKey, policy: &str, at: Timestamp, number: u32) -> Plan {
    let difference = Difference {
        effect: if number.is_multiple_of(3) { Effect::Change } else { Effect::Add },
        what: "jobTitle".into(),
        from: None,
        to: Some("Associate".into()),
        because: Vec::new(),
    };
    let step = Step {
        op: Operation::Update { patch: AccountPatch::default() },
        differences: vec![difference],
        destructive: false,
        gate: Gate::Open,
    };
    Plan {
        id: PlanId::new(format!("pln_crowd{number:08}")),
        identity: id.clone(),
        person: name.to_owned(),
        site: key.site.clone(),
        account: Some(key.clone()),
        lane: Lane::Normal,
        steps: vec![step],
        todos: Vec::new(),
        notices: Vec::new(),
        notes: Vec::new(),
        ending: None,
        review_at: None,
        policy: policy.to_owned(),
        made_at: at,
        cleared: BTreeMap::new(),
    }
}

fn entry(id: &IdentityId, name: &str, site: &SiteId, plan: &PlanId, at: Timestamp) -> Entry {
    Entry {
        tenant: id.tenant.clone(),
        at,
        kind: "plan".into(),
        identity: Some(id.clone()),
        site: Some(site.clone()),
        person: Some(name.to_owned()),
        severity: Severity::Info,
        title: "1 change planned".into(),
        detail: "jobTitle".into(),
        data: serde_json::json!({ "plan": plan }),
    }
}

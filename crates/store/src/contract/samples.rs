//! Small values for the cases.

use jiff::Timestamp;
use lanyard_engine::ports::{Entry, Intent, Severity, Store, WorkItem, Write, Wrote};
use lanyard_model::{
    account::{Account, AccountKind, FieldName},
    id::{AccountId, AccountKey, GroupId, IdentityId, PlanId, SiteId, TenantId},
    identity::{AttributeValue, Groups, Identity, Profile, Status},
    plan::{Operation, Plan},
    signal::{Event, Lane},
};

/// Seconds after the start of the story.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
}

pub(super) fn tenant() -> TenantId {
    TenantId::new("harborlight")
}

pub(super) fn site() -> SiteId {
    SiteId::new("pier")
}

pub(super) fn who(user: &str) -> IdentityId {
    IdentityId::new(tenant(), user)
}

pub(super) fn person(user: &str, name: &str, groups: &[&str]) -> Identity {
    let mut profile = Profile::default();
    profile.set("displayName", AttributeValue::Text(name.into()));
    profile.set("login", AttributeValue::Text(format!("{user}@harborlight.example").into()));
    Identity {
        id: who(user),
        status: Status::Active,
        transitioning: false,
        profile,
        groups: Groups::new(groups.iter().map(|id| GroupId::new(*id)), true),
        created: None,
        activated: None,
        status_changed: None,
        last_updated: None,
        type_id: None,
        read_at: at(0),
    }
}

pub(super) fn keys(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(kind, value)| ((*kind).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn account_key(id: i64) -> AccountKey {
    AccountKey { site: site(), id: AccountId(id) }
}

pub(super) fn account(id: i64, user_name: &str) -> Account {
    Account {
        key: account_key(id),
        kind: AccountKind::Person,
        active: None,
        fields: FieldName::new("userName").map(|name| (name, user_name.to_owned())).into_iter().collect(),
        user_type: None,
        seat: None,
        section: None,
        seat_class: None,
        cost_center: None,
        items: None,
        roles: None,
        site_admin: None,
        updated_at: None,
        updated_by: None,
        read_at: at(0),
    }
}

pub(super) fn event(uuid: &str, users: &[&str], lane: Lane) -> Event {
    Event {
        tenant: tenant(),
        uuid: uuid.into(),
        kind: "user.lifecycle.deactivate".into(),
        published: Some(at(-1)),
        users: users.iter().map(|user| (*user).into()).collect(),
        groups: Vec::new(),
        lane,
        deletion: false,
        ours: false,
        membership: None,
    }
}

pub(super) fn plan(id: &str, user: &str, made_at: Timestamp) -> Plan {
    Plan {
        id: PlanId::new(id),
        identity: who(user),
        person: "Ana Silva".into(),
        site: site(),
        account: Some(account_key(7)),
        lane: Lane::Normal,
        steps: Vec::new(),
        todos: Vec::new(),
        notices: Vec::new(),
        notes: Vec::new(),
        ending: None,
        review_at: None,
        policy: "p1".into(),
        made_at,
        cleared: Default::default(),
    }
}

pub(super) fn intent(id: &str, user: &str, at: Timestamp) -> Intent {
    Intent {
        id: id.into(),
        plan: PlanId::new("pln_1"),
        step: 0,
        identity: who(user),
        site: site(),
        account: Some(AccountId(7)),
        operation: Operation::Deactivate,
        at,
        charge: None,
        run_charge: None,
        inverse: None,
    }
}

pub(super) fn line(tenant: &str, title: &str) -> Entry {
    Entry {
        tenant: TenantId::new(tenant),
        at: at(0),
        kind: "decision".into(),
        identity: None,
        site: None,
        person: None,
        severity: Severity::Info,
        title: title.into(),
        detail: String::new(),
        data: serde_json::Value::Null,
    }
}

pub(super) fn attend(user: &str, lane: Lane, due: Timestamp) -> Write {
    Write::Attend {
        who: vec![who(user)],
        source: lanyard_model::signal::Source::Person,
        lane,
        due,
        why: format!("{user} at {due}"),
    }
}

/// Writes a batch that must succeed.
pub(super) async fn put(store: &dyn Store, batch: Vec<Write>) -> Vec<Wrote> {
    store.write(batch).await.expect("the batch is accepted")
}

/// Claims in every lane, for a minute.
pub(super) async fn claim(store: &dyn Store, now: Timestamp, max: usize) -> Vec<WorkItem> {
    let until = now + jiff::SignedDuration::from_secs(60);
    store.claim("node", now, until, Lane::Bulk, max).await.expect("a claim is answered")
}

/// The users of claimed items.
pub(super) fn users(items: &[WorkItem]) -> Vec<&str> {
    items.iter().map(|item| &*item.identity.user).collect()
}

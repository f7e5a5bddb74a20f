//! Mirrors of both sides, and what ties them.

use lanyard_engine::ports::{MirroredIdentity, Store, Write, Wrote};
use lanyard_model::{
    desired::{Applied, DeskWait},
    id::{GroupId, IdentityId, RoomId},
    identity::{Group, GroupKind, Groups, Identity, Status},
    link::{How, Link},
};

use super::samples::{account, account_key, at, keys, person, put, site, tenant, who};

fn mirror(identity: &Identity, found_by: &[(&str, &str)], seconds: i64) -> Write {
    Write::Identity { identity: Box::new(identity.clone()), keys: keys(found_by), at: at(seconds) }
}

fn mirrored(seconds: i64, changed: bool, first: bool) -> Vec<Wrote> {
    vec![Wrote::Mirrored { since: at(seconds), changed, first }]
}

pub(super) async fn content_decides_since_when(store: &dyn Store) {
    let ana = person("ana", "Ana Silva", &["g1"]);
    assert_eq!(put(store, vec![mirror(&ana, &[], 1)]).await, mirrored(1, true, true));
    let read_again = Identity { read_at: at(50), ..ana.clone() };
    assert_eq!(put(store, vec![mirror(&read_again, &[], 50)]).await, mirrored(1, false, false));
    assert_eq!(store.identity(&ana.id).await.unwrap().unwrap().identity, read_again);
    let suspended = Identity { status: Status::Suspended, ..ana.clone() };
    assert_eq!(put(store, vec![mirror(&suspended, &[], 60)]).await, mirrored(60, true, false));
    let moved = Identity { groups: person("ana", "", &["g2"]).groups, ..suspended };
    assert_eq!(put(store, vec![mirror(&moved, &[], 70)]).await, mirrored(70, true, false));

    let listed = Identity { groups: Groups::new([], false), ..moved.clone() };
    let answer = put(store, vec![mirror(&listed, &[], 75)]).await;
    assert_eq!(answer, mirrored(70, false, false), "an incomplete list of groups proves no absence");
    assert_eq!(store.members(&tenant(), &"g2".into()).await.unwrap(), [who("ana")]);
    let remembered = store.identity(&ana.id).await.unwrap().unwrap().identity.groups;
    assert_eq!(remembered, Groups::new(["g2".into()], false), "nor is it remembered as one");
    put(store, vec![mirror(&moved, &[], 76)]).await;

    let gone = Write::IdentityGone { identity: ana.id.clone(), at: at(80), proof: "deleted".into() };
    put(store, vec![gone]).await;
    let kept = store.identity(&ana.id).await.unwrap().unwrap();
    assert_eq!((kept.gone_at, kept.since, kept.identity), (Some(at(80)), at(70), moved.clone()));
    assert_eq!(put(store, vec![mirror(&moved, &[], 90)]).await, mirrored(90, true, false));
    assert_eq!(store.identity(&ana.id).await.unwrap().unwrap().gone_at, None);

    put(store, vec![mirror(&person("bo", "Bo", &[]), &[], 1), mirror(&person("cy", "Cy", &[]), &[], 1)])
        .await;
    let page = store.identities(&tenant(), Some("ana"), 1).await.unwrap();
    assert_eq!(page.iter().map(|m| &*m.identity.id.user).collect::<Vec<_>>(), ["bo"]);
    assert_eq!(store.identities(&tenant(), None, 9).await.unwrap().len(), 3);
}

pub(super) async fn keys_follow_the_mirror(store: &dyn Store) {
    let ana = person("ana", "Ana", &[]);
    let twin = Identity { id: IdentityId::new("other".into(), "ana"), ..ana.clone() };
    let mail = ("email", "a@x");
    put(store, vec![mirror(&ana, &[mail, ("number", "7")], 1), mirror(&twin, &[mail], 1)]).await;
    let both = store.identities_by_key("email", "a@x").await.unwrap();
    assert_eq!(both, [ana.id.clone(), twin.id.clone()], "all tenants");
    put(store, vec![mirror(&ana, &[("email", "b@x")], 2)]).await;
    assert_eq!(store.identities_by_key("email", "a@x").await.unwrap(), [twin.id]);
    assert_eq!(store.identities_by_key("number", "7").await.unwrap(), []);
    put(store, vec![Write::IdentityGone { identity: ana.id, at: at(3), proof: "deleted".into() }]).await;
    assert_eq!(store.identities_by_key("email", "b@x").await.unwrap(), [], "the gone have no keys");

    let account = |id, found_by: &[(&str, &str)]| Write::Account {
        account: Box::new(account(id, "a")),
        keys: keys(found_by),
    };
    put(store, vec![account(1, &[mail]), account(2, &[mail])]).await;
    put(store, vec![account(1, &[("email", "c@x")])]).await;
    assert_eq!(store.accounts_by_key(&site(), "email", "a@x").await.unwrap(), [account_key(2)]);
    assert_eq!(store.accounts_by_key(&site(), "email", "c@x").await.unwrap(), [account_key(1)]);
    assert_eq!(store.accounts_by_key(&"annex".into(), "email", "c@x").await.unwrap(), []);
}

pub(super) async fn memberships_follow_the_mirror(store: &dyn Store) {
    let (g1, g2) = (GroupId::new("g1"), GroupId::new("g2"));
    put(
        store,
        vec![
            mirror(&person("ana", "Ana", &["g1"]), &[], 1),
            mirror(&person("bo", "Bo", &["g1", "g2"]), &[], 1),
        ],
    )
    .await;
    assert_eq!(store.members(&tenant(), &g1).await.unwrap(), [who("ana"), who("bo")]);
    put(store, vec![mirror(&person("ana", "Ana", &["g2"]), &[], 2)]).await;
    put(store, vec![Write::IdentityGone { identity: who("bo"), at: at(2), proof: "deleted".into() }]).await;
    assert_eq!(store.members(&tenant(), &g1).await.unwrap(), []);
    assert_eq!(store.members(&tenant(), &g2).await.unwrap(), [who("ana")]);

    let group = |id: &GroupId, name: &str| Group {
        id: id.clone(),
        name: name.into(),
        kind: GroupKind::Native,
        last_membership_updated: Some(at(0)),
    };
    let groups = vec![group(&g2, "Desks"), group(&g1, "Staff")];
    put(store, vec![Write::Groups { tenant: tenant(), groups }]).await;
    put(store, vec![Write::Groups { tenant: tenant(), groups: vec![group(&g1, "People")] }]).await;
    assert_eq!(store.groups(&tenant()).await.unwrap(), [group(&g1, "People")]);
}

pub(super) async fn an_account_that_is_gone_is_still_remembered(store: &dyn Store) {
    let elsewhere = {
        let mut account = account(1, "elsewhere");
        account.key.site = "annex".into();
        account
    };
    let one = |a, found_by: &[(&str, &str)]| Write::Account { account: Box::new(a), keys: keys(found_by) };
    put(
        store,
        vec![
            one(elsewhere, &[]),
            one(account(1, "ana"), &[("n", "ana")]),
            one(account(2, "bo"), &[("n", "bo")]),
        ],
    )
    .await;
    put(store, vec![Write::AccountGone { account: account_key(1), at: at(5) }]).await;
    put(store, vec![one(account(2, "bo2"), &[("n", "bo2")]), one(account(3, "cy"), &[("n", "cy")])]).await;
    assert_eq!(store.accounts(&site()).await.unwrap(), [account(2, "bo2"), account(3, "cy")]);
    let remembered = store.account(&account_key(1)).await.unwrap();
    assert_eq!(remembered, Some(account(1, "ana")), "what is gone is still remembered");
    assert_eq!(store.account(&account_key(9)).await.unwrap(), None);
    for (key, expected) in [("ana", None), ("bo", None), ("bo2", Some(2)), ("cy", Some(3))] {
        let found = store.accounts_by_key(&site(), "n", key).await.unwrap();
        assert_eq!(found, expected.map(account_key).into_iter().collect::<Vec<_>>(), "{key}");
    }
    assert_eq!(store.accounts(&"annex".into()).await.unwrap().len(), 1, "another site is untouched");

    put(store, vec![Write::AccountGone { account: account_key(2), at: at(6) }]).await;
    assert_eq!(store.accounts_by_key(&site(), "n", "bo2").await.unwrap(), []);
    put(store, vec![one(account(2, "bo2"), &[("n", "bo2")])]).await;
    assert_eq!(store.accounts_by_key(&site(), "n", "bo2").await.unwrap(), [account_key(2)], "it came back");
}

/// Whole lists are compared with the mirrors side by side: page by page in one order, with keys, the gone included.
pub(super) async fn mirrors_are_read_page_by_page(store: &dyn Store) {
    let mail = |text: &str| keys(&[("email", text)]);
    for name in ["ana", "bo", "cy"] {
        put(store, vec![mirror(&person(name, name, &[]), &[("email", name)], 1)]).await;
    }
    put(store, vec![Write::IdentityGone { identity: who("bo"), at: at(2), proof: "deleted".into() }]).await;
    let shown = |page: Vec<MirroredIdentity>| -> Vec<(String, usize, bool)> {
        let row = |one: MirroredIdentity| {
            (one.mirrored.identity.id.user.to_string(), one.keys.len(), one.mirrored.gone_at.is_some())
        };
        page.into_iter().map(row).collect()
    };
    let first = store.mirrored(&tenant(), None, 2).await.unwrap();
    assert_eq!(first[0].keys, mail("ana"));
    assert_eq!(shown(first), [("ana".into(), 1, false), ("bo".into(), 0, true)]);
    let rest = store.mirrored(&tenant(), Some("bo"), 2).await.unwrap();
    assert_eq!(shown(rest), [("cy".into(), 1, false)]);

    let one = |id| Write::Account { account: Box::new(account(id, "x")), keys: mail("x") };
    put(store, vec![one(1), one(2), one(30)]).await;
    put(store, vec![Write::AccountGone { account: account_key(2), at: at(2) }]).await;
    let page = store.mirrored_accounts(&site(), Some(account_key(1).id), 2).await.unwrap();
    let rows: Vec<_> = page.iter().map(|one| (one.account.id().0, one.gone, one.keys.len())).collect();
    assert_eq!(rows, [(2, true, 1), (30, false, 1)]);
    let ids = [account_key(30).id, account_key(9).id, account_key(2).id];
    let some = store.accounts_of(&site(), &ids).await.unwrap();
    assert_eq!(some.iter().map(|one| one.id().0).collect::<Vec<_>>(), [30, 2], "the gone included");

    let link = |user: &str, id| Link {
        identity: who(user),
        account: account_key(id),
        how: How::Created,
        since: at(1),
        ended_at: None,
    };
    put(store, vec![Write::Link(link("cy", 1)), Write::Link(link("bo", 1)), Write::Link(link("ana", 2))])
        .await;
    let page = store.links_page(&site(), None, 1).await.unwrap();
    assert_eq!(page, [link("bo", 1)]);
    let rest = store.links_page(&site(), Some(&(account_key(1).id, who("bo"))), 9).await.unwrap();
    assert_eq!(rest, [link("cy", 1), link("ana", 2)]);

    for name in ["ana", "bo", "cy"] {
        let applied = Box::new(Applied::default());
        put(store, vec![Write::Applied { identity: who(name), site: site(), applied }]).await;
    }
    let page = store.applied_page(&site(), &tenant(), Some("ana"), 9).await.unwrap();
    let people: Vec<_> = page.iter().map(|(id, _)| id.user.to_string()).collect();
    assert_eq!(people, ["bo", "cy"]);
    assert_eq!(store.applied_page(&"annex".into(), &tenant(), None, 9).await.unwrap(), []);
}

pub(super) async fn links_and_applied_state(store: &dyn Store) {
    let link = |user: &str, id| Link {
        identity: who(user),
        account: account_key(id),
        how: How::Key("employeeNumber = employeeId".into()),
        since: at(1),
        ended_at: None,
    };
    put(store, vec![Write::Link(link("ana", 1)), Write::Link(link("bo", 2))]).await;
    put(store, vec![Write::Link(link("ana", 2))]).await;
    assert_eq!(store.link(&who("ana"), &site()).await.unwrap(), Some(link("ana", 2)));
    assert_eq!(store.links_of(&who("ana")).await.unwrap(), [link("ana", 2)]);
    assert_eq!(store.links_to(&account_key(1)).await.unwrap(), []);
    assert_eq!(store.links_to(&account_key(2)).await.unwrap(), [link("ana", 2), link("bo", 2)]);
    put(store, vec![Write::Unlink { identity: who("bo"), site: site(), at: at(9) }]).await;
    assert_eq!(store.links(&site()).await.unwrap(), [link("ana", 2)]);

    let applied = Applied { seat: Some(RoomId(4)), ..Applied::default() };
    let write = Write::Applied { identity: who("ana"), site: site(), applied: Box::new(applied.clone()) };
    put(store, vec![write]).await;
    assert_eq!(store.applied(&who("ana"), &site()).await.unwrap(), Some(applied.clone()));
    assert_eq!(store.applied(&who("bo"), &site()).await.unwrap(), None);
    assert_eq!(store.applied_all(&site()).await.unwrap(), [(who("ana"), applied)]);
    // Of those a start must know.
    let wait = DeskWait { since: at(1), floors: vec![], kinds: vec![], rooms: vec![] };
    let waits = Applied { waiting: Some(wait), ..Applied::default() };
    let enters = Applied { door_holder: Some("417".into()), ..Applied::default() };
    for (name, applied) in [("bo", &waits), ("cy", &enters)] {
        let write = Write::Applied { identity: who(name), site: site(), applied: Box::new(applied.clone()) };
        put(store, vec![write]).await;
    }
    assert_eq!(store.applied_to_recall(&site()).await.unwrap(), [(who("bo"), waits), (who("cy"), enters)]);
}

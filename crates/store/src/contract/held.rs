//! What accounts held in the past.

use lanyard_engine::ports::{Holding, Store, Write};
use lanyard_model::{
    account::{Account, Role},
    door::DoorSpan,
    id::{AccountId, CenterId, ItemId},
    link::{How, Link},
};

use super::samples::{account, account_key, at, put, site, who};

/// An account read at a moment, with these roles and items.
fn read(id: i64, seconds: i64, roles: &[(i64, Role)], items: Option<&[i64]>) -> Write {
    let account = Account {
        roles: Some(roles.iter().map(|(center, role)| (CenterId(*center), *role)).collect()),
        items: items.map(|items| items.iter().map(|item| ItemId(*item)).collect()),
        read_at: at(seconds),
        ..account(id, "ana")
    };
    Write::Account { account: Box::new(account), keys: Vec::new() }
}

fn link(user: &str, id: i64, seconds: i64) -> Write {
    Write::Link(Link {
        identity: who(user),
        account: account_key(id),
        how: How::Created,
        since: at(seconds),
        ended_at: None,
    })
}

/// `kind key value`, one after another.
fn words(held: &[Holding]) -> Vec<String> {
    held.iter().map(|held| format!("{} {} {}", held.kind, held.key, held.value)).collect()
}

pub(super) async fn what_was_held_is_answered_for_any_moment(store: &dyn Store) {
    put(store, vec![read(1, 10, &[(5, Role::Customer)], Some(&[7])), link("ana", 1, 10)]).await;
    put(store, vec![read(1, 20, &[(5, Role::Manager)], Some(&[7]))]).await;
    put(store, vec![read(1, 25, &[(5, Role::Manager)], Some(&[7]))]).await;
    put(store, vec![read(1, 30, &[], Some(&[7]))]).await;
    put(store, vec![Write::AccountGone { account: account_key(1), at: at(40) }]).await;
    put(store, vec![read(1, 50, &[], Some(&[]))]).await;
    assert_eq!(store.held_since(&site()).await, Ok(Some(at(10))), "the first read of all, not the last");
    let then = async |seconds| words(&store.held_by(&who("ana"), at(seconds)).await.unwrap());
    assert_eq!(then(9).await, [] as [&str; 0]);
    assert_eq!(then(10).await, ["account  live", "item 7 ", "role 5 CUSTOMER"]);
    assert_eq!(then(29).await, ["account  live", "item 7 ", "role 5 MANAGER"]);
    assert_eq!(then(30).await, ["account  live", "item 7 "]);
    assert_eq!(then(45).await, [] as [&str; 0]);
    assert_eq!(then(50).await, ["account  live"]);
    let manager = store.held_by(&who("ana"), at(25)).await.unwrap().pop().unwrap();
    assert_eq!((manager.from, manager.to), (at(20), Some(at(30))), "an unchanged read begins nothing");
    let all = store.held_in(&site(), at(29), AccountId(0), 100).await.unwrap();
    assert_eq!(words(&all), ["account  live", "item 7 ", "person harborlight/ana ", "role 5 MANAGER"]);
}

pub(super) async fn what_was_not_read_is_not_ended(store: &dyn Store) {
    put(store, vec![read(1, 10, &[], Some(&[7, 8]))]).await;
    put(store, vec![read(1, 20, &[], None)]).await;
    put(store, vec![read(1, 30, &[], Some(&[8]))]).await;
    let items = store.held_in(&site(), at(30), AccountId(0), 9).await.unwrap();
    assert_eq!(words(&items), ["account  live", "item 8 "]);
    assert_eq!(items[1].from, at(10), "held all the time, as far as anybody can say");
    assert_eq!(store.held_in(&site(), at(25), AccountId(0), 9).await.unwrap().len(), 3);
    // Whole accounts only, from the account after the last one on.
    put(store, vec![read(2, 10, &[], Some(&[1, 2]))]).await;
    let first = store.held_in(&site(), at(15), AccountId(0), 4).await.unwrap();
    assert_eq!(first.iter().map(|held| held.account.id.0).collect::<Vec<_>>(), [1, 1, 1]);
    let second = store.held_in(&site(), at(15), AccountId(1), 4).await.unwrap();
    assert_eq!(second.iter().map(|held| held.account.id.0).collect::<Vec<_>>(), [2, 2, 2]);
}

pub(super) async fn a_person_takes_their_past_along_from_account_to_account(store: &dyn Store) {
    put(store, vec![read(1, 10, &[], None), link("ana", 1, 10)]).await;
    put(store, vec![Write::Unlink { identity: who("ana"), site: site(), at: at(20) }]).await;
    put(store, vec![read(2, 30, &[], None), link("ana", 2, 30), link("bo", 1, 30)]).await;
    let then = async |user: &str, seconds| {
        let held = store.held_by(&who(user), at(seconds)).await.unwrap();
        held.into_iter().map(|held| held.account.id.0).collect::<Vec<_>>()
    };
    assert_eq!(then("ana", 15).await, [1]);
    assert_eq!(then("ana", 25).await, [] as [i64; 0]);
    assert_eq!(then("ana", 35).await, [2]);
    assert_eq!(then("bo", 25).await, [] as [i64; 0]);
    assert_eq!(then("bo", 35).await, [1]);
}

fn enters(user: &str, seconds: i64, areas: &[&str]) -> Write {
    let rights = areas.iter().map(|area| ((*area).to_owned(), DoorSpan::default())).collect();
    Write::Doors { identity: who(user), site: site(), rights, at: at(seconds) }
}

pub(super) async fn doors_are_a_persons_not_an_accounts(store: &dyn Store) {
    // One human in two orgs: both identities share the account.
    put(store, vec![read(1, 10, &[], None), link("ana", 1, 10), link("ana2", 1, 10)]).await;
    put(store, vec![enters("ana", 20, &["Cellar", "Pier House"]), enters("ana2", 21, &["Pier House"])]).await;
    let then = async |user: &str, seconds| {
        let held = store.held_by(&who(user), at(seconds)).await.unwrap();
        let doors = held.into_iter().filter(|held| held.kind == "door");
        doors.map(|held| format!("{} {}", held.account.id.0, held.key)).collect::<Vec<_>>()
    };
    assert_eq!(then("ana", 30).await, ["1 Cellar", "1 Pier House"]);
    assert_eq!(then("ana2", 30).await, ["1 Pier House"]);
    put(store, vec![enters("ana2", 40, &[])]).await;
    assert_eq!(then("ana2", 45).await, [] as [&str; 0]);
    assert_eq!(then("ana", 45).await, ["1 Cellar", "1 Pier House"], "one does not end the other's");
    // The doors stay open when the account is not theirs any more, and go along to the next one.
    put(store, vec![Write::Unlink { identity: who("ana"), site: site(), at: at(50) }]).await;
    assert_eq!(then("ana", 55).await, ["1 Cellar", "1 Pier House"]);
    put(store, vec![read(2, 60, &[], None), link("ana", 2, 60)]).await;
    assert_eq!(then("ana", 65).await, ["2 Cellar", "2 Pier House"]);
    assert_eq!(then("ana", 55).await, ["1 Cellar", "1 Pier House"], "the past stays as it was");
    put(store, vec![enters("ana", 70, &["Cellar"])]).await;
    assert_eq!(then("ana", 75).await, ["2 Cellar"]);
    let all = store.held_in(&site(), at(75), AccountId(1), 100).await.unwrap();
    assert_eq!(words(&all), ["account  live", "door Cellar always", "person harborlight/ana "]);
}

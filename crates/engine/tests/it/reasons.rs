//! Why somebody comes, changes or goes: contractors who are taken on in each of the four ways, last days in one's own
//! zone.

use std::time::Duration;

use lanyard_model::identity::Identity;

use crate::bench::{World, at, person, set};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn contractor(tenant: &str, user: &str) -> Identity {
    let mut one = person(tenant, user, "Ana", "0417");
    set(&mut one, "userType", "Contractor");
    set(&mut one, "contractEndDate", "2026-05-08");
    one
}

/// One live account with a seat and its role, whatever else there was.
fn as_before(world: &World) {
    assert_eq!(world.shown(), "ana@acme.example seat 11 CUSTOMER in 51\n");
}

#[tokio::test]
async fn a_contractor_is_taken_on_by_a_change_of_type() {
    let mut world = World::new().await;
    let ana = contractor("acme", "ana");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet_for(2 * DAY).await;
    world.alter(&id, |p| set(p, "userType", "Employee")).await;
    world.quiet_for(7 * DAY).await;
    as_before(&world);
}

#[tokio::test]
async fn a_contractor_is_kept_by_a_later_date() {
    let mut world = World::new().await;
    let ana = contractor("acme", "ana");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet_for(2 * DAY).await;
    world.alter(&id, |p| set(p, "contractEndDate", "2026-06-30")).await;
    world.quiet_for(7 * DAY).await;
    as_before(&world);
}

#[tokio::test]
async fn a_contractor_is_taken_on_by_another_tenant() {
    let mut world = World::new().await;
    let old = contractor("beta", "ana");
    let old_id = old.id.clone();
    world.say(old).await;
    world.quiet_for(DAY).await;
    world.say(person("acme", "ana", "Ana", "0417")).await;
    world.quiet().await;
    world.leave(&old_id).await;
    world.quiet_for(7 * DAY).await;
    as_before(&world);
    assert_eq!(world.hq.change(|s| s.accounts.len()), 1);
}

#[tokio::test]
async fn the_last_day_ends_where_the_person_is() {
    let mut world = World::new().await;
    world.edits = vec![("zone = \"UTC\"\n", "zone = \"UTC\"\nzone_attribute = \"timezone\"\n")];
    world.reborn().await;
    let mut ana = contractor("acme", "ana");
    set(&mut ana, "timezone", "America/Los_Angeles");
    set(&mut ana, "contractEndDate", "2026-05-05");
    world.say(ana).await;
    world.quiet().await;
    let until = at("2026-05-06T06:59:00Z");
    let wait = until.duration_since(world.now());
    world.quiet_for(Duration::try_from(wait).unwrap()).await;
    as_before(&world);
    world.quiet_for(HOUR).await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
}

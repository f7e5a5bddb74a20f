//! Walks over pages and what they prove (contract §2.2, §5.4, §7; traps 1, 19, 21, 29, 30, 37).

use std::sync::Arc;

use lanyard_engine::ports::{Directory, FeedCursor, Listing, Silent};
use lanyard_model::id::GroupId;
use lanyard_model::identity::Identity;
use lanyard_model::signal::Lane;
use lanyard_okta::Problem;
use serde_json::{Value, json as value};

use crate::script::*;

const USERS: &str = "GET /api/v1/users?search=status+pr&limit=200";
const BUILT_IN: &str = "GET /api/v1/groups?filter=type+eq+%22BUILT_IN%22&limit=200";

fn built_in() -> Reply {
    json(200, value!([everyone()]))
}

fn after(n: &str) -> String {
    format!("{ORG}/api/v1/users?after={n}&limit=200&search=status+pr")
}

async fn users(stage: &Stage) -> Result<Listing<Identity>, Problem> {
    let mut rows = Vec::new();
    let evidence = stage.client.users(&mut rows, &Silent).await?;
    Ok(Listing { rows, evidence })
}

async fn members(stage: &Stage, group: &GroupId) -> Result<Listing<Arc<str>>, Problem> {
    let mut rows = Vec::new();
    let evidence = stage.client.members(group, &mut rows).await?;
    Ok(Listing { rows, evidence })
}

#[tokio::test]
async fn everybody_is_listed_whatever_their_status() {
    let gone = value!({"id": "00u2", "status": "DEPROVISIONED"});
    let stage = Stage::new([
        json(200, value!([user("00u1"), gone])).next(&after("00u2")),
        json(200, value!([user("00u3"), {"id": "00u1", "status": "SUSPENDED"}])),
        built_in(),
    ]);
    let listing = users(&stage).await.expect("a listing");
    assert_eq!(stage.lines(), [USERS, "GET /api/v1/users?after=00u2&limit=200&search=status+pr", BUILT_IN]);
    let rows: Vec<String> = listing.rows.iter().map(|i| format!("{} {}", i.id.user, i.status)).collect();
    assert_eq!(rows, ["00u1 SUSPENDED", "00u2 DEPROVISIONED", "00u3 ACTIVE"], "the later of two rows counts");
    let evidence = &listing.evidence;
    assert_eq!((evidence.pages, evidence.rows, evidence.reached_end), (2, 3, true));
    assert_eq!((evidence.rights_proven, evidence.canary_seen), (Some(true), None));
    assert!(evidence.clone().certify(None, 10).holds());
    let whole = || {
        let calls = stage.client.calls().into_iter().filter(|call| call.whole > 0);
        calls.map(|call| (call.endpoint, call.whole)).collect::<Vec<_>>()
    };
    let once = [("GET /groups".to_owned(), 1), ("GET /users".to_owned(), 2)];
    assert_eq!(whole(), once);
    // A list that breaks off was no whole one, however many of its pages were answered.
    stage.queue([json(200, value!([user("00u1")])).next(&after("00u2")), error(403, "E0000006")]);
    assert!(users(&stage).await.is_err());
    assert_eq!(whole(), once);
}

#[tokio::test]
async fn where_users_cannot_be_searched_two_lists_make_one() {
    let gone = value!({"id": "00u2", "status": "DEPROVISIONED"});
    let stage = Stage::new([
        error(400, "E0000031"),
        json(200, value!([user("00u1"), user("00u2")])),
        json(200, value!([gone])),
        built_in(),
    ]);
    let listing = users(&stage).await.expect("a listing");
    assert_eq!(
        stage.lines(),
        [
            USERS,
            "GET /api/v1/users?limit=200",
            "GET /api/v1/users?filter=status+eq+%22DEPROVISIONED%22&limit=200",
            BUILT_IN
        ]
    );
    let rows: Vec<String> = listing.rows.iter().map(|i| format!("{} {}", i.id.user, i.status)).collect();
    assert_eq!(rows, ["00u1 ACTIVE", "00u2 DEPROVISIONED"], "the later reading counts");
    assert!(listing.evidence.certify(None, 10).holds());
}

#[tokio::test]
async fn a_narrow_role_or_a_missing_canary_voids_the_certificate() {
    // Somebody read by id must be in the list; Everyone is not visible.
    let list = |id: &str| json(200, value!([user(id)]));
    let stage = Stage::new([json(200, user("00u9")), built_in(), list("00u1"), json(200, value!([]))]);
    stage.client.user("00u9", Lane::Normal).await.expect("a person");
    let listing = users(&stage).await.expect("a listing");
    assert_eq!(
        listing.evidence.certify(None, 10).doubts,
        [
            "a row known to exist was missing from the list",
            "the credential lacks the rights to see everybody"
        ]
    );

    // The next list is judged by somebody on the last one.
    for (row, seen) in [("00u1", true), ("00u2", false)] {
        stage.queue([list(row), built_in()]);
        let listing = users(&stage).await.expect("a listing");
        assert_eq!(listing.evidence.canary_seen, Some(seen), "{row}");
    }

    // A deletion that the log told of is no reason for doubt.
    let log = format!("{ORG}/api/v1/logs?after=x");
    let deleted = value!({"uuid": "u-1", "eventType": "user.lifecycle.delete.completed",
                          "target": [{"id": "00u2", "type": "User"}]});
    stage.queue([json(200, value!([deleted])).next(&log), list("00u1"), built_in()]);
    stage.client.poll_feed(&FeedCursor::At(log)).await.expect("a page");
    let listing = users(&stage).await.expect("a listing");
    assert!(listing.evidence.certify(None, 10).holds());

    // Without the right to see groups nothing is proven.
    stage.queue([list("00u1"), error(403, "E0000006")]);
    let listing = users(&stage).await.expect("a listing");
    assert_eq!(listing.evidence.rights_proven, Some(false));
}

#[tokio::test]
async fn an_unreadable_row_stops_only_itself_but_voids_the_certificate() {
    let rows = value!([user("00u1"), {"status": "ACTIVE"}, null, user("00u2")]);
    let stage = Stage::new([json(200, rows), built_in()]);
    let listing = users(&stage).await.expect("a listing");
    assert_eq!(listing.rows.len(), 2);
    assert!(!listing.evidence.reached_end);
}

#[tokio::test]
async fn a_link_to_a_foreign_host_is_not_followed() {
    let organization = value!({"id": "00o1", "pipeline": "idx", "_links": {
        "organization": {"href": ORG}, "alternate": {"href": "https://id.northgate.example"}}});
    for (link, host) in [
        ("https://evil.example/api/v1/users?after=x", "evil.example"),
        ("http://northgate.okta.com/api/v1/users?after=x", "northgate.okta.com"),
        ("https://northgate.okta.com:8443/api/v1/users?after=x", "northgate.okta.com:8443"),
        ("https://northgate.okta.com@evil.example/x", "evil.example"),
        ("https://northgate.okta.com.evil.example/x", "northgate.okta.com.evil.example"),
    ] {
        let stage =
            Stage::new([json(200, value!([user("00u1")])).next(link), json(200, organization.clone())]);
        let problem = users(&stage).await.expect_err(link);
        assert_eq!(problem, Problem::ForeignHost { host: host.to_owned() });
        for request in stage.requests() {
            assert_eq!(request.uri().authority().map(|a| a.as_str()), Some("northgate.okta.com"));
            let is_public = request.uri().path().starts_with("/.well-known/");
            assert_eq!(
                header(&request, "authorization").is_empty(),
                is_public,
                "no credential where none is needed"
            );
        }
    }
    for link in [
        "https://id.northgate.example/api/v1/users?after=x",
        "https://northgate-admin.okta.com/api/v1/users?after=x",
    ] {
        let asks = usize::from(link.contains("id."));
        let mut replies = vec![json(200, value!([user("00u1")])).next(link)];
        replies.extend(vec![json(200, organization.clone()); asks]);
        replies.extend([json(200, value!([user("00u2")])), built_in()]);
        let stage = Stage::new(replies);
        assert_eq!(users(&stage).await.expect(link).rows.len(), 2);
        let lines = stage.lines();
        assert_eq!(lines[lines.len() - 2], format!("GET {link}").replace(ORG, ""));
    }
}

#[tokio::test]
async fn a_listing_that_repeats_itself_is_given_up() {
    let page = || json(200, value!([user("00u1")])).next(&after("x"));
    let stage = Stage::new([page(), page()]);
    let problem = users(&stage).await.expect_err("endless");
    assert_eq!(problem, Problem::Endless { what: "identities".into(), pages: 2 });
}

#[tokio::test]
async fn a_dead_cursor_restarts_the_listing_once() {
    let first = || json(200, value!([user("00u1")])).next(&after("x"));
    let stage =
        Stage::new([first(), error(400, "E0000001"), first(), json(200, value!([user("00u2")])), built_in()]);
    let listing = users(&stage).await.expect("a listing");
    assert_eq!((listing.rows.len(), listing.evidence.pages), (2, 2));
    assert_eq!(stage.lines()[2], USERS);

    let stage = Stage::new([first(), error(400, "E0000001"), first(), error(400, "E0000001")]);
    assert!(matches!(users(&stage).await, Err(Problem::Refused { .. })));
}

#[tokio::test]
async fn pages_that_time_out_are_asked_for_smaller() {
    let slow = || [error(500, "E0000009"), error(500, "E0000009")];
    let mut replies = Vec::new();
    replies.extend(slow());
    replies
        .push(json(200, value!([user("00u1")])).next(&format!("{ORG}/api/v1/users?after=a%2Bb&limit=100")));
    replies.extend(slow());
    replies.extend([json(200, value!([user("00u2")])), built_in()]);
    let stage = Stage::new(replies);
    assert_eq!(users(&stage).await.expect("a listing").rows.len(), 2);
    let lines = stage.lines();
    assert_eq!(lines[2], "GET /api/v1/users?search=status+pr&limit=100");
    assert_eq!(lines[5], "GET /api/v1/users?after=a%2Bb&limit=50", "only the limit changes");
}

#[tokio::test]
async fn members_are_ids_in_any_status_and_a_deleted_group_proves_nothing() {
    let rows = value!([user("00u1"), {"id": "00u2", "status": "DEPROVISIONED"}]);
    let stage = Stage::new([json(200, rows), error(404, "E0000007")]);
    let group = GroupId::new("00g1");
    let listing = members(&stage, &group).await.expect("members");
    assert_eq!(listing.rows.iter().map(|r| &**r).collect::<Vec<_>>(), ["00u1", "00u2"]);
    assert!(listing.evidence.reached_end);
    assert_eq!(stage.lines(), ["GET /api/v1/groups/00g1/users?limit=200"]);
    let listing = members(&stage, &group).await.expect("gone is no error");
    assert_eq!((listing.rows.len(), listing.evidence.reached_end), (0, false));
}

#[tokio::test]
async fn groups_have_everyone_as_canary() {
    for (rows, seen) in [(value!([{"id": "00g1"}, everyone()]), true), (value!([{"id": "00g1"}]), false)] {
        let stage = Stage::new([json(200, rows)]);
        let listing = stage.client.groups().await.expect("groups");
        assert_eq!(listing.evidence.canary_seen, Some(seen));
        assert_eq!(stage.lines(), ["GET /api/v1/groups?limit=200"]);
    }
}

#[tokio::test]
async fn app_users_keep_their_expansion() {
    let row = |id: &str| {
        value!({"id": id, "scope": "GROUP", "status": "BRAND_NEW", "syncState": "ERROR",
        "_embedded": {"user": user(id)}})
    };
    let lost = format!("{ORG}/api/v1/apps/0oa1/users?after=00u1&limit=500");
    let stage = Stage::new([json(200, value!([row("00u1")])).next(&lost), json(200, value!([row("00u2")]))]);
    let listing = stage.client.app_users("0oa1", &Silent).await.expect("assignments");
    assert_eq!(
        stage.lines(),
        [
            "GET /api/v1/apps/0oa1/users?limit=500&expand=user",
            "GET /api/v1/apps/0oa1/users?after=00u1&limit=500&expand=user"
        ]
    );
    let shown: Vec<_> = listing
        .rows
        .iter()
        .map(|r| (r.user.as_str(), r.status.as_str(), r.through_group, r.identity.is_some()))
        .collect();
    assert_eq!(shown, [("00u1", "BRAND_NEW", true, true), ("00u2", "BRAND_NEW", true, true)]);
}

#[tokio::test]
async fn attributes_come_from_every_user_type() {
    let schema = |custom: Value| {
        json(
            200,
            value!({"definitions": {
            "base": {"properties": {"login": {"title": "Username", "type": "string"}}},
            "custom": {"properties": custom}}}),
        )
    };
    let types = value!([
        {"id": "oty1", "_links": {"schema": {"href": format!("{ORG}/api/v1/meta/schemas/user/osc1")}}},
        {"id": "oty2", "_links": {"schema": {"href": format!("{ORG}/api/v1/meta/schemas/user/osc2")}}}]);
    let stage = Stage::new([
        json(200, types),
        schema(value!({})),
        schema(value!({"contractEndDate": {"type": "string"}})),
    ]);
    let list = stage.client.attributes().await.expect("attributes");
    let shown: Vec<_> = list.iter().map(|a| (a.name.as_str(), a.title.as_str(), a.custom)).collect();
    assert_eq!(shown, [("contractEndDate", "contractEndDate", true), ("login", "Username", false)]);

    let stage = Stage::new([error(403, "E0000006"), schema(value!({}))]);
    assert_eq!(stage.client.attributes().await.expect("attributes").len(), 1);
    assert_eq!(stage.lines()[1], "GET /api/v1/meta/schemas/user/default");
}

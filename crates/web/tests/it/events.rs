//! The live stream ends with the right to listen.

use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt as _;
use http::header;
use jiff::SignedDuration;
use lanyard_web::access::{Grant, Role, token};
use serde_json::{Value, json};

use crate::house::House;

const HERE: &str = "127.0.0.1:8480";

/// How many pieces come until the stream ends; `None`: it goes on for minutes.
async fn ends(house: &House, body: Body) -> Option<usize> {
    let mut body = body.into_data_stream();
    for pieces in 0..20 {
        // Time goes on by itself while nothing else is to be done; a read lets the store answer first.
        house.everything_in("access:sessions").await;
        if body.next().await.is_none() {
            return Some(pieces);
        }
    }
    None
}

async fn session(house: &House) -> (String, String) {
    let made = house.call("POST", "/api/v1/owner-links", "Bearer local", json!({})).await;
    let path = made.body["path"].as_str().unwrap().to_owned();
    let reply = house.visit("GET", &path, HERE, &[], Value::Null).await;
    let cookie = reply.headers[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let session = house.visit("GET", "/api/v1/session", HERE, &[("cookie", &cookie)], Value::Null).await;
    (cookie, session.body["csrf"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn the_stream_ends_with_its_session() {
    for how in ["signed out", "idle"] {
        let house = House::new();
        let (cookie, csrf) = session(&house).await;
        let body = house.listen(("cookie", &cookie)).await;
        let proof = [("cookie", cookie.as_str()), ("x-lanyard-csrf", &csrf)];
        match how {
            "idle" => house.pass(SignedDuration::from_hours(2)),
            _ => {
                let out = house.visit("POST", "/api/v1/session/end", HERE, &proof, json!({})).await;
                assert_eq!(out.status, 204);
            }
        }
        tokio::time::pause();
        assert!(ends(&house, body).await.is_some(), "{how}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn the_stream_ends_with_its_token() {
    let house = House::new();
    let wish =
        token::NewToken { name: "wall".into(), grants: vec![Grant::everywhere(Role::Viewer)], days: 1 };
    let (_, text) = token::make(&*house.store, house.now(), "a test", wish).await.unwrap();
    let authorization = format!("Bearer {text}");
    let mut stands = house.listen(("authorization", &authorization)).await.into_data_stream();
    let ended = house.listen(("authorization", &authorization)).await;
    tokio::time::pause();
    for _ in 0..3 {
        assert!(stands.next().await.is_some(), "it goes on while the token stands");
    }
    tokio::time::resume();
    token::revoke(&*house.store, "wall").await.unwrap().expect("the token");
    tokio::time::pause();
    assert!(ends(&house, ended).await.is_some());
    // Nor does a listener of this machine's own command line, who needs no session, lose anything.
    let mut own = house.listen(("authorization", "Bearer local")).await.into_data_stream();
    tokio::time::advance(Duration::from_secs(60)).await;
    for _ in 0..3 {
        assert!(own.next().await.is_some());
    }
}

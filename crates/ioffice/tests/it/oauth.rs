//! Signing in with a refresh token.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use lanyard_engine::ports::Workplace;
use lanyard_ioffice::{Credential, IofficeClient, OAuthCredential, RefreshTokenKeeper, RenewalTurn};
use lanyard_model::{account::AccountRead, id::AccountId, signal::Lane};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::site::{Reply, Stage, ok, settings, stage_with};

/// Tokens in the order in which they were kept; the last one counts.
struct Drawer(Mutex<Vec<String>>, Arc<tokio::sync::Mutex<()>>);

#[async_trait]
impl RefreshTokenKeeper for Drawer {
    async fn turn(&self) -> Result<RenewalTurn, String> {
        let held = Arc::clone(&self.1).lock_owned().await;
        let token = self.0.lock().unwrap().last().cloned().ok_or("the drawer is empty")?;
        Ok(RenewalTurn { token: token.into(), held: Box::new(held) })
    }

    async fn keep(&self, token: &SecretString) -> Result<(), String> {
        assert!(self.1.try_lock().is_err(), "kept within a turn");
        self.0.lock().unwrap().push(token.expose_secret().to_owned());
        Ok(())
    }
}

fn signed_in() -> (Stage, Arc<Drawer>) {
    let mut all = settings();
    all.credential = Credential::OAuth(OAuthCredential {
        client_id: "lanyard".into(),
        client_secret: None,
        redirect_uri: "https://lanyard.example/back".into(),
        scope: "all".into(),
        refresh_token: SecretString::from("refresh-one".to_owned()),
    });
    let drawer = Arc::new(Drawer(Mutex::new(vec!["refresh-one".into()]), Arc::default()));
    let mut s = stage_with(all.clone());
    s.client = IofficeClient::new(all, s.site.clone(), s.clock.clone(), Some(drawer.clone())).unwrap();
    (s, drawer)
}

fn tokens(access: &str, refresh: &str) -> Reply {
    ok(json!({"token_type": "bearer", "access_token": access, "expires_in": 3600, "refresh_token": refresh}))
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_and_the_call_replayed() {
    let (s, drawer) = signed_in();
    let user = || ok(json!({"id": 7, "permissions": [], "active": true}));
    s.site.then([
        tokens("access-one", "refresh-two"),
        Reply::Json(403, json!({"error": "expired"})),
        tokens("access-two", "refresh-three"),
        user(),
        user(),
    ]);
    for _ in 0..2 {
        let got = s.client.observe_account(AccountId(7), Lane::Normal).await.unwrap();
        assert!(matches!(got, AccountRead::Present(_)));
    }
    let seen = s.site.seen();
    let token = "POST /external/api/oauth2/token";
    assert_eq!(s.site.lines(), [token, "GET /users/7", token, "GET /users/7", "GET /users/7"]);
    assert_eq!(seen[0].header("x-refresh-token"), Some("refresh-one"));
    assert_eq!(seen[0].header("x-grant-type"), Some("refresh_token"));
    assert_eq!(seen[2].header("x-refresh-token"), Some("refresh-two"));
    assert_eq!(seen[4].header("x-access-token"), Some("access-two"));
    assert_eq!(*drawer.0.lock().unwrap(), ["refresh-one", "refresh-two", "refresh-three"]);
}

#[tokio::test]
async fn what_another_process_was_handed_is_used_not_what_we_remember() {
    let (s, drawer) = signed_in();
    let user = || ok(json!({"id": 7, "permissions": [], "active": true}));
    s.site.then([tokens("access-one", "refresh-two"), user()]);
    s.client.observe_account(AccountId(7), Lane::Normal).await.unwrap();
    drawer.0.lock().unwrap().push("refresh-of-another-process".into());
    s.site.then([
        Reply::Json(403, json!({"error": "expired"})),
        tokens("access-two", "refresh-three"),
        user(),
    ]);
    s.client.observe_account(AccountId(7), Lane::Normal).await.unwrap();
    assert_eq!(s.site.seen()[3].header("x-refresh-token"), Some("refresh-of-another-process"));
    s.site.then([
        Reply::Json(403, json!({"error": "expired"})),
        Reply::Json(400, json!({"error": "invalid_grant", "errorDescription": "refresh-three is used up"})),
    ]);
    let error = s.client.observe_account(AccountId(7), Lane::Normal).await.unwrap_err();
    assert!(!error.to_string().contains("refresh-three"), "{error}");
}

#[tokio::test]
async fn a_403_that_stays_is_a_missing_right() {
    let (s, _) = signed_in();
    s.site.then([
        tokens("access-one", "refresh-two"),
        Reply::Json(403, json!({"error": "access_denied"})),
        tokens("access-two", "refresh-three"),
        Reply::Json(403, json!({"error": "access_denied"})),
    ]);
    let error = s.client.observe_account(AccountId(7), Lane::Normal).await.unwrap_err();
    assert!(error.hint().unwrap().contains("site administrator"), "{error}");
    assert_eq!(s.site.seen().len(), 4);
}

#[tokio::test]
async fn a_refused_refresh_token_asks_for_a_new_sign_in() {
    let (s, _) = signed_in();
    s.site.then([Reply::Json(
        400,
        json!({"error": "invalid_grant", "errorDescription": "refresh-one is used up"}),
    )]);
    let error = s.client.observe_account(AccountId(7), Lane::Normal).await.unwrap_err();
    assert_eq!(error.hint(), Some("sign in again to get a new refresh token"));
    assert!(!error.to_string().contains("refresh-one"), "{error}");
    assert_eq!(s.site.seen().len(), 1);
}

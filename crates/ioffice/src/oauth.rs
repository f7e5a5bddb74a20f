//! Access tokens from a refresh token (§1.2). Parameters travel as request headers, not in a body.

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::settings::OAuthCredential;

/// Keeps a refresh token that the site handed out, durably, before the old one is forgotten.
#[async_trait]
pub trait RefreshTokenKeeper: Send + Sync {
    /// # Errors
    /// A sentence; the client goes on with the new token in memory and reports the sentence in its probe.
    async fn keep(&self, token: &SecretString) -> Result<(), String>;
}

/// Tokens of the one sign-in that a client holds.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub access: Option<(SecretString, Timestamp)>,
    pub refresh: SecretString,
    /// Set when a rotated refresh token could not be stored.
    pub not_kept: Option<String>,
}

impl Tokens {
    pub fn new(credential: &OAuthCredential) -> Self {
        Self { access: None, refresh: credential.refresh_token.clone(), not_kept: None }
    }

    /// The access token, unless it ends within half a minute.
    pub fn fresh(&self, now: Timestamp) -> Option<SecretString> {
        let (token, ends) = self.access.as_ref()?;
        let margin = jiff::SignedDuration::from_secs(30);
        (ends.duration_since(now) > margin).then(|| token.clone())
    }
}

/// Headers of the refresh call.
pub(crate) fn refresh_headers(
    credential: &OAuthCredential,
    refresh: &SecretString,
) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("x-grant-type", "refresh_token".to_owned()),
        ("x-refresh-token", refresh.expose_secret().to_owned()),
        ("x-redirect-uri", credential.redirect_uri.clone()),
        ("x-client-id", credential.client_id.clone()),
        ("x-scope", credential.scope.clone()),
    ];
    if let Some(secret) = &credential.client_secret {
        headers.push(("x-client-secret", secret.expose_secret().to_owned()));
    }
    headers
}

//! Access tokens from a refresh token (§1.2). Parameters travel as request headers, not in a body.

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::settings::OAuthCredential;

/// Keeps the refresh token of a sign-in durably. Several processes may share it, and a site that rotates tokens takes each
/// only once: whoever renews does it in a turn of its own, with the token as it is kept then.
#[async_trait]
pub trait RefreshTokenKeeper: Send + Sync {
    /// Waits until nobody else renews, and answers the token that is kept. Nobody else renews until the turn is dropped.
    ///
    /// # Errors
    /// A sentence; the client goes on with the token in memory and reports the sentence in its probe.
    async fn turn(&self) -> Result<RenewalTurn, String>;

    /// Keeps the token that the site handed out, within a turn, before the old one is forgotten.
    ///
    /// # Errors
    /// As [`Self::turn`].
    async fn keep(&self, token: &SecretString) -> Result<(), String>;
}

/// The right to renew, while it is held.
pub struct RenewalTurn {
    /// The token as it is kept now.
    pub token: SecretString,
    /// Ends the turn when it is dropped.
    pub held: Box<dyn Send + Sync>,
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

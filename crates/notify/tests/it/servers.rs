//! What the servers here have in common: certificates, a clock, a sender.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard_engine::{clock::Clock, ports::Message};
use lanyard_notify::{MailSettings, NotifySettings, Sender, SlackApp};
use lanyard_wire::{HttpsTransport, TransportSettings};
use secrecy::SecretString;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

pub const NOW: &str = "2026-05-04T08:00:00Z";

struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW.parse().unwrap()
    }

    async fn sleep_until(&self, _: Timestamp) {}
}

/// A certificate for `localhost`, as PEM, and what accepts with it.
pub fn certificate() -> (Vec<u8>, TlsAcceptor) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (made.cert.pem().into_bytes(), TlsAcceptor::from(Arc::new(config)))
}

pub fn sender(mail: Option<MailSettings>, secrets: &[(&str, String)], slack_buttons: bool) -> Sender {
    let _ = aws_lc_rs::default_provider().install_default();
    let secrets: BTreeMap<_, _> =
        secrets.iter().map(|(name, value)| ((*name).to_owned(), SecretString::from(value.clone()))).collect();
    let settings = NotifySettings { mail, bucket: None, slack_buttons, secrets };
    let transport = HttpsTransport::new(&TransportSettings::default()).unwrap();
    Sender::new(settings, Arc::new(transport), Arc::new(Still))
}

pub fn slack_app(api: &str, token: &str) -> SlackApp {
    let _ = aws_lc_rs::default_provider().install_default();
    let transport = HttpsTransport::new(&TransportSettings::default()).unwrap();
    let secret = |text: &str| SecretString::from(text.to_owned());
    SlackApp::new(Arc::new(transport), api.to_owned(), secret(token), secret("signing"))
}

pub fn message(data: Option<serde_json::Value>) -> Message {
    Message {
        id: "alert:it:1777881600000".into(),
        route: "alert:it".into(),
        subject: "Lanyard: the feed cannot be read\r\nBcc: everybody@evil.example".into(),
        text: "alarm: the feed cannot be read\n.\nQUIT\n".into(),
        at: NOW.parse().unwrap(),
        attempts: 0,
        data,
    }
}

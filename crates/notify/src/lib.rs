//! Messages to people outside the console: e-mail by SMTP, Slack by incoming webhook, JSON by signed webhook, incidents
//! at a paging service, and objects in a bucket that speaks S3.
//!
//! Delivers once and says whether it worked; when to try again is the engine's decision.

mod bucket;
mod mail;
mod pager;
mod slack;
mod webhook;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use lanyard_engine::{
    clock::Clock,
    ports::{Message, Notifier, Route},
};
use lanyard_wire::Transport;
use secrecy::SecretString;

pub use bucket::BucketSettings;
pub use mail::{MailSettings, MailTls};
pub use slack::SlackApp;

/// What the sender may be told.
pub struct NotifySettings {
    pub mail: Option<MailSettings>,
    pub bucket: Option<BucketSettings>,
    /// Messages that ask for a decision have buttons: a Slack app of ours takes what is pressed.
    pub slack_buttons: bool,
    /// Named secrets: the address of a webhook, its signing key, a routing key.
    pub secrets: BTreeMap<String, SecretString>,
}

/// The real sender.
pub struct Sender {
    settings: NotifySettings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

impl Sender {
    pub fn new(settings: NotifySettings, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { settings, transport, clock }
    }

    fn secret(&self, name: &str) -> Result<&SecretString, String> {
        self.settings
            .secrets
            .get(name)
            .ok_or_else(|| format!("the settings have no secret named {name}; add it under [secrets]"))
    }
}

#[async_trait]
impl Notifier for Sender {
    async fn send(&self, message: &Message, route: &Route) -> Result<(), String> {
        match route {
            Route::Email(to) => {
                let mail = self
                    .settings
                    .mail
                    .as_ref()
                    .ok_or("the settings have no [mail]; add where e-mail goes out")?;
                mail::send(mail, to, message).await
            }
            Route::Slack(name) => {
                let body = slack::body(message, self.settings.slack_buttons);
                webhook::post(&*self.transport, self.secret(name)?, body, &[], &message.id).await
            }
            Route::Webhook { url, key } => {
                let key = key.as_ref().map(|name| self.secret(name)).transpose()?;
                let now = self.clock.now();
                webhook::json(&*self.transport, self.secret(url)?, key, message, now).await
            }
            Route::Pager { key, url } => {
                let url = url.as_deref().unwrap_or(pager::EVENTS);
                pager::send(&*self.transport, url, self.secret(key)?, message).await
            }
            Route::Bucket => {
                let bucket = self
                    .settings
                    .bucket
                    .as_ref()
                    .ok_or("the settings have no [checkpoints.bucket]; add where checkpoints go")?;
                bucket::put(&*self.transport, bucket, message, self.clock.now()).await
            }
        }
    }
}

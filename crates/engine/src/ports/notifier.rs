//! Telling people outside the console.

use async_trait::async_trait;

use super::Message;

/// Where a named route of the policy leads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Route {
    /// E-mail addresses.
    Email(Vec<String>),
    /// Name of a setting that holds a Slack incoming webhook URL.
    Slack(String),
    /// JSON, signed where a key is given. Names of settings: the address, and the signing key.
    Webhook { url: String, key: Option<String> },
    /// An incident at a paging service that takes PagerDuty's events. Name of a setting: the routing key; and the address,
    /// where it is not PagerDuty's own.
    Pager { key: String, url: Option<String> },
    /// An object in the bucket of the settings. Its name is `object` of the message's data, its content the text.
    Bucket,
}

/// Delivers one message once. May deliver twice after a lost answer; receivers see the message id.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// # Errors
    /// A sentence: what failed, and the fix if known. The message stays due.
    async fn send(&self, message: &Message, route: &Route) -> Result<(), String>;
}

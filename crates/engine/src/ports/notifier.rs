//! Telling people outside the console.

use async_trait::async_trait;

use super::Message;

/// Where a named route of the policy leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// E-mail addresses.
    Email(Vec<String>),
    /// Name of a setting that holds a Slack incoming webhook URL.
    Slack(String),
    /// Name of a setting that holds a URL for signed JSON.
    Webhook(String),
}

/// Delivers one message once. May deliver twice after a lost answer; receivers see the message id.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// # Errors
    /// A sentence: what failed, and the fix if known. The message stays due.
    async fn send(&self, message: &Message, route: &Route) -> Result<(), String>;
}

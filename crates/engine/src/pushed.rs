//! What a provisioning client pushes: kept for it, and to us a hint like any other.

use lanyard_model::{
    id::{IdentityId, TenantId},
    signal::{Lane, Source},
};

use crate::{
    Engine,
    journal::line,
    ports::{Document, StoreFailure, Write},
};

/// One request of a provisioning client.
#[derive(Debug, Clone)]
pub struct Pushed {
    pub keep: Vec<Document>,
    /// Documents to forget, as read.
    pub forget: Vec<Document>,
    /// People whom it concerns; none is fine.
    pub who: Vec<IdentityId>,
    pub lane: Lane,
    /// The request in few words, without personal data.
    pub why: String,
}

impl Engine {
    /// Keeps the documents and asks for a look at the people, in one batch: all of it is durable, or nothing happened.
    /// Leavers are due at once; others after the usual moment in which bursts coalesce.
    ///
    /// # Errors
    /// [`StoreFailure::KeyTaken`] and [`StoreFailure::DocumentChanged`] as for any document; or the store is ill.
    pub async fn take_push(&self, tenant: &TenantId, pushed: Pushed) -> Result<(), StoreFailure> {
        let Pushed { keep, forget, who, lane, why } = pushed;
        let now = self.clock.now();
        let mut batch: Vec<Write> = forget
            .into_iter()
            .map(|document| Write::DocumentGone {
                collection: document.collection,
                key: document.key,
                version: document.version,
            })
            .collect();
        batch.extend(keep.into_iter().map(|document| Write::Document(Box::new(document))));
        let users: Vec<_> = who.iter().map(|identity| identity.user.to_string()).collect();
        batch.push(
            line(tenant, now, "signal", format!("by SCIM: {why}"))
                .data(serde_json::json!({ "users": users }))
                .write(),
        );
        if !who.is_empty() {
            let coalesced = now.checked_add(self.settings.coalesce).unwrap_or(now);
            let due = if lane == Lane::Leaver { now } else { coalesced };
            batch.push(Write::Attend { who, source: Source::Scim, lane, due, why });
        }
        self.write(batch).await?;
        self.wake.notify_one();
        Ok(())
    }
}

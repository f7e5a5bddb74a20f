//! Signed-in people. A session is a document of the store under the digest of its cookie, so a restart signs nobody
//! out and a stolen store opens no door. It ends by idleness, by age, by sign-out, and when its person ends in Okta.

use jiff::{SignedDuration, Timestamp};
use lanyard_engine::{
    Engine,
    ports::{Document, DocumentKey, StoreFailure, Write},
};
use lanyard_model::{
    id::{IdentityId, TenantId},
    identity::Status,
};
use serde::{Deserialize, Serialize};

use super::{
    caller::Caller,
    role::Grant,
    secret::{digest, fresh_token},
};

pub(crate) const COOKIE: &str = "lanyard";
const COLLECTION: &str = "access:sessions";
/// Unless the settings say otherwise.
pub(crate) const IDLE_MAX: SignedDuration = SignedDuration::from_hours(2);
/// Groups are a snapshot of the moment of signing in, so that moment must not be long ago (contract okta.md §12).
pub(crate) const AGE_MAX: SignedDuration = SignedDuration::from_hours(8);
/// A session's last use is noted this coarsely: reading must not become writing.
const NOTED_EVERY: SignedDuration = SignedDuration::from_secs(60);
const SESSIONS_MAX: u64 = 10_000;
/// Sessions looked at for their end whenever one is opened.
const SWEPT: usize = 200;

/// Who signed in.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub name: String,
    pub subject: String,
    /// The person in Okta, whose end there ends the session.
    pub identity: Option<IdentityId>,
    pub grants: Vec<Grant>,
}

/// The document's body.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct SessionV1 {
    name: String,
    subject: String,
    identity: Option<(TenantId, String)>,
    grants: Vec<Grant>,
    csrf: String,
    begun_at: Timestamp,
    seen_at: Timestamp,
}

impl SessionV1 {
    fn is_over(&self, now: Timestamp, idle_max: SignedDuration) -> bool {
        now.duration_since(self.seen_at) >= idle_max || now.duration_since(self.begun_at) >= AGE_MAX
    }
}

/// Opens a session; answers the cookie's value.
///
/// # Errors
/// As any write; [`StoreFailure::Unavailable`] when too many are open.
pub(crate) async fn open(
    engine: &Engine,
    who: Who,
    idle_max: SignedDuration,
) -> Result<String, StoreFailure> {
    let now = engine.clock().now();
    let (kept, total) = engine.store().document_page(COLLECTION, 0, SWEPT).await?;
    let mut over = Vec::new();
    for document in kept {
        if body(&document).is_none_or(|session| session.is_over(now, idle_max)) {
            over.push(gone(&document));
        }
    }
    if total.saturating_sub(over.len() as u64) >= SESSIONS_MAX {
        return Err(StoreFailure::Unavailable(format!("{SESSIONS_MAX} sessions are open already")));
    }
    // One at a time: what somebody else ended meanwhile must not fail the rest.
    for end in over {
        let _ = engine.store().write(vec![end]).await;
    }
    let token = fresh_token();
    let session = SessionV1 {
        name: who.name,
        subject: who.subject.clone(),
        identity: who.identity.map(|id| (id.tenant, id.user.to_string())),
        grants: who.grants,
        csrf: fresh_token(),
        begun_at: now,
        seen_at: now,
    };
    let document = document(digest(&token), 0, &session)?;
    engine.store().write(vec![Write::Document(Box::new(document))]).await?;
    Ok(token)
}

/// The caller of this cookie, if the session still stands. `in_use`: somebody sits there, and it is noted.
///
/// # Errors
/// As any read.
pub(crate) async fn find(
    engine: &Engine,
    token: &str,
    idle_max: SignedDuration,
    in_use: bool,
) -> Result<Option<Caller>, StoreFailure> {
    let store = engine.store();
    let name = digest(token);
    let Some((kept, session)) = standing(engine, &name, idle_max).await? else { return Ok(None) };
    let now = engine.clock().now();
    // Of a short idle time, a part: whoever works must not be taken for idle.
    if in_use && now.duration_since(session.seen_at) >= NOTED_EVERY.min(idle_max / 4) {
        let noted = SessionV1 { seen_at: now, ..session.clone() };
        // Another request may have noted it already.
        let _ =
            store.write(vec![Write::Document(Box::new(document(name.clone(), kept.version, &noted)?))]).await;
    }
    Ok(Some(Caller {
        name: session.name,
        subject: session.subject,
        grants: session.grants,
        csrf: session.csrf,
        by_token: false,
        session: Some(name),
    }))
}

/// Whether a session still stands. To ask is no use of it.
///
/// # Errors
/// As any read.
pub(crate) async fn stands(
    engine: &Engine,
    name: &str,
    idle_max: SignedDuration,
) -> Result<bool, StoreFailure> {
    Ok(standing(engine, name, idle_max).await?.is_some())
}

/// The session of this name; one that is over is put away.
async fn standing(
    engine: &Engine,
    name: &str,
    idle_max: SignedDuration,
) -> Result<Option<(Document, SessionV1)>, StoreFailure> {
    let store = engine.store();
    let Some(kept) = store.documents(COLLECTION, &[name.to_owned()]).await?.pop() else { return Ok(None) };
    let Some(session) = body(&kept) else { return Ok(None) };
    let mut over = session.is_over(engine.clock().now(), idle_max);
    if let Some((tenant, user)) = session.identity.as_ref().filter(|_| !over)
        && let Some(known) = store.identity(&IdentityId::new(tenant.clone(), user.as_str())).await?
    {
        over = known.gone_at.is_some()
            || matches!(known.identity.status, Status::Suspended | Status::Deprovisioned);
    }
    if over {
        let _ = store.write(vec![gone(&kept)]).await;
        return Ok(None);
    }
    Ok(Some((kept, session)))
}

/// Ends a session by name.
///
/// # Errors
/// As any write; one that is over already is a success.
pub(crate) async fn end(engine: &Engine, name: &str) -> Result<(), StoreFailure> {
    let store = engine.store();
    for _ in 0..3 {
        let Some(kept) = store.documents(COLLECTION, &[name.to_owned()]).await?.pop() else { return Ok(()) };
        match store.write(vec![gone(&kept)]).await {
            // Its last use was noted meanwhile: again.
            Err(StoreFailure::DocumentChanged { .. }) => {}
            done => return done.map(|_| ()),
        }
    }
    Err(StoreFailure::Unavailable("the session is in use; try again".into()))
}

fn body(document: &Document) -> Option<SessionV1> {
    serde_json::from_value(document.body.clone()).ok()
}

fn document(name: String, version: i64, session: &SessionV1) -> Result<Document, StoreFailure> {
    Ok(Document {
        collection: COLLECTION.into(),
        key: name,
        version,
        keys: vec![DocumentKey { kind: "subject".into(), value: session.subject.clone(), sole: false }],
        body: serde_json::to_value(session).map_err(|e| StoreFailure::Damaged(e.to_string()))?,
    })
}

fn gone(document: &Document) -> Write {
    Write::DocumentGone {
        collection: COLLECTION.into(),
        key: document.key.clone(),
        version: document.version,
    }
}

//! Tokens for programs: named, with roles and an end. Shown once when made; only a digest is kept.

use jiff::{SignedDuration, Timestamp};
use lanyard_engine::ports::{Document, DocumentKey, Store, StoreFailure, Write};
use serde::{Deserialize, Serialize};

use super::{
    caller::Caller,
    role::Grant,
    secret::{digest, fresh_token},
};

/// Where they are kept.
pub const COLLECTION: &str = "access:tokens";
/// Makes a leaked token findable by scanners.
const PREFIX: &str = "lanyard_";
/// How the subject of a token's caller begins.
const SUBJECT: &str = "token:";
pub const DAYS_MAX: u32 = 366;
const TOKENS_MAX: usize = 1000;
const NAME_CHARS_MAX: usize = 100;
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// A token as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    pub id: String,
    pub name: String,
    pub grants: Vec<Grant>,
    pub created_at: Timestamp,
    pub created_by: String,
    pub expires_at: Timestamp,
    /// Within ten minutes.
    pub last_used_at: Option<Timestamp>,
}

impl Token {
    /// What whoever asks by it is called.
    pub fn caller_name(&self) -> String {
        format!("token {}", self.name)
    }
}

/// What a new token should be.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    pub name: String,
    pub grants: Vec<Grant>,
    pub days: u32,
}

/// Why no token was made: the field, and a sentence.
#[derive(Debug, thiserror::Error)]
pub enum TokenProblem {
    #[error("{message}")]
    Field { field: &'static str, message: String },
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// Makes a token; its text is in the answer and nowhere else.
///
/// # Errors
/// [`TokenProblem::Field`] for what cannot be granted so.
pub async fn make(
    store: &dyn Store,
    now: Timestamp,
    by: &str,
    wish: NewToken,
) -> Result<(Token, String), TokenProblem> {
    let field = |field, message: String| Err(TokenProblem::Field { field, message });
    let name = wish.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return field(
            "name",
            format!("give the token a name of 1 to {NAME_CHARS_MAX} characters: who uses it, for what"),
        );
    }
    if wish.grants.is_empty() {
        return field("grants", "give at least one role".into());
    }
    if wish.days == 0 || wish.days > DAYS_MAX {
        return field("days", format!("a token lives 1 to {DAYS_MAX} days"));
    }
    let known = list(store).await?;
    if known.iter().any(|token| token.name == name && token.expires_at > now) {
        return field(
            "name",
            format!("there is a token named {name} already; revoke it first, or choose another name"),
        );
    }
    if known.len() >= TOKENS_MAX {
        return field("name", format!("there are {TOKENS_MAX} tokens already; revoke some"));
    }
    let text = format!("{PREFIX}{}", fresh_token());
    let hash = digest(&text);
    let token = Token {
        id: format!("tok_{}", hash.chars().filter(char::is_ascii_alphanumeric).take(12).collect::<String>()),
        name,
        grants: wish.grants,
        created_at: now,
        created_by: by.to_owned(),
        expires_at: now + SignedDuration::from_hours(24 * i64::from(wish.days)),
        last_used_at: None,
    };
    store.write(vec![Write::Document(Box::new(document(0, &hash, &token)?))]).await?;
    Ok((token, text))
}

/// All tokens, oldest first; expired ones stay until they are revoked.
///
/// # Errors
/// As any read.
pub async fn list(store: &dyn Store) -> Result<Vec<Token>, StoreFailure> {
    let (kept, _) = store.document_page(COLLECTION, 0, TOKENS_MAX + 1).await?;
    kept.iter().map(body).collect()
}

/// Forgets a token, by id or name; answers which.
///
/// # Errors
/// As any write.
pub async fn revoke(store: &dyn Store, id_or_name: &str) -> Result<Option<Token>, StoreFailure> {
    let found =
        list(store).await?.into_iter().find(|token| token.id == id_or_name || token.name == id_or_name);
    let Some(token) = found else { return Ok(None) };
    for _ in 0..3 {
        let Some(kept) = store.documents(COLLECTION, std::slice::from_ref(&token.id)).await?.pop() else {
            break;
        };
        let gone =
            Write::DocumentGone { collection: COLLECTION.into(), key: kept.key, version: kept.version };
        match store.write(vec![gone]).await {
            // Its last use was noted meanwhile: again.
            Err(StoreFailure::DocumentChanged { .. }) => {}
            Err(failure) => return Err(failure),
            Ok(_) => return Ok(Some(token)),
        }
    }
    Ok(None)
}

/// The caller of this token text, if it is one and not over.
///
/// # Errors
/// As any read.
pub(crate) async fn find(
    store: &dyn Store,
    now: Timestamp,
    text: &str,
) -> Result<Option<Caller>, StoreFailure> {
    if !text.starts_with(PREFIX) {
        return Ok(None);
    }
    let hash = digest(text);
    let Some(kept) = store.documents_by_key(COLLECTION, "hash", &hash).await?.pop() else { return Ok(None) };
    let token = body(&kept)?;
    if token.expires_at <= now {
        return Ok(None);
    }
    if token.last_used_at.is_none_or(|at| now.duration_since(at) >= NOTED_EVERY) {
        let noted = Token { last_used_at: Some(now), ..token.clone() };
        // Another request may have noted it already, or somebody revoked it.
        let _ = store.write(vec![Write::Document(Box::new(document(kept.version, &hash, &noted)?))]).await;
    }
    Ok(Some(Caller {
        name: token.caller_name(),
        subject: format!("{SUBJECT}{}", token.id),
        grants: token.grants,
        csrf: String::new(),
        by_token: true,
        session: None,
    }))
}

/// Whether whoever asks by a token may still do so; `None`: it is no token that the caller asks by.
///
/// # Errors
/// As any read.
pub(crate) async fn stands(
    store: &dyn Store,
    now: Timestamp,
    subject: &str,
) -> Result<Option<bool>, StoreFailure> {
    let Some(id) = subject.strip_prefix(SUBJECT) else { return Ok(None) };
    let kept = store.documents(COLLECTION, &[id.to_owned()]).await?.pop();
    let token = kept.as_ref().map(body).transpose()?;
    Ok(Some(token.is_some_and(|token| token.expires_at > now)))
}

fn body(document: &Document) -> Result<Token, StoreFailure> {
    serde_json::from_value(document.body.clone())
        .map_err(|e| StoreFailure::Damaged(format!("the kept token {} cannot be read: {e}", document.key)))
}

fn document(version: i64, hash: &str, token: &Token) -> Result<Document, StoreFailure> {
    Ok(Document {
        collection: COLLECTION.into(),
        key: token.id.clone(),
        version,
        keys: vec![DocumentKey { kind: "hash".into(), value: hash.to_owned(), sole: true }],
        body: serde_json::to_value(token).map_err(|e| StoreFailure::Damaged(e.to_string()))?,
    })
}

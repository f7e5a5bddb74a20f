//! The policy's own history: drafts, versions, who published what and why. Kept as documents; every publication is a
//! line of the journal, in the same transaction.
//!
//! - A policy that cannot be used never replaces one that works.
//! - Two editors never overwrite each other: a draft is kept against the version it was read as, a publication against
//!   the one that was in force. A draft is a whole policy: one that stands on an earlier version would take back what was
//!   published since, and is refused until somebody puts it on top.
//! - The policy folder is one more editor. At the start an edited folder is published, unless it has mistakes, or somebody
//!   published something else meanwhile: then what was published stays, and a finding says so.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use lanyard_policy::{Known, Policy, PolicyFiles, Problems, diff::diff};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::{
    Engine,
    journal::line,
    ports::{Document, Finding, Severity, Store, StoreFailure, Write},
};

const VERSIONS: &str = "policy:versions";
const DRAFTS: &str = "policy:drafts";
const STATE: &str = "policy:state";
const IN_FORCE: &str = "in force";
const FOLDER_FINDING: &str = "policy-folder";
/// How the folder is named where people are.
pub const FOLDER: &str = "policy folder";
/// Schemas of tenants are asked for again after this long.
const SCHEMA_AGE: Duration = Duration::from_secs(600);
/// An editor waits for an answer: a tenant that is slow is not checked against.
const SCHEMA_WITHIN: Duration = Duration::from_secs(3);

/// A published policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// From 1.
    pub number: i64,
    pub name: String,
    pub seal: String,
    pub author: String,
    /// The second person, where one is asked for.
    #[serde(default)]
    pub approved_by: Option<String>,
    pub reason: String,
    pub at: Timestamp,
    /// The version that this one brings back.
    #[serde(default)]
    pub back_to: Option<i64>,
    /// What it changed, in sentences.
    #[serde(default)]
    pub changes: Vec<String>,
    pub source: PolicyFiles,
}

/// A policy being written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    #[serde(skip)]
    pub id: String,
    /// Names what was read, for the next write.
    #[serde(skip)]
    pub tag: i64,
    /// Version in force when it was begun, or last put on top of what is.
    pub based_on: Option<i64>,
    pub author: String,
    pub at: Timestamp,
    /// Somebody asked for it to be published, and a second person has to agree.
    #[serde(default)]
    pub asked: Option<Ask>,
    /// It brings this version back, as long as nobody edits it.
    #[serde(default)]
    pub back_to: Option<i64>,
    pub source: PolicyFiles,
}

/// A publication that waits for a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    pub by: String,
    pub reason: String,
    pub at: Timestamp,
    /// Of the text that was asked for; another text needs another ask.
    pub seal: String,
}

/// Which version is in force, and what of the folder is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    number: i64,
    folder_seal: String,
    /// The version that was in force when the folder was last taken over.
    folder_number: i64,
    #[serde(skip)]
    tag: i64,
}

/// Why a policy was not kept or published. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PolicyRefusal {
    #[error("the policy has mistakes")]
    Mistakes(Box<Problems>),
    #[error("somebody else changed it meanwhile")]
    Changed,
    /// It would take back what was published since.
    #[error(
        "the draft stands on {}, and version {in_force} is in force: publishing it would take back what was published \
         since",
        base(*.based_on)
    )]
    Overtaken { based_on: Option<i64>, in_force: i64 },
    #[error("there is no {0}")]
    Unknown(String),
    #[error("a publication needs a reason")]
    NoReason,
    #[error("this is what is in force already (version {0})")]
    Same(i64),
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// What a draft stands on, in words.
fn base(version: Option<i64>) -> String {
    version.map_or_else(|| "no version".into(), |number| format!("version {number}"))
}

/// What a draft stands on when it is kept.
#[derive(Clone, Copy)]
enum Base {
    /// On what it stood on; a new one on what is in force.
    AsItWas,
    /// On this version, which is in force.
    On(i64),
    /// On what is in force, whatever it stood on: files that somebody wants to be in force as they are.
    InForce,
}

/// What became of a wish to publish.
#[derive(Debug, Clone, PartialEq)]
pub enum Publication {
    Done(Box<Version>),
    /// Waits for somebody else than `by`.
    Waiting {
        by: String,
    },
}

/// Somebody's wish to put a policy in force.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    pub by: &'a str,
    pub reason: &'a str,
    /// The version that was seen to be in force; another one refuses the wish.
    pub expected: Option<i64>,
}

fn body<T: Serialize>(value: &T) -> Result<serde_json::Value, StoreFailure> {
    serde_json::to_value(value).map_err(|error| StoreFailure::Damaged(error.to_string()))
}

fn read<T: DeserializeOwned>(document: &Document) -> Result<T, StoreFailure> {
    serde_json::from_value(document.body.clone()).map_err(|error| {
        StoreFailure::Damaged(format!(
            "the kept {} {} cannot be read: {error}",
            document.collection, document.key
        ))
    })
}

fn document<T: Serialize>(
    collection: &str,
    key: &str,
    version: i64,
    value: &T,
) -> Result<Write, StoreFailure> {
    Ok(Write::Document(Box::new(Document {
        collection: collection.into(),
        key: key.into(),
        version,
        keys: Vec::new(),
        body: body(value)?,
    })))
}

async fn one(store: &dyn Store, collection: &str, key: &str) -> Result<Option<Document>, StoreFailure> {
    Ok(store.documents(collection, &[key.to_owned()]).await?.into_iter().next())
}

async fn state(store: &dyn Store) -> Result<Option<State>, StoreFailure> {
    let Some(kept) = one(store, STATE, IN_FORCE).await? else { return Ok(None) };
    Ok(Some(State { tag: kept.version, ..read(&kept)? }))
}

async fn version(store: &dyn Store, number: i64) -> Result<Option<Version>, StoreFailure> {
    one(store, VERSIONS, &number.to_string()).await?.as_ref().map(read).transpose()
}

/// The policy that the store says is in force.
///
/// # Errors
/// The store's failure.
pub async fn in_force(store: &dyn Store) -> Result<Option<Version>, StoreFailure> {
    match state(store).await? {
        Some(state) => version(store, state.number).await,
        None => Ok(None),
    }
}

fn changed(failure: StoreFailure) -> PolicyRefusal {
    match failure {
        StoreFailure::DocumentChanged { .. } => PolicyRefusal::Changed,
        other => PolicyRefusal::Store(other),
    }
}

impl Engine {
    /// Versions, newest first, without the older half of nobody's interest: `skip` of them left out.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn policy_versions(
        &self,
        skip: usize,
        limit: usize,
    ) -> Result<(Vec<Version>, u64), StoreFailure> {
        let (_, total) = self.store.document_page(VERSIONS, 0, 0).await?;
        let end = (total as usize).saturating_sub(skip);
        let start = end.saturating_sub(limit);
        let (page, _) = self.store.document_page(VERSIONS, start, end - start).await?;
        let mut list = page.iter().map(read).collect::<Result<Vec<Version>, _>>()?;
        list.reverse();
        Ok((list, total))
    }

    /// # Errors
    /// The store's failure.
    pub async fn policy_version(&self, number: i64) -> Result<Option<Version>, StoreFailure> {
        version(&*self.store, number).await
    }

    /// The version in force. `None` before the first start on this store.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn policy_in_force(&self) -> Result<Option<Version>, StoreFailure> {
        in_force(&*self.store).await
    }

    /// # Errors
    /// The store's failure.
    pub async fn policy_drafts(&self) -> Result<Vec<Draft>, StoreFailure> {
        let (page, _) = self.store.document_page(DRAFTS, 0, 1000).await?;
        page.iter().map(|kept| Ok(Draft { id: kept.key.clone(), tag: kept.version, ..read(kept)? })).collect()
    }

    /// # Errors
    /// The store's failure.
    pub async fn policy_draft(&self, id: &str) -> Result<Option<Draft>, StoreFailure> {
        let Some(kept) = one(&*self.store, DRAFTS, id).await? else { return Ok(None) };
        Ok(Some(Draft { id: id.to_owned(), tag: kept.version, ..read(&kept)? }))
    }

    /// Keeps a draft. `tag` is of the draft as it was read, 0 for a new one. Drafts may have mistakes.
    ///
    /// # Errors
    /// [`PolicyRefusal::Changed`] when somebody else kept it meanwhile.
    pub async fn keep_policy_draft(
        &self,
        id: &str,
        tag: i64,
        source: PolicyFiles,
        by: &str,
    ) -> Result<Draft, PolicyRefusal> {
        self.keep_draft(id, tag, source, by, None, Base::AsItWas).await
    }

    /// The same, and from now on it stands on this version: somebody put it on top of what was published since.
    ///
    /// # Errors
    /// [`PolicyRefusal::Overtaken`] when another version is in force.
    pub async fn put_policy_draft_on(
        &self,
        id: &str,
        tag: i64,
        source: PolicyFiles,
        by: &str,
        version: i64,
    ) -> Result<Draft, PolicyRefusal> {
        self.keep_draft(id, tag, source, by, None, Base::On(version)).await
    }

    async fn keep_draft(
        &self,
        id: &str,
        tag: i64,
        source: PolicyFiles,
        by: &str,
        back_to: Option<i64>,
        base: Base,
    ) -> Result<Draft, PolicyRefusal> {
        let before = self.policy_draft(id).await?;
        let in_force = state(&*self.store).await?.map(|state| state.number);
        let based_on = match (base, in_force) {
            (Base::AsItWas, _) if before.is_some() => before.and_then(|before| before.based_on),
            (Base::On(version), Some(in_force)) if version != in_force => {
                return Err(PolicyRefusal::Overtaken { based_on: Some(version), in_force });
            }
            _ => in_force,
        };
        let mut draft = Draft {
            id: id.to_owned(),
            tag,
            based_on,
            author: by.to_owned(),
            at: self.clock.now(),
            asked: None,
            back_to,
            source,
        };
        self.write(vec![document(DRAFTS, id, tag, &draft)?]).await.map_err(changed)?;
        draft.tag = tag + 1;
        Ok(draft)
    }

    /// Forgets a draft as it was read.
    ///
    /// # Errors
    /// [`PolicyRefusal::Changed`] when somebody else kept it meanwhile.
    pub async fn drop_policy_draft(&self, id: &str, tag: i64) -> Result<(), PolicyRefusal> {
        let gone = Write::DocumentGone { collection: DRAFTS.into(), key: id.into(), version: tag };
        self.write(vec![gone]).await.map_err(changed)?;
        Ok(())
    }

    /// Everything that is wrong with these files, against what the tenants really have, as far as that is at hand.
    pub async fn lint_policy(&self, files: &PolicyFiles) -> (Option<Policy>, Problems) {
        match Policy::parse(files) {
            Err(problems) => (None, problems),
            Ok(policy) => {
                let (policy, problems) = self.linting(policy).await.run();
                (Some(policy), problems)
            }
        }
    }

    /// What a policy says that [`Engine::lint_policy`] cannot hold against anything now, in words.
    pub async fn unchecked(&self) -> Vec<String> {
        let mut list = self.known().await.unchecked();
        let unread = self.sites().iter().filter(|(_, site)| !site.has_catalogue());
        let unread: Vec<_> = unread.map(|(id, _)| id.to_string()).collect();
        if !unread.is_empty() {
            list.push(format!("names of places, centers and items: not read yet of {}", unread.join(", ")));
        }
        list
    }

    /// Groups from the mirror and attributes from the tenants' schemas. What cannot be had is not checked.
    pub async fn known(&self) -> Known {
        let groups = self.listed_groups().await.ok().flatten();
        let schema = self.schema().await;
        let attributes = schema.as_ref().map(|types| types.keys().cloned().collect());
        let ways = self.settings().ways.clone();
        let gone = self.gone_groups().await.unwrap_or_default();
        Known { attributes, types: schema.unwrap_or_default(), groups, gone, ways }
    }

    /// Attributes of all tenants with their types.
    async fn schema(&self) -> Option<crate::engine::Schema> {
        let now = self.clock.now();
        let mut kept = self.schema.lock().await;
        if let Some((at, names)) = &*kept
            && now.duration_since(*at) < jiff::SignedDuration::try_from(SCHEMA_AGE).unwrap_or_default()
        {
            return Some(names.clone());
        }
        let mut names = crate::engine::Schema::new();
        for directory in self.directories().values() {
            let list = tokio::select! {
                list = directory.list_attributes() => list.ok(),
                () = self.clock.sleep(SCHEMA_WITHIN) => None,
            };
            // Better unchecked than wrongly refused.
            for (name, kind, _) in list? {
                names.entry(name).or_default().insert(kind);
            }
        }
        if names.is_empty() {
            return None;
        }
        *kept = Some((now, names.clone()));
        Some(names)
    }

    /// Publishes a draft, or asks for it where a second person has to agree. One that brings a version back says whole what
    /// shall be in force; any other must stand on what is.
    ///
    /// # Errors
    /// See [`PolicyRefusal`].
    pub async fn publish_policy_draft(
        &self,
        id: &str,
        tag: i64,
        wish: Wish<'_>,
    ) -> Result<Publication, PolicyRefusal> {
        let draft = self.policy_draft(id).await?;
        let in_force = state(&*self.store).await?.map(|state| state.number);
        if let (Some(draft), Some(in_force)) = (draft.filter(|draft| draft.back_to.is_none()), in_force) {
            if draft.tag == tag && draft.based_on != Some(in_force) {
                return Err(PolicyRefusal::Overtaken { based_on: draft.based_on, in_force });
            }
            // Nor may another be published between this and the writing.
            let expected = wish.expected.or(Some(in_force));
            return self.publish_kept(id, tag, Wish { expected, ..wish }).await;
        }
        self.publish_kept(id, tag, wish).await
    }

    async fn publish_kept(&self, id: &str, tag: i64, wish: Wish<'_>) -> Result<Publication, PolicyRefusal> {
        let mut draft =
            self.policy_draft(id).await?.ok_or_else(|| PolicyRefusal::Unknown(format!("draft \"{id}\"")))?;
        if draft.tag != tag {
            return Err(PolicyRefusal::Changed);
        }
        if wish.reason.trim().is_empty() && draft.asked.is_none() {
            return Err(PolicyRefusal::NoReason);
        }
        let (policy, back_to) = match draft.back_to {
            Some(to) => (self.once_in_force(to).await?.0, Some(to)),
            None => (self.usable(&draft.source).await?, None),
        };
        let gone = Write::DocumentGone { collection: DRAFTS.into(), key: id.into(), version: tag };
        if !self.active().policy.guardrails().second_person {
            let version = self.put_in_force(policy, wish, None, back_to, vec![gone]).await?;
            return Ok(Publication::Done(Box::new(version)));
        }
        match draft.asked.take().filter(|ask| ask.seal == policy.seal()) {
            Some(ask) if ask.by != wish.by => {
                let by = wish.by.to_owned();
                let wish = Wish { by: &ask.by, reason: &ask.reason, expected: wish.expected };
                let version = self.put_in_force(policy, wish, Some(by), back_to, vec![gone]).await?;
                Ok(Publication::Done(Box::new(version)))
            }
            Some(ask) => Ok(Publication::Waiting { by: ask.by }),
            None => {
                let at = self.clock.now();
                let ask = Ask {
                    by: wish.by.into(),
                    reason: wish.reason.trim().into(),
                    at,
                    seal: policy.seal().into(),
                };
                let what = match back_to {
                    Some(to) => format!("take the policy back to version {to}"),
                    None => format!("publish policy draft \"{id}\""),
                };
                let title = format!("{} asks to {what}; a second person must agree", ask.by);
                let mut batch = vec![document(DRAFTS, id, tag, &Draft { asked: Some(ask), ..draft })?];
                for tenant in self.directories().keys() {
                    batch.push(line(tenant, at, "policy", title.clone()).detail(wish.reason.trim()).write());
                }
                self.write(batch).await.map_err(changed)?;
                Ok(Publication::Waiting { by: wish.by.into() })
            }
        }
    }

    /// Publishes files at once (the command line's folder).
    ///
    /// # Errors
    /// See [`PolicyRefusal`].
    pub async fn publish_policy(
        &self,
        files: &PolicyFiles,
        wish: Wish<'_>,
    ) -> Result<Publication, PolicyRefusal> {
        if wish.reason.trim().is_empty() {
            return Err(PolicyRefusal::NoReason);
        }
        if self.active().policy.guardrails().second_person {
            let drafts = self.drafts_named("command-line").await?;
            let same = drafts.iter().find(|draft| draft.source.same_content(files));
            // Whoever asked for something else before asks for this instead.
            let own = |draft: &&Draft| draft.asked.as_ref().is_some_and(|ask| ask.by == wish.by);
            let (id, tag) = match (same, drafts.iter().find(own)) {
                (Some(draft), _) => (draft.id.clone(), draft.tag),
                (None, known) => {
                    let free = || (free_name("command-line", &drafts), 0);
                    let (id, tag) = known.map_or_else(free, |draft| (draft.id.clone(), draft.tag));
                    let kept = self.keep_draft(&id, tag, files.clone(), wish.by, None, Base::InForce).await?;
                    (id, kept.tag)
                }
            };
            return self.publish_kept(&id, tag, wish).await;
        }
        let policy = self.usable(files).await?;
        let version = self.put_in_force(policy, wish, None, None, Vec::new()).await?;
        // What was published may have come from any folder. Ours was not edited by that: the next start keeps what is in
        // force, and not what our folder still says.
        self.note_folder(self.folder.seal()).await?;
        Ok(Publication::Done(Box::new(version)))
    }

    /// Puts an earlier version in force again, as a new version; or asks for it where a second person has to agree. That one
    /// asks for the same, or publishes the draft that waits.
    ///
    /// # Errors
    /// See [`PolicyRefusal`].
    pub async fn roll_back_policy(&self, to: i64, wish: Wish<'_>) -> Result<Publication, PolicyRefusal> {
        let (policy, earlier) = self.once_in_force(to).await?;
        if wish.reason.trim().is_empty() {
            return Err(PolicyRefusal::NoReason);
        }
        if !self.active().policy.guardrails().second_person {
            let version = self.put_in_force(policy, wish, None, Some(to), Vec::new()).await?;
            return Ok(Publication::Done(Box::new(version)));
        }
        if let Some(now) = self.policy_in_force().await?
            && now.seal == earlier.seal
        {
            return Err(PolicyRefusal::Same(now.number));
        }
        let name = format!("back-to-{to}");
        let drafts = self.drafts_named(&name).await?;
        let (id, tag) = match drafts.iter().find(|draft| draft.back_to == Some(to)) {
            Some(draft) => (draft.id.clone(), draft.tag),
            None => {
                let id = free_name(&name, &drafts);
                let tag =
                    self.keep_draft(&id, 0, earlier.source, wish.by, Some(to), Base::AsItWas).await?.tag;
                (id, tag)
            }
        };
        self.publish_policy_draft(&id, tag, wish).await
    }

    /// Drafts of this name, and those that were numbered because somebody had made something of it.
    async fn drafts_named(&self, name: &str) -> Result<Vec<Draft>, StoreFailure> {
        let mut drafts = self.policy_drafts().await?;
        drafts.retain(|draft| {
            let rest = draft.id.strip_prefix(name);
            let number =
                |rest: &str| rest.strip_prefix('-').is_some_and(|number| number.parse::<u32>().is_ok());
            rest.is_some_and(|rest| rest.is_empty() || number(rest))
        });
        Ok(drafts)
    }

    /// A version that was in force once: what the linter has learnt since must not stand in the way back.
    async fn once_in_force(&self, number: i64) -> Result<(Policy, Version), PolicyRefusal> {
        let version = self.policy_version(number).await?;
        let version = version.ok_or_else(|| PolicyRefusal::Unknown(format!("version {number}")))?;
        let policy =
            Policy::parse(&version.source).map_err(|problems| PolicyRefusal::Mistakes(Box::new(problems)))?;
        Ok((policy, version))
    }

    /// Every way into force asks this first, but the way back.
    pub(crate) async fn usable(&self, files: &PolicyFiles) -> Result<Policy, PolicyRefusal> {
        match self.lint_policy(files).await {
            (Some(policy), problems) if !problems.has_errors() => Ok(policy),
            (_, problems) => Err(PolicyRefusal::Mistakes(Box::new(problems))),
        }
    }

    pub(crate) async fn put_in_force(
        &self,
        policy: Policy,
        wish: Wish<'_>,
        approved_by: Option<String>,
        back_to: Option<i64>,
        mut batch: Vec<Write>,
    ) -> Result<Version, PolicyRefusal> {
        let state = state(&*self.store).await?;
        let before = match &state {
            Some(state) => self.policy_version(state.number).await?,
            None => None,
        };
        if wish.expected.is_some_and(|expected| state.as_ref().map(|state| state.number) != Some(expected)) {
            return Err(PolicyRefusal::Changed);
        }
        if let Some(before) = &before
            && before.seal == policy.seal()
        {
            return Err(PolicyRefusal::Same(before.number));
        }
        let (_, total) = self.store.document_page(VERSIONS, 0, 0).await?;
        let files = policy.files();
        let version = Version {
            number: total as i64 + 1,
            name: policy.name().to_owned(),
            seal: policy.seal().to_owned(),
            author: wish.by.to_owned(),
            approved_by,
            reason: wish.reason.trim().to_owned(),
            at: self.clock.now(),
            back_to,
            changes: before.as_ref().map(|before| diff(&before.source, files)).unwrap_or_default(),
            source: files.clone(),
        };
        let next = match &state {
            Some(state) => State { number: version.number, ..state.clone() },
            None => State {
                number: version.number,
                folder_seal: self.folder.seal().to_owned(),
                folder_number: version.number,
                tag: 0,
            },
        };
        batch.push(document(VERSIONS, &version.number.to_string(), 0, &version)?);
        batch.push(document(STATE, IN_FORCE, next.tag, &next)?);
        for tenant in self.directories().keys() {
            let title = match back_to {
                Some(to) => format!(
                    "{} took the policy back to version {to}, as version {}",
                    version.author, version.number
                ),
                None => format!("{} published version {} of the policy", version.author, version.number),
            };
            let data = json!({
                "version": version.number, "seal": version.seal, "approved_by": version.approved_by,
                "changes": version.changes,
            });
            batch.push(
                line(tenant, version.at, "policy", title).detail(version.reason.clone()).data(data).write(),
            );
        }
        let missing = self.missing_of(&policy, self.listed_groups().await?.as_ref());
        self.write(batch).await.map_err(changed)?;
        // An earlier version may name a group that was deleted since.
        self.expect_missing_groups(missing);
        self.publish(policy);
        self.policy_changed.notify_one();
        Ok(version)
    }

    /// Remembers that the folder says what is in force.
    async fn note_folder(&self, seal: &str) -> Result<(), PolicyRefusal> {
        if let Some(state) = state(&*self.store).await? {
            let next = State { folder_seal: seal.to_owned(), folder_number: state.number, ..state.clone() };
            self.write(vec![document(STATE, IN_FORCE, state.tag, &next)?]).await.map_err(changed)?;
        }
        Ok(())
    }

    /// At the start: decides between the folder's policy and the one that was last published.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn settle_policy(&self) -> Result<(), StoreFailure> {
        let folder = Arc::clone(&self.folder);
        let known = state(&*self.store).await?;
        let published = match &known {
            Some(state) => self.policy_version(state.number).await?,
            None => None,
        };
        let (Some(state), Some(published)) = (known, published) else {
            let wish = Wish { by: FOLDER, reason: "the first policy of this store", expected: None };
            return settled(self.put_in_force((*folder).clone(), wish, None, None, Vec::new()).await);
        };
        if published.seal == folder.seal() {
            if state.folder_seal != folder.seal() {
                settled(self.note_folder(folder.seal()).await)?;
            }
            return Ok(());
        }
        let parsed = Policy::parse(&published.source);
        // Whoever may edit the folder is still only one person.
        let alone = !parsed.as_ref().is_ok_and(|policy| policy.guardrails().second_person);
        let edited = state.folder_seal != folder.seal();
        let mut mistakes = None;
        if edited && state.folder_number == state.number && alone {
            // One that works, though it has mistakes, is better than one that cannot be read.
            mistakes = match parsed.is_ok() {
                true => Some(self.lint_policy(folder.files()).await.1).filter(Problems::has_errors),
                false => None,
            };
            if mistakes.is_none() {
                let wish = Wish { by: FOLDER, reason: "the folder was edited", expected: Some(state.number) };
                settled(self.put_in_force((*folder).clone(), wish, None, None, Vec::new()).await)?;
                return settled(self.note_folder(folder.seal()).await);
            }
        }
        match parsed {
            Ok(policy) => self.rebind(Some(Arc::new(policy))),
            // Written by a newer program: the folder's is the one that works here.
            Err(problems) => {
                tracing::error!(%problems, "the published policy cannot be used; the folder's is")
            }
        }
        if edited {
            self.raise(folder_finding(&published, mistakes.as_ref(), self.clock.now())).await;
        }
        Ok(())
    }

    /// Where the folder says what is in force, whatever is told of it in these open findings is over.
    pub(crate) async fn folder_is_fine(&self, open: &[Finding]) -> Result<(), StoreFailure> {
        if self.active().policy.seal() == self.folder.seal()
            && open.iter().any(|finding| finding.key == FOLDER_FINDING)
        {
            let over = Write::FindingOver { key: FOLDER_FINDING.into(), at: self.clock.now() };
            self.write(vec![over]).await?;
        }
        Ok(())
    }
}

/// The name, or with the next number where drafts of it are there: what somebody made of one stays.
fn free_name(name: &str, drafts: &[Draft]) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !drafts.iter().any(|draft| draft.id == *name)).unwrap_or_default()
}

/// Mistakes that a finding names.
const TOLD_MAX: usize = 5;

/// Why the folder's policy is not what is in force.
fn folder_finding(published: &Version, mistakes: Option<&Problems>, since: Timestamp) -> Finding {
    let stays = format!("version {} by {} stays in force", published.number, published.author);
    let (title, detail, fix) = match mistakes {
        Some(problems) => {
            let errors =
                problems.iter().filter(|problem| problem.severity == lanyard_policy::Severity::Error);
            let told: Vec<_> = errors.take(TOLD_MAX).map(ToString::to_string).collect();
            let more = problems.errors() - told.len();
            let more = if more > 0 { format!("; and {more} more") } else { String::new() };
            (
                "the policy folder was edited, and has mistakes",
                format!("{stays}; the folder says: {}{more}", told.join("; ")),
                "lanyard policy lint names every mistake; mend them, then lanyard policy publish",
            )
        }
        None => (
            "the policy folder was edited, and so was the published policy",
            format!("{stays}; what the folder says is not used"),
            "lanyard policy diff shows both; lanyard policy publish puts the folder's in force, lanyard policy \
             export writes the published one into it",
        ),
    };
    Finding {
        key: FOLDER_FINDING.into(),
        kind: "policy_folder".into(),
        severity: Severity::Warning,
        tenant: None,
        site: None,
        identity: None,
        title: title.into(),
        detail,
        fix: Some(fix.into()),
        count: None,
        since,
    }
}

/// At the start a lost race is no failure: whoever won has published.
fn settled<T>(result: Result<T, PolicyRefusal>) -> Result<(), StoreFailure> {
    match result {
        Err(PolicyRefusal::Store(failure)) => Err(failure),
        _ => Ok(()),
    }
}

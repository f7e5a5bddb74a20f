//! Evidence packs for the console: made one at a time beside the running work, kept as files with a record beside each.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use lanyard_engine::{Engine, ports::Progress};
use lanyard_evidence::verify::Report;
use lanyard_model::id::TenantId;
use lanyard_store::{
    Archive,
    checkpoint::{fingerprint, verify_checkpoint},
    cut::verify_cut,
    merkle::CompactRange,
};
use lanyard_web::desks::{DeskRefusal, EvidenceDesk, PackFile, PackWish};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    checkpoints::Places,
    evidence::{Ask, keys},
    exit::Unusable,
    settings::Settings,
    verbs::report::{Made, Wanted, ask, write_pack},
    wiring,
};

/// Newest checkpoints that are shown of each tenant.
const CHECKPOINTS_SHOWN: usize = 48;
/// Late leavers that are listed, of so long a time: what a pack of a year would name.
const LATE_SHOWN: usize = 50;
const LATE_SINCE: SignedDuration = SignedDuration::from_hours(365 * 24);
/// Packs that are listed; older ones stay as files.
const PACKS_SHOWN: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Making,
    Ready,
    Failed,
}

/// A pack as it is kept beside its file.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    id: String,
    state: State,
    tenant: TenantId,
    sites: Vec<String>,
    from: Timestamp,
    to: Timestamp,
    seed: String,
    sample: Option<usize>,
    #[serde(default)]
    sample_by: Option<String>,
    named: Vec<String>,
    by: String,
    asked_at: Timestamp,
    ended_at: Option<Timestamp>,
    bytes: Option<u64>,
    /// What the pack says of its rows: `Summary` of the evidence crate.
    figures: Option<Value>,
    /// What reading it again found.
    check: Option<Value>,
    error: Option<String>,
    hint: Option<String>,
    /// What whoever made it must be told; the pack says it too.
    #[serde(default)]
    warnings: Vec<String>,
}

type Steps = BTreeMap<String, (u64, Option<u64>)>;

/// How far the pack that is being made has come.
#[derive(Default)]
struct Told(Mutex<Steps>);

impl Told {
    fn steps(&self) -> MutexGuard<'_, Steps> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Told {
    fn report(&self, what: &str, done: u64, total: Option<u64>) {
        self.steps().insert(what.to_owned(), (done, total));
    }
}

struct Shelf {
    folder: PathBuf,
    packs: Mutex<BTreeMap<String, Record>>,
    told: Told,
}

/// A journal as far as it was read for the page: what was read once need not be read again at every look.
#[derive(Default)]
struct Leafed {
    tree: CompactRange,
    roots: BTreeMap<u64, [u8; 32]>,
    /// The last time that all of it was read.
    whole_at: Timestamp,
}

/// A journal that was rewritten shows within this time on the page; `lanyard verify` reads everything each time.
const WHOLE_AGAIN: SignedDuration = SignedDuration::from_mins(60);

pub struct Evidence {
    dir: PathBuf,
    places: Arc<Places>,
    engine: Arc<Engine>,
    shelf: Arc<Shelf>,
    leafed: Mutex<BTreeMap<TenantId, Leafed>>,
}

impl Shelf {
    fn packs(&self) -> MutexGuard<'_, BTreeMap<String, Record>> {
        self.packs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.zip"))
    }

    fn keep(&self, record: &Record) {
        let text = serde_json::to_string_pretty(record).unwrap_or_default();
        if let Err(error) = fs::write(self.folder.join(format!("{}.json", record.id)), text) {
            tracing::warn!(%error, pack = record.id, "the pack's record could not be kept");
        }
        self.packs().insert(record.id.clone(), record.clone());
    }

    fn shown(&self, record: &Record) -> Value {
        let mut value = json!(record);
        if record.state == State::Making {
            let steps: Vec<_> = self
                .told
                .steps()
                .iter()
                .map(|(what, (done, total))| json!({ "what": what, "done": done, "total": total }))
                .collect();
            value["progress"] = json!(steps);
        }
        value
    }
}

fn failed(error: impl std::fmt::Display) -> DeskRefusal {
    DeskRefusal::Failed(format!("{error:#}"))
}

/// Which field a sentence about what was asked is about.
fn about_wish(error: &anyhow::Error) -> DeskRefusal {
    let text = format!("{error:#}");
    let path =
        ["tenant", "site"].into_iter().find(|word| text.contains(&format!("no {word} "))).unwrap_or("from");
    DeskRefusal::Field { path: path.to_owned(), message: text }
}

fn check_text(report: &Report) -> Value {
    json!({
        "holds": report.holds(),
        "fingerprint": report.fingerprint,
        "files": report.files,
        "rows": report.rows,
        "proofs": report.proofs,
        "checkpoints": report.checkpoints,
        "dossiers": report.dossiers,
        "problems": report.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

impl Evidence {
    /// Knows what an earlier process made; what it left unfinished has failed.
    pub fn open(dir: &Path, places: Arc<Places>, engine: &Arc<Engine>) -> Self {
        let folder = dir.join("evidence");
        let mut packs = BTreeMap::new();
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let read =
                fs::read_to_string(&path).ok().and_then(|text| serde_json::from_str::<Record>(&text).ok());
            let Some(mut record) = read else {
                tracing::warn!(file = %path.display(), "this record of a pack cannot be read");
                continue;
            };
            if record.state == State::Making {
                record.state = State::Failed;
                record.error = Some("the server was stopped while it was made".into());
                record.hint = Some("make it again".into());
            }
            packs.insert(record.id.clone(), record);
        }
        let shelf = Shelf { folder, packs: Mutex::new(packs), told: Told::default() };
        let engine = Arc::clone(engine);
        Self { dir: dir.to_owned(), places, engine, shelf: Arc::new(shelf), leafed: Mutex::default() }
    }

    fn tenants(&self) -> anyhow::Result<Vec<Value>> {
        let archive = Archive::open(wiring::store_folder(&self.dir))?;
        let (dir, outside) = (&self.dir, &self.places.outside);
        let mut leafed = self.leafed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.engine.clock().now();
        let tenants = self.engine.directories().keys();
        tenants
            .map(|tenant| {
                sealed(dir, outside, &archive, tenant, leafed.entry(tenant.clone()).or_default(), now)
            })
            .collect()
    }
}

/// Roots at these sizes of a tenant's journal as it is now.
fn roots(
    archive: &Archive,
    tenant: &TenantId,
    lines: u64,
    sizes: &BTreeSet<u64>,
    known: &mut Leafed,
    now: Timestamp,
) -> anyhow::Result<BTreeMap<u64, [u8; 32]>> {
    let missed = |size: &u64| *size < known.tree.size() && !known.roots.contains_key(size) && *size <= lines;
    if now > known.whole_at + WHOLE_AGAIN || lines < known.tree.size() || sizes.iter().any(missed) {
        *known = Leafed { whole_at: now, ..Leafed::default() };
    }
    let fresh = archive.roots(tenant, &mut known.tree, sizes)?;
    known.roots.extend(fresh);
    known.roots.retain(|size, _| sizes.contains(size));
    Ok(known.roots.clone())
}

/// A tenant's key and newest checkpoints. A key that is lost or cannot be read is told in their place.
fn sealed(
    dir: &Path,
    outside: &Path,
    archive: &Archive,
    tenant: &TenantId,
    leafed: &mut Leafed,
    now: Timestamp,
) -> anyhow::Result<Value> {
    let (lines, _) = archive.head(tenant)?;
    let (newest, count) = archive.newest_checkpoints(tenant, CHECKPOINTS_SHOWN)?;
    let (gone, note) = archive.cut(tenant)?;
    let key = match keys::load_or_make(dir, tenant) {
        Ok(key) => key,
        Err(error) => {
            return Ok(json!({
                "tenant": tenant, "lines": lines, "kept_from": gone,
                "retention_problem": null,
                "key": null, "fingerprint": null,
                "key_problem": format!("{error:#}").replace("\nhint: ", ". Fix: "),
                "checkpoints": [], "checkpoints_total": count,
            }));
        }
    };
    let verifier = key.verifier();
    let read: Vec<_> =
        newest.iter().map(|(at, _, note)| (at, note, verify_checkpoint(note, &verifier))).collect();
    let sizes = read.iter().filter_map(|(.., known)| Some(known.as_ref().ok()?.size));
    let sizes = sizes.chain((gone > 0).then_some(gone)).collect();
    let roots = roots(archive, tenant, lines, &sizes, leafed, now)?;
    let shown: Vec<_> = read
        .into_iter()
        .zip(&newest)
        .map(|((at, note, known), (_, size, _))| {
            // Held against the journal as it is: a cut or rewritten one shows.
            let state = match known {
                Err(problem) => problem.to_string(),
                Ok(known) => match roots.get(&known.size) {
                    Some(root) if *root == known.root => "holds".to_owned(),
                    Some(_) => "the journal was rewritten before it".to_owned(),
                    None => "the journal was cut before it".to_owned(),
                },
            };
            let outside = keys::lies_in(outside, tenant, *at, note);
            json!({ "at": at, "lines": size, "state": state, "outside": outside })
        })
        .collect();
    let origin = keys::origin(&key, tenant);
    let signed = |root| verify_cut(note.as_deref(), &origin, gone, root, &verifier);
    let unsigned = roots.get(&gone).filter(|_| gone > 0).and_then(|root| signed(root).err());
    Ok(json!({
        "tenant": tenant, "lines": lines, "kept_from": gone,
        "retention_problem": unsigned.map(|problem| problem.to_string()),
        "key": verifier, "fingerprint": fingerprint(&verifier)?, "key_problem": null,
        "checkpoints": shown, "checkpoints_total": count,
    }))
}

impl Evidence {
    /// Late leavers of the past year, the last first, and who answers for each.
    async fn late(&self) -> anyhow::Result<Vec<Value>> {
        let now = self.engine.clock().now();
        let late = self.engine.late_leavers(now.checked_sub(LATE_SINCE)?, LATE_SHOWN).await?;
        Ok(late
            .into_iter()
            .map(|late| {
                let (leaver, answered) = (late.leaver, late.answered);
                let until = leaver.ended_at().unwrap_or(now);
                json!({
                    "person": leaver.identity.to_string(),
                    "name": late.name,
                    "site": leaver.site,
                    "since": leaver.since,
                    "verified_at": leaver.verified_at,
                    "returned_at": leaver.returned_at,
                    "seconds": until.duration_since(leaver.since).as_secs(),
                    "answer": answered,
                })
            })
            .collect())
    }
}

/// Makes the pack and keeps what became of it.
fn make(dir: &Path, shelf: &Shelf, record: Record, asked: &Ask, engine: &Engine) {
    shelf.told.steps().clear();
    let file = shelf.file(&record.id);
    shelf.keep(&carried_out(record, || write_pack(dir, asked, &file, &shelf.told), &|| engine.clock().now()));
}

/// The record of a pack after its work. A fault of ours in it ends this pack, and not the desk.
fn carried_out(
    mut record: Record,
    work: impl FnOnce() -> anyhow::Result<Made>,
    now: &dyn Fn() -> Timestamp,
) -> Record {
    let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it said nothing");
        tracing::error!(pack = record.id, said, "a fault in making a pack");
        Err(anyhow::anyhow!(
            "a fault of the program: {said}\nhint: other packs can be made; please report it with the server's log"
        ))
    });
    record.ended_at = Some(now());
    match made {
        Ok(made) => {
            record.state = State::Ready;
            record.bytes = Some(made.bytes);
            record.warnings = made.warnings;
            record.check = Some(check_text(&made.report));
            record.figures = made.report.manifest.map(|manifest| json!(manifest.summary));
        }
        Err(error) => {
            let text = format!("{error:#}");
            let (error, hint) =
                text.split_once("\nhint: ").map_or((text.as_str(), None), |(e, h)| (e, Some(h)));
            record.state = State::Failed;
            record.error = Some(error.to_owned());
            record.hint = hint.map(str::to_owned);
        }
    }
    record
}

#[async_trait::async_trait]
impl EvidenceDesk for Evidence {
    async fn show(&self) -> Result<Value, DeskRefusal> {
        let late = self.late().await.map_err(failed)?;
        let tenants = tokio::task::block_in_place(|| self.tenants()).map_err(failed)?;
        let packs = self.shelf.packs();
        let packs: Vec<_> =
            packs.values().rev().take(PACKS_SHOWN).map(|pack| self.shelf.shown(pack)).collect();
        Ok(json!({
            "tenants": tenants,
            "sites": self.engine.sites().keys().collect::<Vec<_>>(),
            "leaver_bound_seconds": self.engine.settings().leaver_bound.as_secs(),
            "outside": self.places.outside,
            "packs": packs,
            "late": late,
        }))
    }

    async fn begin(&self, wish: PackWish, by: &str) -> Result<Value, DeskRefusal> {
        let now = self.engine.clock().now();
        let settings = Settings::load(&self.dir).map_err(failed)?;
        let wanted = Wanted {
            tenant: Some(wish.tenant.to_string()),
            site: wish.site,
            from: Some(wish.from),
            to: wish.to,
            seed: wish.seed.filter(|seed| !seed.trim().is_empty()),
            sample: wish.sample,
            sample_by: wish.sample_by.filter(|name| !name.trim().is_empty()),
            named: wish.named,
            made_by: format!("{by} in the console"),
        };
        let mut asked =
            ask(&self.dir, wanted, &settings, now).map_err(|error| match error.is::<Unusable>() {
                true => about_wish(&error),
                false => failed(error),
            })?;
        asked.feed_interval = self.engine.settings().feed_interval;
        asked.leaver_bound_seconds =
            i64::try_from(self.engine.settings().leaver_bound.as_secs()).unwrap_or(i64::MAX);
        fs::create_dir_all(&self.shelf.folder).map_err(failed)?;
        let record = Record {
            id: format!("pck_{}", now.as_millisecond()),
            state: State::Making,
            tenant: asked.tenant.clone(),
            sites: asked.sites.iter().map(|(site, _)| site.to_string()).collect(),
            from: asked.from,
            to: asked.to,
            seed: asked.seed.clone(),
            sample: asked.sample,
            sample_by: asked.sample_by.clone(),
            named: asked.named.clone(),
            by: by.to_owned(),
            asked_at: now,
            ended_at: None,
            bytes: None,
            figures: None,
            check: None,
            error: None,
            hint: None,
            warnings: Vec::new(),
        };
        {
            // One at a time: a pack reads the whole history.
            let mut packs = self.shelf.packs();
            if let Some(other) = packs.values().find(|pack| pack.state == State::Making) {
                return Err(DeskRefusal::Conflict {
                    title: format!("{} is making a pack already", other.by),
                    fix: "wait until it is done; its progress is shown".into(),
                });
            }
            if packs.contains_key(&record.id) {
                return Err(DeskRefusal::Conflict {
                    title: "two packs were asked for in the same moment".into(),
                    fix: "ask again".into(),
                });
            }
            packs.insert(record.id.clone(), record.clone());
        }
        self.shelf.keep(&record);
        let answer = self.shelf.shown(&record);
        let (dir, shelf, engine) = (self.dir.clone(), Arc::clone(&self.shelf), Arc::clone(&self.engine));
        tokio::task::spawn_blocking(move || make(&dir, &shelf, record, &asked, &engine));
        Ok(answer)
    }

    fn pack(&self, id: &str) -> Option<Value> {
        self.shelf.packs().get(id).map(|record| self.shelf.shown(record))
    }

    fn file(&self, id: &str) -> Option<PackFile> {
        let packs = self.shelf.packs();
        let record = packs.get(id).filter(|record| record.state == State::Ready)?;
        let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
        let name = format!("evidence-{}-{}-{}.zip", record.tenant, day(record.from), day(record.to));
        Some(PackFile { tenant: record.tenant.clone(), path: self.shelf.file(id), name })
    }

    async fn verify(&self, id: &str) -> Result<Value, DeskRefusal> {
        let file =
            self.file(id).ok_or_else(|| DeskRefusal::NotFound(format!("there is no finished pack {id}")))?;
        let key = keys::load_or_make(&self.dir, &file.tenant).map_err(failed)?.verifier();
        let checked = tokio::task::spawn_blocking(move || -> anyhow::Result<Value> {
            let archive = fs::read(&file.path)?;
            Ok(check_text(&lanyard_evidence::verify::check(&archive, Some(&key), &|_, _, _| {})?))
        });
        checked.await.map_err(failed)?.map_err(failed)
    }

    async fn checkpoint(&self) -> Result<usize, DeskRefusal> {
        let now = self.engine.clock().now();
        let (round, batch) = self.places.round(&**self.engine.store(), now).await.map_err(failed)?;
        self.engine.write(batch).await.map_err(failed)?;
        match round.failed.into_iter().next() {
            None => Ok(round.laid.len()),
            Some((tenant, error)) => Err(failed(error.context(format!("the checkpoint of {tenant}")))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let at = "2026-11-28T10:00:00Z".parse().unwrap();
        Record {
            id: "pck_1".into(),
            state: State::Making,
            tenant: TenantId::new("acme"),
            sites: Vec::new(),
            from: at,
            to: at,
            seed: "1".into(),
            sample: None,
            sample_by: None,
            named: Vec::new(),
            by: "ada".into(),
            asked_at: at,
            ended_at: None,
            bytes: None,
            figures: None,
            check: None,
            error: None,
            hint: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn what_whoever_made_a_pack_must_be_told_is_kept_with_it() {
        let at = "2026-11-28T10:01:00Z".parse().unwrap();
        let report = Report {
            manifest: None,
            fingerprint: None,
            key_given: true,
            files: 1,
            rows: 1,
            proofs: 0,
            checkpoints: 0,
            dossiers: 0,
            problems: Vec::new(),
        };
        let told = vec!["1 checkpoint on record is not signed by this pack's key".to_owned()];
        let made = Made { bytes: 7, report, warnings: told.clone() };
        let kept = carried_out(record(), || Ok(made), &|| at);
        assert_eq!((kept.state, &kept.warnings), (State::Ready, &told));
        assert_eq!(json!(kept)["warnings"], json!(told));
        // Records of before have none.
        let mut before = json!(record());
        before.as_object_mut().unwrap().remove("warnings");
        assert!(serde_json::from_value::<Record>(before).unwrap().warnings.is_empty());
    }

    #[test]
    fn a_tenants_lost_key_is_its_own_problem_and_the_others_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let _store = wiring::open_store(dir).unwrap();
        let archive = Archive::open(wiring::store_folder(dir)).unwrap();
        let now: Timestamp = "2026-11-28T10:00:00Z".parse().unwrap();
        let shown = |tenant: &str| {
            let tenant = TenantId::new(tenant);
            sealed(dir, &dir.join("outside"), &archive, &tenant, &mut Leafed::default(), now).unwrap()
        };
        let whole = shown("acme");
        assert!(whole["key"].is_string() && whole["key_problem"].is_null(), "{whole}");
        fs::remove_file(dir.join("keys/acme.checkpoint.key")).unwrap();
        let lost = shown("acme");
        assert!(lost["key"].is_null() && lost["fingerprint"].is_null(), "{lost}");
        let problem = lost["key_problem"].as_str().unwrap();
        assert!(problem.contains("is gone") && problem.contains(". Fix: bring it back"), "{problem}");
        assert!(shown("beta")["key"].is_string());
        assert!(!dir.join("keys/acme.checkpoint.key").exists(), "no other key is made");
    }

    #[test]
    fn a_fault_in_making_a_pack_ends_that_pack_only() {
        let now = || "2026-11-28T10:01:00Z".parse().unwrap();
        let fault = carried_out(record(), || panic!("at the disco"), &now);
        assert_eq!((fault.state, fault.ended_at), (State::Failed, Some(now())));
        assert_eq!(fault.error.as_deref(), Some("a fault of the program: at the disco"));
        assert!(fault.hint.is_some_and(|hint| hint.contains("other packs can be made")));

        let refused = carried_out(record(), || anyhow::bail!("no data\nhint: choose a later period"), &now);
        assert_eq!(
            (refused.error.as_deref(), refused.hint.as_deref()),
            (Some("no data"), Some("choose a later period"))
        );
    }
}

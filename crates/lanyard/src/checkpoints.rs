//! Signed heads of the journals, laid outside every hour, and whenever somebody asks: into a folder, into a bucket, and by
//! mail. The same round whoever asks for it: the server's clock, the console, or the verb.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use lanyard_engine::{
    Engine,
    ports::{Finding, Severity, Store, Write},
};
use lanyard_model::id::TenantId;
use tokio::sync::watch;

use crate::{
    evidence::keys::{self, Round},
    in_force,
    settings::{CheckpointSettings, Settings},
};

const EVERY: Duration = Duration::from_secs(3600);
/// The finding while a place does not take them.
const KEY: &str = "checkpoint";
/// When the last mail went out.
const MAILED: &str = "checkpoints-mailed";

/// Where checkpoints of a data folder go.
pub struct Places {
    dir: PathBuf,
    pub outside: PathBuf,
    beside: Option<CheckpointSettings>,
    /// One round at a time: the hour's, and those that people ask for, write the same files.
    turn: tokio::sync::Mutex<()>,
}

impl Places {
    pub fn of(dir: &Path, settings: &Settings) -> Self {
        Self {
            dir: dir.to_owned(),
            outside: keys::export_folder(dir, settings.checkpoint_dir.as_deref()),
            beside: settings.checkpoints.clone(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Signs and lays outside now. Answers what was laid, and the writes that are still to be made: messages to bucket
    /// and mailboxes, and whether something stands in the way.
    ///
    /// # Errors
    /// Heads that cannot be read.
    pub async fn round(&self, store: &dyn Store, now: Timestamp) -> anyhow::Result<(Round, Vec<Write>)> {
        let _turn = self.turn.lock().await;
        // As the store keeps it, so that file and row are found by one another.
        let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        let round = keys::export(&self.dir, &self.outside, store, now).await?;
        let mut batch = self.messages(store, &round.laid, now).await;
        batch.push(match round.failed.as_slice() {
            [] => Write::FindingOver { key: KEY.into(), at: now },
            failed => Write::Finding(Box::new(self.refused(failed, now))),
        });
        Ok((round, batch))
    }

    /// The bucket gets each one, mailboxes the newest when their hours are over: each one too, unless the settings say otherwise.
    async fn messages(&self, store: &dyn Store, laid: &[keys::Laid], now: Timestamp) -> Vec<Write> {
        let Some(beside) = &self.beside else { return Vec::new() };
        let mailed = store.meta(MAILED).await.ok().flatten();
        let mailed = mailed.and_then(|text| text.parse::<Timestamp>().ok());
        // A minute early is the same hour: the loop's own time is not counted twice.
        let pause = i64::from(beside.email_hours) * 3600 - 60;
        let due = mailed.is_none_or(|at| now.duration_since(at).as_secs() >= pause);
        let mail = due && !beside.email.is_empty() && !laid.is_empty();
        let mut batch = keys::messages(laid, beside.bucket.is_some(), mail, now);
        if mail {
            batch.push(Write::Meta { key: MAILED.into(), value: now.to_string() });
        }
        batch
    }

    /// What failed, with what helps: a folder is made writable, a key is brought back.
    fn refused(&self, failed: &[(TenantId, anyhow::Error)], now: Timestamp) -> Finding {
        let mut fixes: Vec<String> = Vec::new();
        let mut all = Vec::new();
        for (tenant, error) in failed {
            let text = format!("{error:#}");
            let (said, hint) =
                text.split_once("\nhint: ").map_or((text.as_str(), None), |(said, hint)| (said, Some(hint)));
            all.push(format!("{tenant}: {said}"));
            let fix = match (hint, keys::load(&self.dir, tenant)) {
                (Some(hint), _) => format!("the key of {tenant}: {hint}"),
                (None, Err(_)) => {
                    format!("the key of {tenant}: make its file readable, or bring it back from a backup")
                }
                (None, Ok(_)) => self.writable(),
            };
            if !fixes.contains(&fix) {
                fixes.push(fix);
            }
        }
        Finding { fix: Some(fixes.join(". ")), ..self.finding(&all.join("; "), now) }
    }

    fn writable(&self) -> String {
        format!("make {} writable, or set checkpoint_dir", self.outside.display())
    }

    fn finding(&self, why: &str, now: Timestamp) -> Finding {
        Finding {
            key: KEY.into(),
            kind: KEY.into(),
            severity: Severity::Error,
            tenant: None,
            site: None,
            identity: None,
            title: "the journal's checkpoint could not be laid outside".into(),
            detail: format!(
                "{why}. Work goes on; until it succeeds, a cut journal would show only against older checkpoints."
            ),
            fix: Some(self.writable()),
            count: None,
            since: now,
        }
    }

    /// A round at once, then one every hour, until stopped.
    pub async fn keep(self: Arc<Self>, engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
        in_force::note(&engine, &self.dir).await;
        loop {
            let now = engine.clock().now();
            let batch = match self.round(&**engine.store(), now).await {
                Ok((_, batch)) => batch,
                Err(error) => vec![Write::Finding(Box::new(self.finding(&format!("{error:#}"), now)))],
            };
            if let Err(failure) = engine.write(batch).await {
                tracing::error!(%failure, "the state of checkpoints could not be recorded");
            }
            tokio::select! {
                () = engine.clock().sleep(EVERY) => {}
                _ = stop.changed() => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use jiff::SignedDuration;
    use lanyard_engine::ports::Entry;

    use super::*;
    use crate::{settings::BucketEntry, wiring};

    fn entry(tenant: &str, at: Timestamp) -> Write {
        Write::Journal(Box::new(Entry {
            tenant: TenantId::new(tenant),
            at,
            kind: "test".into(),
            identity: None,
            site: None,
            person: None,
            severity: Severity::Info,
            title: "something happened".into(),
            detail: String::new(),
            data: serde_json::Value::Null,
        }))
    }

    fn places(dir: &Path, email_hours: u32) -> Places {
        let bucket = BucketEntry {
            endpoint: "https://store.example".into(),
            name: "evidence".into(),
            region: "eu-central-1".into(),
            prefix: String::new(),
            path_style: true,
            key_id: "AKIAEXAMPLE".into(),
            key: "bucket-key".into(),
        };
        let beside =
            CheckpointSettings { email: vec!["auditor@a.example".into()], email_hours, bucket: Some(bucket) };
        let (outside, turn) = (dir.join("outside"), tokio::sync::Mutex::default());
        Places { dir: dir.to_owned(), outside, beside: Some(beside), turn }
    }

    /// Messages by route, and findings that are raised.
    fn said(batch: &[Write]) -> (BTreeMap<&str, usize>, Vec<&str>) {
        let (mut routes, mut findings) = (BTreeMap::new(), Vec::new());
        for write in batch {
            match write {
                Write::Message(message) => *routes.entry(message.route.as_str()).or_default() += 1,
                Write::Finding(finding) => findings.push(finding.detail.as_str()),
                _ => {}
            }
        }
        (routes, findings)
    }

    #[tokio::test]
    async fn a_place_that_refuses_one_tenants_checkpoint_keeps_nothing_from_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let (store, places) = (wiring::open_store(dir.path()).unwrap(), places(dir.path(), 1));
        let now: Timestamp = "2026-11-29T10:00:00Z".parse().unwrap();
        store.write(vec![entry("acme", now), entry("beta", now)]).await.unwrap();
        fs::create_dir_all(&places.outside).unwrap();
        fs::write(places.outside.join("acme"), "a file where a folder should be").unwrap();
        let (round, batch) = places.round(&*store, now).await.unwrap();
        let failed: Vec<&str> = round.failed.iter().map(|(tenant, _)| tenant.as_str()).collect();
        assert_eq!(failed, ["acme"]);
        assert_eq!(round.laid.len(), 2, "both are signed, and both go to the bucket");
        let (routes, findings) = said(&batch);
        assert_eq!(routes, BTreeMap::from([("checkpoints", 2), ("checkpoints-mail", 1)]));
        assert!(matches!(findings.as_slice(), [one] if one.starts_with("acme: cannot make")), "{findings:?}");
        assert!(places.outside.join("beta/newest.checkpoint").is_file());

        // The folder is put right: the next round says so.
        fs::remove_file(places.outside.join("acme")).unwrap();
        let (round, batch) = places.round(&*store, now + SignedDuration::from_hours(1)).await.unwrap();
        assert!(round.failed.is_empty() && said(&batch).1.is_empty());
        assert!(batch.iter().any(|write| matches!(write, Write::FindingOver { key, .. } if key == KEY)));
    }

    #[tokio::test]
    async fn a_lost_key_is_brought_back_and_no_folder_is_made_writable_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let (store, places) = (wiring::open_store(dir.path()).unwrap(), places(dir.path(), 1));
        let now: Timestamp = "2026-11-29T10:00:00Z".parse().unwrap();
        store.write(vec![entry("acme", now), entry("beta", now)]).await.unwrap();
        places.round(&*store, now).await.unwrap();
        fs::remove_file(dir.path().join("keys/acme.checkpoint.key")).unwrap();
        fs::write(dir.path().join("keys/beta.checkpoint.key"), "no key").unwrap();
        let (round, batch) = places.round(&*store, now + SignedDuration::from_hours(1)).await.unwrap();
        assert_eq!(round.failed.len(), 2);
        let finding = batch.iter().find_map(|write| match write {
            Write::Finding(finding) => Some(finding),
            _ => None,
        });
        let fix = finding.and_then(|finding| finding.fix.as_deref()).unwrap();
        assert!(fix.contains("the key of acme: bring it back from a backup"), "{fix}");
        assert!(fix.contains("the key of beta: make its file readable, or bring it back"), "{fix}");
        assert!(!fix.contains("writable"), "{fix}");
    }

    /// A day and an hour of rounds: messages by route.
    async fn rounds(places: &Places, store: &dyn Store, hours: i64) -> BTreeMap<String, usize> {
        let begin: Timestamp = "2026-11-29T10:00:00Z".parse().unwrap();
        let mut all = BTreeMap::<String, usize>::new();
        for hour in 0..hours {
            let now = begin + SignedDuration::from_hours(hour);
            store.write(vec![entry("acme", now)]).await.unwrap();
            let (_, batch) = places.round(store, now).await.unwrap();
            for (route, count) in said(&batch).0 {
                *all.entry(route.to_owned()).or_default() += count;
            }
            store.write(batch).await.unwrap();
        }
        all
    }

    #[tokio::test]
    async fn every_hour_has_a_file_an_object_and_a_mail() {
        let dir = tempfile::tempdir().unwrap();
        let (store, places) = (wiring::open_store(dir.path()).unwrap(), places(dir.path(), 1));
        let all = rounds(&places, &*store, 25).await;
        assert_eq!(all, BTreeMap::from([("checkpoints".into(), 25), ("checkpoints-mail".into(), 25)]));
        let tenant = TenantId::new("acme");
        let files = keys::exported(&places.outside, &tenant);
        assert_eq!(files.len(), 26, "one for each hour, and the newest");
        let kept = lanyard_store::Archive::open(wiring::store_folder(dir.path())).unwrap();
        for (at, _, note) in kept.checkpoints(&tenant).unwrap() {
            assert!(keys::lies_in(&places.outside, &tenant, at, &note).is_some(), "{at}");
        }
    }

    #[tokio::test]
    async fn a_mail_a_day_is_enough_where_the_settings_say_so() {
        let dir = tempfile::tempdir().unwrap();
        let (store, places) = (wiring::open_store(dir.path()).unwrap(), places(dir.path(), 24));
        let all = rounds(&places, &*store, 49).await;
        assert_eq!(all, BTreeMap::from([("checkpoints".into(), 49), ("checkpoints-mail".into(), 3)]));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn rounds_that_are_asked_for_at_once_take_turns_and_each_checkpoint_lies_outside() {
        let dir = tempfile::tempdir().unwrap();
        let (store, places) = (wiring::open_store(dir.path()).unwrap(), places(dir.path(), 1));
        let now: Timestamp = "2026-11-29T10:00:00Z".parse().unwrap();
        store.write(vec![entry("acme", now)]).await.unwrap();
        let (places, mut tasks) = (Arc::new(places), tokio::task::JoinSet::new());
        for n in 0..8 {
            let (places, store) = (Arc::clone(&places), store.clone());
            // Within one second: their files must not have one name.
            let at = now + SignedDuration::from_millis(n);
            tasks.spawn(async move { places.round(&*store, at).await.unwrap().0.failed.len() });
        }
        while let Some(failed) = tasks.join_next().await {
            assert_eq!(failed.unwrap(), 0);
        }
        let tenant = TenantId::new("acme");
        let kept = lanyard_store::Archive::open(wiring::store_folder(dir.path())).unwrap();
        let kept = kept.checkpoints(&tenant).unwrap();
        assert_eq!(kept.len(), 8);
        for (at, _, note) in kept {
            assert!(keys::lies_in(&places.outside, &tenant, at, &note).is_some(), "{at}");
        }
    }
}

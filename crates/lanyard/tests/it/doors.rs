//! The three physical-access feeds against the stand-in badge system, which shares no code with them.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard_doors::{DropFeed, ScimFeed, WebhookFeed};
use lanyard_engine::{
    clock::Clock,
    ports::{DoorFeed, DoorMessage},
};
use lanyard_model::{
    door::{DoorRights, DoorSpan},
    plan::Outcome,
};
use lanyard_sim::{
    badge::{BadgeFace, BadgeSettings},
    face::{Face, Handled, Reply},
};
use lanyard_wire::{Request, Response, Transport, TransportError};
use serde_json::json;

const KEY: &[u8] = b"twenty-four bytes or so!";

/// The badge system, spoken to without a socket; whoever waits on its clock lets it read its folder.
struct Badge {
    face: Mutex<BadgeFace>,
    folder: Option<PathBuf>,
    now: Mutex<Timestamp>,
    /// Answers get lost.
    deaf: Mutex<bool>,
}

impl Badge {
    fn new(folder: Option<PathBuf>) -> Arc<Self> {
        let face = BadgeFace::new(BadgeSettings::with_key(KEY, "t0ken"));
        let now = "2026-05-04T08:00:00Z".parse().expect("an instant");
        Arc::new(Self { face: Mutex::new(face), folder, now: Mutex::new(now), deaf: Mutex::default() })
    }

    fn opens(&self, holder: &str, area: &str) -> bool {
        let command = json!({ "do": "swipe", "holder": holder, "area": area });
        let mut face = self.face.lock().unwrap_or_else(PoisonError::into_inner);
        face.command(&command, self.now()).expect("a swipe")["opens"] == true
    }

    fn deaf(&self, deaf: bool) {
        *self.deaf.lock().unwrap_or_else(PoisonError::into_inner) = deaf;
    }

    /// Takes every new list of the folder, and acknowledges it.
    fn read_folder(&self) {
        let Some(folder) = &self.folder else { return };
        if *self.deaf.lock().unwrap_or_else(PoisonError::into_inner) {
            return;
        }
        let mut lists: Vec<_> =
            std::fs::read_dir(folder).expect("a folder").flatten().map(|e| e.path()).collect();
        lists.sort();
        for list in lists.iter().filter(|path| path.extension().is_some_and(|end| end == "csv")) {
            let ack = list.with_extension("ack");
            if ack.exists() {
                continue;
            }
            let text = std::fs::read(list).expect("a list");
            let name = list.file_stem().and_then(|stem| stem.to_str()).expect("a name");
            let mut face = self.face.lock().unwrap_or_else(PoisonError::into_inner);
            let said = face.drop_csv(name, &text, self.now());
            std::fs::write(ack, said.to_string()).expect("an acknowledgement");
        }
    }
}

#[async_trait]
impl Clock for Badge {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep_until(&self, until: Timestamp) {
        // Everybody who waits, waits at once: nobody is ahead of whoever has not begun.
        tokio::task::yield_now().await;
        self.read_folder();
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = until.max(*now);
    }
}

#[async_trait]
impl Transport for Badge {
    async fn exchange(&self, request: Request, _: Duration) -> Result<Response, TransportError> {
        let now = self.now();
        let mut face = self.face.lock().unwrap_or_else(PoisonError::into_inner);
        let Handled::Reply(Reply { response, .. }) = face.handle(request, now) else { panic!("waits") };
        if *self.deaf.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(TransportError::NoAnswer { host: "badge".into(), reason: "silence".into() });
        }
        Ok(response)
    }
}

fn message(id: &str, holder: &str, rights: &[(&str, DoorSpan)], had: &[&str]) -> DoorMessage {
    DoorMessage {
        id: id.into(),
        holder: holder.into(),
        rights: rights.iter().map(|(area, span)| ((*area).to_owned(), *span)).collect(),
        had: had.iter().map(|area| ((*area).to_owned(), DoorSpan::default())).collect::<DoorRights>(),
        at: "2026-05-04T08:00:00Z".parse().expect("an instant"),
    }
}

fn webhook(badge: &Arc<Badge>, key: &str) -> WebhookFeed {
    let key = secrecy::SecretString::from(key);
    let (transport, clock) = (badge.clone(), badge.clone());
    WebhookFeed::new("hq".into(), "https://badge.example/webhook", &key, transport, clock).expect("a feed")
}

/// Both areas, then one, then none; a message that got no answer is told again without harm.
async fn tells(badge: &Badge, feed: &dyn DoorFeed) {
    let always = DoorSpan::default();
    feed.recall(Vec::new());
    let both = message("m1", "40117", &[("PIER", always), ("LAB", always)], &[]);
    assert_eq!(feed.tell(&both).await.name(), "done");
    assert_eq!(feed.tell(&message("m2", "40118", &[("PIER", always)], &[])).await.name(), "done");
    assert!(badge.opens("40117", "PIER") && badge.opens("40117", "LAB") && badge.opens("40118", "PIER"));
    badge.deaf(true);
    let one = message("m3", "40117", &[("PIER", always)], &["PIER", "LAB"]);
    let lost = feed.tell(&one).await;
    assert!(matches!(lost, Outcome::Unknown { .. }), "{lost:?}");
    badge.deaf(false);
    assert_eq!(feed.tell(&one).await.name(), "done");
    assert!(badge.opens("40117", "PIER") && !badge.opens("40117", "LAB"));
    assert_eq!(feed.tell(&message("m4", "40117", &[], &["PIER"])).await.name(), "done");
    assert!(!badge.opens("40117", "PIER") && badge.opens("40118", "PIER"), "nobody else loses anything");
}

#[tokio::test]
async fn a_signed_webhook_is_understood() {
    let badge = Badge::new(None);
    let secret = format!("whsec_{}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, KEY));
    tells(&badge, &webhook(&badge, &secret)).await;
    let until = DoorSpan { from: None, until: "2026-05-04T09:00:00Z".parse().ok() };
    let feed = webhook(&badge, &secret);
    assert_eq!(feed.tell(&message("m5", "40119", &[("PIER", until)], &[])).await.name(), "done");
    assert!(badge.opens("40119", "PIER"));
    *badge.now.lock().unwrap() = "2026-05-04T09:00:00Z".parse().expect("an instant");
    assert!(!badge.opens("40119", "PIER"), "it ends by itself");
    let stranger = webhook(&badge, "whsec_dGhlIGtleSBvZiBzb21lYm9keSBlbHNl");
    let refused = stranger.tell(&message("m6", "40119", &[("PIER", DoorSpan::default())], &[])).await;
    assert!(matches!(refused, Outcome::Denied { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_dropped_list_is_understood() {
    let folder = tempfile::tempdir().expect("a folder");
    let badge = Badge::new(Some(folder.path().to_owned()));
    let feed = DropFeed::new("hq".into(), folder.path().to_owned(), badge.clone());
    let early = feed.tell(&message("m0", "40117", &[], &[])).await;
    assert!(
        matches!(early, Outcome::NotDone { .. }),
        "a list without the others would lock them out: {early:?}"
    );
    tells(&badge, &feed).await;
}

#[tokio::test]
async fn scim_groups_are_understood() {
    let badge = Badge::new(None);
    let (transport, clock) = (badge.clone(), badge.clone());
    let feed = ScimFeed::new("hq".into(), "https://badge.example/scim/v2/", "t0ken".into(), transport, clock)
        .expect("a feed");
    tells(&badge, &feed).await;
    let timed = DoorSpan { from: None, until: "2026-09-30T22:00:00Z".parse().ok() };
    let refused = feed.tell(&message("m5", "40119", &[("PIER", timed)], &[])).await;
    assert!(matches!(refused, Outcome::Refused { .. }), "{refused:?}");
    assert!(feed.probe().await.iter().all(|check| check.ok));
}

fn drop_feed(folder: &tempfile::TempDir, badge: &Arc<Badge>, known: &[(&str, &str)]) -> DropFeed {
    let feed = DropFeed::new("hq".into(), folder.path().to_owned(), badge.clone());
    let rights = |area: &str| DoorRights::from([(area.to_owned(), DoorSpan::default())]);
    feed.recall(known.iter().map(|(holder, area)| ((*holder).to_owned(), rights(area))).collect());
    feed
}

fn names(folder: &tempfile::TempDir) -> Vec<String> {
    let files = std::fs::read_dir(folder.path()).expect("a folder").flatten();
    let mut names: Vec<_> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn one_line_that_cannot_be_read_keeps_nobody_else_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let badge = Badge::new(Some(folder.path().to_owned()));
    // An area without a name, as somebody was given long ago.
    let feed = drop_feed(&folder, &badge, &[("40001", ""), ("40002", "PIER")]);
    let always = DoorSpan::default();
    assert_eq!(feed.tell(&message("m1", "40117", &[("PIER", always)], &[])).await.name(), "done");
    assert!(badge.opens("40117", "PIER") && badge.opens("40002", "PIER"));
    let checks = feed.probe().await;
    let said = checks.iter().find(|check| check.warning).map(|check| check.detail.as_str());
    assert_eq!(
        said,
        Some(
            "lines that the badge system cannot read are left out: 40001, : holder and area must not be empty"
        )
    );
    let own = feed.tell(&message("m2", "40118", &[("PIER", always), ("", always)], &[])).await;
    assert!(
        matches!(&own, Outcome::Refused { text, .. } if text.ends_with("holder and area must not be empty")),
        "{own:?}"
    );
    assert_eq!(feed.tell(&message("m3", "40118", &[("PIER", always)], &[])).await.name(), "done");
    assert!(badge.opens("40118", "PIER"), "told again without it");
}

#[tokio::test]
async fn a_deaf_badge_system_costs_everybody_together_what_it_costs_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let badge = Badge::new(Some(folder.path().to_owned()));
    let feed = drop_feed(&folder, &badge, &[]);
    badge.deaf(true);
    let began = badge.now();
    let always = DoorSpan::default();
    let messages: Vec<_> =
        (0..10).map(|n| message(&format!("m{n}"), &format!("4{n}"), &[("PIER", always)], &[])).collect();
    let told = futures_util::future::join_all(messages.iter().map(|message| feed.tell(message))).await;
    assert!(told.iter().all(|outcome| matches!(outcome, Outcome::Unknown { .. })), "{told:?}");
    assert!(badge.now().duration_since(began).as_secs() <= 21, "{}", badge.now());
    badge.deaf(false);
    let told = futures_util::future::join_all(messages.iter().map(|message| feed.tell(message))).await;
    assert!(told.iter().all(Outcome::is_success), "{told:?}");
    assert!((0..10).all(|n| badge.opens(&format!("4{n}"), "PIER")));
}

#[tokio::test]
async fn what_was_taken_back_in_silence_is_in_nobody_elses_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let badge = Badge::new(Some(folder.path().to_owned()));
    let feed = drop_feed(&folder, &badge, &[("40117", "PIER")]);
    let always = DoorSpan::default();
    assert_eq!(feed.tell(&message("m1", "40118", &[("PIER", always)], &[])).await.name(), "done");
    badge.deaf(true);
    let gone = feed.tell(&message("m2", "40117", &[], &["PIER"])).await;
    let added = feed.tell(&message("m3", "40118", &[("PIER", always), ("LAB", always)], &["PIER"])).await;
    assert_eq!((gone.name(), added.name()), ("unknown", "unknown"));
    badge.deaf(false);
    assert_eq!(feed.tell(&message("m4", "40119", &[("PIER", always)], &[])).await.name(), "done");
    assert!(!badge.opens("40117", "PIER"), "whoever left is not let in again by another's list");
    assert!(badge.opens("40118", "PIER") && !badge.opens("40118", "LAB"), "nor is anything given unasked");
}

#[tokio::test]
async fn lists_are_taken_away_a_day_after_a_newer_one_was_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let badge = Badge::new(Some(folder.path().to_owned()));
    let feed = drop_feed(&folder, &badge, &[]);
    let others = ["lanyard-hq-2-20260101T000000_000000-m1.csv", "notes.csv"];
    others.iter().for_each(|name| std::fs::write(folder.path().join(name), "holder,area\n").expect("a file"));
    let always = DoorSpan::default();
    for (day, kept) in [(4, 2), (5, 2), (5, 4)] {
        *badge.now.lock().unwrap() = format!("2026-05-0{day}T08:00:01Z").parse().expect("an instant");
        let told = feed.tell(&message(&format!("m{kept}"), "40117", &[("PIER", always)], &[])).await;
        assert_eq!(told.name(), "done");
        let ours: Vec<_> =
            names(&folder).into_iter().filter(|name| name.starts_with("lanyard-hq-2026")).collect();
        assert_eq!(ours.len(), kept, "a list and its acknowledgement: {ours:?}");
    }
    assert!(others.iter().all(|name| folder.path().join(name).exists()), "{:?}", names(&folder));
}

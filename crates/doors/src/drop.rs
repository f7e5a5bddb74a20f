//! A dropped list: everything that everybody may enter, a line each, `holder,area,from,until`. The newest list counts.
//!
//! A list is laid down whole, under a name of its own, and acknowledged by a file `NAME.ack` beside it: JSON with a list
//! `problems` that is empty where all of it was taken. Changes that come while one list waits go into the next together.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use lanyard_engine::{
    clock::Clock,
    ports::{Check, DoorFeed, DoorMessage},
};
use lanyard_model::{door::DoorRights, id::SiteId, plan::Outcome};
use tokio::sync::Mutex as AsyncMutex;

use crate::answer::done;

/// Looked for so often, and for so long.
const LOOK: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder that a badge system reads.
pub struct DropFeed {
    site: SiteId,
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    wanted: Mutex<Wanted>,
    /// The number of the newest list that was acknowledged. One list at a time.
    acknowledged: AsyncMutex<u64>,
}

#[derive(Default)]
struct Wanted {
    /// `None` until it was said what is known already: a list without it would lock everybody out.
    all: Option<BTreeMap<String, DoorRights>>,
    /// Rises with each change.
    number: u64,
}

impl DropFeed {
    pub fn new(site: SiteId, folder: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { site, folder, clock, wanted: Mutex::default(), acknowledged: AsyncMutex::new(0) }
    }

    fn note(&self, message: &DoorMessage) -> Option<u64> {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let all = wanted.all.as_mut()?;
        match message.rights.is_empty() {
            true => _ = all.remove(&message.holder),
            false => _ = all.insert(message.holder.clone(), message.rights.clone()),
        }
        wanted.number += 1;
        Some(wanted.number)
    }

    /// It was not taken in: nobody else's list shall hold it.
    fn take_back(&self, message: &DoorMessage) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(all) = wanted.all.as_mut() else { return };
        let none = DoorRights::new();
        // Unless something newer was said of the same holder.
        if all.get(&message.holder).unwrap_or(&none) == &message.rights {
            match message.had.is_empty() {
                true => _ = all.remove(&message.holder),
                false => _ = all.insert(message.holder.clone(), message.had.clone()),
            }
        }
    }

    /// The list as it is now, and the number of the newest change in it.
    fn list(&self) -> Result<(Vec<u8>, u64), String> {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let moment = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let mut write = |row: [&str; 4]| writer.write_record(row).map_err(|error| error.to_string());
        write(["holder", "area", "from", "until"])?;
        for (holder, rights) in wanted.all.iter().flatten() {
            for (area, span) in rights {
                write([holder, area, &moment(span.from), &moment(span.until)])?;
            }
        }
        let text = writer.into_inner().map_err(|error| error.to_string())?;
        Ok((text, wanted.number))
    }

    async fn drop_list(&self, id: &str) -> Result<u64, Outcome> {
        let refused = |reason: String| Outcome::NotDone { reason };
        let (text, number) = self.list().map_err(refused)?;
        let stamp = self.clock.now().strftime("%Y%m%dT%H%M%S%.6f");
        let safe: String = id.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        let name = format!("lanyard-{}-{stamp}-{safe}", self.site).replace('.', "_");
        let (list, ack) = (self.folder.join(format!("{name}.csv")), self.folder.join(format!("{name}.ack")));
        let part = self.folder.join(format!("{name}.part"));
        let laid = tokio::task::spawn_blocking(move || {
            std::fs::write(&part, &text)?;
            // Nobody ever reads half a list.
            std::fs::rename(&part, &list)
        });
        match laid.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                return Err(refused(format!("no list can be laid into {}: {error}", self.folder.display())));
            }
            Err(error) => return Err(refused(error.to_string())),
        }
        let end = self.clock.now() + PATIENCE;
        loop {
            if let Some(said) = read(&ack).await {
                return said.map(|()| number);
            }
            if self.clock.now() >= end {
                let reason = format!(
                    "the list {name}.csv has not been acknowledged in {} seconds",
                    PATIENCE.as_secs()
                );
                return Err(Outcome::Unknown { reason });
            }
            self.clock.sleep(LOOK).await;
        }
    }
}

/// What an acknowledgement says; `None`: there is none yet.
async fn read(ack: &Path) -> Option<Result<(), Outcome>> {
    let ack = ack.to_owned();
    let text = tokio::task::spawn_blocking(move || std::fs::read_to_string(ack)).await.ok()?.ok()?;
    // Half an acknowledgement is none.
    let said: serde_json::Value = serde_json::from_str(&text).ok()?;
    let problems = said["problems"].as_array().map_or(&[][..], Vec::as_slice);
    Some(match problems.first() {
        None => Ok(()),
        Some(first) => Err(Outcome::Refused {
            code: "list".into(),
            text: format!("{} lines of the list cannot be read, the first: {first}", problems.len()),
            fix: "compare the list's lines with what the badge system reads".into(),
        }),
    })
}

#[async_trait]
impl DoorFeed for DropFeed {
    fn site(&self) -> &SiteId {
        &self.site
    }

    fn recall(&self, known: Vec<(String, DoorRights)>) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.all.get_or_insert_with(|| known.into_iter().collect());
    }

    async fn tell(&self, message: &DoorMessage) -> Outcome {
        let Some(number) = self.note(message) else {
            return Outcome::NotDone { reason: "what everybody may enter is not known yet".into() };
        };
        let mut acknowledged = self.acknowledged.lock().await;
        if *acknowledged >= number {
            // It went with the list of somebody else.
            return done();
        }
        match self.drop_list(&message.id).await {
            Ok(newest) => {
                *acknowledged = newest;
                done()
            }
            Err(outcome) => {
                self.take_back(message);
                outcome
            }
        }
    }

    async fn probe(&self) -> Vec<Check> {
        let folder = self.folder.clone();
        let found =
            tokio::task::spawn_blocking(move || std::fs::metadata(&folder).map(|data| data.is_dir())).await;
        let ok = matches!(found, Ok(Ok(true)));
        vec![Check {
            name: format!("doors.{}", self.site),
            ok,
            warning: false,
            detail: format!("lists are laid into {}", self.folder.display()),
            fix: (!ok).then(|| "make the folder, and let the server write into it".into()),
        }]
    }
}

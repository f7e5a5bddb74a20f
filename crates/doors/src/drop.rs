//! A dropped list: everything that everybody may enter, a line each, `holder,area,from,until`. The newest list counts.
//!
//! A list is laid down whole, under a name of its own, and acknowledged by a file `NAME.ack` beside it: JSON with a list
//! `problems`, empty where all of it was taken. A problem names its `line` (the header is line 1) and says `why`: that line
//! is left out of the next list, which is laid at once, and only whoever it is about is refused.
//!
//! One list waits at a time. Changes that come meanwhile go into the next together, and nobody waits for anybody else's
//! patience. A list is taken away again a day after it was laid, once a newer one was acknowledged.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
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
/// How long a list is left lying, at least, once a newer one was acknowledged.
const KEPT: Duration = Duration::from_secs(86_400);
/// How the moment is written in a list's name: names sort by age.
const STAMP: &str = "%Y%m%dT%H%M%S_%6f";

/// A folder that a badge system reads.
pub struct DropFeed {
    site: SiteId,
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    wanted: Mutex<Wanted>,
    /// Held for as long as it takes to look into the folder, never while anybody waits.
    round: AsyncMutex<Round>,
}

#[derive(Default)]
struct Wanted {
    /// `None` until it was said what is known already: a list without it would lock everybody out.
    all: Option<BTreeMap<String, DoorRights>>,
    /// Rises with each change.
    number: u64,
    /// Lines that the badge system could not read, and why: no list holds them until something new is said of the holder.
    unread: BTreeMap<Line, String>,
}

/// Holder and area.
type Line = (String, String);

#[derive(Default)]
struct Round {
    /// The number of the newest change that was acknowledged.
    acknowledged: u64,
    /// The list that waits.
    laid: Option<Laid>,
    /// The newest change in a list that was refused without a word about which line.
    refused: Option<(u64, Outcome)>,
}

/// What stands on which line of a list.
type Lines = BTreeMap<u64, Line>;

struct Laid {
    name: String,
    /// The number of the newest change in it.
    number: u64,
    lines: Lines,
    until: Timestamp,
}

impl DropFeed {
    pub fn new(site: SiteId, folder: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { site, folder, clock, wanted: Mutex::default(), round: AsyncMutex::default() }
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, message: &DoorMessage) -> Option<u64> {
        let mut wanted = self.wanted();
        let all = wanted.all.as_mut()?;
        match message.rights.is_empty() {
            true => _ = all.remove(&message.holder),
            false => _ = all.insert(message.holder.clone(), message.rights.clone()),
        }
        wanted.unread.retain(|(holder, _), _| *holder != message.holder);
        wanted.number += 1;
        Some(wanted.number)
    }

    /// It was not acknowledged. Until it is told again nobody else's list shall hold what it would have opened, nor open
    /// again what it would have closed.
    fn take_back(&self, message: &DoorMessage) {
        let mut wanted = self.wanted();
        let Some(all) = wanted.all.as_ref() else { return };
        // Unless something newer was said of the same holder.
        if all.get(&message.holder).unwrap_or(&DoorRights::new()) != &message.rights {
            return;
        }
        let both: DoorRights = message
            .rights
            .iter()
            .filter_map(|(area, span)| Some((area.clone(), span.both(message.had.get(area)?))))
            .collect();
        wanted.unread.retain(|(holder, area), _| *holder != message.holder || both.contains_key(area));
        let Some(all) = wanted.all.as_mut() else { return };
        match both.is_empty() {
            true => _ = all.remove(&message.holder),
            false => _ = all.insert(message.holder.clone(), both),
        }
    }

    /// The list as it is now, what stands on which line, and the number of the newest change in it.
    fn list(&self) -> Result<(Vec<u8>, Lines, u64), String> {
        let wanted = self.wanted();
        let mut writer = csv::Writer::from_writer(Vec::new());
        let moment = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let mut write = |row: [&str; 4]| writer.write_record(row).map_err(|error| error.to_string());
        write(["holder", "area", "from", "until"])?;
        let (mut lines, mut next) = (Lines::new(), 2);
        for (holder, rights) in wanted.all.iter().flatten() {
            for (area, span) in rights {
                let line = (holder.clone(), area.clone());
                if wanted.unread.contains_key(&line) {
                    continue;
                }
                write([holder, area, &moment(span.from), &moment(span.until)])?;
                lines.insert(next, line);
                // A name may go over several lines itself.
                next += 1 + holder.matches('\n').count() as u64 + area.matches('\n').count() as u64;
            }
        }
        let text = writer.into_inner().map_err(|error| error.to_string())?;
        Ok((text, lines, wanted.number))
    }

    /// How every list's name begins here.
    fn prefix(&self) -> String {
        format!("lanyard-{}-", self.site).replace('.', "_")
    }

    fn path(&self, name: &str, end: &str) -> PathBuf {
        self.folder.join(format!("{name}.{end}"))
    }

    async fn lay(&self, id: &str) -> Result<Laid, Outcome> {
        let refused = |reason: String| Outcome::NotDone { reason };
        let (text, lines, number) = self.list().map_err(refused)?;
        let now = self.clock.now();
        let safe: String = id.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        let name = format!("{}{}-{safe}", self.prefix(), now.strftime(STAMP));
        let (part, list) = (self.path(&name, "part"), self.path(&name, "csv"));
        let laid = tokio::task::spawn_blocking(move || {
            std::fs::write(&part, &text)?;
            // Nobody ever reads half a list.
            std::fs::rename(&part, &list)
        });
        match laid.await {
            Ok(Ok(())) => Ok(Laid { name, number, lines, until: now + PATIENCE }),
            Ok(Err(error)) => {
                Err(refused(format!("no list can be laid into {}: {error}", self.folder.display())))
            }
            Err(error) => Err(refused(error.to_string())),
        }
    }

    /// One look into the folder, and a new list where none waits. `None`: nothing is known of the change yet.
    async fn step(&self, message: &DoorMessage, number: u64, end: Timestamp) -> Option<Outcome> {
        let mut round = self.round.lock().await;
        if let Some(laid) = round.laid.take() {
            match read(&self.path(&laid.name, "ack")).await {
                Some(problems) if problems.is_empty() => {
                    round.acknowledged = laid.number;
                    self.clear_away(&laid.name).await;
                }
                Some(problems) if self.leave_out(&laid, &problems) => {}
                Some(problems) => round.refused = Some((laid.number, refusal(&problems))),
                None if self.clock.now() < laid.until => round.laid = Some(laid),
                // It had its time: the next list says all that it says.
                None => {}
            }
        }
        let unread: Vec<String> = {
            let wanted = self.wanted();
            let own = wanted.unread.iter().filter(|((holder, _), _)| *holder == message.holder);
            own.map(|((_, area), why)| format!("{area}: {why}")).collect()
        };
        if !unread.is_empty() {
            return Some(refusal(&unread));
        }
        if round.acknowledged >= number {
            return Some(done());
        }
        if let Some((_, refused)) = round.refused.as_ref().filter(|(newest, _)| *newest >= number) {
            return Some(refused.clone());
        }
        // Whoever gives up now takes the change back: no list tells of it any more.
        if round.laid.is_none() && self.clock.now() < end {
            match self.lay(&message.id).await {
                Ok(laid) => round.laid = Some(laid),
                Err(outcome) => return Some(outcome),
            }
        }
        None
    }

    /// Leaves out of the next list what the badge system could not read. `false`: it does not say which lines those are.
    fn leave_out(&self, laid: &Laid, problems: &[serde_json::Value]) -> bool {
        let named = problems.iter().filter_map(|problem| {
            let line = laid.lines.get(&problem["line"].as_u64()?)?;
            Some((line.clone(), problem["why"].as_str().unwrap_or("it cannot be read").to_owned()))
        });
        let named: Vec<_> = named.collect();
        for ((holder, area), why) in &named {
            tracing::warn!(site = %self.site, holder, area, why, "the badge system cannot read a line of the list");
        }
        let any = !named.is_empty();
        self.wanted().unread.extend(named);
        any
    }

    /// Takes away lists that nobody needs any more: laid long ago, and older than one that was acknowledged. What cannot be
    /// taken away lies there until the next time.
    async fn clear_away(&self, newest: &str) {
        let (folder, prefix) = (self.folder.clone(), self.prefix());
        let old = self.clock.now() - KEPT;
        // Names sort by age.
        let old = old.strftime(STAMP).to_string();
        let bound = newest.strip_prefix(&prefix).unwrap_or_default().to_owned().min(old);
        let cleared = tokio::task::spawn_blocking(move || {
            let mut stuck = Ok(());
            for file in std::fs::read_dir(&folder)?.flatten() {
                let path = file.path();
                let ends = path.extension().is_some_and(|end| end == "csv" || end == "ack" || end == "part");
                let name = path.file_stem().and_then(|name| name.to_str());
                let laid = name.and_then(|name| name.strip_prefix(&prefix)).filter(|rest| is_stamped(rest));
                if ends
                    && laid.is_some_and(|laid| laid < bound.as_str())
                    && let Err(error) = std::fs::remove_file(&path)
                    && error.kind() != std::io::ErrorKind::NotFound
                {
                    stuck = Err(error);
                }
            }
            stuck
        });
        if let Ok(Err(error)) = cleared.await {
            tracing::warn!(site = %self.site, %error, "old lists cannot be taken away");
        }
    }
}

/// The problems that an acknowledgement tells of; `None`: there is none yet.
async fn read(ack: &Path) -> Option<Vec<serde_json::Value>> {
    let ack = ack.to_owned();
    let text = tokio::task::spawn_blocking(move || std::fs::read_to_string(ack)).await.ok()?.ok()?;
    // Half an acknowledgement is none.
    let said: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(said["problems"].as_array().cloned().unwrap_or_default())
}

/// Whether a moment stands there: another site's name may begin as ours does.
fn is_stamped(rest: &str) -> bool {
    rest.split_once('T')
        .is_some_and(|(day, _)| day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()))
}

fn refusal<T: std::fmt::Display>(problems: &[T]) -> Outcome {
    let first = problems.first().map_or_else(String::new, ToString::to_string);
    Outcome::Refused {
        code: "list".into(),
        text: format!("{} lines of the list cannot be read, the first: {first}", problems.len()),
        fix: "compare the person and the areas with what the badge system reads".into(),
    }
}

#[async_trait]
impl DoorFeed for DropFeed {
    fn site(&self) -> &SiteId {
        &self.site
    }

    fn recall(&self, known: Vec<(String, DoorRights)>) {
        self.wanted().all.get_or_insert_with(|| known.into_iter().collect());
    }

    async fn tell(&self, message: &DoorMessage) -> Outcome {
        let Some(number) = self.note(message) else {
            return Outcome::NotDone { reason: "what everybody may enter is not known yet".into() };
        };
        let end = self.clock.now() + PATIENCE;
        let outcome = loop {
            if let Some(outcome) = self.step(message, number, end).await {
                break outcome;
            }
            if self.clock.now() >= end {
                let seconds = PATIENCE.as_secs();
                let reason = format!("no list with it has been acknowledged in {seconds} seconds");
                break Outcome::Unknown { reason };
            }
            self.clock.sleep(LOOK).await;
        };
        if !outcome.is_success() {
            self.take_back(message);
        }
        outcome
    }

    async fn probe(&self) -> Vec<Check> {
        let folder = self.folder.clone();
        let found =
            tokio::task::spawn_blocking(move || std::fs::metadata(&folder).map(|data| data.is_dir())).await;
        let ok = matches!(found, Ok(Ok(true)));
        let unread: Vec<String> = self
            .wanted()
            .unread
            .iter()
            .map(|((holder, area), why)| format!("{holder}, {area}: {why}"))
            .collect();
        let mut checks = vec![Check {
            name: format!("doors.{}", self.site),
            ok,
            warning: false,
            detail: format!("lists are laid into {}", self.folder.display()),
            fix: (!ok).then(|| "make the folder, and let the server write into it".into()),
        }];
        if !unread.is_empty() {
            checks.push(Check {
                name: format!("doors.{}.lines", self.site),
                ok: false,
                warning: true,
                detail: format!(
                    "lines that the badge system cannot read are left out: {}",
                    unread.join("; ")
                ),
                fix: Some("compare the people and the areas with what the badge system reads".into()),
            });
        }
        checks
    }
}

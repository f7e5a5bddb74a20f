//! A badge system per site that remembers all it was told, outlives the process, and sometimes leaves it without an answer.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard_engine::ports::{Check, DoorFeed, DoorMessage};
use lanyard_model::{door::DoorRights, id::SiteId, plan::Outcome};
use lanyard_sim::world::Dice;

use crate::{clock::VirtualTime, life::Life};

/// What the policy says beyond the demonstration's.
pub const RULES: &str = "\n[doors]\nholder = \"employeeNumber\"\n\n[[flow]]\nid = \"doors\"\n\
                         sentence = \"Everybody may enter the building of their seat.\"\n\
                         then = [{ door = \"building of their seat\" }]\n";

/// Messages in a thousand that are lost, and as many whose answer is.
const LOST: u32 = 80;

/// One message that arrived.
#[derive(Debug, Clone)]
pub struct Told {
    pub at: Timestamp,
    pub site: SiteId,
    pub holder: String,
    pub rights: DoorRights,
}

/// All badge systems of a history.
pub struct Badges {
    told: Mutex<Vec<Told>>,
    dice: Mutex<Dice>,
    trouble: AtomicBool,
}

impl Badges {
    pub fn new(seed: u64, trouble: bool) -> Arc<Self> {
        let dice = Mutex::new(Dice::new(seed, "badges"));
        Arc::new(Self { told: Mutex::default(), dice, trouble: AtomicBool::new(trouble) })
    }

    /// From now on everything is answered.
    pub fn calm_down(&self) {
        self.trouble.store(false, Ordering::SeqCst);
    }

    pub fn told(&self) -> Vec<Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a message arrives, and whether its answer does.
    fn fate(&self) -> (bool, bool) {
        if !self.trouble.load(Ordering::SeqCst) {
            return (true, true);
        }
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        (!dice.chance(LOST), !dice.chance(LOST))
    }
}

/// The feed of one site, in one life of the process.
pub struct BadgeFeed {
    pub site: SiteId,
    pub badges: Arc<Badges>,
    pub life: Arc<Life>,
    pub time: VirtualTime,
}

#[async_trait]
impl DoorFeed for BadgeFeed {
    fn site(&self) -> &SiteId {
        &self.site
    }

    fn recall(&self, _: Vec<(String, DoorRights)>) {}

    async fn tell(&self, message: &DoorMessage) -> Outcome {
        self.life.point().await;
        let (arrives, answered) = self.badges.fate();
        if arrives {
            self.badges.told.lock().unwrap_or_else(PoisonError::into_inner).push(Told {
                at: self.time.now(),
                site: self.site.clone(),
                holder: message.holder.clone(),
                rights: message.rights.clone(),
            });
        }
        self.life.point().await;
        match arrives && answered {
            true => Outcome::Done { account: None, made: None },
            false => Outcome::Unknown { reason: "the badge system gave no answer".into() },
        }
    }

    async fn probe(&self) -> Vec<Check> {
        Vec::new()
    }
}

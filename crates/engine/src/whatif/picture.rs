//! Everybody as the mirrors show them, kept for a while: whoever edits a policy asks again and again, and mostly little was
//! written about anybody in between. What was is noted, so that only that is read again.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use lanyard_model::id::{AccountKey, IdentityId, SiteId};

use super::{WhatIfError, outlook::Outlook, population::Population};
use crate::{
    Engine,
    engine::Active,
    ports::{DELEGATIONS, Write},
};

/// An answer says of when it is; one that is older than this would not be what somebody asked for.
const TRUE_FOR: SignedDuration = SignedDuration::from_mins(2);
/// Its memory is given back when nobody has asked for so long.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Where more was written, everybody is read: that takes no longer then.
const TOUCHED_MAX: usize = 10_000;

/// Everybody at one moment, and what the policy in force makes of them.
#[derive(Clone)]
pub(crate) struct Picture {
    in_force: Arc<Active>,
    pub(crate) population: Arc<Population>,
    today: Option<Today>,
}

/// What the policy in force makes of everybody in a picture.
#[derive(Clone)]
pub(super) struct Today {
    pub(super) lapsed: BTreeSet<String>,
    pub(super) outlook: Arc<Outlook>,
}

impl Picture {
    /// What the policy in force makes of them, if that was asked before under the same conditions.
    pub(super) fn today(&self, lapsed: &BTreeSet<String>) -> Option<Arc<Outlook>> {
        let same = |today: &&Today| today.lapsed == *lapsed;
        self.today.as_ref().filter(same).map(|today| Arc::clone(&today.outlook))
    }
}

/// Of what something was written.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pub(super) people: BTreeSet<IdentityId>,
    pub(super) accounts: BTreeSet<AccountKey>,
    /// What is remembered of somebody in a site.
    pub(super) memories: BTreeSet<(IdentityId, SiteId)>,
    /// Whose account is whose.
    pub(super) links: BTreeSet<(IdentityId, SiteId)>,
    /// Groups, stand-ins, or what was asked and answered: read anew each time.
    others: bool,
    /// More than can be followed.
    pub(super) all: bool,
}

impl Touched {
    fn note(&mut self, write: &Write) {
        match write {
            Write::Identity { identity, .. } => _ = self.people.insert(identity.id.clone()),
            Write::IdentityGone { identity, .. } => _ = self.people.insert(identity.clone()),
            Write::Account { account, .. } => _ = self.accounts.insert(account.key.clone()),
            Write::AccountGone { account, .. } => _ = self.accounts.insert(account.clone()),
            Write::Link(link) => {
                self.links.insert((link.identity.clone(), link.account.site.clone()));
            }
            Write::Unlink { identity, site, .. } => {
                self.links.insert((identity.clone(), site.clone()));
            }
            Write::Applied { identity, site, .. }
            | Write::Doors { identity, site, .. }
            | Write::Visit { identity, site, .. } => {
                self.memories.insert((identity.clone(), site.clone()));
            }
            Write::Groups { .. } | Write::Clearance(_) | Write::Cleared { .. } => self.others = true,
            // Who stands in for whom.
            Write::Document(document) if document.collection == DELEGATIONS => self.others = true,
            Write::DocumentGone { collection, .. } if collection == DELEGATIONS => self.others = true,
            Write::Erase { .. } => self.all = true,
            _ => {}
        }
    }

    fn add(&mut self, more: &Self) {
        self.people.extend(more.people.iter().cloned());
        self.accounts.extend(more.accounts.iter().cloned());
        self.memories.extend(more.memories.iter().cloned());
        self.links.extend(more.links.iter().cloned());
        self.others |= more.others;
        self.all |= more.all;
        let count = self.people.len() + self.accounts.len() + self.memories.len() + self.links.len();
        if self.all || count > TOUCHED_MAX {
            *self = Self { all: true, ..Self::default() };
        }
    }

    fn is_empty(&self) -> bool {
        let Self { people, accounts, memories, links, others, all } = self;
        people.is_empty() && accounts.is_empty() && memories.is_empty() && links.is_empty() && !others && !all
    }
}

/// Whether a what-if may rest on it.
fn is_about_people(write: &Write) -> bool {
    let mut touched = Touched::default();
    touched.note(write);
    !touched.is_empty()
}

#[derive(Default)]
struct State {
    last: Option<Picture>,
    /// When somebody asked for it last.
    asked_at: Timestamp,
    /// Since the last picture began to be read; nothing is noted while nobody looks at one.
    touched: Touched,
    watched: bool,
    /// Which reading of everybody is noted for.
    reading: u64,
}

impl State {
    /// Also of one that is being read.
    fn forget(&mut self) {
        *self = Self { reading: self.reading + 1, ..Self::default() };
    }
}

/// The last picture, and what was written since.
#[derive(Default)]
pub(crate) struct Pictures {
    state: Mutex<State>,
    /// One reads everybody, and the others wait for what it has read.
    turn: tokio::sync::Mutex<()>,
}

/// What a batch writes about, while it is being written.
pub(crate) struct Noted<'p> {
    pictures: &'p Pictures,
    touched: Touched,
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        let mut state = self.pictures.state();
        if state.watched {
            state.touched.add(&self.touched);
        }
    }
}

impl Pictures {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is about to be written. Whatever reads meanwhile may see it or not: it is noted once more when it was, or when
    /// nobody waits for it any more.
    pub(crate) fn note(&self, batch: &[Write], now: Timestamp) -> Noted<'_> {
        let mut state = self.state();
        if state.watched && now.duration_since(state.asked_at) > KEPT_FOR {
            state.forget();
        }
        if !state.watched {
            // Who begins to read before it is written reads everybody once more: rare, and cheaper than to note everything.
            let touched = Touched { all: batch.iter().any(is_about_people), ..Touched::default() };
            return Noted { pictures: self, touched };
        }
        let mut touched = Touched::default();
        batch.iter().for_each(|write| touched.note(write));
        state.touched.add(&touched);
        Noted { pictures: self, touched }
    }

    /// Lets go of the memory that it takes.
    pub(crate) fn forget(&self) {
        self.state().forget();
    }

    /// Whoever asks takes the last picture, what was written since, and the number of the reading; what is written from now
    /// on is noted for the next one.
    fn begin(&self, now: Timestamp) -> (Option<Picture>, Touched, u64) {
        let mut state = self.state();
        (state.watched, state.asked_at) = (true, now);
        state.reading += 1;
        (state.last.take(), std::mem::take(&mut state.touched), state.reading)
    }

    fn keep(&self, reading: u64, picture: Picture) {
        let mut state = self.state();
        if state.reading == reading {
            state.last = Some(picture);
        }
    }

    /// What the policy in force makes of the people of a picture, for whoever asks next.
    pub(super) fn keep_today(&self, of: &Arc<Population>, today: Today) {
        let mut state = self.state();
        if let Some(last) = state.last.as_mut().filter(|last| Arc::ptr_eq(&last.population, of)) {
            last.today = Some(today);
        }
    }
}

impl Engine {
    /// Gives back the memory that is kept for the next what-if: it reads everybody then.
    pub fn forget_everybody(&self) {
        self.pictures.forget();
    }

    /// Everybody as the mirrors show them now: nothing written before this is asked is missing, and what it says is no
    /// older than two minutes.
    pub(crate) async fn picture(&self, in_force: &Arc<Active>) -> Result<Picture, WhatIfError> {
        let _turn = self.pictures.turn.lock().await;
        let now = self.clock.now();
        let (last, touched, reading) = self.pictures.begin(now);
        let same = |last: &Picture| {
            let withheld = self.withheld.read().unwrap_or_else(PoisonError::into_inner);
            Arc::ptr_eq(&last.in_force, in_force) && last.population.withheld == *withheld
        };
        let last = last.filter(same);
        let is_true = |last: &Picture| {
            let age = now.duration_since(last.population.now);
            let stands = |(site, (catalogue, _)): (&SiteId, &(Arc<_>, _))| {
                self.sites().get(site).is_some_and(|state| Arc::ptr_eq(&state.catalogue(), catalogue))
            };
            touched.is_empty()
                && (SignedDuration::ZERO..TRUE_FOR).contains(&age)
                && last.population.desks.iter().all(stands)
        };
        let picture = match last {
            Some(last) if is_true(&last) => last,
            last => {
                let renewed = match last {
                    // Nobody else has it, mostly: it is changed in place.
                    Some(last) => self.up_to_date(Arc::unwrap_or_clone(last.population), &touched).await?,
                    None => None,
                };
                let population = match renewed {
                    Some(renewed) => renewed,
                    None => self.population(in_force).await?,
                };
                let in_force = Arc::clone(in_force);
                Picture { in_force, population: Arc::new(population), today: None }
            }
        };
        self.pictures.keep(reading, picture.clone());
        Ok(picture)
    }
}

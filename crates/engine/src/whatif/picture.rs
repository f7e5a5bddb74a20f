//! Everybody as the mirrors show them, kept for a while: whoever edits a policy asks again and again, and mostly nothing was
//! written about anybody in between.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};

use super::{Population, outlook::Outlook};
use crate::{engine::Active, ports::Write, reviews::WithheldRights};

/// An answer says of when it is; one that is older than this would not be what somebody asked for.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(2);

/// Everybody at one moment, and what the policy in force makes of them.
#[derive(Clone)]
pub(super) struct Picture {
    pub(super) in_force: Arc<Active>,
    pub(super) population: Arc<Population>,
    pub(super) lapsed: BTreeSet<String>,
    pub(super) today: Arc<Outlook>,
    /// Which writes about people it has seen.
    pub(super) written: u64,
}

impl Picture {
    fn is_fresh(&self, now: Timestamp) -> bool {
        (SignedDuration::ZERO..KEPT_FOR).contains(&now.duration_since(self.population.now))
    }
}

/// The last picture, as long as it is true.
#[derive(Default)]
pub(crate) struct Pictures {
    last: Mutex<Option<Picture>>,
    written: AtomicU64,
}

impl Pictures {
    /// Something is about to be written about people, or was: to be told of both, since whatever reads meanwhile may see it
    /// or not.
    pub(crate) fn moved(&self) {
        self.written.fetch_add(1, Ordering::SeqCst);
        self.forget();
    }

    /// Lets go of the memory that it takes.
    pub(crate) fn forget(&self) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Lets go of one that is too old to be used.
    pub(crate) fn let_go(&self, now: Timestamp) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.take_if(|one| !one.is_fresh(now));
    }

    /// To be asked before the mirrors are read.
    pub(super) fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }

    pub(super) fn keep(&self, picture: Picture) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // What was written meanwhile may or may not be in it.
        *last = (picture.written == self.written()).then_some(picture);
    }

    /// The last one, if it still shows everybody as they are.
    pub(super) fn last(
        &self,
        in_force: &Arc<Active>,
        withheld: &WithheldRights,
        now: Timestamp,
    ) -> Option<Picture> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = |one: &Picture| {
            Arc::ptr_eq(&one.in_force, in_force)
                && one.population.withheld == *withheld
                && one.is_fresh(now)
                && one.written == self.written()
        };
        if !last.as_ref().is_some_and(holds) {
            last.take();
        }
        last.clone()
    }
}

/// Whether a what-if may rest on it.
pub(crate) fn is_about_people(write: &Write) -> bool {
    matches!(
        write,
        Write::Identity { .. }
            | Write::IdentityGone { .. }
            | Write::Groups { .. }
            | Write::Account { .. }
            | Write::AccountGone { .. }
            | Write::Link(_)
            | Write::Unlink { .. }
            | Write::Applied { .. }
            | Write::Doors { .. }
            | Write::Visit { .. }
            | Write::Clearance(_)
            | Write::Cleared { .. }
            | Write::Erase { .. }
    )
}

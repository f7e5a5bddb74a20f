//! Claims identities that deserve a look and gives each to its own task, leavers first.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use lanyard_model::signal::Lane;
use slots::Slots;

use crate::{Engine, ports::WorkItem};

/// How many looks are under way.
mod slots {
    use super::{Arc, AtomicUsize, Ordering};

    #[derive(Clone, Default)]
    pub(super) struct Slots(Arc<AtomicUsize>);

    pub(super) struct Taken(Arc<AtomicUsize>);

    impl Slots {
        pub(super) fn used(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }

        pub(super) fn take(&self) -> Taken {
            self.0.fetch_add(1, Ordering::SeqCst);
            Taken(Arc::clone(&self.0))
        }
    }

    impl Drop for Taken {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Engine {
    /// Works until `stop` resolves. Looks under way are then finished by their own tasks, or repeated after a
    /// restart.
    pub async fn work(self: &Arc<Self>, stop: impl Future<Output = ()>) {
        let slots = Slots::default();
        tokio::pin!(stop);
        loop {
            let asked_at = self.clock.now();
            let started = self.claim_and_start(&slots).await;
            let pause = async {
                if started {
                    return;
                }
                // What was due when we asked and was not given waits for a free place, which the wake-up tells of.
                // What became due since then is asked for at once: nobody else would wake us for it.
                let fallback = self.clock.now() + std::time::Duration::from_secs(60);
                let due = match self.store.next_due().await {
                    Ok(Some(due)) if due > asked_at => due.min(fallback),
                    _ => fallback,
                };
                tokio::select! {
                    biased;
                    () = self.wake.notified() => {}
                    () = self.clock.sleep_until(due) => {}
                }
            };
            tokio::select! {
                biased;
                () = &mut stop => return,
                () = pause => {}
            }
        }
    }

    /// Works off everything that is due by `clock.now()` and whatever becomes due before `until`; answers when
    /// nothing is due or under way any more.
    pub async fn work_until_quiet(self: &Arc<Self>) {
        let slots = Slots::default();
        loop {
            let started = self.claim_and_start(&slots).await;
            if !started && slots.used() == 0 {
                return;
            }
            if !started {
                self.wake.notified().await;
            }
        }
    }

    async fn claim_and_start(self: &Arc<Self>, slots: &Slots) -> bool {
        if self.is_stopped() {
            return false;
        }
        let free = self.settings.looks_max.saturating_sub(slots.used());
        if free == 0 {
            return false;
        }
        let reserve = self.settings.looks_max / 4;
        let spare = free.saturating_sub(reserve);
        // One claim for several looks: with a backlog, every look that ends would make one of its own.
        let worth = (self.settings.looks_max / 8).max(1);
        let (slowest, room) = if spare >= worth { (Lane::Bulk, spare) } else { (Lane::Leaver, free) };
        let now = self.clock.now();
        let until = now + self.settings.lease;
        let claimed = {
            let _busy = self.clock.busy();
            self.store.claim(&self.settings.owner, now, until, slowest, room).await
        };
        match claimed {
            Ok(items) if items.is_empty() => false,
            Ok(items) => {
                for item in items {
                    let taken = slots.take();
                    let engine = Arc::clone(self);
                    let busy = self.clock.busy();
                    tokio::spawn(async move {
                        engine.run_look(item, busy).await;
                        drop(taken);
                        engine.wake.notify_one();
                    });
                }
                true
            }
            Err(failure) => {
                tracing::error!(%failure, "work could not be claimed");
                self.clock.sleep(std::time::Duration::from_secs(1)).await;
                // Asked again at once, not when the next signal happens to come.
                self.wake.notify_one();
                false
            }
        }
    }

    async fn run_look(self: &Arc<Self>, item: WorkItem, busy: crate::clock::BusyGuard) {
        // The guard only covers the hand-over: a look that waits for a budget must not hold a skipping clock back.
        drop(busy);
        self.look(item).await;
    }
}

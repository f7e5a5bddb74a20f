//! Makes a failing history short: whatever can be left out while the same invariant is still broken is left out.

use std::collections::BTreeSet;

use crate::{
    history::History,
    run::{Options, run_plan},
    script::{Plan, Script, Without},
};

/// Histories lived for one shrinking at most.
const TRIES_MAX: u32 = 200;

/// The shortest history found that breaks one of the invariants that `history` broke.
pub fn shrink(history: &History) -> History {
    let broken: BTreeSet<&str> = history.violations.iter().map(|violation| violation.invariant).collect();
    let whole = match history.plan.without.is_nothing() {
        true => history.plan.clone(),
        // What is left out is counted from the seed's own plan.
        false => Plan { preset: history.plan.preset, ..Plan::drawn(history.seed, history.plan.profile) },
    };
    if broken.is_empty() {
        return run_plan(history.plan.clone(), Options::default());
    }
    let mut best = history.plan.without.clone();
    let mut tries = 0;
    let fails = |without: &Without, tries: &mut u32| {
        *tries += 1;
        let lived =
            std::panic::catch_unwind(|| run_plan(whole.clone().leaving_out(without), Options::default()));
        lived.is_ok_and(|lived| lived.violations.iter().any(|violation| broken.contains(violation.invariant)))
    };
    let attempt = |change: &dyn Fn(&mut Without), best: &mut Without, tries: &mut u32| -> bool {
        let mut without = best.clone();
        change(&mut without);
        if *tries >= TRIES_MAX || without == *best || !fails(&without, tries) {
            return false;
        }
        *best = without;
        true
    };
    attempt(&|without| without.kills = true, &mut best, &mut tries);
    attempt(&|without| without.hooks = true, &mut best, &mut tries);
    attempt(&|without| without.guards = true, &mut best, &mut tries);
    let stories: Vec<u32> = stories_of(&whole);
    leave_out(&stories, &mut |some| attempt(&|without| without.stories.extend(some), &mut best, &mut tries));
    let faults: Vec<usize> = (0..whole.faults.len()).collect();
    leave_out(&faults, &mut |some| attempt(&|without| without.faults.extend(some), &mut best, &mut tries));
    let fronts: Vec<usize> = (0..whole.fronts.len()).collect();
    leave_out(&fronts, &mut |some| attempt(&|without| without.fronts.extend(some), &mut best, &mut tries));
    run_plan(whole.leaving_out(&best), Options::default())
}

fn stories_of(plan: &Plan) -> Vec<u32> {
    let company = lanyard_sim::world::Company::generate(&plan.world);
    let script = Script::of(&plan.clone().leaving_out(&Without::default()), &company);
    let numbers: BTreeSet<u32> = script.steps.iter().filter_map(|step| step.story).collect();
    numbers.into_iter().collect()
}

/// Halves first, then smaller parts, then one by one.
fn leave_out<T: Copy>(all: &[T], try_without: &mut dyn FnMut(&[T]) -> bool) {
    let mut rest: Vec<T> = all.to_vec();
    let mut part = rest.len().div_ceil(2).max(1);
    loop {
        let mut kept = Vec::new();
        for chunk in rest.chunks(part) {
            if !try_without(chunk) {
                kept.extend_from_slice(chunk);
            }
        }
        rest = kept;
        if part == 1 || rest.is_empty() {
            return;
        }
        part = part.div_ceil(2);
    }
}

#[cfg(test)]
mod tests {
    use super::leave_out;

    #[test]
    fn what_is_needed_stays() {
        let needed = [3, 11];
        let mut gone: Vec<u32> = Vec::new();
        leave_out(&(0..16).collect::<Vec<u32>>(), &mut |some| {
            let fine = some.iter().all(|one| !needed.contains(one));
            if fine {
                gone.extend(some);
            }
            fine
        });
        gone.sort_unstable();
        assert_eq!(gone, (0..16).filter(|one| !needed.contains(one)).collect::<Vec<u32>>());
    }
}

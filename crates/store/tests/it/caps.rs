//! No sliding window ever holds more units than the cap, and nobody is refused without need.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use jiff::Timestamp;
use lanyard_engine::ports::{Charge, Intent, Store, StoreFailure, Write};
use lanyard_model::{
    id::{IdentityId, PlanId},
    plan::Operation,
};
use lanyard_store::SqliteStore;
use proptest::prelude::*;

const WINDOW: i64 = 100;
const MAX: u64 = 3;

fn charge(number: usize, unit: u8, second: i64) -> Write {
    Write::Intent(Box::new(Intent {
        id: format!("i{number}"),
        plan: PlanId::new("pln_1"),
        step: 0,
        identity: IdentityId::new("t".into(), format!("u{unit}")),
        site: "pier".into(),
        account: None,
        operation: Operation::Deactivate,
        at: Timestamp::from_second(second).unwrap(),
        charge: Some(Charge {
            scope: "pier".into(),
            unit: format!("u{unit}"),
            window_seconds: WINDOW.unsigned_abs(),
            max: MAX,
            pass: None,
        }),
        run_charge: None,
        inverse: None,
    }))
}

/// Units charged in the window that ends at `second`.
fn within(charged: &[(i64, u8)], second: i64) -> BTreeSet<u8> {
    charged
        .iter()
        .filter(|(at, _)| (second - WINDOW + 1..=second).contains(at))
        .map(|(_, unit)| *unit)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_cap_holds_in_every_sliding_window(tries in proptest::collection::vec((0..6_u8, 0..60_i64), 1..40)) {
        let store = SqliteStore::in_memory().unwrap();
        let (mut now, mut charged) = (10_000, Vec::new());
        for (number, (unit, pause)) in tries.into_iter().enumerate() {
            now += pause;
            let answer = store.write(vec![charge(number, unit, now)]).now_or_never().unwrap();
            let others = within(&charged, now);
            match answer {
                Ok(_) => charged.push((now, unit)),
                Err(StoreFailure::CapReached { used, .. }) => {
                    prop_assert!(!others.contains(&unit) && others.len() as u64 == MAX && used == MAX);
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
        for (second, _) in &charged {
            prop_assert!(within(&charged, *second).len() as u64 <= MAX);
        }
    }
}

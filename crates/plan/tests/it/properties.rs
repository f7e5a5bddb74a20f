//! For any wish and any account: equal inputs give equal plans, and a plan that was carried out leaves nothing to do.

use lanyard_model::{
    account::{Account, Role, Seat},
    desired::{Applied, Desired, Ending, Lifecycle, Loses, SeatWish},
    door::{DoorRights, DoorSpan},
    id::{CenterId, FloorId, IdentityId, ItemId, RoomId, SectionId},
    plan::{Gate, Operation, Outcome, Plan, Step},
};
use lanyard_plan::{
    Removal, lines,
    seating::Seating,
    undo::{Done, Today, plan_undo},
};
use proptest::prelude::*;

use crate::world::{Known, account, at, booking, catalogue, desired, employee, field, now, want};

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Customer), Just(Role::Manager), Just(Role::Operator), Just(Role::Administrator)]
}

fn roles() -> impl Strategy<Value = Vec<(CenterId, Role)>> {
    proptest::collection::vec(((51i64..54).prop_map(CenterId), role()), 0..3)
}

fn items() -> impl Strategy<Value = Vec<ItemId>> {
    proptest::collection::vec((900i64..903).prop_map(ItemId), 0..3)
}

fn seat() -> impl Strategy<Value = Option<SeatWish>> {
    let desk =
        |floor| SeatWish::Desk { floors: vec![FloorId(floor)], kinds: vec![], rooms: vec![], near: None };
    prop_oneof![
        Just(None),
        (2i64..4).prop_map(move |floor| Some(desk(floor))),
        (1i64..3).prop_map(|n| Some(SeatWish::Section { section: SectionId(n) })),
        Just(Some(SeatWish::Remote)),
    ]
}

fn lifecycle() -> impl Strategy<Value = Lifecycle> {
    let flag = any::<bool>;
    prop_oneof![
        3 => Just(Lifecycle::Active),
        1 => (flag(), flag(), flag(), flag(), flag()).prop_map(|(roles, items, seat, bookings, account)| {
            Lifecycle::Paused { loses: Loses { roles, doors: roles, items, seat, bookings, account } }
        }),
        1 => Just(Lifecycle::Ended { since: None, how: Ending::Deactivated }),
        1 => Just(Lifecycle::Ended { since: None, how: Ending::LeftScope }),
        1 => Just(Lifecycle::Aside { why: "unclear".into() }),
    ]
}

/// Up to two areas, open always or until a day.
fn doors() -> impl Strategy<Value = DoorRights> {
    let span = proptest::option::of(1i64..3).prop_map(|days| DoorSpan {
        from: None,
        until: days.map(|days| now() + jiff::SignedDuration::from_hours(24 * days)),
    });
    proptest::collection::btree_map(prop_oneof![Just("Pier".to_owned()), Just("Lab".to_owned())], span, 0..3)
}

fn wish() -> impl Strategy<Value = Desired> {
    (lifecycle(), roles(), items(), seat(), "[A-C]?", any::<bool>(), doors()).prop_map(
        |(lifecycle, roles, items, seat, title, owns, doors)| {
            let mut wish = if lifecycle == Lifecycle::Active { employee() } else { desired(lifecycle) };
            wish.roles = roles.into_iter().map(|(center, role)| (center, want(role))).collect();
            wish.items = items.into_iter().map(|item| (item, want(()))).collect();
            wish.seat = seat.map(want);
            wish.doors = doors.into_iter().map(|(area, span)| (area, want(span))).collect();
            wish.door_holder = Some("417".into());
            wish.fields.insert(field("jobTitle"), want(title));
            if owns {
                std::sync::Arc::make_mut(&mut wish.owned).centers.extend([CenterId(51), CenterId(52)]);
                std::sync::Arc::make_mut(&mut wish.owned).items.insert(ItemId(900));
            }
            wish
        },
    )
}

fn seen() -> impl Strategy<Value = Option<Account>> {
    let sits = proptest::option::of(prop_oneof![Just(11i64), Just(12), Just(21)]);
    let some = (roles(), items(), sits, proptest::option::of(1i64..3), any::<bool>(), "[A-C]?").prop_map(
        |(roles, items, seat, section, active, title)| {
            let mut account = account();
            account.roles = Some(roles.into_iter().collect());
            account.items = Some(items.into_iter().collect());
            account.seat = seat.map(|room| Seat { room: RoomId(room), floor: None });
            account.section = section.map(SectionId);
            account.seat_class = section.map(|_| "hybrid".into());
            account.active = Some(active);
            if !title.is_empty() {
                account.fields.insert(field("jobTitle"), title);
            }
            Some(account)
        },
    );
    prop_oneof![1 => Just(None), 4 => some]
}

fn known() -> impl Strategy<Value = Known> {
    (seen(), roles(), roles(), items(), any::<[bool; 4]>(), 0u8..5, doors()).prop_map(
        |(account, given, aside, items, [seat, section, title, booked], gate, doors)| {
            let mut applied = Applied {
                roles: given.into_iter().collect(),
                set_aside: aside.into_iter().collect(),
                items: items.into_iter().collect(),
                door_holder: (!doors.is_empty()).then(|| "417".to_owned()),
                doors,
                ..Applied::default()
            };
            if let Some(account) = &account {
                applied.seat = account.seat.map(|seat| seat.room).filter(|_| seat);
                applied.section = account.section.filter(|_| section);
            }
            if title {
                applied.fields.insert(field("jobTitle"), "A".into());
            }
            let mut removal = Removal::default();
            match gate {
                0 => removal.protected = Some("legal hold".into()),
                1 => removal.doubt = Some("half a list".into()),
                2 => removal.settle_until = Some(at("2026-05-04T09:00:00Z")),
                _ => {}
            }
            let bookings = if booked && account.is_some() { vec![booking(70)] } else { Vec::new() };
            Known { account, bookings, applied, removal }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equal_inputs_give_equal_plans(wish in wish(), known in known()) {
        prop_assert_eq!(known.plan(&wish), known.plan(&wish));
    }

    #[test]
    fn a_plan_that_was_carried_out_leaves_nothing_open(wish in wish(), known in known()) {
        let plan = known.plan(&wish);
        let then = known.after(&plan);
        let again = then.plan(&wish);
        let open: Vec<_> = again.open_steps().map(|(_, step)| &step.op).collect();
        prop_assert!(open.is_empty(), "first {:#?}\nthen {:#?}", plan.steps, open);
    }

    /// Whatever was done, taken back: everything is as it was, but for what is named as lost.
    #[test]
    fn what_was_carried_out_and_taken_back_is_as_it_was(wish in wish(), known in known()) {
        let catalogue = catalogue();
        let plan = known.plan(&wish);
        let then = known.after(&plan);
        let sent: Vec<_> = plan.open_steps().map(|(_, step)| {
            let booking = known.bookings.iter().find(|b| step.op == Operation::CancelBooking { booking: b.id });
            (step, lines::invert(step, known.account.as_ref(), booking, &catalogue))
        }).collect();
        let outcome = Outcome::Done { account: None, made: Some(1) };
        let done: Vec<_> = sent.iter().map(|(step, inverse)| {
            Done { operation: &step.op, outcome: &outcome, inverse: Some(inverse), at: now() }
        }).collect();
        let mut seating = Seating::new(&catalogue);
        if let Some(account) = &then.account {
            seating.sit(account.id(), account.seat.map(|seat| seat.room));
        }
        let identity = IdentityId::new("acme".into(), "00u1");
        let removal = Removal::default();
        let undo = plan_undo(&done, &Today {
            identity: &identity,
            account: then.account.as_ref(),
            doors: (&then.applied.doors, then.applied.door_holder.as_deref()),
            bookings: Some(&then.bookings),
            catalogue: &catalogue,
            seating: &seating,
            removal: &removal,
            now: now(),
            because: "test",
        });
        prop_assert_eq!(&undo.moved, &Vec::new(), "nobody changed anything since");
        let back = then.after(&Plan { steps: undo.steps.clone(), ..plan.clone() });
        prop_assert_eq!(&known.applied.doors, &back.applied.doors);
        match (&known.account, &back.account) {
            (None, None) => {}
            (None, Some(made)) => prop_assert!(!made.is_live(), "{:?}", undo),
            (Some(_), None) => prop_assert!(false, "an account was lost"),
            (Some(was), Some(is)) => {
                prop_assert_eq!(was.active, is.active);
                prop_assert_eq!(&was.roles, &is.roles);
                prop_assert_eq!(&was.items, &is.items);
                prop_assert_eq!(was.seat.map(|s| s.room), is.seat.map(|s| s.room));
                prop_assert_eq!(was.section, is.section);
                prop_assert!(was.seat_class == is.seat_class || was.seat_class.is_none(), "{:?}", undo);
                for (name, value) in &is.fields {
                    let emptied = vec![format!("field:{name}-")];
                    let lost = undo.lost.iter().any(|one| one.lines == emptied);
                    prop_assert!(was.fields.get(name) == Some(value) || lost, "{name}: {:?}", undo);
                }
                prop_assert!(was.fields.iter().all(|(name, value)| is.fields.get(name) == Some(value)));
            }
        }
        let rebooked = undo.steps.iter().filter(|step| step.op.name() == "book").count();
        let cancelled = sent.iter().filter(|(step, _)| step.op.name() == "cancel_booking").count();
        prop_assert_eq!(rebooked, cancelled);
        // Taken back once, there is nothing left to take back.
        let mut seating = Seating::new(&catalogue);
        if let Some(account) = &back.account {
            seating.sit(account.id(), account.seat.map(|seat| seat.room));
        }
        let again = plan_undo(&done, &Today {
            identity: &identity,
            account: back.account.as_ref(),
            doors: (&back.applied.doors, back.applied.door_holder.as_deref()),
            bookings: None,
            catalogue: &catalogue,
            seating: &seating,
            removal: &removal,
            now: now(),
            because: "test",
        });
        let again: Vec<_> = again.steps.iter().map(|step| step.op.name())
            .filter(|name| !name.contains("book")).collect();
        prop_assert_eq!(again, Vec::<&str>::new());
    }

    /// A step cut in two changes the same things as before, each in one of the parts.
    #[test]
    fn a_step_cut_in_two_is_still_all_of_it(wish in wish(), known in known(), chosen in any::<u64>()) {
        let catalogue = catalogue();
        let before = known.account.as_ref();
        for step in known.plan(&wish).steps {
            let all = lines::keys(&step.op, before);
            let apart = |key: &str| {
                let at = key.bytes().fold(0u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
                chosen >> (at % 64) & 1 == 1
            };
            let (rest, cut) = lines::split(step.clone(), before, &catalogue, &apart);
            let of = |part: &Option<Step>| part.as_ref().map(|s| lines::keys(&s.op, before)).unwrap_or_default();
            let (rest, cut) = (of(&rest), of(&cut));
            prop_assert!(rest.is_disjoint(&cut), "{rest:?} {cut:?}");
            let both: std::collections::BTreeSet<_> = rest.union(&cut).cloned().collect();
            prop_assert_eq!(&both, &all);
            let whole_create = all.contains("create") && apart("create");
            if !whole_create {
                prop_assert!(cut.iter().all(|key| apart(key)), "{cut:?}");
                prop_assert!(rest.iter().all(|key| !apart(key)), "{rest:?}");
            }
        }
    }

    #[test]
    fn nothing_is_taken_from_the_protected_or_on_a_doubtful_read(wish in wish(), mut known in known()) {
        if !known.removal.forbids() {
            known.removal.protected = Some("legal hold".into());
        }
        let plan = known.plan(&wish);
        prop_assert!(plan.steps.iter().all(|step| !step.destructive || step.gate != Gate::Open));
        let Some(before) = &known.account else { return Ok(()) };
        let after = known.after(&plan).account.unwrap();
        prop_assert!(after.is_live() || !before.is_live());
        prop_assert!(before.seat.is_none() || after.seat == before.seat);
        prop_assert!(before.section.is_none() || after.section == before.section);
        let (had, has) = (before.roles.as_ref().unwrap(), after.roles.as_ref().unwrap());
        prop_assert!(had.iter().all(|(center, role)| has.get(center).is_some_and(|now| now >= role)));
        prop_assert!(before.items.as_ref().unwrap().is_subset(after.items.as_ref().unwrap()));
    }
}

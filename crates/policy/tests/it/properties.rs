//! Deciding never fails and never wavers, whatever the profile says.

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    desired::{Applied, Because, Desired, Lifecycle},
    id::{AccountId, GroupId},
    identity::{AttributeValue, Groups, Status},
};
use lanyard_policy::{Facts, Policy, PolicyFiles};
use proptest::prelude::*;

use crate::world;

fn value() -> impl Strategy<Value = AttributeValue> {
    prop_oneof![
        "[ -~é]{0,12}".prop_map(|text| AttributeValue::Text(text.as_str().into())),
        prop::sample::select(vec![
            "Contractor",
            "hybrid",
            "remote",
            "PIER",
            "TANN",
            "Leave",
            "Terminated",
            "2026-05-06",
            "05/06/2026",
            "9999-12-31",
            "-001-01-01",
            "2026-02-30",
            "Asia/Tokyo",
            "Europe/Nowhere",
            "00u00000000000000042",
        ])
        .prop_map(|text| AttributeValue::Text(text.into())),
        any::<bool>().prop_map(AttributeValue::Bool),
        any::<f64>().prop_map(AttributeValue::Number),
        prop::collection::vec("[a-zA-Z]{0,6}", 0..3)
            .prop_map(|list| AttributeValue::List(list.iter().map(|text| text.as_str().into()).collect())),
    ]
}

fn status() -> impl Strategy<Value = Status> {
    prop::sample::select(vec![
        "STAGED",
        "PROVISIONED",
        "ACTIVE",
        "PASSWORD_EXPIRED",
        "RECOVERY",
        "LOCKED_OUT",
        "SUSPENDED",
        "DEPROVISIONED",
        "ELSE",
    ])
    .prop_map(Status::parse)
}

/// Changes the reasons of all that somebody gets.
fn each_reason(desired: &mut Desired, mut change: impl FnMut(&mut Vec<Because>)) {
    change(&mut desired.because);
    desired.fields.values_mut().for_each(|want| change(&mut want.because));
    desired.user_type.iter_mut().for_each(|want| change(&mut want.because));
    desired.cost_center.iter_mut().for_each(|want| change(&mut want.because));
    desired.seat.iter_mut().for_each(|want| change(&mut want.because));
    desired.place_note.iter_mut().for_each(|want| change(&mut want.because));
    desired.roles.values_mut().for_each(|want| change(&mut want.because));
    desired.items.values_mut().for_each(|want| change(&mut want.because));
    desired.bookings.iter_mut().for_each(|want| change(&mut want.because));
    desired.visits.iter_mut().for_each(|want| change(&mut want.because));
    desired.notices.iter_mut().for_each(|want| change(&mut want.because));
    desired.todos.iter_mut().for_each(|want| change(&mut want.because));
    desired.doors.values_mut().for_each(|want| change(&mut want.because));
}

/// The same answer, told nobody.
fn without_reasons(mut desired: Desired) -> Desired {
    each_reason(&mut desired, Vec::clear);
    desired.not_given.clear();
    desired.lesser.clear();
    desired
}

/// The same with reasons that have no text.
pub fn without_words(mut desired: Desired) -> Desired {
    each_reason(&mut desired, |reasons| reasons.iter_mut().for_each(|because| because.text.clear()));
    for not in &mut desired.not_given {
        not.because.text.clear();
        not.label.clear();
    }
    desired
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn evaluation_is_total_and_deterministic(
        status in status(),
        attributes in prop::collection::vec((0_usize..16, value()), 0..8),
        groups in prop::collection::vec(0_usize..4, 0..4),
        (complete, linked, transitioning, applied) in any::<(bool, bool, bool, bool)>(),
        (now, since) in (-10_i64..1_000_000, 0_i64..100_000),
        gone in any::<Option<bool>>(),
    ) {
        const NAMES: [&str; 16] = [
            "login", "email", "firstName", "lastName", "employeeNumber", "title", "department", "division", "userType",
            "officeLocation", "workMode", "startDate", "contractEndDate", "employeeStatus", "timezone", "managerId",
        ];
        let bound = world::bound(&world::demo());
        let mut person = world::person("northgate");
        person.status = status;
        person.transitioning = transitioning;
        for (name, value) in attributes {
            person.profile.set(NAMES[name], value);
        }
        let ids = [world::APP, world::ROOMS, world::VISITORS, world::EXECUTIVES].map(|id| GroupId::from(format!("{id}n").as_str()));
        person.groups = Groups::new(groups.into_iter().map(|at| ids[at].clone()), complete);
        let now = world::now() + SignedDuration::from_secs(now * 60);
        let applied = applied.then(Applied::default);
        let facts = Facts {
            account: None,
            applied: applied.as_ref(),
            gone: gone.filter(|gone| *gone).map(|_| now),
            since: now - SignedDuration::from_secs(since),
            manager_account: Some(AccountId(7)),
            delegate_account: None,
            linked,
            over: false,
        };
        let desired = bound.evaluate(&person, &facts, now);
        prop_assert_eq!(&desired, &bound.evaluate(&person, &facts, now));
        prop_assert_eq!(without_reasons(desired.clone()), bound.evaluate_mute(&person, &facts, now));
        let naming = without_words(bound.evaluate_naming(&person, &facts, now));
        prop_assert_eq!(without_words(desired.clone()), naming);
        if let Some(at) = desired.review_at {
            prop_assert!(at > now, "a review in the past: {at} at {now}");
        }
        if let Some(at) = desired.settle_until {
            prop_assert!(at > now && desired.review_at <= Some(at));
        }
        let wants = !desired.fields.is_empty() || !desired.roles.is_empty() || desired.seat.is_some() || !desired.bookings.is_empty();
        let may_want = matches!(desired.lifecycle, Lifecycle::Active | Lifecycle::Paused { .. });
        prop_assert!(!wants || may_want);
        // A missing group is no reason to end anything while the list is not whole.
        if !complete {
            let left = matches!(&desired.lifecycle, Lifecycle::Ended { how: lanyard_model::desired::Ending::LeftScope, .. });
            prop_assert!(!left);
        }
        let _ = bound.manager_reference(&person);
    }

    #[test]
    fn the_answer_holds_until_its_review(start in 0_i64..40, end in 0_i64..40, staged in any::<bool>(), steps in prop::collection::vec(1_i64..40, 1..6)) {
        let bound = world::bound(&world::demo());
        let mut person = world::person("northgate");
        let day = |days: i64| (world::now() + SignedDuration::from_hours(24 * days)).to_string()[..10].to_owned();
        for (name, text) in [("userType", "Contractor"), ("startDate", &day(start)), ("contractEndDate", &day(end))] {
            person.profile.set(name, AttributeValue::Text(text.into()));
        }
        if staged {
            person.status = Status::Staged;
        }
        let at = |now: Timestamp| bound.evaluate(&person, &Facts::unlinked(world::now() - SignedDuration::from_hours(9)), now);
        let first = at(world::now());
        for step in steps {
            let later = world::now() + SignedDuration::from_hours(step * 5);
            if first.review_at.is_none_or(|review| later < review) {
                let mut again = at(later);
                // The words "in n days" of a warning may change with the day; its key does not.
                for (notice, before) in again.notices.iter_mut().zip(&first.notices) {
                    prop_assert_eq!(&notice.value.key, &before.value.key);
                    notice.value.text.clone_from(&before.value.text);
                }
                prop_assert_eq!(&again, &first);
            }
        }
    }

    #[test]
    fn the_reader_never_panics(toml in "[a-z\\[\\]{}=\"', \\n.0-9#é]{0,120}", table in "[a-z,;\"|\\n#:é ]{0,80}") {
        let files = |toml: String| PolicyFiles { toml: ("p.toml".into(), toml), tables: [("t".to_owned(), table.clone())].into() };
        for text in [toml.clone(), format!("{}\n{toml}", world::demo().toml.1)] {
            match Policy::parse(&files(text)) {
                Ok(policy) => { policy.lint(&lanyard_policy::Known::default()); }
                Err(problems) => prop_assert!(problems.has_errors() && !problems.render().is_empty()),
            }
        }
    }

    /// The index over a table's rows changes how fast a row is found, never which.
    #[test]
    fn a_look_up_finds_what_reading_row_by_row_finds(
        rows in prop::collection::vec((0_usize..4, 0_usize..5, 0_usize..5), 1..12),
        (groups, department, city) in (prop::collection::vec(0_usize..3, 0..3), 0_usize..5, 0_usize..5),
    ) {
        const GROUPS: [&str; 4] = ["a", "b", "c", ""];
        const WORDS: [&str; 5] = ["red", "Blue", "GREEN", "red|blue", ""];
        let mut table = String::from("group,attribute:department,attribute:city,item\n");
        for (group, department, city) in &rows {
            table += &format!("{},{},{},Quiet zone\n", GROUPS[*group], WORDS[*department], WORDS[*city]);
        }
        let toml = "format = 1\n[groups]\na = \"00gAAAAAAAA\"\nb = \"00gBBBBBBBB\"\nc = [\"00gCCCCCCCC\", \"00gAAAAAAAA\"]\n\
                    [[route]]\nsite = \"hq\"\n[correlation]\nkeys = [{ kind = \"n\", attribute = \"login\", field = \"userName\" }]\n\
                    [[flow]]\nid = \"f\"\nlook_up = \"t\"\nthen = [{ item = \"from table\" }]\n";
        let files = PolicyFiles { toml: ("p.toml".into(), toml.into()), tables: [("t".to_owned(), table)].into() };
        let mut person = world::person("northgate");
        let ids = ["00gAAAAAAAA", "00gBBBBBBBB", "00gCCCCCCCC"];
        person.groups = Groups::new(groups.iter().map(|at| GroupId::from(ids[*at])), true);
        for (name, at) in [("department", department), ("city", city)] {
            person.profile.set(name, AttributeValue::Text(WORDS[at].into()));
        }
        let word_fits = |cell: usize, value: usize| {
            WORDS[cell].is_empty() || WORDS[cell].split('|').any(|one| one.eq_ignore_ascii_case(WORDS[value]))
        };
        let group_fits = |cell: usize| match GROUPS[cell] {
            "" => true,
            "c" => groups.contains(&2) || groups.contains(&0),
            _ => groups.contains(&cell),
        };
        let expected = rows
            .iter()
            .position(|(group, d, c)| group_fits(*group) && word_fits(*d, department) && word_fits(*c, city))
            .map(|at| at as u32 + 1);
        let bound = world::bound(&files);
        let desired = bound.evaluate(&person, &Facts::unlinked(world::now() - SignedDuration::from_hours(9)), world::now());
        let found = desired.items.values().next().and_then(|want| want.because[0].row.clone()).map(|(_, row)| row);
        prop_assert_eq!(found, expected);
    }
}

//! Merging many flows: the answer does not depend on their order where priorities decide, nor on whether anybody is told.

use lanyard_model::{
    id::GroupId,
    identity::{AttributeValue, Groups},
};
use lanyard_policy::{Bound, Facts, Policy, PolicyFiles};
use proptest::prelude::*;

use crate::{properties::without_words, world};

const CONDITIONS: [&str; 12] = [
    "{ group = \"A\" }",
    "{ group = [\"B\", \"C\"] }",
    "{ not = { group = \"C\" } }",
    "{ attribute = \"division\", is = \"Red\" }",
    "{ attribute = \"division\", in = [\"blue\", \"green\"] }",
    "{ attribute = \"division\", is_not = \"Red\" }",
    "{ attribute = \"startDate\", before = \"today-10\" }",
    "{ attribute = \"startDate\", within = \"20 days of today\" }",
    "{ attribute = \"grade\", at_least = 5 }",
    "{ any = [{ group = \"A\" }, { attribute = \"division\", is = \"Blue\" }] }",
    "{ count = 2, of = [{ group = \"A\" }, { group = \"B\" }, { group = \"C\" }] }",
    "{ status = \"ACTIVE\" }",
];

const OUTCOMES: [&str; 6] = [
    "then = [{ item = \"Executive floor\" }]",
    "then = [{ item = \"Quiet zone\" }]",
    "then = [{ role = \"customer\", center = \"Pier House reservation\" }]",
    "then = [{ role = \"manager\", center = \"Pier House reservation\" }]",
    "then = [{ place = \"desk\", building = \"Pier House\", floor = \"Level 1\" }]",
    "then = [{ place = \"desk\", building = \"Pier House\", floor = \"Level 2\" }]",
];

#[derive(Clone, Debug)]
struct Rule {
    conditions: Vec<usize>,
    outcome: usize,
    never: bool,
}

fn rule() -> impl Strategy<Value = Rule> {
    (prop::collection::vec(0..CONDITIONS.len(), 0..4), 0..OUTCOMES.len(), prop::bool::weighted(0.15))
        .prop_map(|(conditions, outcome, never)| Rule { conditions, outcome, never: never && outcome < 4 })
}

/// Flows in the order given; the priority is the rule's own, whatever its place.
fn bound(rules: &[(usize, Rule)]) -> Bound {
    let mut toml = String::from(
        "format = 1\n[groups]\nA = \"00gAAAAAAAA\"\nB = \"00gBBBBBBBB\"\nC = \"00gCCCCCCCC\"\n[[route]]\nsite = \"hq\"\n\
         [correlation]\nkeys = [{ kind = \"n\", attribute = \"login\", field = \"userName\" }]\n",
    );
    for (at, rule) in rules {
        let conditions: Vec<_> = rule.conditions.iter().map(|at| CONDITIONS[*at]).collect();
        let outcome = match rule.never {
            true => OUTCOMES[rule.outcome].replace("then", "never"),
            false => OUTCOMES[rule.outcome].to_owned(),
        };
        toml += &format!(
            "[[flow]]\nid = \"r{at}\"\npriority = {at}\nif = [{}]\n{outcome}\n",
            conditions.join(", ")
        );
    }
    world::bound(&PolicyFiles { toml: ("p.toml".into(), toml), ..PolicyFiles::default() })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn neither_order_nor_telling_changes_what_is_given(
        rules in prop::collection::vec(rule(), 1..12),
        turn in 0_usize..12,
        groups in prop::collection::vec(0_usize..3, 0..4),
        whole in prop::bool::weighted(0.8),
        (division, start, grade) in (0_usize..5, 0_i64..60, prop::option::of(0_u32..10)),
    ) {
        let mut person = world::person("northgate");
        let ids = ["00gAAAAAAAA", "00gBBBBBBBB", "00gCCCCCCCC"];
        person.groups = Groups::new(groups.iter().map(|at| GroupId::from(ids[*at])), whole);
        person.profile.set("division", AttributeValue::Text(["Red", "blue", "GREEN", "x", ""][division].into()));
        let day = (world::now() + jiff::SignedDuration::from_hours(24 * (start - 30))).to_string()[..10].to_owned();
        person.profile.set("startDate", AttributeValue::Text(day.as_str().into()));
        if let Some(grade) = grade {
            person.profile.set("grade", AttributeValue::Text(grade.to_string().as_str().into()));
        }
        let facts = Facts::unlinked(world::now() - jiff::SignedDuration::from_hours(9));
        let ordered: Vec<_> = rules.into_iter().enumerate().collect();
        let here = bound(&ordered);
        let told = here.evaluate(&person, &facts, world::now());
        prop_assert_eq!(&told, &here.evaluate(&person, &facts, world::now()), "asked twice");

        let naming = without_words(here.evaluate_naming(&person, &facts, world::now()));
        prop_assert_eq!(without_words(told.clone()), naming, "the rules, without their words");

        let mute = here.evaluate_mute(&person, &facts, world::now());
        prop_assert_eq!(&told.lifecycle, &mute.lifecycle);
        prop_assert_eq!(told.review_at, mute.review_at);
        prop_assert_eq!(&told.problems, &mute.problems);

        let mut turned = ordered.clone();
        let by = turn % turned.len();
        turned.rotate_left(by);
        let there = bound(&turned).evaluate(&person, &facts, world::now());
        for other in [&mute, &there] {
            let roles = |desired: &lanyard_model::desired::Desired| {
                desired.roles.iter().map(|(center, want)| (*center, want.value)).collect::<Vec<_>>()
            };
            prop_assert_eq!(roles(&told), roles(other));
            prop_assert_eq!(told.items.keys().collect::<Vec<_>>(), other.items.keys().collect::<Vec<_>>());
            prop_assert_eq!(told.seat.as_ref().map(|want| &want.value), other.seat.as_ref().map(|want| &want.value));
        }
        // A restriction that holds leaves nothing of what it names.
        for (at, rule) in &ordered {
            let denied = told.not_given.iter().any(|not| not.because.rule == format!("r{at}"));
            if rule.never && denied && rule.outcome < 2 {
                let name = [520, 521][rule.outcome];
                prop_assert!(!told.items.keys().any(|item| item.0 == name));
            }
        }
    }
}

/// The policy is a value: parsing it twice and asking from several threads gives one answer.
#[test]
fn several_threads_get_one_answer() {
    let policy = Policy::parse(&world::demo()).expect("a policy");
    let bound = policy.bind(&world::catalogues());
    let person = world::person("northgate");
    let facts = Facts::unlinked(world::now() - jiff::SignedDuration::from_hours(9));
    let first = bound.evaluate(&person, &facts, world::now());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(bound.evaluate(&person, &facts, world::now()), first);
                }
            });
        }
    });
}

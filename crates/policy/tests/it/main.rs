//! Policies from the outside: files in, wishes out.

mod world;

use jiff::ToSpan as _;
use lanyard_policy::Facts;

#[test]
fn the_demo_policy_reads_and_decides() {
    let bound = world::bound(&world::demo());
    assert!(bound.problems().is_empty(), "{}", bound.problems().render());
    let mira = world::person("north");
    let desired = bound.evaluate(&mira, &Facts::unlinked(world::now() - 1.hour()), world::now());
    assert_eq!(desired.problems, Vec::<String>::new());
    assert_eq!(desired.seat.expect("a seat").because[0].rule, "own-desk");
}

//! The suite that every [`Store`] passes. Each case gets an empty store and panics with what it found.

mod clearances;
mod documents;
mod held;
mod journal;
mod mirrors;
mod past;
mod people;
mod plans;
mod queue;
mod samples;
mod signals;

use std::pin::Pin;

use lanyard_engine::ports::Store;

/// One behaviour, checked on an empty store.
pub type Case = for<'s> fn(&'s dyn Store) -> Pin<Box<dyn Future<Output = ()> + Send + 's>>;

macro_rules! cases {
    ($($module:ident::$case:ident),* $(,)?) => {
        /// All behaviours, by name.
        pub const CASES: &[(&str, Case)] = &[
            $((concat!(stringify!($module), "::", stringify!($case)), |store| Box::pin($module::$case(store)))),*
        ];
    };
}

cases![
    queue::attention_is_one_row_per_identity,
    queue::leavers_pass_everybody_and_bulk_waits_for_its_lane,
    queue::attention_during_a_lease_waits_for_its_end,
    queue::an_expired_lease_is_free_and_the_old_claim_is_lost,
    queue::a_review_comes_back_by_itself,
    queue::retries_keep_their_history_and_the_dead_wait_for_attention,
    signals::the_same_event_counts_once_whichever_way_it_comes,
    signals::a_repeated_delivery_is_only_counted,
    signals::a_group_event_concerns_its_mirrored_members,
    signals::bursts_coalesce_but_leavers_do_not_wait,
    signals::the_cursor_moves_with_its_events,
    signals::who_changed_a_membership_is_found_by_person_and_erased_with_them,
    mirrors::content_decides_since_when,
    mirrors::keys_follow_the_mirror,
    mirrors::memberships_follow_the_mirror,
    mirrors::an_account_that_is_gone_is_still_remembered,
    mirrors::mirrors_are_read_page_by_page,
    queue::what_is_planned_is_told,
    mirrors::links_and_applied_state,
    held::what_was_held_is_answered_for_any_moment,
    held::what_was_not_read_is_not_ended,
    held::a_person_takes_their_past_along_from_account_to_account,
    held::doors_are_a_persons_not_an_accounts,
    people::words_find_people_page_by_page,
    people::a_word_of_a_crowd_is_walked_by_name,
    plans::a_plan_and_its_intents_come_back_as_they_were,
    plans::what_was_sent_for_one_person_is_found_among_what_was_for_others,
    plans::a_cap_counts_each_unit_once_in_every_window,
    plans::a_batch_happens_whole_or_not_at_all,
    plans::a_refused_batch_is_forgotten,
    plans::operations_are_counted_by_time,
    plans::leaver_clocks_start_once,
    plans::late_leavers_are_those_not_out_within_the_bound,
    plans::clocks_that_run_are_read_on_and_on_the_longest_first,
    plans::findings_messages_certificates_sweeps_and_counters,
    plans::open_findings_are_counted_as_they_are_after_each_batch,
    plans::only_findings_that_changed_are_told,
    plans::messages_of_one_route_hide_those_of_no_other,
    signals::changes_of_memberships_go_with_their_time,
    past::what_was_shown_then_is_what_was_shown,
    clearances::a_clearance_changes_once_per_version,
    clearances::of_what_is_over_the_last_comes_first,
    clearances::what_is_used_up_lets_nothing_go_again,
    clearances::a_hold_and_the_line_of_all_bookings_let_more_than_one_go,
    clearances::what_was_taken_back_stops_its_intent,
    documents::a_document_is_found_by_name_by_key_and_in_order,
    documents::a_sole_key_has_one_holder_and_a_stale_write_is_refused,
    journal::lines_come_back_in_order_and_the_tree_grows,
    journal::what_people_did_is_found_among_what_the_engine_did,
];

/// Runs every case, each on a store made by `fresh`.
///
/// # Panics
/// On the first behaviour that does not hold; the case is named on stderr.
pub async fn holds<S: Store>(mut fresh: impl FnMut() -> S) {
    for (name, case) in CASES {
        eprintln!("contract: {name}");
        case(&fresh()).await;
    }
}

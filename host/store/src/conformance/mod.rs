//! What every store must do: one suite that each implementation passes.
//!
//! An implementation brings a [`Factory`] and calls [`conformance!`](crate::conformance) in a test file;
//! each law becomes a test of its own, in a data set of its own. Time is driven by the tests.

pub mod actions;
pub mod agent_use;
pub mod alerts;
pub mod apart;
pub mod batches;
pub mod brake;
pub mod calendar;
pub mod clock;
pub mod compressed;
pub mod corrections;
pub mod crash;
pub mod duties;
pub mod edits;
mod factory;
pub mod fences;
pub mod hosts;
pub mod import;
pub mod inputs;
pub mod limits;
pub mod lists;
pub mod misses;
pub mod model;
pub mod money;
pub mod order;
pub mod outbox;
pub mod parents;
pub mod pins;
pub mod predictions;
pub mod questions;
pub mod queue;
pub mod replies;
pub mod retention;
pub mod schedules;
pub mod scopes;
pub mod search;
pub mod state;
pub mod team;
pub mod tiers;
pub mod traces;
pub mod tree_money;
pub mod turns;
pub mod versions;
mod world;

pub use clock::TestClock;
pub use factory::{Factory, Setup};
pub use world::World;

macro_rules! suite {
    ($d:tt $($module:ident: $($name:ident)*;)*) => {
        /// Makes a test of each law of the suite; the argument makes a fresh [`Factory`](
        /// $crate::conformance::Factory).
        #[macro_export]
        macro_rules! conformance {
            ($d factory:expr) => {$($(
                #[tokio::test]
                async fn $name() {
                    let factory = $d factory;
                    $crate::conformance::$module::$name(&factory).await;
                }
            )*)*};
        }
    };
}

suite! { $
    questions:
        a_job_that_asks_waits_for_a_person_and_uses_up_nothing
        a_question_is_answered_once_and_a_second_one_is_told_by_whom
        a_question_is_there_once_over_crashes_cuts_and_retries
        an_answer_that_comes_before_the_job_is_parked_is_not_lost
        nobodys_answer_counts_when_the_time_is_over
        a_retry_by_a_person_asks_anew_what_nobody_answered
        no_more_questions_are_open_than_may_be
        a_job_that_ends_takes_its_questions_back
        what_was_asked_pins_a_job_to_its_version
        another_host_answers_and_the_job_goes_on
        many_questions_of_one_agent_ring_once
        a_question_that_ends_soon_is_told_of_before_it_ends
        a_link_answers_its_question_once_and_whatever_is_wrong_is_told_alike
        whoever_waits_says_which_question_it_waits_for
        what_was_asked_at_a_wrong_time_is_asked_now_when_the_time_is_set_back
        a_link_is_for_the_text_that_was_there;
    batches:
        a_call_is_kept_with_its_hold_and_its_job_goes_on_with_the_answer
        what_batches_hold_stands_over_restarts_and_is_no_use_of_the_week
        the_days_limit_holds_while_what_batches_hold_stands
        a_batch_is_made_when_it_is_full_or_its_first_call_has_waited
        calls_of_a_batch_that_is_certainly_not_there_wait_again
        what_comes_back_undone_costs_nothing_and_goes_out_by_itself
        what_is_gathered_keeps_its_jobs_payload
        an_answer_that_comes_before_the_job_is_parked_parks_nobody
        a_job_that_ends_takes_back_what_was_not_sent
        a_lease_fences_what_is_gathered
        one_host_sends_the_batches_of_all;
    replies:
        a_hit_costs_nothing_and_stands_in_the_ledger_and_in_every_sum
        a_hit_and_its_entry_in_the_journal_are_one_step
        a_reply_answers_for_its_time_and_goes_then
        replies_stay_within_their_bounds_and_the_least_used_go_first
        bounds_that_were_lowered_never_grow_again
        a_new_reply_takes_the_place_of_the_one_before
        what_is_not_certain_is_not_kept
        a_purge_takes_out_what_an_agent_paid_for_or_all
        hosts_share_their_replies_and_the_bounds_of_them
        a_job_that_failed_on_its_last_reply_asks_anew_from_there
        a_reply_that_a_guest_failed_on_answers_nobody_any_more;
    queue:
        a_job_comes_back_as_it_was_submitted
        the_job_after_the_last_place_is_refused
        the_last_place_of_many_is_for_a_critical_job
        a_key_makes_one_job_of_two_submissions
        equal_content_in_another_spelling_is_the_same_submission
        an_id_is_one_job_however_often_it_is_sent
        many_jobs_come_in_one_step_with_an_answer_for_each
        a_job_for_later_waits_for_its_time
        a_retry_waits_out_its_back_off
        a_retry_asks_the_last_reply_anew
        the_last_attempt_that_fails_fails_the_job
        a_park_uses_up_no_attempt
        a_park_ends_when_its_time_has_come
        a_reason_that_is_gone_parks_nobody
        an_agent_that_comes_while_a_job_is_on_its_way_parks_nobody
        a_released_job_goes_on_with_its_attempt
        parked_jobs_resume_by_reason_and_agent
        a_person_stops_a_job_in_any_state
        a_person_runs_a_failed_job_again
        one_step_ends_a_job_and_takes_the_next one_step_takes_a_job_in_and_the_most_urgent_out
        a_finished_job_is_finished_once
        a_job_in_trouble_waits_longer_each_time_and_uses_no_attempt
        what_was_asked_at_once_is_asked_anew_at_once
        a_persons_retry_runs_the_version_in_force
        files_and_what_was_written_come_along_to_the_next_run
        who_is_first_in_line_is_told;
    edits:
        a_waiting_job_is_changed_and_tells_of_it
        a_job_that_does_not_wait_is_not_changed
        a_new_time_moves_a_job_between_waiting_and_the_queue
        a_new_time_of_a_job_that_comes_after_others_counts_after_them
        paid_work_keeps_its_payload
        a_cap_is_never_less_than_what_is_spent_and_held
        a_changed_job_is_found_by_its_new_words_and_tags;
    parents:
        a_job_starts_when_all_it_comes_after_have_succeeded
        a_child_gets_what_its_parents_gave
        a_child_waits_for_its_own_time_too
        a_job_comes_after_no_job_that_cannot_succeed
        what_comes_after_a_failed_job_fails_and_follows_its_retry
        a_child_of_two_failed_jobs_waits_for_both
        a_long_chain_falls_and_rises_step_by_step
        what_rises_later_follows_what_became_of_its_parents_meanwhile
        a_job_that_is_stopped_does_not_start_after_its_parents
        a_child_survives_a_crash
        many_children_follow_step_by_step
        parents_give_only_so_much;
    pins:
        what_a_job_reads_is_what_its_first_run_read
        a_job_that_began_without_settings_reads_none
        a_persons_retry_reads_the_settings_in_force;
    schedules:
        a_schedule_comes_back_as_it_was_made
        a_time_makes_its_job_exactly_once
        a_full_queue_loses_no_time_of_a_schedule
        a_schedule_that_is_saved_with_its_times_unchanged_keeps_them
        what_is_owed_follows_the_looks_at_a_full_queue
        jobs_of_a_schedule_overlap_as_it_says;
    order:
        urgent_jobs_go_first_and_equals_in_turn
        age_lets_a_low_job_overtake_but_never_a_critical_one
        jobs_of_a_warm_agent_go_first_for_half_a_minute_and_never_before_a_higher_priority
        a_flood_of_critical_jobs_starves_nobody
        the_kept_slot_takes_critical_jobs_alone
        only_ready_agents_of_this_upstream_are_taken
        a_paused_queue_gives_out_no_job
        claims_at_once_never_take_the_same_job
        a_job_keeps_its_place_over_a_park;
    fences:
        a_stale_attempt_writes_nothing
        a_stale_settlement_is_kept_but_not_journalled
        a_cancelled_attempt_writes_nothing_but_its_settlement
        a_heartbeat_keeps_a_lease_and_tells_of_lost_ones
        a_lease_that_ran_out_is_taken_over
        a_lease_that_ran_out_goes_on_where_its_holder_is_alive;
    crash:
        a_crash_puts_running_jobs_back_with_their_journal
        a_job_in_three_crashes_without_progress_is_poison
        who_was_beside_others_in_three_crashes_runs_again_alone
        suspects_get_their_turn_when_others_never_end
        a_crash_while_a_call_waits_is_no_step_towards_poison
        progress_between_crashes_is_no_poison
        an_open_hold_is_unknown_after_a_crash
        an_orderly_end_leaves_nothing_to_recover
        time_never_runs_backwards
        a_closed_store_says_so;
    hosts:
        a_start_leaves_what_another_host_holds
        a_start_ends_the_flight_of_its_own_calls_alone
        a_start_leaves_those_parked_that_wait_for_what_another_holds
        a_host_that_never_returns_has_its_holds_swept_after_its_lease
        a_host_that_ended_in_order_is_not_waited_for
        a_host_that_looks_keeps_what_it_holds
        a_settlement_after_a_sweep_is_a_correction
        a_release_after_a_sweep_gives_the_money_back
        a_cost_above_the_hold_after_a_sweep_is_counted
        who_knows_no_more_than_the_sweep_changes_nothing
        a_settlement_after_a_sweep_is_journalled_under_its_lease
        hosts_at_once_never_pass_on_the_same_dollar
        hosts_that_live_at_once_agree_on_limits_and_zone
        a_restart_alone_may_change_limits_and_zone;
    duties:
        an_alert_is_delivered_by_one_host_and_by_another_when_that_is_gone
        what_is_old_is_taken_out_by_one_host_and_by_another_when_that_is_gone
        a_host_that_ends_in_order_leaves_its_duties_to_the_next_look
        a_time_of_a_schedule_is_taken_in_once_by_however_many_hosts;
    turns:
        the_longest_waiting_has_its_turn_whichever_host_takes_jobs_and_however_often_it_starts
        who_had_its_turn_when_the_host_crashed_has_it_again
        nobody_waits_for_room_that_another_host_has_made
        nobody_waits_for_an_agent_that_has_come_to_another_host;
    money:
        callers_at_once_never_pass_on_the_same_dollar
        a_hold_is_taken_once_for_its_id
        a_hold_is_settled_once
        a_released_hold_leaves_nothing
        a_job_spends_no_more_than_its_own_limit
        a_cost_above_the_hold_is_kept_and_counted
        no_number_keeps_a_settlement_from_being_stored
        each_upstream_has_its_own_money
        a_job_never_spends_on_another_upstream
        the_ledger_says_who_what_and_how_much
        a_settlement_journals_in_the_same_step;
    calendar:
        a_settlement_counts_when_its_hold_was_taken
        the_rolling_hour_lets_go_minute_by_minute
        a_full_window_says_when_it_has_room
        a_month_ends_where_the_time_zone_says
        another_time_zone_sums_up_anew
        a_free_call_counts_its_hours;
    brake:
        the_brake_engages_in_the_settlement_that_crosses
        a_person_mutes_the_brake_for_that_day_only
        midnight_ends_the_days_brake_and_its_parking
        a_raised_limit_ends_the_brake
        what_upstream_says_of_the_account_is_told_once_and_ends_with_an_answer
        what_a_person_engaged_only_a_person_ends
        the_brake_survives_a_restart
        simulated_dollars_stop_no_live_call;
    limits:
        a_changed_limit_counts_at_once_and_after_a_restart
        a_reset_goes_back_to_the_settings
        a_raise_ends_the_parking_that_the_limit_caused
        an_unknown_limit_is_named
        people_leave_a_trace
        a_limit_above_the_rule_is_refused_with_what_else_would_be_in_force
        changes_at_once_never_pass_together
        a_limit_that_fits_no_more_is_cut_and_told;
    scopes:
        an_agents_limit_stops_that_agent_alone
        an_api_keys_limit_counts_its_own_calls
        a_scopes_limit_is_kept_and_leaves_a_trace
        a_raised_scope_limit_ends_the_parking_of_its_agent;
    apart:
        what_is_set_with_the_simulator_is_not_in_force_for_live
        a_key_and_a_place_are_an_upstreams_own
        a_driven_clock_never_moves_live_time
        what_another_upstream_left_waits_for_its_own_start
        an_action_on_many_touches_its_own_upstream_alone
        notes_and_schedules_are_an_upstreams_own
        what_is_simulated_is_wiped_and_nothing_else
        a_person_sets_the_ledgers_time_back;
    alerts:
        twelve_that_cross_at_once_make_one_alert
        a_settlement_that_jumps_several_thresholds_makes_one_alert
        what_is_held_fires_nothing_and_what_is_unknown_does
        a_new_day_resolves_its_alerts_and_tells_anew
        the_rolling_hour_tells_again_when_it_fell_five_points_below
        a_raised_limit_resolves_what_it_makes_untrue
        a_scopes_limit_has_alerts_of_its_own
        hours_of_use_are_told_of
        the_brake_is_told_of_while_it_has_the_cause
        a_broken_bound_is_told_of
        a_day_that_a_late_settlement_crosses_is_told_of
        another_time_zone_tells_no_threshold_twice
        a_wall_clock_that_jumps_is_told_of;
    corrections:
        a_correction_moves_every_sum_at_the_holds_time
        the_same_truth_may_come_twice
        a_call_under_way_is_not_corrected
        a_correction_engages_and_ends_the_brake;
    lists:
        pages_come_newest_first_and_complete
        every_filter_finds_its_jobs
        a_page_goes_on_where_a_job_is_gone
        long_payloads_stay_out_of_lists
        the_queue_is_counted_by_state
        the_next_due_job_is_known;
    search:
        words_of_payload_result_and_error_are_found
        phrases_and_beginnings_are_found
        any_part_of_a_text_without_spaces_is_found
        a_search_with_filters_finds_what_a_look_at_each_job_would
        pages_of_a_search_come_newest_first_and_complete
        nothing_that_is_typed_is_an_error
        a_job_that_runs_again_is_found_by_its_new_state
        a_search_goes_on_after_a_restart;
    actions:
        an_action_does_what_was_counted_beforehand
        what_comes_after_an_actions_start_is_left_alone
        an_action_goes_on_after_a_restart
        a_running_job_that_many_cancel_is_named_to_be_stopped
        many_that_run_again_wait_for_room
        an_action_by_words_touches_what_has_them
        a_stopped_action_touches_no_more
        a_deleted_job_leaves_the_ledger_as_it_was
        a_count_before_a_deletion_is_what_becomes_of_it;
    inputs:
        a_jobs_files_come_back_as_they_were_sent
        a_key_stands_for_the_files_too
        files_are_kept_for_as_long_as_a_job_has_them
        what_is_refused_leaves_no_file
        a_wipe_takes_the_files_of_what_is_simulated_alone;
    retention:
        what_finished_long_ago_goes_and_the_ledger_stays
        of_too_many_the_oldest_go
        a_job_whose_call_is_under_way_stays
        a_job_that_another_comes_after_stays
        resolved_alerts_go_and_open_ones_stay;
    import:
        a_finished_job_comes_in_as_history_that_cost_nothing_here
        an_import_comes_in_once_and_never_over_another_job
        what_is_no_finished_job_is_refused_by_itself
        an_unfinished_job_is_submitted_under_its_own_id
        imported_history_is_counted_found_and_pruned_as_any_other
        imported_history_follows_its_parents_retry;
    outbox:
        an_alert_fires_once_while_its_key_is_open
        an_alert_and_its_deliveries_are_one_step
        a_resolved_alert_is_told_and_its_key_is_free
        somebody_knows_of_an_alert
        alerts_and_the_outbox_survive_a_restart
        a_webhook_that_is_off_gets_nothing
        each_webhook_has_its_own_times
        a_resend_is_the_same_message
        a_receiver_that_is_gone_ends_its_webhook
        a_deleted_webhook_is_owed_nothing
        a_test_goes_to_its_webhook_alone
        alerts_and_deliveries_come_in_pages
        there_are_only_so_many_webhooks;
    traces:
        events_come_in_order_without_gaps
        a_failed_command_tells_nothing
        what_was_missed_can_be_asked_for
        log_lines_are_numbered_for_each_job
        an_artifact_of_the_same_name_is_replaced
        the_plugin_stays_pinned_while_there_is_a_journal
        a_journal_is_cut_where_the_job_went_another_way
        an_agent_is_switched_off_and_on
        a_note_is_kept_under_its_key;
    state:
        what_an_agent_keeps_outlives_its_jobs_and_is_its_own
        a_write_and_its_entry_in_the_journal_are_one_step
        the_same_question_at_the_same_place_is_answered_once
        a_version_never_comes_again
        of_two_jobs_that_compare_one_sets
        hosts_at_once_count_every_increment
        a_quota_counts_keys_and_bytes
        pages_of_keys_come_in_order_and_complete
        what_is_cleared_is_audited_and_nothing_else_goes
        a_simulated_state_never_meets_a_live_one;
    team:
        a_task_is_begun_in_the_step_that_parks_who_asks_and_wakes_it_at_its_end
        a_task_is_found_again_after_a_crash_a_cut_and_a_retry
        a_retry_runs_tasks_that_failed_and_no_others
        what_a_job_leads_counts_against_its_cap_until_it_has_ended
        a_cap_is_edited_within_the_tree
        what_many_are_told_beforehand_of_jobs_that_are_led_is_what_is_done
        a_tree_has_its_roots_place_in_the_queue
        a_tree_is_bounded_in_depth_number_and_agents
        a_cancel_goes_down_the_tree_and_none_goes_on_after_it
        what_nobody_claims_ends_with_its_lead
        a_led_job_that_is_stopped_alone_is_a_failure_of_its_task
        a_led_job_has_what_its_root_has
        a_tree_is_taken_out_as_a_whole
        results_of_tasks_have_a_bound
        a_task_that_is_refused_begins_nothing
        hosts_at_once_lead_one_tree;
    agent_use:
        what_an_attempt_uses_is_summed_over_its_runs
        a_run_that_is_over_is_never_added_to_another;
    versions:
        a_version_that_breaks_too_often_is_set_aside_until_it_is_released
        no_rule_sets_nothing_aside
        a_new_file_ends_a_quarantine_and_its_alert
        a_version_that_was_gone_back_from_stays_so_until_another_file_comes
        nobody_goes_back_to_a_version_in_quarantine
        jobs_are_counted_by_the_version_that_they_go_on_on;
    tree_money:
        no_sequence_lets_a_tree_spend_more_than_its_cap;
    misses:
        what_the_prompt_cache_did_stands_in_the_entry_and_in_every_sum
        a_settlement_that_comes_twice_counts_once
        a_late_settlement_counts_in_its_holds_hour
        what_was_not_billed_saved_and_missed_nothing
        no_word_of_a_miss_keeps_a_settlement_from_being_stored;
    compressed:
        what_was_compressed_stands_in_the_entry_and_in_every_sum
        the_forms_of_a_jobs_answered_prompts_are_known_to_its_next_attempt;
    predictions:
        a_prediction_is_kept_once_and_so_is_what_became_of_it
        for_how_long_a_host_was_up_is_counted_once_and_waits_are_added
        the_jobs_of_a_day_are_those_that_asked_something_or_may_yet
        parked_jobs_are_counted_by_why
        predictions_and_their_days_go_after_a_year_and_times_of_jobs_before;
    tiers:
        jobs_are_told_by_the_strongest_tier_that_answered_them
        what_ended_outside_the_time_or_was_not_answered_is_no_evidence;
    model:
        no_sequence_breaks_a_limit_or_loses_money;
}

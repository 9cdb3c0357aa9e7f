-- One thing made wrong for each claim of sql/checks, which must then find something. Read by test_claims.py.

-- evaluation_systems__job_rows_agree_with_the_sources_totals
delete from replay.intervals where status = 'failed' and series in (select series from replay.series
where source = 'totals');

-- evaluation_systems__classes_add_up_to_the_sources_total
update core.evaluation_systems set green_jobs = green_jobs + 1 where source = 'totals';

-- evaluation_systems__a_verdict_has_a_reason_or_none
update core.evaluation_systems set incomplete_reason = null where not is_complete;

-- evaluations__hold_every_evaluation_once
delete from core.evaluations where source = 'full' and evaluation_id = '1';

-- evaluations__times_do_not_go_back
update core.evaluations set evaluation_at = evaluation_at - interval 200 days where source = 'full'
and evaluation_id = '3';

-- failure_episodes__ends_and_outcomes_agree
update core.failure_episodes set outcome = 'fixed' where outcome = 'open' and source = 'full';

-- failure_episodes__begin_and_end_at_complete_evaluations
update core.evaluation_systems set is_complete = false, is_complete_by_lookahead = false where
source = 'full' and evaluation_id = '2';

-- failure_episodes__of_one_job_do_not_overlap
insert into core.failure_episodes by name select * replace ('3' as broken_evaluation_id) from
core.failure_episodes where source = 'full' and attr = 'a';

-- job_intervals__cover_every_listed_job_once
update replay.intervals set last_step = last_step + 1 where status = 'failed' and series in (select
series from replay.series where source = 'full');

-- listing_checks__every_listing_agrees_with_its_checksum
update replay.listing_checks set is_usable = false where observation = 1;

-- gaps__name_everything_that_is_not_used
update replay.listing_checks set is_usable = false where observation = 1;

-- jobset_systems__count_every_evaluation
update core.jobset_systems set evaluations = evaluations - 1 where source = 'full';

-- jobs_now__are_as_many_as_the_newest_list_names
delete from core.jobs_now where attr = 'a1';

-- green_ratio__stays_within_0_and_1
update metrics.green_ratio set green_ratio = 1.01, green_of_own_ratio = 1.02;

-- green_ratio__classes_add_up_to_all
update metrics.green_ratio set all_jobs = all_jobs - 1;

-- green_ratio__is_null_where_the_source_does_not_tell
update metrics.green_ratio set green_ratio = 1 where coverage = 'failures_only';

-- failing_now__are_the_red_jobs_of_the_newest_evaluation
delete from metrics.failing_now where source = 'full' and attr = 'a';

-- failing_now__nothing_fails_since_the_future
update metrics.failing_now set as_of_evaluation_id = '0' where source = 'full' and attr = 'a';

-- broken_marker_candidates__failed_in_every_evaluation_for_90_days
update metrics.broken_marker_candidates set evaluations = evaluations + 1;

-- broken_marker_candidates__systems_add_up
update metrics.broken_marker_candidates set systems_failing = systems_failing + 1;

-- coverage__seen_evaluations_are_complete_or_not
update metrics.coverage set evaluations_seen = evaluations_seen + 1;

-- coverage__has_every_jobset_and_system
delete from metrics.coverage where system = 'aarch64-linux';

-- coverage__judgement_at_once_is_measured_on_final_verdicts
update metrics.coverage set incomplete_by_both = 2 where source = 'list';

-- bursts__began_in_complete_evaluations
update core.evaluation_systems set is_complete = false where source = 'burst';

-- sources__windows_begin_before_they_end
insert into core.sources values ('x', 'x', 'x', 'x', 'x', null, timestamptz '2024-01-02', timestamptz '2024-01-01', 'MIT', null, false);

-- evaluation_systems__listed_jobs_add_up_to_the_recorded_list
update core.evaluation_systems set listed_jobs = listed_jobs + 1 where source = 'totals';

-- definition_comparison__counts_every_episode
update metrics.definition_comparison set closed = closed + 1 where source = 'full';

-- definition_comparison__headline_has_no_negative_duration
update metrics.definition_comparison set negative_durations = 1 where source = 'full' and preset = 'headline';

-- package_markers__hold_every_marking
insert into core.package_markers by name select 'm' as marker_id, 's' as source, 'broken' as marker,
'p' as package, date '2024-01-01' as marked_on;

-- package_markers__no_marking_ends_before_it_begins
insert into core.package_markers by name select 'm' as marker_id, 's' as source, 'broken' as marker,
'p' as package, date '2024-01-02' as marked_on, date '2024-01-01' as unmarked_on;

-- time_to_fix__counts_every_episode
update metrics.time_to_fix set n = n + 1 where source = 'full' and kind = 'all';

-- time_to_fix__every_group_has_a_resolution
update metrics.time_to_fix set resolution_days = null where source = 'totals';

-- time_to_fix__intervals_are_not_upside_down
update metrics.time_to_fix set ended_by_1d_ratio_low = 0.9, ended_by_1d_ratio_high = 0.1 where source = 'full';

-- time_to_fix__outcomes_add_up_to_the_share_that_ended
update metrics.time_to_fix set ended_by_30d_ratio = 0.5, fixed_by_30d_ratio = 0.1, cleared_by_30d_ratio = 0,
removed_by_30d_ratio = 0, marked_broken_by_30d_ratio = 0;

-- time_to_fix__own_and_dependency_add_up_to_all
update metrics.time_to_fix set n = n + 1 where source = 'full' and kind = 'own';

-- time_to_fix__shares_grow_with_days
update metrics.time_to_fix set ended_by_1d_ratio = 0.9, ended_by_7d_ratio = 0.1;

-- time_to_fix__shares_stay_within_0_and_1
update metrics.time_to_fix set ended_by_1d_ratio = 1.1;

-- time_to_fix_curve__begins_at_day_0_with_everybody
update metrics.time_to_fix_curve set at_risk = at_risk + 1 where days = 0;

-- time_to_fix_curve__has_at_most_400_rows_a_group
insert into metrics.time_to_fix_curve select c.* replace (c.days + n.i as days)
from metrics.time_to_fix_curve as c, range(401) as n(i);

-- time_to_fix_curve__never_rises
update metrics.time_to_fix_curve set survival_ratio = days;

-- time_to_fix_curve__survival_and_outcomes_add_up_to_1
update metrics.time_to_fix_curve set fixed_ratio = fixed_ratio + 0.5;

-- time_to_fix_durations__every_end_has_one_outcome
update core.time_to_fix_durations set ended = ended + 1;

-- time_to_fix_durations__no_episode_ends_before_it_begins
update core.time_to_fix_durations set duration_seconds = -1;

-- job_agreement__holds_every_job_of_every_custom_evaluation
delete from core.job_agreement where source = 'full' and attr = 'a';

-- job_agreement__is_with_one_evaluation_not_later
update core.job_agreement set match = 'nearest' where source = 'full';

-- unseen_by_official__classes_add_up_to_all_jobs
update metrics.unseen_by_official set unknown_jobs = unknown_jobs - 1 where source = 'full';

-- root_causes__have_a_root_only_where_the_source_says_one
update replay.root_builds set root_derivation = null where source = 'rooted';

-- root_cause_coverage__holds_every_red_run_that_is_not_its_own
update core.root_cause_coverage set fallen_runs = fallen_runs + 1 where source = 'rooted';

-- root_cause_reach__counts_jobs_that_were_red_because_of_it
update core.root_cause_reach set reach_jobs = reach_jobs + 1 where source = 'rooted';

-- flaky_derivations__failed_and_succeeded
update core.flaky_derivations set succeeded_builds = 0 where source = 'rooted';

-- regression_jobs__hold_every_own_failure_once
delete from core.regression_jobs where source = 'burst';

-- regressions__have_their_times_in_order
update metrics.regressions set confirmed_at = first_bad_at - interval 1 day where source = 'burst';

-- regressions__count_every_job_of_an_entry
update metrics.regressions set own_jobs = own_jobs + 1 where source = 'burst';

-- notice_volume__no_step_adds_any
update metrics.notice_volume set notices = entries + 1 where source = 'burst';

-- cohorts__count_every_failure_that_began_together
update core.cohorts set jobs = jobs - 1 where source = 'burst';

-- cohorts__of_two_clusters_are_more_than_a_day_apart
update core.cohorts set cluster = 2 where source = 'burst';

-- staging_comparisons__same_jobs_are_among_the_common
insert into core.staging_comparisons values ('x', 'x', 'x', 1, timestamptz '2024-01-01', false, '1', '1', 2, 3, false);

-- found_waves__end_when_it_is_told
update core.found_waves set ended_at = began_at where source = 'burst';

-- wave_cohorts__are_as_many_as_each_wave_has_jobs
update core.found_waves set jobs = jobs + 1 where source = 'burst';

-- cohort_curves__fall_from_all_that_began
update metrics.cohort_curves set at_risk = at_risk + 1 where source = 'burst' and days = 0;

-- eta_predictions__rest_on_earlier_clusters
update core.eta_predictions set earlier_clusters = 1 where source = 'burst';

-- eta_backtest__counts_every_prediction
update metrics.eta_backtest set inside = inside + 1 where source = 'burst';

-- wave_eta__has_an_interval_or_a_reason
update metrics.wave_eta set reason = null where source = 'burst';

-- waves__hold_every_declared_wave_with_its_newest_text
delete from core.waves where source = 'waved';

-- wave_evaluations__lie_in_the_time_of_the_wave
update core.wave_evaluations set evaluation_at = evaluation_at - interval 5 days where source = 'waved';

-- wave_package_states__every_package_is_in_exactly_one_state
update core.wave_package_states set first_turn = 2 where source = 'waved' and attr = 'a';

-- wave_package_states__a_pass_is_a_green_build
update core.wave_package_states set state = 'pass' where source = 'waved' and attr = 'a';

-- wave_packages__are_all_packages_of_the_newest_evaluations
delete from core.wave_packages where source = 'waved' and attr = 'a';

-- wave_rebuilds__come_after_the_pass
update core.wave_rebuilds set rebuilt_at = passed_at - interval 1 day where source = 'waved';

-- wave_progress__states_add_up_to_packages
update metrics.wave_progress set failing_own = failing_own - 1 where source = 'waved';

-- wave_progress__the_newest_counts_are_those_of_the_packages
update metrics.wave_progress set packages = packages + 1, removed = removed + 1 where source = 'waved';

-- wave_blockers__hold_every_package_that_waits_for_another
update metrics.wave_blockers set held_packages = held_packages + 1 where source = 'waved';

-- wave_time_in_state__every_package_is_in_one_state_to_the_end
update metrics.wave_time_in_state set unfinished_stays = unfinished_stays + 1 where source = 'waved';

-- wave_standing__states_add_up_and_final_means_nothing_is_open
update metrics.wave_standing set is_final = true where source = 'waved';

-- failing_for_30_days__counts_every_failing_job
update metrics.failing_for_30_days set failing_jobs = failing_jobs + 1 where source = 'full';

-- marked_jobs__say_unmark_only_where_green_is_told
insert into metrics.marked_jobs by name select source, jobset, attr, system, variant, 'unmark' as verdict
from core.jobs_now where source = 'full';

-- maintained_jobs__are_told_by_builds
insert into core.maintained_jobs by name select source, jobset, attr, same_since_at as told_at from core.jobs_now where source = 'full';

-- wave_levels__add_up_to_the_packages_with_a_level
update core.wave_packages set level = 1 where source = 'waved' and attr = 'a';

-- aggregate_constituents__no_aggregate_waits_for_itself
update core.aggregate_constituents set constituent_build_id = aggregate_build_id;

-- channel_declarations__hold_every_declared_channel_once
delete from core.channel_declarations where source = 'fed' and channel = 'one';

-- channel_feeds__feed_every_declared_channel
delete from core.channel_feeds where source = 'fed' and channel = 'one';

-- gate_verdicts__come_from_an_evaluation
update core.gate_verdicts set verdict = 'perhaps' where source = 'fed';

-- channel_selections__name_jobs_of_their_feeds
update core.channel_feeds set jobset = 'nixpkgs/other' where source = 'fed';

-- channel_verdicts__nothing_is_green_that_names_failures_only
update core.channel_verdicts set coverage = 'failures_only' where source = 'fed';

-- channel_verdicts__counts_add_up_to_the_selection
update core.channel_verdicts set green_jobs = green_jobs + 1 where source = 'fed';

-- channel_stalls__hold_every_blocked_evaluation_once
delete from core.channel_stalls where source = 'fed' and channel = 'one';

-- channel_blockers__save_no_more_than_the_stall
update metrics.channel_blockers set saved_days = 1000 where source = 'fed';

-- channel_stall_times__count_every_stall_and_verdict
update metrics.channel_stall_times set stalls = 0 where source = 'fed';

-- derivation_inputs__lead_to_lower_numbers
update core.derivation_inputs set input_id = derivation_id;

-- derivation_inputs__are_of_derivations_one_level_higher
update core.derivations set level = level + 1;

-- derivations__are_no_higher_than_they_are_deep
update core.derivations set level = depth + 1;

-- package_sets__hold_every_attribute_of_the_newest_evaluation
delete from core.package_sets where source = 'drawn' and attr = 'app';

-- package_reach__is_counted_alike_from_both_ends
update core.package_reach set rebuilt_packages = rebuilt_packages + 1 where source = 'drawn';

-- package_moves__are_of_the_year_before
update core.package_moves set last_updated_at = timestamptz '2001-01-01 00:00:00+00' where source = 'drawn';

-- build_seconds__rest_on_one_to_five_builds
update core.build_seconds set builds = 6;

-- build_rates__are_no_higher_than_the_busiest_day
update core.build_rates set window_days = 100;

-- minor_waves__builds_are_at_least_the_roots_and_at_most_all
update metrics.minor_waves set builds = packages + 1 where source = 'drawn';

-- level_reach__holds_all_packages_of_known_level
delete from core.level_reach where source = 'drawn';

-- wave_groupings__levels_add_up_to_their_waves
update metrics.wave_groupings set builds = builds + 1 where source = 'drawn' and grouping = 'by_level';

-- wave_groupings__are_in_order
update metrics.wave_groupings set builds = 0 where source = 'drawn' and grouping = 'by_level';

-- declared_eta__is_about_failures_of_the_wave
insert into core.declared_eta values ('x', 'x', 'x', 'x', 0.5, 0, 1, 0, 0, 0, 0.8, null, null, null, null);

-- declared_wave_eta__has_an_interval_or_a_reason
insert into metrics.declared_wave_eta by name
select 'x' as wave, 'x' as source, 'x' as jobset, 'x' as system, 0.5 as target_ratio, 1 as left_jobs;

-- regression_suspects__are_of_entries_of_jobs
insert into core.regression_suspects by name select source, jobset, entry, 'graph' as evidence, 'x' as suspect, 1 as place
from core.regression_jobs where source = 'burst' limit 1;

-- channel_stall_jobs__were_red_in_their_stall
update core.channel_stall_jobs set evaluations = 0 where source = 'fed';

-- what_if__saves_no_more_than_was_built
update metrics.what_if set rebuilds_after = rebuilds_before + 1 where source = 'named' and scenario = 'split_tests';

-- what_if__starts_from_the_same_rebuilds
update metrics.what_if set rebuilds_before = rebuilds_before + 1 where source = 'named' and scenario = 'drop_input';

-- rebuilds__charge_a_derivation_once
update core.rebuilds set attempts = attempts + 1 where source = 'named';

-- rebuilds__follow_from_a_trigger
update core.rebuilds set triggers = [] where source = 'named';

-- rebuilds__contents_agree_with_their_strengths
update core.rebuilds set content = 'changed' where source = 'named' and content = 'cutoff';

-- derivation_builds__hold_every_built_derivation
delete from core.derivation_builds where source = 'named';

-- outputs__hold_every_output_once
delete from core.outputs where output = 'out';

-- output_references__are_of_recorded_outputs
update core.output_references set output = 'dev';

-- package_owners__are_of_the_newest_list
update core.package_owners set listed_at = listed_at - interval 1 day;

-- failing_by_owner__holds_every_failing_job_of_an_owner
update metrics.failing_by_owner set failing_jobs = failing_jobs + 1 where source = 'full';

-- false_positive_cost__sole_is_within_shared_and_shared_within_contributing
update metrics.false_positive_cost set shared_wall_seconds = contributing_wall_seconds + 1 where source = 'rebuilt';

-- false_positive_cost__strict_is_within_wide
update metrics.false_positive_cost set false_positives = 0 where source = 'rebuilt' and evidence = 'wide';

-- rebuild_bill__equals_the_shared_costs_of_its_triggers
update metrics.false_positive_cost set shared_wall_seconds = contributing_wall_seconds where source = 'rebuilt';

-- rebuild_bill__counts_every_rebuild_once
delete from core.rebuilds where source = 'rebuilt' and attr = 'tested';

-- rebuild_triggers__shared_rebuilds_add_up
update metrics.rebuild_triggers set shared_rebuilds = rebuilds where source = 'rebuilt';

-- evidence_agreement__four_cells_add_up_to_what_was_compared
update metrics.evidence_agreement set true_positives = true_positives + 1 where source = 'rebuilt' and truth = 'strict';

-- content_ladder__each_step_holds_the_one_before
update metrics.content_ladder set equal = 0 where source = 'rebuilt' and strength = 'names_keyed';

-- role_coverage__counts_every_derivation_and_edge_once
update metrics.role_coverage set unnamed = unnamed + 1 where source = 'rebuilt';

-- derivation_sources__hold_every_recorded_derivation
delete from core.derivation_sources where source = 'rebuilt';

-- update_reach__fewer_edges_reach_no_more
insert into core.update_reach values ('x', 'x', 'x', 'x', 1, 3, 4, 2, 1);

-- rebuild_verdicts__hold_every_rebuild_under_each_evidence
delete from core.rebuild_verdicts where source = 'named' and evidence = 'wide';

-- cost_bases__count_every_rebuild
update core.cost_bases set rebuilds = rebuilds + 1 where source = 'named';

-- what_if_clusters__leave_no_more_than_there_was
update core.what_if_clusters set after = before + 1 where source = 'named' and scenario = 'split_tests';

-- ci_details__hold_every_event_not_taken_back
delete from core.ci_details where source = 'full';

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
insert into core.sources values ('x', 'x', 'x', 'x', 'x', null, timestamptz '2024-01-02', timestamptz '2024-01-01', 'MIT', null);

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

"""Relations of the invented world that the warehouse makes from integers, which that world does not have."""

BRIDGES = {
    "core.maintained_jobs": """
        select distinct source, jobset, attr, length(attr) % 2 = 0 as is_maintained,
            max(last_red_at) over () as told_at
        from core.failure_episodes where jobset = 'nixpkgs/haskell-updates'""",
    "core.package_owners": """
        select distinct 'hydra.example.org' as source, attr, kind as owner_kind,
            case when kind = 'team' then 'team <b>' || length(attr) % 3 || '</b>' else 'ada' end as owner,
            timestamptz '2026-01-01 00:00:00+00' as listed_at
        from core.failure_episodes, (values ('team'), ('maintainer')) as kinds(kind)
        where length(attr) % 2 = 0""",
    "core.regression_jobs": """
        select e.source, e.jobset, 'job/' || e.broken_evaluation_id || '/' || e.attr as entry, 'job' as kind,
            e.attr as root, e.broken_evaluation_id as first_bad_evaluation_id, 'own' as role, e.attr, e.system,
            e.variant,
            e.broken_evaluation_id as began_evaluation_id, b.ordinal as began_ordinal, e.broken_at as began_at,
            e.first_build_id as build_id, length(e.attr) % 2 = 0 as is_maintained,
            null::varchar as good_evaluation_id, null::boolean as is_good_seen,
            case when e.evaluations > 1 then e.broken_evaluation_id end as confirmed_evaluation_id,
            case when e.evaluations > 1 then e.broken_at end as confirmed_at,
            e.system = 'x86_64-darwin' as is_flaky, e.cleared_at, e.outcome, e.is_provisional
        from core.failure_episodes as e
        inner join core.evaluations as b using (source, jobset)
        where b.evaluation_id = e.broken_evaluation_id and e.has_own_failure and not e.is_left_censored""",
    "core.root_causes": """
        select source, jobset, attr, system, variant, first_build_id as build_id, 'dependency' as red_kind,
            broken_evaluation_id as first_evaluation_id, broken_evaluation_id as last_evaluation_id,
            null::varchar as root_build_id, null::varchar as root_attr, null::varchar as root_system,
            null::varchar as root_derivation, null::boolean as root_is_job, null::varchar as evidence
        from core.failure_episodes where not has_own_failure""",
    "core.flaky_derivations": """
        select source, 'build:' || first_build_id as derivation, min(attr) as attr, min(system) as system,
            1::bigint as failed_builds, 1::bigint as succeeded_builds, min(broken_at) as first_failed_at,
            min(cleared_at) as first_succeeded_at, min(cleared_at) as known_since_at
        from core.failure_episodes where outcome = 'fixed' group by all""",
    "core.regression_suspects": """
        select distinct source, jobset, entry, 'graph' as evidence, attr || '-1.1' as suspect,
            attr || '-1.0' as before, 0 as distance, 1::bigint as place
        from core.regression_jobs where system = 'x86_64-linux'""",
    "core.sources": """
        select 'invented' as id, 'hydra.example.org' as source, 'invented' as dataset,
            '<b>An invented world</b>' as title,
            'build_observed' as covers, null::varchar as scope, min(evaluation_at) as first_at,
            null::timestamptz as last_at, 'MIT' as licence, 'javascript:alert(1)' as url,
            true as is_invented
        from core.evaluations""",
    "core.status_classes": """
        select * from (values
            ('failed', 'red', 'own'), ('dependency-failed', 'red', 'dependency'), ('succeeded', 'green', null))
            as classes(status, status_class, red_kind)""",
    "core.list_verdicts": """
        select source, jobset, evaluation_id, system, listed_jobs, listed_jobs as listed_before_jobs,
            0 as vanished_jobs,
            0 as returned_jobs, 0 as returned_same_build_jobs, not is_complete as is_incomplete_at_once,
            not is_complete as is_incomplete_by_lookahead, not is_complete as is_incomplete,
            is_verdict_final as is_final
        from core.evaluation_systems where coverage = 'failures_only'""",
    "core.jobset_systems": """
        select source, jobset, system, count(*) as observations, count(*) as evaluations,
            count(*) filter (where is_complete) as complete_evaluations, min(evaluation_at) as first_at,
            max(evaluation_at) as last_at, arg_max(evaluation_id, ordinal) filter (where is_complete)
            as newest_complete_evaluation_id, max(evaluation_at) filter (where is_complete) as newest_complete_at,
            any_value(coverage) as coverage, any_value(unit) as unit, max(evaluation_at) as jobset_newest_at,
            true as is_current
        from core.evaluation_systems group by source, jobset, system""",
    "core.jobs_now": """
        select source, jobset, attr, system, variant, newest_complete_evaluation_id as evaluation_id,
            newest_complete_at as evaluation_at, last_build_id as build_id,
            case when has_own_failure then 'failed' else 'dependency-failed' end as status, 'red' as status_class,
            case when has_own_failure then 'own' else 'dependency' end as red_kind,
            broken_evaluation_id as same_since_evaluation_id, broken_at as same_since_at,
            failure_episodes.evaluations as same_evaluations,
            is_left_censored as is_same_since_first
        from core.failure_episodes inner join core.jobset_systems using (source, jobset, system)
        where outcome = 'open'""",
    "metrics.definition_comparison": """
        select source, jobset, system, preset, count(*) as episodes,
            count(*) filter (where is_left_censored) as left_censored,
            count(*) filter (where cleared_at is null and not is_left_censored) as open,
            count(*) filter (where cleared_at is not null and not is_left_censored) as closed,
            count(*) filter (where has_own_failure) as own_failures,
            avg(date_diff('second', broken_at, cleared_at)) / 86400 as closed_mean_days,
            median(date_diff('second', broken_at, cleared_at)) / 86400 as closed_median_days, 0 as negative_durations,
            1 as definition_version
        from core.failure_episodes cross join (select unnest(['headline', 'trunk-reference']) as preset)
        group by source, jobset, system, preset""",
    "core.job_intervals": """
        select source, jobset, attr, system, variant, first_build_id as build_id, 'failed' as status,
            'red' as status_class,
            'own' as red_kind, 'as_observed' as status_basis, broken_evaluation_id as first_evaluation_id,
            broken_evaluation_id as last_evaluation_id, broken_at as first_at, last_red_at as last_at
        from core.failure_episodes""",
    # As if the jobset with totals were another CI's, so that it has a page and a figure.
    "core.job_agreement": """
        select source, jobset, broken_evaluation_id as evaluation_id, attr, system, variant, broken_at as evaluation_at,
            'failed' as status, 'red' as status_class, 'own' as red_kind, first_build_id as build_id,
            case when broken_evaluation_id::bigint % 2 = 0 then 'exact' else 'nearest' end as match,
            'nixpkgs/trunk' as official_jobset, broken_evaluation_id as official_evaluation_id,
            broken_at as official_evaluation_at, 'full' as official_coverage, 'succeeded' as official_status,
            last_build_id as official_build_id, 'only_custom_red' as agreement, true as is_unseen_failure,
            case when length(attr) % 3 > 0 then length(attr) % 3 = 1 end as is_channel_advanced,
            case when length(attr) % 3 = 1 then 'time' end as channel_basis,
            case when length(attr) % 3 = 1 then 'nixos-unstable' end as channel,
            case when length(attr) % 3 = 1 then last_red_at end as channel_advanced_at
        from core.failure_episodes where jobset = 'nixpkgs/haskell-updates'""",
    # Whatever a CI sends: its names and its fields are text.
    "core.ci_details": """
        select source, broken_evaluation_id as evaluation_id, 'event ' || first_build_id as event_id,
            '<b>type</b>.v1' as event_type, attr, system, variant, broken_at as occurred_at,
            '{"phase": "<script>alert(2)</script>", "metrics": {"closure": {"value": 2.5, "unit": "s"}}}' as details
        from core.failure_episodes where jobset = 'nixpkgs/haskell-updates'""",
    # An iteration that has not been merged yet.
    "core.staging_comparisons": """
        select source, jobset, 'nixpkgs/trunk' as trunk_jobset, 1 as turn, evaluation_at as compared_at,
            false as is_trunk_turn, evaluation_id, '1800000' as trunk_evaluation_id, 900::bigint as common_jobs,
            7::bigint as same_jobs, true as is_apart
        from core.evaluations where jobset = 'nixpkgs/staging-next'""",
    # Tested on enough clusters at once, on too few later.
    "metrics.eta_backtest": """
        select 'hydra.nixos.org' as source, jobset, target_ratio, age_days, 90::bigint as cohorts,
            (50 - age_days)::bigint as clusters, 12::bigint as without_interval, 3::bigint as undecided,
            60::bigint as inside, 7::bigint as before, 8::bigint as after, (33 - age_days)::bigint as tested_clusters,
            0.85::double as nominal_ratio, 0.79::double as coverage_ratio, 0.6::double as coverage_ratio_low,
            0.92::double as coverage_ratio_high,
            case when age_days > 20 then 'too few' else 'holds' end as verdict, 1 as definition_version
        from (values ('nixpkgs/haskell-updates'), ('nixpkgs/trunk')) as jobsets(jobset)
        cross join (values (0.5::double), (0.9::double)) as targets(target_ratio)
        cross join (values (0), (7), (14), (30)) as ages(age_days)""",
}
SMALLER = {
    "core.cohorts": ((">= 100", ">= 20"), (">= 250", ">= 40")),
    "metrics.bursts": ((">= 250", ">= 40"),),
}
"""Limits of the definitions that this world is too small for, and what takes their place in it."""

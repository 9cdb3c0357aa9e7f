-- How green an evaluation was on one system: jobs by class of status, and the share of green ones under every named denominator.
--
-- Counts are the source's own totals where it gives them, and rows where it tells every job. A source that lists failures
-- only gets the count of listed failures and no ratio: what it does not list is unknown, not green. Ratios are given for
-- complete evaluations only, since in an unfinished one the decided jobs are not a fair part; its counts stand here all
-- the same. green_ratio, of decided jobs, is the headline: a job that is queued, cancelled, unsupported or refused says
-- nothing about the package.
-- These are full counts of what was told, not samples, so there is no interval. A ratio weighted by dependents needs
-- the graph of dependencies, which no source gives so far. Where the unit is a package, one package may count in two
-- statuses, so the sum over classes is not a number of packages.
--
-- grain: source, jobset, evaluation_id, system
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | The source's own id of the evaluation.
-- column: system | Nix system.
-- column: ordinal | The source's own order of evaluations.
-- column: evaluation_at | Time of the evaluation.
-- column: unit | What all counts but listed_jobs count: `job` or `package`.
-- column: coverage | `full`, `named`, `failures_with_totals` or `failures_only`.
-- column: is_complete | Whether the evaluation is complete on this system; only then are there ratios.
-- column: is_verdict_final | Whether no later evaluation can change that verdict.
-- column: green_jobs | Succeeded; null where the source does not tell.
-- column: own_jobs | Red: failed by themselves.
-- column: dependency_jobs | Red: not built since a dependency failed; null where the source does not tell.
-- column: timed_out_jobs | Red: timed out; null where the source does not tell.
-- column: eval_error_jobs | Red: could not be evaluated; null where the source does not tell.
-- column: unknown_cause_jobs | Red: failed, the source cannot tell whether by themselves; null where it does not tell at all.
-- column: neutral_jobs | Queued, running, aborted, cancelled, skipped, unsupported, or in a status that we do not know; null where the source does not tell.
-- column: refused_jobs | Not built since marked broken, unfree, insecure or not for this platform; null where the source does not tell.
-- column: decided_jobs | Green and red ones; null where the source does not tell.
-- column: all_jobs | All of them: green, red, neutral and refused; null where the source does not tell.
-- column: listed_jobs | Jobs that the source names one by one, always jobs, whatever the unit.
-- column: green_ratio | green_jobs / decided_jobs, from 0 to 1; null where the source does not tell, where nothing is decided, and for incomplete evaluations.
-- column: green_of_all_ratio | green_jobs / all_jobs, from 0 to 1; null as green_ratio.
-- column: green_of_own_ratio | green_jobs / (green_jobs + own_jobs), from 0 to 1: of those that were tried by themselves; null as green_ratio.
-- column: definition_version | Version of this definition.
with
    counted as (
        select
            *,
            green_jobs + own_jobs + dependency_jobs + timed_out_jobs + eval_error_jobs + unknown_cause_jobs as decided_jobs
        from core.evaluation_systems
    )
select
    source,
    jobset,
    evaluation_id,
    system,
    ordinal,
    evaluation_at,
    unit,
    coverage,
    is_complete,
    is_verdict_final,
    green_jobs,
    own_jobs,
    dependency_jobs,
    timed_out_jobs,
    eval_error_jobs,
    unknown_cause_jobs,
    neutral_jobs,
    refused_jobs,
    decided_jobs,
    total_jobs as all_jobs,
    listed_jobs,
    case when is_complete then green_jobs / nullif(decided_jobs, 0) end as green_ratio,
    case when is_complete then green_jobs / nullif(total_jobs, 0) end as green_of_all_ratio,
    case when is_complete then green_jobs / nullif(green_jobs + own_jobs, 0) end as green_of_own_ratio,
    1 as definition_version
from counted
order by source, jobset, ordinal, evaluation_id, system

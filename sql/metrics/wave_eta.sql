-- When half, and when nine in ten, of a cohort that still fails will be off the list: an 80 % interval.
--
-- One row for each cohort of 100 or more failures (bursts among them) and each target that it has not reached at its last
-- observation. The interval rests on what earlier cohorts of the same jobset took from the same age on (core.eta_predictions);
-- how often such intervals held is in metrics.eta_backtest, and the row that is nearest in age, not older, stands here with it.
-- Where that says that they were too narrow, no interval is given. Leaving the list is not a fix: see core.failure_episodes.
--
-- grain: source, jobset, evaluation_id, system, target_ratio
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | Evaluation in which the cohort began.
-- column: system | Nix system.
-- column: wave | The burst that it belongs to, as in core.found_waves; null if fewer than 250 began on this system.
-- column: target_ratio | Share of the cohort that has left, from 0 to 1.
-- column: began_at | Time of that evaluation.
-- column: as_of_at | Last observation: what the prediction starts from.
-- column: jobs | Jobs that began to fail.
-- column: left_jobs | Of them, jobs that still fail.
-- column: left_ratio | Share that still fails.
-- column: earlier_clusters | Earlier clusters that say something of the same age: what the interval rests on.
-- column: nominal_ratio | Probability of the interval by its ranks; null without one.
-- column: low_days | Lower end of the interval, in days from as_of_at; 0 where earlier cohorts give none; null without an interval.
-- column: middle_days | Days from as_of_at by which half of the earlier cohorts had got there; null if fewer had.
-- column: high_days | Upper end of the interval; null without one.
-- column: low_at | Lower end as an instant.
-- column: high_at | Upper end as an instant.
-- column: reason | Why there is no interval; null if there is one.
-- column: tested_age_days | Age of the test beside it.
-- column: tested_clusters | Clusters on which intervals at that age were tested.
-- column: coverage_ratio | Share of them that held.
-- column: verdict | What the test says: `holds`, `too few` or `too narrow`.
-- column: definition_version | Version of this definition.
with
    now as (
        select
            p.source,
            p.jobset,
            p.evaluation_id,
            p.system,
            c.ordinal,
            c.is_burst,
            p.target_ratio,
            c.began_at,
            c.observed_until_at,
            c.jobs,
            p.left_jobs,
            p.left_ratio,
            p.earlier_clusters,
            p.nominal_ratio,
            p.low_seconds,
            p.middle_seconds,
            p.high_seconds,
            b.age_days as tested_age_days,
            b.tested_clusters,
            b.coverage_ratio,
            b.verdict,
            case
                when p.left_jobs < 10 then 'fewer than 10 jobs are left'
                when p.nominal_ratio is null then 'fewer than 4 earlier clusters say anything of this age'
                when p.high_seconds is null then 'too few earlier clusters have got there'
                when b.verdict = 'too narrow' then 'such intervals were too narrow in the past'
            end as reason
        from core.eta_predictions as p
        inner join core.cohorts as c
            on p.source = c.source
            and p.jobset = c.jobset
            and p.evaluation_id = c.evaluation_id
            and p.system = c.system
        left join metrics.eta_backtest as b
            on p.source = b.source
            and p.jobset = b.jobset
            and p.target_ratio = b.target_ratio
            and b.age_days * 86400 <= p.age_seconds
        where p.is_now
        qualify row_number() over (
            partition by p.source, p.jobset, p.evaluation_id, p.system, p.target_ratio
            order by b.age_days desc
        ) = 1
    )
select
    n.source,
    n.jobset,
    n.evaluation_id,
    n.system,
    w.wave,
    n.target_ratio,
    n.began_at,
    n.observed_until_at as as_of_at,
    n.jobs,
    n.left_jobs,
    n.left_ratio,
    n.earlier_clusters,
    case when n.reason is null then n.nominal_ratio end as nominal_ratio,
    case when n.reason is null then n.low_seconds / cast(86400 as double) end as low_days,
    n.middle_seconds / cast(86400 as double) as middle_days,
    case when n.reason is null then n.high_seconds / cast(86400 as double) end as high_days,
    case when n.reason is null then n.observed_until_at + n.low_seconds * interval 1 second end as low_at,
    case when n.reason is null then n.observed_until_at + n.high_seconds * interval 1 second end as high_at,
    n.reason,
    n.tested_age_days,
    n.tested_clusters,
    n.coverage_ratio,
    n.verdict,
    1 as definition_version
from now as n
left join core.found_waves as w
    on n.is_burst and n.source = w.source and n.jobset = w.jobset and n.evaluation_id = w.first_evaluation_id
order by n.source, n.jobset, n.ordinal, n.evaluation_id, n.system, n.target_ratio

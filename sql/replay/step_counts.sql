-- Jobs (or packages) in a status in an evaluation of a series: from the source's totals, else from rows.
--
-- Totals win where the source gives them. Rows are counted only where coverage is full. For failure lists without
-- totals nothing but the listed statuses is known.
--
-- grain: series, step, status, cause
-- column: series | Jobset and system.
-- column: step | Number of the evaluation within the series.
-- column: status | Our status word.
-- column: cause | `own`, `dependency` or `unknown`; of totals `own`, unless the status names a dependency.
-- column: jobs | Number of jobs, or of packages where the source counts those.
-- column: basis | `totals`, `rows` or `list` (only listed statuses are known).
with totals as (
    select
        p.series,
        p.step,
        u.total.status as status,
        u.total.n as n
    from replay.steps as p
    inner join replay.series as s on p.series = s.series
    inner join replay.observations as o on p.observation = o.observation
    inner join staging.evaluation_observed as e on o.id = e.id
    cross join unnest(e.totals) as u (total)
    where u.total.system = s.system
),

with_totals as (
    select distinct series, step from totals
),

-- Difference array over the runs: +n where they begin, -n after they end, summed along the steps.
changes as (
    select series, status, cause, step, sum(n) as n
    from (
        select series, status, cause, first_step as step, count(*) as n
        from replay.intervals
        group by series, status, cause, first_step
        union all
        select series, status, cause, last_step + 1 as step, -count(*) as n
        from replay.intervals
        group by series, status, cause, last_step + 1
    )
    group by series, status, cause, step
),

kinds as (
    select distinct series, status, cause from changes
),

running as (
    select
        p.series,
        p.step,
        p.coverage,
        k.status,
        k.cause,
        sum(coalesce(c.n, 0)) over (
            partition by p.series, k.status, k.cause
            order by p.step
            rows unbounded preceding
        ) as n
    from replay.steps as p
    inner join kinds as k on p.series = k.series
    left join changes as c
        on p.series = c.series and p.step = c.step and k.status = c.status and k.cause = c.cause
)

select
    series,
    step,
    status,
    case status when 'dependency-failed' then 'dependency' else 'own' end as cause,
    sum(n)::bigint as jobs,
    'totals' as basis
from totals
group by series, step, status
union all
select
    r.series,
    r.step,
    r.status,
    r.cause,
    r.n::bigint as jobs,
    case when r.coverage = 'full' then 'rows' else 'list' end as basis
from running as r
left join with_totals as w on r.series = w.series and r.step = w.step
where w.series is null and r.n > 0

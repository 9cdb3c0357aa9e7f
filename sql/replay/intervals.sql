-- A job that kept one build in one status over a run of evaluations of its series.
--
-- Whose status counts (`$status_basis`): `as_observed`, the newest fact not later than the evaluation's list;
-- `latest`, the newest of all; `by_coverage`: `latest` for evaluations whose builds are asked one by one (full
-- coverage), `as_observed` for report histories.
--
-- grain: job, first_step
-- column: job | Number of the job.
-- column: series | Jobset and system.
-- column: build_id | Build that the job had.
-- column: status | Our status word; `unknown` where no fact is there.
-- column: cause | `own`, `dependency` or `unknown`.
-- column: status_basis | `as_observed` or `latest`.
-- column: first_step | First evaluation of the run within the series.
-- column: last_step | Last evaluation of the run within the series.
with jobs as (
    select r.job, r.series, s.source, r.build_id, r.first_step, r.last_step
    from replay.job_steps as r
    inner join replay.series as s on r.series = s.series
),

series_basis as (
    select
        series,
        case
            when $status_basis <> 'by_coverage' then $status_basis
            when bool_and(coverage = 'full') then 'latest'
            when bool_or(coverage = 'full') then 'mixed'
            else 'as_observed'
        end as basis
    from replay.steps
    group by series
),

-- Each job with the newest fact of its build.
told as materialized (
    select
        j.job,
        j.series,
        j.source,
        j.build_id,
        b.basis,
        f.status,
        f.cause,
        f.is_only is null or f.is_only or b.basis = 'latest' as is_simple,
        j.first_step,
        j.last_step
    from jobs as j
    inner join series_basis as b on j.series = b.series
    left join replay.build_facts as f
        on j.source = f.source and j.build_id = f.build_id and f.until_at is null
),

-- Builds of one status need no look at single evaluations, whatever the basis.
simple as (
    select
        job,
        series,
        build_id,
        coalesce(status, 'unknown') as status,
        coalesce(cause, 'unknown') as cause,
        case when basis = 'mixed' then 'as_observed' else basis end as status_basis,
        first_step,
        last_step
    from told
    where is_simple
),

single as (
    select
        t.job,
        t.series,
        t.build_id,
        coalesce(f.status, 'unknown') as status,
        coalesce(f.cause, 'unknown') as cause,
        case when t.basis = 'mixed' and p.coverage = 'full' then 'latest' else 'as_observed' end as status_basis,
        p.step
    from told as t
    inner join replay.steps as p
        on t.series = p.series and p.step between t.first_step and t.last_step
    left join replay.build_facts as f
        on not f.is_only
        and t.source = f.source
        and t.build_id = f.build_id
        and (
            (t.basis = 'mixed' and p.coverage = 'full' and f.until_at is null)
            or (
                not (t.basis = 'mixed' and p.coverage = 'full')
                and f.from_at <= p.observed_at
                and (f.until_at is null or f.until_at > p.observed_at)
            )
        )
    where not t.is_simple
),

marked as (
    select
        *,
        case
            when step = lag(step) over w + 1
                and build_id = lag(build_id) over w
                and status = lag(status) over w
                and cause = lag(cause) over w
                and status_basis = lag(status_basis) over w then 0
            else 1
        end as is_start
    from single
    window w as (partition by job order by step)
),

grouped as (
    select
        *,
        sum(is_start) over (partition by job order by step rows unbounded preceding) as run
    from marked
)

select job, series, build_id, status, cause, status_basis, first_step, last_step
from simple
union all
select
    job,
    series,
    build_id,
    status,
    cause,
    status_basis,
    min(step) as first_step,
    max(step) as last_step
from grouped
group by job, run, series, build_id, status, cause, status_basis
order by job, first_step

-- A job that kept one build over a run of evaluations of its series.
--
-- The runs of `replay.listings`, counted in evaluations: a run that lies between the last lists of two evaluations
-- has none, and runs that only an earlier list of an evaluation parts are one.
--
-- keep: no
-- grain: job, first_step
-- column: job | Number of the job.
-- column: series | Jobset and system.
-- column: build_id | Build that the job had.
-- column: first_step | First evaluation of the run within the series.
-- column: last_step | Last evaluation of the run within the series.
with counted as (
    select
        c.series,
        c.observation,
        count(s.step) over (partition by c.series order by c.observation rows unbounded preceding)::integer as steps
    from replay.coverage as c
    left join replay.steps as s on c.series = s.series and c.observation = s.observation
),

runs as (
    select
        l.job,
        j.series,
        l.build_id,
        a.steps + case when s.step is null then 1 else 0 end as first_step,
        b.steps as last_step
    from replay.listings as l
    inner join replay.jobs as j on l.job = j.job
    inner join counted as a on j.series = a.series and l.first_observation = a.observation
    inner join counted as b on j.series = b.series and l.last_observation = b.observation
    left join replay.steps as s on j.series = s.series and l.first_observation = s.observation
    where a.steps + case when s.step is null then 1 else 0 end <= b.steps
),

marked as (
    select
        *,
        case when build_id = lag(build_id) over w and first_step = lag(last_step) over w + 1 then 0 else 1 end as is_start
    from runs
    window w as (partition by job order by first_step)
),

grouped as (
    select
        *,
        sum(is_start) over (partition by job order by first_step rows unbounded preceding) as run
    from marked
)

select
    job,
    series,
    build_id,
    min(first_step)::integer as first_step,
    max(last_step)::integer as last_step
from grouped
group by job, series, run, build_id
order by job, min(first_step)

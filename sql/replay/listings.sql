-- A job that kept one build over a run of observations without a gap.
--
-- keep: no
-- grain: job, first_observation
-- column: job | Number of the job.
-- column: build_id | Build that the job had.
-- column: first_observation | First observation of the run.
-- column: last_observation | Last observation of the run.
with ends as (
    select series, max(observation) as last_observation
    from replay.coverage
    group by series
),

runs as (
    select
        m.job,
        m.build_id,
        m.change,
        m.observation as first_observation,
        least(
            lead(m.observation) over (partition by m.job order by m.observation) - 1,
            c.next_break - 1,
            e.last_observation
        ) as last_observation
    from replay.membership as m
    inner join replay.jobs as j on m.job = j.job
    inner join replay.coverage as c on j.series = c.series and m.observation = c.observation
    inner join ends as e on j.series = e.series
),

-- A key frame restates a job whose build did not change: the run goes on.
marked as (
    select
        job,
        build_id,
        first_observation,
        last_observation,
        case
            when build_id = lag(build_id) over w and first_observation = lag(last_observation) over w + 1 then 0
            else 1
        end as is_start
    from runs
    where change <> 'unlisted'
    window w as (partition by job order by first_observation)
),

grouped as (
    select
        *,
        sum(is_start) over (partition by job order by first_observation rows unbounded preceding) as run
    from marked
)

select
    job,
    build_id,
    min(first_observation)::integer as first_observation,
    max(last_observation)::integer as last_observation
from grouped
group by job, run, build_id
order by job, min(first_observation)

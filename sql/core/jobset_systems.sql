-- A system of a jobset: since when it is told, its newest complete evaluation, and whether it is still told.
--
-- A system is current if its newest complete evaluation is at most 30 days older than the newest evaluation of the
-- jobset, so that a platform that has vanished does not show as failing now. Time is that of the data, never the
-- clock's: a jobset that is not observed any more keeps the systems that it had, and newest_complete_at says of when.
--
-- grain: source, jobset, system
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
-- column: observations | Answers with a list that cover the system.
-- column: evaluations | Evaluations with a usable list for the system.
-- column: complete_evaluations | Of those, complete.
-- column: first_at | Time of the first evaluation with a usable list.
-- column: last_at | Time of the newest one.
-- column: newest_complete_evaluation_id | Newest complete evaluation; null if none is.
-- column: newest_complete_at | Time of that evaluation.
-- column: coverage | Coverage of that evaluation: `full`, `named`, `failures_with_totals` or `failures_only`.
-- column: unit | What the source counts in it: `job` or `package`.
-- column: jobset_newest_at | Time of the newest evaluation of the jobset, whatever it tells.
-- column: is_current | Whether the system is still told.
with answers as (
    select c.series, count(*) as observations
    from replay.coverage as c
    inner join replay.observations as o on c.observation = o.observation
    where c.is_covered and not o.is_retracted
    group by c.series
),

told as (
    select
        source,
        jobset,
        system,
        count(*) as evaluations,
        count(*) filter (where is_complete) as complete_evaluations,
        min(evaluation_at) as first_at,
        max(evaluation_at) as last_at,
        max(step) filter (where is_complete) as newest_complete_step
    from core.evaluation_systems
    group by source, jobset, system
),

jobsets as (
    select source, jobset, max(evaluation_at) as jobset_newest_at
    from core.evaluations
    group by source, jobset
)

select
    s.source,
    s.jobset,
    s.system,
    a.observations,
    coalesce(t.evaluations, 0) as evaluations,
    coalesce(t.complete_evaluations, 0) as complete_evaluations,
    t.first_at,
    t.last_at,
    n.evaluation_id as newest_complete_evaluation_id,
    n.evaluation_at as newest_complete_at,
    n.coverage,
    n.unit,
    j.jobset_newest_at,
    coalesce(date_diff('second', n.evaluation_at, j.jobset_newest_at) <= 30 * 86400, false) as is_current
from replay.series as s
inner join answers as a on s.series = a.series
inner join jobsets as j on s.source = j.source and s.jobset = j.jobset
left join told as t on s.source = t.source and s.jobset = t.jobset and s.system = t.system
left join core.evaluation_systems as n on s.series = n.series and t.newest_complete_step = n.step
order by s.source, s.jobset, s.system

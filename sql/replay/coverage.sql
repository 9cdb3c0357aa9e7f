-- Whether an observation covers a series, and where a listing that is running there must end.
--
-- A listing runs on from one observation to the next unless that one states its whole list anew or does not cover the
-- system.
--
-- keep: no
-- grain: series, observation
-- column: series | Jobset and system.
-- column: observation | Number of the observation.
-- column: is_covered | Whether the observation covers the system.
-- column: next_break | First later observation at which a running listing ends; null if none.
with frames as (
    select distinct observation from replay.membership where is_key_frame
    union
    select observation from replay.observations where listed_rows = 0
),

places as (
    select
        s.series,
        o.observation,
        list_contains(o.systems, s.system) as is_covered,
        f.observation is not null as is_frame
    from replay.observations as o
    inner join replay.series as s on o.source = s.source and o.jobset = s.jobset
    left join frames as f on o.observation = f.observation
)

select
    series,
    observation,
    is_covered,
    min(case when is_frame or not is_covered then observation end) over (
        partition by series
        order by observation
        rows between 1 following and unbounded following
    ) as next_break
from places

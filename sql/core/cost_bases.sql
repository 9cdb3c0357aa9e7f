-- Which seconds the report shows of a jobset's rebuilds: those that its source declares, or those that were measured.
--
-- Declared ones count where they are known of at least as many rebuilds as measured ones are.
--
-- grain: source, jobset
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: is_declared | Whether declared seconds are shown.
-- column: rebuilds | Rebuilds.
-- column: without_nominal_seconds | Rebuilds of which no declared seconds are known.
-- column: without_wall_seconds | Rebuilds of which no measured ones are.
select
    source,
    jobset,
    count(*) filter (where is_executed and nominal_seconds > 0) > 0
    and count(*) filter (where is_executed is null or (is_executed and nominal_seconds is null)) <= count(*) filter (where wall_seconds is null)
        as is_declared,
    count(*) as rebuilds,
    count(*) filter (where nominal_seconds is null) as without_nominal_seconds,
    count(*) filter (where wall_seconds is null) as without_wall_seconds
from core.rebuilds
group by source, jobset
order by source, jobset

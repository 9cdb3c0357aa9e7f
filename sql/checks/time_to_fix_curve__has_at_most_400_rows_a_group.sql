-- A curve has at most 400 rows, so that a chart can carry it.
select source, jobset, system, kind, count(*) as points
from metrics.time_to_fix_curve
group by source, jobset, system, kind
having count(*) > 400

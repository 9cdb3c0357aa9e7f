-- How marked jobs stand, by jobset.
select
    source, jobset,
    count(*) as carrying_jobs,
    count(*) filter (where verdict = 'unmark') as unmark_jobs,
    count(*) filter (where verdict = 'red') as red_jobs,
    count(*) filter (where verdict = 'refused') as refused_jobs,
    count(*) filter (where verdict = 'neutral') as neutral_jobs,
    count(*) filter (where unknown_reason = 'markers end before') as after_markers_jobs,
    count(*) filter (where unknown_reason = 'not named') as unnamed_jobs,
    max(markers_until_at) as markers_until_at
from metrics.marked_jobs
group by source, jobset
order by source, jobset

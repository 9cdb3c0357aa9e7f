-- Jobs to take the broken marker from: green by name although marked.
select source, jobset, system, attr, variant, marked_on, same_since_at, build_id, as_of_at
from metrics.marked_jobs
where verdict = 'unmark'
order by source, jobset, system, attr, variant

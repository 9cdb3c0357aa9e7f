-- Teams with jobs that fail now, those with most of 30 days or more first.
select source, jobset, owner as team, failing_jobs, long_jobs as month_jobs, long_own_jobs, long_attrs, longest_days, longest_attr, listed_at
from metrics.failing_by_owner
where owner_kind = 'team'
order by month_jobs desc, failing_jobs desc, source, jobset, team

-- Attribute sets with jobs that have failed for 30 days or more, the most first.
select
    source, jobset, case attribute_set when '' then 'top level' else attribute_set end as attribute_set, failing_jobs,
    long_jobs as month_jobs, long_own_jobs, long_attrs, maintained_attrs, unmaintained_attrs, longest_days, longest_attr
from metrics.failing_for_30_days
where long_jobs > 0
order by long_jobs desc, source, jobset, attribute_set

-- Every failing job counts once for each of its owners, or once as untold; without a list of owners nothing is said.
select coalesce(t.source, f.source) as source, coalesce(t.jobset, f.jobset) as jobset, t.failing_jobs, f.jobs
from (
    select source, jobset, sum(failing_jobs) as failing_jobs, sum(long_jobs) as long_jobs
    from metrics.failing_by_owner
    group by source, jobset
) as t
full join (
    select
        n.source,
        n.jobset,
        sum(greatest(coalesce(o.owners, 0), 1)) as jobs,
        sum(greatest(coalesce(o.owners, 0), 1)) filter (where n.failing_days >= 30) as long_jobs
    from metrics.failing_now as n
    left join (
        select attr, count(distinct owner_kind || ' ' || owner) as owners from core.package_owners group by attr
    ) as o on n.attr = o.attr
    where exists (select 1 from core.package_owners)
    group by n.source, n.jobset
) as f on t.source = f.source and t.jobset = f.jobset
where t.failing_jobs is distinct from f.jobs or t.long_jobs is distinct from coalesce(f.long_jobs, 0)

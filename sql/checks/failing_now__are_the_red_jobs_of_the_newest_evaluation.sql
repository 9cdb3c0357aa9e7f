-- Every job that is red in the newest complete evaluation of a current system is failing now, and no green or refused one is.
--
-- Two ways to the same jobs: episodes are built forwards over all evaluations, core.jobs_now looks at the newest one.
with red as (
    select n.source, n.jobset, n.attr, n.system, n.variant, n.status
    from core.jobs_now as n
    inner join core.jobset_systems as s
        on n.source = s.source and n.jobset = s.jobset and n.system = s.system
    where s.is_current and n.status_class = 'red'
)

select r.source, r.jobset, r.attr, r.system, r.variant, r.status
from red as r
anti join metrics.failing_now as f
    on r.source = f.source
    and r.jobset = f.jobset
    and r.attr = f.attr
    and r.system = f.system
    and r.variant = f.variant
union all
select f.source, f.jobset, f.attr, f.system, f.variant, f.status
from metrics.failing_now as f
inner join core.status_classes as k on f.status = k.status
where k.status_class in ('green', 'refused')

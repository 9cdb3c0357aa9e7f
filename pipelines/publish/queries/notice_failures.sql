-- Failures of single jobs that began within those days: what a notice for each would be.
select e.source, e.jobset, e.attr, count(*) as failures, coalesce(bool_or(m.is_maintained), false) as is_maintained
from core.failure_episodes as e
inner join (
    select source, jobset, max(newest_complete_at) as as_of_at
    from core.jobset_systems
    group by source, jobset
) as s on e.source = s.source and e.jobset = s.jobset
left join core.maintained_jobs as m on e.source = m.source and e.jobset = m.jobset and e.attr = m.attr
where not e.is_left_censored and e.broken_at > s.as_of_at - to_days($days::integer)
group by e.source, e.jobset, e.attr
order by e.source, e.jobset, e.attr

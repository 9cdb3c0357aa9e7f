-- Derived rebuilds of a jobset by the kind of edge that brought the change, each once: in equal parts among its triggers.
with
    basis as (
        select is_declared from core.cost_bases where source = $source and jobset = $jobset
    ),
summed as (
    select
        role,
        evidence,
        sum(shared_with_verdict) as with_verdict,
        sum(shared_false_positives) as false_positives,
        sum(shared_wall_seconds) / 3600 as wall_hours,
        sum(shared_nominal_seconds) / 3600 as nominal_hours
    from metrics.false_positive_cost
    where source = $source and jobset = $jobset and evidence in ('strict', 'wide')
    group by role, evidence
),
derived as (
    select coalesce(role, 'unknown') as role, count(*) as derived
    from core.rebuilds
    where source = $source and jobset = $jobset and not has_own_change and trigger_count > 0
    group by coalesce(role, 'unknown')
)
select
    s.role, round(s.with_verdict)::bigint as with_verdict, d.derived - round(s.with_verdict)::bigint as without_verdict,
    round(s.false_positives)::bigint as strict_false_positives, round(w.false_positives)::bigint as wide_false_positives,
    case when b.is_declared then s.nominal_hours else s.wall_hours end as strict_hours,
    case when b.is_declared then w.nominal_hours else w.wall_hours end as wide_hours
from summed as s
inner join summed as w on s.role = w.role and w.evidence = 'wide'
inner join derived as d on s.role = d.role
cross join basis as b
where s.evidence = 'strict'
order by with_verdict desc, s.role

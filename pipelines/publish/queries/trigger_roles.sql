-- Derived rebuilds of one trigger by the kind of edge that brought the change; costs in equal parts.
with
    basis as (
        select is_declared from core.cost_bases where source = $source and jobset = $jobset
    ),
summed as (
    select
        role,
        evidence,
        sum(with_verdict)::bigint as with_verdict,
        sum(without_verdict)::bigint as without_verdict,
        sum(false_positives)::bigint as false_positives,
        sum(shared_wall_seconds) / 3600 as wall_hours,
        sum(shared_nominal_seconds) / 3600 as nominal_hours
    from metrics.false_positive_cost
    where source = $source and jobset = $jobset and trigger = $trigger and evidence in ('strict', 'wide')
    group by role, evidence
)
select
    s.role, s.with_verdict, s.without_verdict, s.false_positives as strict_false_positives, w.false_positives as wide_false_positives,
    case when b.is_declared then s.nominal_hours else s.wall_hours end as strict_hours,
    case when b.is_declared then w.nominal_hours else w.wall_hours end as wide_hours
from summed as s
inner join summed as w on s.role = w.role and w.evidence = 'wide'
cross join basis as b
where s.evidence = 'strict'
order by s.with_verdict + s.without_verdict desc, s.role

-- The bill of a jobset under each kind of evidence, all months and systems together, with the interval of the share.
with
    basis as (
        select is_declared from core.cost_bases where source = $source and jobset = $jobset
    ),
summed as (
    select
        evidence,
        sum(rebuilds)::bigint as all_rebuilds,
        sum(executed)::bigint as executed,
        sum(derived)::bigint as derived,
        sum(unattributed)::bigint as unattributed,
        sum(with_verdict)::bigint as n,
        sum(without_verdict)::bigint as without_verdict,
        sum(false_positives)::bigint as k,
        bool_or(is_declared) as is_declared,
        sum(case when is_declared then false_positive_nominal_seconds else false_positive_wall_seconds end)
            / nullif(sum(case when is_declared then verdict_nominal_seconds else verdict_wall_seconds end), 0)
            as cost_ratio,
        sum(case when is_declared then without_nominal_seconds else without_wall_seconds end)::bigint as unknown_cost,
        sum(total_wall_seconds) / 3600 as wall_hours,
        sum(unknown_wall_seconds)::bigint as unknown_wall,
        sum(total_stored_bytes) / 1e9 as stored_gigabytes
    from metrics.rebuild_bill
    cross join basis
    where source = $source and jobset = $jobset
    group by evidence
),
clusters as (
    select
        evidence,
        evaluation_id,
        count(*) as n,
        count(*) filter (where is_false_positive) as k
    from core.rebuild_verdicts
    where source = $source and jobset = $jobset and is_false_positive is not null
    group by evidence, evaluation_id
),
sizes as (
    select evidence, effective_n(sum(k), sum(n), sum(k * k), sum(k * n), sum(n * n), count(*)) as effective
    from clusters
    group by evidence
)
select
    evidence, all_rebuilds, executed, derived, unattributed, n as with_verdict, without_verdict, k as false_positives, is_declared, cost_ratio, unknown_cost,
    wall_hours, unknown_wall, stored_gigabytes,
    k / nullif(n, 0) as false_positive_ratio,
    wilson_low(k / nullif(n, 0), effective) as false_positive_ratio_low,
    wilson_high(k / nullif(n, 0), effective) as false_positive_ratio_high
from summed
left join sizes using (evidence)
order by case evidence when 'strict' then 1 when 'wide' then 2 when 'structural' then 3 else 4 end

-- Cost of false-positive rebuilds in equal parts, by trigger and kind of edge, all months: the ten costliest triggers of each proof.
with
    basis as (
        select is_declared from core.cost_bases where source = $source and jobset = $jobset
    ),
    summed as (
        select
            evidence,
            trigger,
            role,
            -- rounded, so that sums do not depend on their order
            round(sum(shared_nominal_seconds) / 3600, 6) as nominal_hours,
            round(sum(shared_wall_seconds) / 3600, 6) as wall_hours,
            sum(without_nominal_seconds) as without_nominal,
            sum(without_wall_seconds) as without_wall,
            sum(false_positives)::bigint as false_positives,
            sum(with_verdict)::bigint as with_verdict,
            sum(without_verdict)::bigint as without_verdict
        from metrics.false_positive_cost
        where source = $source and jobset = $jobset and evidence in ('strict', 'wide')
        group by evidence, trigger, role
    ),
    costed as (
        select
            s.*,
            b.is_declared,
            case when b.is_declared then nominal_hours else wall_hours end as hours,
            (case when b.is_declared then without_nominal else without_wall end)::bigint as unknown_cost
        from summed as s
        cross join basis as b
    ),
    ranked as (
        select
            *,
            round(sum(hours) over (partition by evidence, trigger), 6) as trigger_hours,
            sum(false_positives) over (partition by evidence, trigger)::bigint as trigger_false_positives
        from costed
    ),
    placed as (
        select
            *,
            dense_rank() over (partition by evidence order by trigger_hours desc nulls last, trigger_false_positives desc, trigger) as place
        from ranked
        where trigger_false_positives > 0
    ),
    bill as (
        select
            evidence,
            sum(b.false_positives)::bigint as all_false_positives,
            sum(b.with_verdict)::bigint as all_with_verdict,
            sum(b.without_verdict)::bigint as all_without_verdict,
            sum(case when is_declared then b.without_nominal_seconds else b.without_wall_seconds end)::bigint as all_unknown_cost
        from metrics.rebuild_bill as b
        cross join basis
        where b.source = $source and b.jobset = $jobset
        group by evidence
    )
select
    case evidence when 'strict' then 'Strict: same content' else 'Wide: or references alone differ' end as proof,
    evidence, place, trigger, role,
    case role
        when 'check' then 1 when 'native' then 2 when 'build' then 3 when 'propagated' then 4 when 'several' then 5 else 6
    end as role_rank,
    case
        when role in ('check', 'native', 'build', 'propagated', 'several') then role
        else 'other'
    end as role_group,
    hours, trigger_hours, false_positives, with_verdict, without_verdict, unknown_cost, is_declared,
    all_false_positives, all_with_verdict, all_without_verdict, all_unknown_cost
from placed
inner join bill using (evidence)
where place <= 10
order by evidence, place, role_rank, role

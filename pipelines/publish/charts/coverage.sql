-- Evaluations of each month per system: complete for certain, complete so far (verdict provisional), incomplete.
with
    judged as (
        select
            system, date_trunc('month', evaluation_at at time zone 'UTC')::date as month_on,
            (date_trunc('month', evaluation_at at time zone 'UTC') + interval 1 month)::date as next_month_on,
            case when not is_complete then 'incomplete' when is_verdict_final then 'complete' else 'complete so far' end as verdict
        from core.evaluation_systems
        where source = $source and jobset = $jobset
    ),
    counted as (
        select
            system, month_on, next_month_on, verdict,
            case verdict when 'complete' then 1 when 'complete so far' then 2 else 3 end as verdict_order, count(*) as evaluations
        from judged
        group by system, month_on, next_month_on, verdict
    )
select
    system, month_on, next_month_on, verdict, evaluations,
    -- where the part of the bar begins and ends
    coalesce(sum(evaluations) over (
        partition by system, month_on order by verdict_order rows between unbounded preceding and 1 preceding
    ), 0)::bigint as bar_from,
    (sum(evaluations) over (partition by system, month_on order by verdict_order rows unbounded preceding))::bigint as bar_to
from counted
order by
    case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system, month_on, verdict_order

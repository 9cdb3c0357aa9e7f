-- How failure episodes ended by so many days, per system: the share of each outcome, adding up to the share that ended.
with
    thinned as (
        select
            system, days, survival_ratio, fixed_ratio, marked_broken_ratio, removed_ratio, cleared_ratio,
            -- one row for each hundredth of a decade of days is as fine as the picture can show
            row_number() over (
                partition by system, cast(floor(log10(greatest(days, 0.25)) * 60) as integer) order by days desc
            ) as place
        from metrics.time_to_fix_curve
        where source = $source and jobset = $jobset and kind = 'all'
    ),
    long as (
        select system, days, 1 as outcome_order, 'fixed' as outcome, fixed_ratio as ratio from thinned where place = 1
        union all
        select system, days, 2 as outcome_order, 'marked broken' as outcome, marked_broken_ratio as ratio from thinned where place = 1
        union all
        select system, days, 3 as outcome_order, 'removed' as outcome, removed_ratio as ratio from thinned where place = 1
        union all
        select system, days, 4 as outcome_order, 'off the list' as outcome, cleared_ratio as ratio from thinned where place = 1
    )
select
    long.system, round(long.days, 4) as days, long.outcome_order, long.outcome, round(long.ratio, 5) as ratio,
    estimates.n as episodes
from long
inner join metrics.time_to_fix as estimates
    on estimates.source = $source and estimates.jobset = $jobset and estimates.kind = 'all' and estimates.system = long.system
where estimates.n > 0
    -- where nothing but leaving the list is ever seen, there is no outcome to show
    and exists (select 1 from long as known where known.outcome_order < 4 and known.ratio > 0)
order by
    case long.system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    long.system, long.days, long.outcome_order

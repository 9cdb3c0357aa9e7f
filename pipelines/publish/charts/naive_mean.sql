-- Four ways to put one number on how long failures last, per system.
with
    long as (
        select system, n, open, 1 as measure_order, 'Median, all episodes' as measure, median_days as days from metrics.time_to_fix
        where source = $source and jobset = $jobset and kind = 'all'
        union all
        select system, n, open, 2 as measure_order, 'Median of ended ones' as measure, closed_median_days as days from metrics.time_to_fix
        where source = $source and jobset = $jobset and kind = 'all'
        union all
        select system, n, open, 3 as measure_order, 'Mean of ended ones' as measure, closed_mean_days as days from metrics.time_to_fix
        where source = $source and jobset = $jobset and kind = 'all'
        union all
        select system, n, open, 4 as measure_order, 'Mean up to 90 days' as measure, restricted_mean_days as days from metrics.time_to_fix
        where source = $source and jobset = $jobset and kind = 'all'
    )
select system, measure_order, measure, days, n, open
from long
where n >= 30
order by case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end, system, measure_order

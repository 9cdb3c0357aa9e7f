-- What other definitions of a failure make of the same history.
select source, jobset, system, preset, episodes, left_censored, open, closed, closed_median_days, closed_mean_days, negative_durations
from metrics.definition_comparison
where closed > 0
order by
    source, jobset,
    case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system, case preset when 'headline' then 1 else 2 end, preset

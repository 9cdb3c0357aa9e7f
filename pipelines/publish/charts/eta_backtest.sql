-- How often 80 % intervals held when past cohorts were predicted, per target and age, with the interval of that share.
select
    case target_ratio when 0.5 then 'half has left' else 'nine in ten have left' end as target,
    age_days,
    case age_days when 0 then 'at once' else 'after ' || age_days || ' days' end as age,
    cohorts, tested_clusters, inside, before, after, undecided, without_interval,
    nominal_ratio, coverage_ratio, coverage_ratio_low, coverage_ratio_high, verdict
from metrics.eta_backtest
where source = $source and jobset = $jobset and tested_clusters > 0
order by target_ratio, age_days

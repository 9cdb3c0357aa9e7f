-- How often 80 % intervals of past predictions held.
select
    source, jobset, target_ratio, age_days, cohorts, clusters, without_interval, undecided, inside, before, after, tested_clusters,
    nominal_ratio, coverage_ratio, coverage_ratio_low, coverage_ratio_high, verdict
from metrics.eta_backtest
order by source, jobset, target_ratio, age_days

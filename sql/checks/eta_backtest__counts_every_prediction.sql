-- Each past prediction is counted once, and the coverage lies in its interval.
with made as (
    select source, jobset, target_ratio, age_seconds / 86400 as age_days, count(*) as cohorts
    from core.eta_predictions
    where not is_now
    group by source, jobset, target_ratio, age_seconds
)
select
    coalesce(m.source, b.source) as source,
    coalesce(m.jobset, b.jobset) as jobset,
    coalesce(m.target_ratio, b.target_ratio) as target_ratio,
    m.cohorts,
    b.cohorts as counted
from made as m
full join metrics.eta_backtest as b
    on m.source = b.source
    and m.jobset = b.jobset
    and m.target_ratio = b.target_ratio
    and m.age_days = b.age_days
where m.cohorts is distinct from b.cohorts
    or b.without_interval + b.undecided + b.inside + b.before + b.after <> b.cohorts
    or b.tested_clusters > b.clusters
    or (b.coverage_ratio is null) <> (b.tested_clusters = 0)
    or b.coverage_ratio not between b.coverage_ratio_low and b.coverage_ratio_high

-- A share by more days is not smaller, and a later quartile is not earlier.
select source, jobset, system, kind
from metrics.time_to_fix
where
    ended_by_1d_ratio > ended_by_7d_ratio
    or ended_by_7d_ratio > ended_by_30d_ratio
    or ended_by_30d_ratio > ended_by_90d_ratio
    or fixed_by_30d_ratio > fixed_by_90d_ratio
    or cleared_by_30d_ratio > cleared_by_90d_ratio
    or removed_by_30d_ratio > removed_by_90d_ratio
    or marked_broken_by_30d_ratio > marked_broken_by_90d_ratio
    or first_quartile_days > median_days
    or median_days > third_quartile_days

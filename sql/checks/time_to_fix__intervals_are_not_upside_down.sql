-- The lower end of an interval is not above its upper end, and plain intervals hold the estimate.
select source, jobset, system, kind
from metrics.time_to_fix
where
    ended_by_1d_ratio_low > ended_by_1d_ratio_high
    or ended_by_7d_ratio_low > ended_by_7d_ratio_high
    or ended_by_30d_ratio_low > ended_by_30d_ratio_high
    or ended_by_90d_ratio_low > ended_by_90d_ratio_high
    or fixed_by_30d_ratio_low > fixed_by_30d_ratio_high
    or fixed_by_90d_ratio_low > fixed_by_90d_ratio_high
    or cleared_by_30d_ratio_low > cleared_by_30d_ratio_high
    or cleared_by_90d_ratio_low > cleared_by_90d_ratio_high
    or removed_by_30d_ratio_low > removed_by_30d_ratio_high
    or removed_by_90d_ratio_low > removed_by_90d_ratio_high
    or marked_broken_by_30d_ratio_low > marked_broken_by_30d_ratio_high
    or marked_broken_by_90d_ratio_low > marked_broken_by_90d_ratio_high
    or first_quartile_days_low > first_quartile_days_high
    or median_days_low > median_days_high
    or third_quartile_days_low > third_quartile_days_high
    or restricted_mean_days_low > restricted_mean_days_high
    or ended_by_1d_ratio < ended_by_1d_ratio_greenwood_low
    or ended_by_1d_ratio > ended_by_1d_ratio_greenwood_high
    or ended_by_7d_ratio < ended_by_7d_ratio_greenwood_low
    or ended_by_7d_ratio > ended_by_7d_ratio_greenwood_high
    or ended_by_30d_ratio < ended_by_30d_ratio_greenwood_low
    or ended_by_30d_ratio > ended_by_30d_ratio_greenwood_high
    or ended_by_90d_ratio < ended_by_90d_ratio_greenwood_low
    or ended_by_90d_ratio > ended_by_90d_ratio_greenwood_high
    or median_days < median_days_greenwood_low
    or median_days > median_days_greenwood_high

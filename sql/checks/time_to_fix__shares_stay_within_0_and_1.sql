-- Every share and every end of its intervals lies between 0 and 1.
select source, jobset, system, kind
from metrics.time_to_fix
where
    ended_by_1d_ratio not between 0 and 1
    or ended_by_1d_ratio_low not between 0 and 1
    or ended_by_1d_ratio_high not between 0 and 1
    or ended_by_7d_ratio not between 0 and 1
    or ended_by_7d_ratio_low not between 0 and 1
    or ended_by_7d_ratio_high not between 0 and 1
    or ended_by_30d_ratio not between 0 and 1
    or ended_by_30d_ratio_low not between 0 and 1
    or ended_by_30d_ratio_high not between 0 and 1
    or ended_by_90d_ratio not between 0 and 1
    or ended_by_90d_ratio_low not between 0 and 1
    or ended_by_90d_ratio_high not between 0 and 1
    or fixed_by_30d_ratio not between 0 and 1
    or fixed_by_30d_ratio_low not between 0 and 1
    or fixed_by_30d_ratio_high not between 0 and 1
    or fixed_by_90d_ratio not between 0 and 1
    or fixed_by_90d_ratio_low not between 0 and 1
    or fixed_by_90d_ratio_high not between 0 and 1
    or cleared_by_30d_ratio not between 0 and 1
    or cleared_by_30d_ratio_low not between 0 and 1
    or cleared_by_30d_ratio_high not between 0 and 1
    or cleared_by_90d_ratio not between 0 and 1
    or cleared_by_90d_ratio_low not between 0 and 1
    or cleared_by_90d_ratio_high not between 0 and 1
    or removed_by_30d_ratio not between 0 and 1
    or removed_by_30d_ratio_low not between 0 and 1
    or removed_by_30d_ratio_high not between 0 and 1
    or removed_by_90d_ratio not between 0 and 1
    or removed_by_90d_ratio_low not between 0 and 1
    or removed_by_90d_ratio_high not between 0 and 1
    or marked_broken_by_30d_ratio not between 0 and 1
    or marked_broken_by_30d_ratio_low not between 0 and 1
    or marked_broken_by_30d_ratio_high not between 0 and 1
    or marked_broken_by_90d_ratio not between 0 and 1
    or marked_broken_by_90d_ratio_low not between 0 and 1
    or marked_broken_by_90d_ratio_high not between 0 and 1
    or ended_by_1d_ratio_greenwood_low not between 0 and 1
    or ended_by_1d_ratio_greenwood_high not between 0 and 1
    or ended_by_7d_ratio_greenwood_low not between 0 and 1
    or ended_by_7d_ratio_greenwood_high not between 0 and 1
    or ended_by_30d_ratio_greenwood_low not between 0 and 1
    or ended_by_30d_ratio_greenwood_high not between 0 and 1
    or ended_by_90d_ratio_greenwood_low not between 0 and 1
    or ended_by_90d_ratio_greenwood_high not between 0 and 1

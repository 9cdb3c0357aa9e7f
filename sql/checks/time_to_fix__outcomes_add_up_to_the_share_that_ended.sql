-- The shares by outcome add up to the share that ended, within 1e-9.
select source, jobset, system, kind
from metrics.time_to_fix
where
    abs(
        ended_by_30d_ratio
        - fixed_by_30d_ratio
        - cleared_by_30d_ratio
        - removed_by_30d_ratio
        - marked_broken_by_30d_ratio
    ) > 1e-9
    or abs(
        ended_by_90d_ratio
        - fixed_by_90d_ratio
        - cleared_by_90d_ratio
        - removed_by_90d_ratio
        - marked_broken_by_90d_ratio
    ) > 1e-9

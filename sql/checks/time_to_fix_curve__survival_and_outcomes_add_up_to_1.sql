-- The share that lasts and the shares by outcome add up to 1, within 1e-9.
select source, jobset, system, kind, days
from metrics.time_to_fix_curve
where abs(survival_ratio + fixed_ratio + cleared_ratio + removed_ratio + marked_broken_ratio - 1) > 1e-9

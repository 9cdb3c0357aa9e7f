-- The mean of a window is no more than its busiest day, which is no more than all.
select source, jobset, system, builds_per_day, busiest_day_builds, finished_builds
from core.build_rates
where busiest_day_builds > finished_builds or window_days > 28 or builds_per_day > finished_builds

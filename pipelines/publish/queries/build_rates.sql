-- Builds finished a day where that is known.
select source, jobset, system, until_at, window_days, finished_builds, builds_per_day, busiest_day_builds
from core.build_rates
where builds_per_day is not null
order by finished_builds desc, source, jobset, system

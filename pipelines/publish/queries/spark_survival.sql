-- The survival curve of one system up to 90 days.
select days as at, survival_ratio as value
from metrics.time_to_fix_curve
where source = $source and jobset = $jobset and system = $system and kind = 'all' and days <= 90
order by days

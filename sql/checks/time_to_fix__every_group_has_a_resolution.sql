-- Every jobset and system with episodes has a known gap between its complete evaluations.
-- severity: warn
select source, jobset, system
from metrics.time_to_fix
where kind = 'all' and resolution_days is null

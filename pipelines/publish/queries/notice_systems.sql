-- Systems that are still told: each has its lists, empty or not, so that who follows one does not lose it.
select source, jobset, system, newest_complete_at as as_of_at
from core.jobset_systems
where is_current and newest_complete_at is not null
order by source, jobset, system

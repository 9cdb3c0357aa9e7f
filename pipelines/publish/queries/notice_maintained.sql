-- Jobsets of which the source says what has a maintainer.
select distinct source, jobset
from core.maintained_jobs
where is_maintained
order by source, jobset

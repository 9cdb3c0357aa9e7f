-- Of how many regressions the range of commits is known, by jobset.
select
    source, jobset, count(*) as entries,
    count(*) filter (where first_bad_revision is not null and last_good_revision is not null) as ranges
from metrics.regressions
group by source, jobset
order by source, jobset

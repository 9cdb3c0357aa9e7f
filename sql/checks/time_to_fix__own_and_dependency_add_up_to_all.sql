-- Own and dependency episodes together are all episodes, in every count.
select source, jobset, system
from metrics.time_to_fix
group by source, jobset, system
having
    sum(case when kind = 'all' then n else -n end) <> 0
    or sum(case when kind = 'all' then open else -open end) <> 0
    or sum(case when kind = 'all' then left_censored else -left_censored end) <> 0
    or sum(case when kind = 'all' then provisional else -provisional end) <> 0

-- Do own failures last longer than failures of a dependency?
select
    jobset, system,
    max(case when kind = 'own' then median_days end) as own_days,
    max(case when kind = 'dependency' then median_days end) as dependency_days
from metrics.time_to_fix
group by jobset, system
having own_days is not null and dependency_days is not null
order by jobset, system

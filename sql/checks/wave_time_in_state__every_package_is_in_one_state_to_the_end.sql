-- Each package has one stay that lasts to the newest evaluation, and no stay is shorter than nothing.
select t.wave, t.source, t.jobset, t.system
from (
    select
        wave,
        source,
        jobset,
        system,
        sum(unfinished_stays) as unfinished,
        min(total_days) as least
    from metrics.wave_time_in_state
    group by wave, source, jobset, system
) as t
left join (
    select wave, source, jobset, system, count(*) as packages
    from core.wave_packages
    group by wave, source, jobset, system
) as p on t.wave = p.wave and t.source = p.source and t.jobset = p.jobset and t.system = p.system
where t.unfinished <> coalesce(p.packages, 0) or t.least < 0

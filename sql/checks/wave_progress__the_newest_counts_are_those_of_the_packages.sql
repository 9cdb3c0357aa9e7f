-- The newest counts of a system are those of the packages, and worst-of counts every package once.
with
    counted as (
        select
            wave,
            source,
            jobset,
            system,
            count(*) as packages,
            count(*) filter (where state = 'pass') as pass,
            count(*) filter (where is_open) as open_packages
        from core.wave_packages
        group by wave, source, jobset, system
        union all
        select wave, source, jobset, 'worst-of', count(*), count(*) filter (where is_pass), count(*) filter (where is_open)
        from (
            select
                wave,
                source,
                jobset,
                attr,
                bool_or(is_open) as is_open,
                bool_and(state = 'pass') as is_pass
            from core.wave_packages
            group by wave, source, jobset, attr
        )
        group by wave, source, jobset
    )
select p.wave, p.jobset, p.system, p.packages, c.packages as counted
from metrics.wave_progress as p
left join counted as c
    on p.wave = c.wave and p.source = c.source and p.jobset = c.jobset and p.system = c.system
where p.is_newest
    and (p.packages, p.pass, p.open_packages)
        <> (coalesce(c.packages, 0), coalesce(c.pass, 0), coalesce(c.open_packages, 0))

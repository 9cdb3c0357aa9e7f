-- Builds by level counted per package are those counted per wave.
with
    waves as (
        select source, package_set, sum(builds) as builds, count(*) as minor_waves
        from metrics.minor_waves
        group by source, package_set
    )
select g.source, g.package_set, g.builds, w.builds as builds_of_waves
from metrics.wave_groupings as g
left join waves as w on g.source = w.source and g.package_set = w.package_set
where g.grouping = 'by_level' and (w.builds is distinct from g.builds or w.minor_waves is distinct from g.minor_waves)

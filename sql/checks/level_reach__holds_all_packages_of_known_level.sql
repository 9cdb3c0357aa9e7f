-- All levels together hold each package of known level once.
with
    told as (select source, package_set, sum(packages) as packages from core.level_reach group by source, package_set),
    there as (
        select source, package_set, count(level) as packages
        from core.package_reach
        group by source, package_set
    )
select a.source, a.package_set, t.packages as on_levels, a.packages
from there as a
left join told as t on a.source = t.source and a.package_set = t.package_set
where coalesce(t.packages, 0) <> a.packages

-- The waves of all levels together update each package of known level once.
with
    told as (select source, package_set, sum(roots) as roots from metrics.minor_waves group by source, package_set),
    there as (
        select source, package_set, count(level) as packages
        from core.package_reach
        group by source, package_set
    )
select a.source, a.package_set, t.roots, a.packages
from there as a
left join told as t on a.source = t.source and a.package_set = t.package_set
where coalesce(t.roots, 0) <> a.packages

-- The newest revision of each package set, with the counts that plans of it rest on.
select
    s.source, s.package_set, s.revision, s.committed_at, s.is_partial, count(*) as attrs,
    any_value(r.packages) as packages, any_value(r.unknown_levels) as unknown_levels
from core.package_sets as s
inner join (
    select source, package_set, count(*) as packages, count(*) - count(level) as unknown_levels
    from core.package_reach group by source, package_set
) as r on s.source = r.source and s.package_set = r.package_set
where s.is_newest
group by s.source, s.package_set, s.revision, s.committed_at, s.is_partial
order by attrs desc, s.source, s.package_set

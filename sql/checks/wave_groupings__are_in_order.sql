-- No grouping builds more than one by one, or less than each of its packages once; times are known for no more builds.
select a.source, a.package_set, a.grouping, a.builds, b.builds as one_by_one
from metrics.wave_groupings as a
inner join metrics.wave_groupings as b
    on a.source = b.source and a.package_set = b.package_set and b.grouping = 'one_by_one'
where a.builds > b.builds or a.builds < a.packages or a.builds_without_seconds > a.builds

-- What a major wave of every package costs, by grouping.
select
    *,
    case grouping when 'at_once' then 'all at once (floor)' when 'by_level' then 'one wave per level' else 'one wave per package' end as grouping_words,
    known_seconds / 3600 as known_hours
from metrics.wave_groupings
where source = $source and package_set = $package_set
order by builds, grouping

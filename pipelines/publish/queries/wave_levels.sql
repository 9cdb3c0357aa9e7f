-- Levels of a declared wave that hold open packages, with the failing package that holds back most.
select
    level, system, source, jobset, packages, open_packages, coalesce(worst_attr, 'none fails by itself') as worst,
    coalesce(worst_held_packages, 0) as held_packages
from metrics.wave_levels
where wave = $wave and open_packages > 0
order by level, system, jobset
limit 60

-- Builds of each minor wave of a major wave that goes level by level, with five of them to be named.
select
    level, minor_wave, minor_waves, roots, builds, packages, heaviest_attr, heaviest_builds,
    minor_wave - 1 in (0, minor_waves // 4, minor_waves // 2, minor_waves * 3 // 4, minor_waves - 1) as is_named
from metrics.minor_waves
where source = $source and package_set = $package_set
order by level

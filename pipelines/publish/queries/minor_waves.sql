-- The minor waves of a major wave that goes level by level.
select * from metrics.minor_waves
where source = $source and package_set = $package_set
order by level

-- The 100 packages of a package set of which an update builds most again.
select attr as package_attr, system, level, rebuilt_packages as built_again, rebuilt_attrs, count(*) over () as packages
from core.package_reach
where source = $source and package_set = $package_set
order by rebuilt_packages desc, attr, system
limit 100

-- Packages that most others need, with what a fix of each builds and leaves untested.
select
    attr as package_attr, name, level, rebuilt_packages, rebuilt_packages - 1 as grafted_packages,
    rebuilt_packages as overridden_packages
from core.package_reach
where source = $source and package_set = $package_set
order by rebuilt_packages desc, attr, system
limit 40

-- What packages rebuild and what they need are the same pairs, counted from either end; each counts itself.
select source, package_set, sum(rebuilt_packages) as rebuilt, sum(needed_packages) as needed
from core.package_reach
group by source, package_set
having sum(rebuilt_packages) <> sum(needed_packages)
    or min(rebuilt_packages) < 1
    or min(needed_packages) < 1
    or bool_or(levels_reaching > needed_packages)
    or bool_or(rebuilt_attrs < rebuilt_packages)

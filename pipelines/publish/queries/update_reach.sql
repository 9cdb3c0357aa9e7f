-- What an update of a few packages reaches in a package set, by the edges that are followed.
select package as package_attr, derivation_changes, output_changes, without_check_only, without_test_tools
from core.update_reach
where source = $source and package_set = $package_set
order by output_changes desc, package

-- The fewer edges are followed the less is reached, and a package reaches itself.
select source, package_set, package
from core.update_reach
where
    output_changes > derivation_changes
    or without_check_only > output_changes
    or without_test_tools > without_check_only
    or without_test_tools < roots

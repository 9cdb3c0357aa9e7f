-- Packages that were updated once a month or more often in the year before.
select m.attr as package_attr, m.updates, m.last_updated_at, r.levels_reaching, r.rebuilt_packages - 1 as needing_packages
from core.package_moves as m
inner join core.package_reach as r
    on m.source = r.source and m.package_set = r.package_set and m.derivation_id = r.derivation_id
where m.source = $source and m.package_set = $package_set and m.updates >= 12
order by m.updates desc, m.attr

-- Packages that most others need among those that had an update in the year before, with what a fix of each builds.
with
    moved as (
        select source, package_set, derivation_id, max(updates) as updates
        from core.package_moves
        group by source, package_set, derivation_id
    )
select
    r.attr as package_attr, r.name, r.level, m.updates, r.rebuilt_packages, r.rebuilt_packages - 1 as grafted_packages,
    r.rebuilt_packages as overridden_packages
from core.package_reach as r
left join moved as m
    on r.source = m.source and r.package_set = m.package_set and r.derivation_id = m.derivation_id
-- where no history tells of updates, all are shown
where r.source = $source and r.package_set = $package_set and coalesce(m.updates, 1) > 0
order by r.rebuilt_packages desc, r.attr, r.system
limit 20

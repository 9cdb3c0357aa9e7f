-- Attributes that an update of a package reaches, by the edges that are followed, the widest package first.
select
    r.package, row_number() over (order by r.output_changes desc, r.package, w.place) as row_number,
    dense_rank() over (order by r.output_changes desc, r.package) as package_place, w.place, w.way,
    case w.place
        when 1 then r.derivation_changes when 2 then r.output_changes when 3 then r.without_check_only else r.without_test_tools
    end as attributes,
    r.roots, p.attrs
from core.update_reach as r
inner join (
    select source, package_set, revision, count(*) as attrs
    from core.package_sets
    group by source, package_set, revision
) as p
    on r.source = p.source and r.package_set = p.package_set and r.revision = p.revision
cross join (
    values (1, 'derivation changes'), (2, 'is built again'), (3, 'not only for recorded tests'), (4, 'not only for test tools by name')
) as w(place, way)
where r.source = $source and r.package_set = $package_set
order by package_place, w.place

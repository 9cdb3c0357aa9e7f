-- The owners of a source are those of its newest list, all of them.
select coalesce(o.source, s.source) as source, o.owners, s.listed
from (select source, max(listed_at) as listed_at, count(*) as owners from core.package_owners group by source) as o
full join (
    select source, observed_at, left_out_rows, id, count(*) as listed
    from staging.package_owners_listed
    group by source, observed_at, left_out_rows, id
    qualify row_number() over (partition by source order by observed_at desc, left_out_rows desc, id desc) = 1
) as s on o.source = s.source
where o.owners is distinct from s.listed or o.listed_at is distinct from s.observed_at

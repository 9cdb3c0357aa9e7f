-- Every jobset with rebuilds has one basis of cost, over all of them.
select r.source, r.jobset, r.rebuilds, b.rebuilds as of_basis
from (
    select source, jobset, count(*) as rebuilds
    from core.rebuilds
    group by source, jobset
) as r
left join core.cost_bases as b on r.source = b.source and r.jobset = b.jobset
where b.rebuilds is distinct from r.rebuilds

-- Only jobs of which a build says whether they have a maintainer are here, each with the newest word.
select m.source, m.jobset, m.attr, m.told_at, b.told_at as newest_at
from core.maintained_jobs as m
full join (
    select source, jobset, attr, max(observed_at) as told_at
    from staging.build_observed
    where is_maintained is not null
    group by source, jobset, attr
) as b on m.source = b.source and m.jobset = b.jobset and m.attr = b.attr
where m.told_at is distinct from b.told_at or m.is_maintained is null

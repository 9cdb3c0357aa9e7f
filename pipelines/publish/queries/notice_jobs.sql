-- The jobs of those regressions, each once.
select
    j.source, j.jobset, j.entry, j.role, j.attr, j.system, j.variant,
    min(j.began_at) as began_at,
    bool_or(j.cleared_at is null) as is_open,
    coalesce(bool_or(j.is_maintained), false) as is_maintained,
    arg_min(j.build_id, j.began_ordinal) as build_id
from core.regression_jobs as j
inner join metrics.regressions as r on j.source = r.source and j.jobset = r.jobset and j.entry = r.entry
inner join (
    select source, jobset, max(newest_complete_at) as as_of_at
    from core.jobset_systems
    group by source, jobset
) as s on j.source = s.source and j.jobset = s.jobset
where r.updated_at > s.as_of_at - to_days($days::integer) and not r.is_series_start
group by j.source, j.jobset, j.entry, j.role, j.attr, j.system, j.variant
order by j.source, j.jobset, j.entry, j.role desc, j.attr, j.system, j.variant

-- Regressions of which readers were told something within some days before the newest complete evaluation of their jobset.
select r.*, s.as_of_at
from metrics.regressions as r
inner join (
    select source, jobset, max(newest_complete_at) as as_of_at
    from core.jobset_systems
    group by source, jobset
) as s on r.source = s.source and r.jobset = s.jobset
where r.updated_at > s.as_of_at - to_days($days::integer) and not r.is_series_start
order by r.source, r.jobset, r.entry

-- Time to fix per jobset and system, every kind of episode.
select
    *,
    (
        select max(e.evaluation_at)
        from core.evaluation_systems as e
        where e.source = t.source and e.jobset = t.jobset and e.system = t.system and e.is_complete
    ) as as_of_at
from metrics.time_to_fix as t
order by
    source, jobset,
    case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system, case kind when 'all' then 1 when 'own' then 2 else 3 end

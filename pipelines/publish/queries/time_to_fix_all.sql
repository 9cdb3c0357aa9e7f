-- Time to fix per jobset and system, every kind of episode.
select *
from metrics.time_to_fix
order by
    source, jobset,
    case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system, case kind when 'all' then 1 when 'own' then 2 else 3 end

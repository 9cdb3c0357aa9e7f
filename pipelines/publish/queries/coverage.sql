-- What was seen of each jobset and system.
select * replace (coalesce(reasons, 'none') as reasons)
from metrics.coverage
order by
    source, jobset,
    case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system

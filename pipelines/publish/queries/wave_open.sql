-- Packages that a declared wave waits for: own failures first, then by how long they have been so.
select *, count(*) over () as all_rows
from core.wave_packages
where wave = $wave and is_open
order by
    case state when 'failing_own' then 1 when 'failing_dependency' then 2 when 'building' then 3 when 'awaiting_inputs' then 4 else 5 end,
    state_since_at, attr, system, variant, jobset
limit 100

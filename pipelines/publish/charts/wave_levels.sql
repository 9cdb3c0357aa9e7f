-- Packages of a declared wave by level of the graph and state, per system, with the failure that holds back most.
select
    jobset || ', ' || system as panel_name, jobset, system, level, packages, pass, under_way, not_reached, failing_dependency,
    failing_own, decided_packages as decided, gone_packages as gone, open_packages, worst_attr, worst_held_packages
from metrics.wave_levels
where wave = $wave
order by
    jobset,
    case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system, level

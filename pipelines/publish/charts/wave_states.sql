-- Packages of a declared wave by state in its evaluations, worst-of and per system: at most 60 evaluations each.
with
    numbered as (
        select
            *,
            row_number() over (partition by jobset, system order by ordinal desc) - 1 as back,
            count(*) over (partition by jobset, system) as evaluations
        from metrics.wave_progress
        where wave = $wave and packages > 0
    )
select
    jobset || ', ' || system as panel_name, jobset, system, evaluation_id, evaluation_at, is_complete, evaluations,
    packages, pass, building + awaiting_inputs as under_way, not_reached, failing_dependency, failing_own,
    wont_fix + cant_fix as decided, marked_broken + removed as gone, open_packages, green_ratio
from numbered
where back % cast(ceil(evaluations / 60) as bigint) = 0
order by
    jobset,
    case system when 'worst-of' then 0 when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system, evaluation_at, back desc

-- Open packages of a declared wave in its evaluations, worst-of and per system: at most 120 evaluations each.
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
    jobset, system, evaluation_id, evaluation_at, is_complete, evaluations, packages, open_packages, green_ratio
from numbered
where back % cast(ceil(evaluations / 120) as bigint) = 0
order by
    case system when 'worst-of' then 0 when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system, jobset, evaluation_at, back desc

-- Share of failure episodes that last longer than so many days, per system, with the median on the first row of each system.
with
    curve as (
        select
            source, jobset, system, kind, days, at_risk, survival_ratio, survival_ratio_low, survival_ratio_high,
            row_number() over (partition by system order by days) as place,
            -- one row for each sixtieth of a decade of days is as fine as the picture can show
            row_number() over (
                partition by system, cast(floor(log10(greatest(days, 0.1)) * 60) as integer) order by days desc
            ) as step
        from metrics.time_to_fix_curve
        where source = $source and jobset = $jobset and kind = 'all'
    )
select
    curve.system, round(curve.days, 4) as days, curve.at_risk, round(curve.survival_ratio, 5) as survival_ratio,
    round(curve.survival_ratio_low, 5) as survival_ratio_low, round(curve.survival_ratio_high, 5) as survival_ratio_high,
    case when curve.place = 1 then estimates.median_days end as median_days,
    case when curve.place = 1 then estimates.median_days_low end as median_days_low,
    case when curve.place = 1 then estimates.median_days_high end as median_days_high,
    case when curve.place = 1 then estimates.n end as episodes,
    case when curve.place = 1 then estimates.open end as open_episodes
from curve
inner join metrics.time_to_fix as estimates
    on curve.source = estimates.source and curve.jobset = estimates.jobset
    and curve.system = estimates.system and curve.kind = estimates.kind
where estimates.n > 0 and (curve.step = 1 or curve.place = 1)
order by
    case curve.system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    curve.system, curve.days

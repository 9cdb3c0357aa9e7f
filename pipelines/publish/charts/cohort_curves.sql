-- Share of each burst that still fails, per system, the five newest by name, with when half had left on the first row of each.
with
    curve as (
        select
            c.system, c.wave, w.kind, c.began_at, c.days, c.at_risk, c.still_failing_ratio,
            c.still_failing_ratio_low, c.still_failing_ratio_high,
            dense_rank() over (partition by c.system order by w.kind = 'series_start', w.ordinal desc) as rank,
            row_number() over (partition by c.system, c.wave order by c.days) as place,
            -- one row for each twenty-fifth of a decade of days is as fine as the picture can show
            row_number() over (
                partition by c.system, c.wave, cast(floor(log10(greatest(c.days, 0.1)) * 25) as integer)
                order by c.days desc
            ) as step,
            min(case when c.still_failing_ratio <= 0.5 then c.days end) over (partition by c.system, c.wave) as median_days
        from metrics.cohort_curves as c
        inner join core.found_waves as w on c.source = w.source and c.jobset = w.jobset and c.wave = w.wave
        where c.source = $source and c.jobset = $jobset
    ),
    named as (
        select
            *,
            case when rank <= 5 then 'line ' || rank else 'older' end as line,
            -- names of lines stand at different heights, so that they do not meet
            min(case when still_failing_ratio <= 0.93 - 0.17 * rank then days end) over (partition by system, wave) as label_days,
            cast(0.93 - 0.17 * rank as double) as label_ratio
        from curve
    )
select
    system, wave, line, rank, kind = 'series_start' as is_series_start, strftime(began_at, '%-d %b %Y') as began_on,
    round(days, 3) as days, at_risk, round(still_failing_ratio, 4) as still_failing_ratio,
    case when rank <= 5 then round(still_failing_ratio_low, 4) end as still_failing_ratio_low,
    case when rank <= 5 then round(still_failing_ratio_high, 4) end as still_failing_ratio_high,
    case when place = 1 then at_risk end as jobs,
    case when place = 1 then round(median_days, 4) end as median_days,
    case when place = 1 and rank <= 5 then round(label_days, 4) end as label_days,
    case when place = 1 and rank <= 5 then label_ratio end as label_ratio
from named
where step = 1 or place = 1
order by
    case system when 'x86_64-linux' then 1 when 'aarch64-linux' then 2 when 'x86_64-darwin' then 3 when 'aarch64-darwin' then 4 else 5 end,
    system, rank, wave, days

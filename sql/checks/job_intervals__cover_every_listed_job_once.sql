-- Every job of every evaluation's list lies in exactly one interval.
with overlapping as (
    select series, count(*) as overlaps
    from (
        select series, first_step, lag(last_step) over (partition by job order by first_step) as before_step
        from replay.intervals
    )
    where before_step >= first_step
    group by series
),

intervals as (
    select series, sum(last_step - first_step + 1) as rows_in_intervals
    from replay.intervals
    group by series
),

listed as (
    select series, sum(last_step - first_step + 1) as rows_listed
    from replay.job_steps
    group by series
)

select l.series, l.rows_listed, i.rows_in_intervals, o.overlaps
from listed as l
left join intervals as i on l.series = i.series
left join overlapping as o on l.series = o.series
where l.rows_listed is distinct from i.rows_in_intervals or o.overlaps > 0

-- Notices a week, before folding and after each step, in long form: one row a week and step; null in weeks that nobody saw.
with
    seen as (
        select * from metrics.notice_volume where source = $source and jobset = $jobset and is_whole
    ),
    weeks as (
        select unnest(generate_series(min(week_on)::timestamp, max(week_on)::timestamp, interval 7 days))::date as week_on
        from seen
    ),
    steps as (
        select * from (
            values (1, 'before folding'), (2, 'systems folded'), (3, 'bursts folded'), (4, 'confirmed: told')
        ) as words (place, step)
    )
select
    w.week_on::timestamp at time zone 'UTC' as week_at, p.place, p.step,
    case p.place when 1 then s.failures when 2 then s.root_jobs when 3 then s.entries else s.notices end as notices,
    median(case p.place when 1 then s.failures when 2 then s.root_jobs when 3 then s.entries else s.notices end)
        over (partition by p.place) as median_notices,
    count(s.week_on) over (partition by p.place) as weeks
from weeks as w
cross join steps as p
left join seen as s on w.week_on = s.week_on
order by p.place, w.week_on

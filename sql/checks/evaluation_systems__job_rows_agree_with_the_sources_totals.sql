-- Where a source lists every job in a status and gives totals, as many jobs (or packages) are listed as the totals say.
--
-- Counted anew from the listed jobs, for every evaluation, system and status in `listed_statuses`. A package is the last
-- part of the attribute, and counts once however many attributes of it are in the status: the runs of its attributes
-- are merged before they are counted. Green and other classes are not listed; they come from the totals alone.
with told as (
    select p.series, p.step, o.id, e.unit, s.system, e.totals, e.listed_statuses
    from replay.steps as p
    inner join replay.series as s on p.series = s.series
    inner join replay.observations as o on p.observation = o.observation
    inner join staging.evaluation_observed as e on o.id = e.id
    where len(list_filter(e.totals, lambda t: t.system = s.system)) > 0
),

statuses as (
    select
        series,
        step,
        unit,
        unnest(
            case
                when list_contains(listed_statuses, 'all')
                    then list_distinct([t.status for t in totals if t.system = system])
                else listed_statuses
            end
        ) as status,
        totals,
        system
    from told
),

claimed as (
    select
        series,
        step,
        unit,
        status,
        list_sum([t.n for t in totals if t.system = system and t.status = status]) as n
    from statuses
),

things as (
    select
        i.series,
        i.status,
        w.unit,
        case w.unit when 'package' then regexp_extract(j.attr, '[^.]*$') else j.attr || '|' || j.variant end as thing,
        i.first_step,
        i.last_step
    from replay.intervals as i
    inner join replay.jobs as j on i.job = j.job
    inner join (select distinct series, status, unit from claimed) as w
        on i.series = w.series and i.status = w.status
),

merged as (
    select
        series,
        status,
        unit,
        first_step,
        last_step,
        max(last_step) over (
            partition by series, status, unit, thing
            order by first_step, last_step
            rows between unbounded preceding and 1 preceding
        ) as reached
    from things
),

-- What a run adds beyond the runs before it: one from its first new step on, none after its last one.
changes as (
    select series, status, unit, step, sum(n) as n
    from (
        select series, status, unit, greatest(first_step, coalesce(reached + 1, first_step)) as step, 1 as n
        from merged
        where reached is null or last_step > reached
        union all
        select series, status, unit, last_step + 1 as step, -1 as n
        from merged
        where reached is null or last_step > reached
    )
    group by series, status, unit, step
),

counted as (
    select
        c.series,
        c.step,
        c.unit,
        c.status,
        c.n as n_told,
        c.is_told,
        sum(coalesce(d.n, 0)) over (
            partition by c.series, c.unit, c.status order by c.step rows unbounded preceding
        ) as n_listed
    from (
        select p.series, p.step, w.unit, w.status, coalesce(k.n, 0) as n, k.step is not null as is_told
        from replay.steps as p
        inner join (select distinct series, status, unit from claimed) as w on p.series = w.series
        left join claimed as k
            on p.series = k.series and p.step = k.step and w.unit = k.unit and w.status = k.status
    ) as c
    left join changes as d
        on c.series = d.series and c.step = d.step and c.unit = d.unit and c.status = d.status
)

select s.source, s.jobset, s.system, e.evaluation_id, c.status, c.n_told, c.n_listed
from counted as c
inner join replay.series as s on c.series = s.series
inner join replay.steps as p on c.series = p.series and c.step = p.step
inner join replay.evaluations as e on p.evaluation = e.evaluation
where c.is_told and c.n_told <> c.n_listed
order by s.source, s.jobset, s.system, c.step, c.status

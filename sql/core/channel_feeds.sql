-- A jobset that feeds a channel, with the job that must succeed there: one history over all its names.
--
-- A jobset that was renamed has a row under each name, and its evaluations are one series in the order of their ids.
-- The dates say when a name held at the instance; an evaluation that was recorded under the other name counts as well.
--
-- grain: source, channel, jobset
-- column: source | Instance that evaluates the jobset.
-- column: channel | Name of the channel.
-- column: jobset | Jobset as project/name.
-- column: place | Its place among the channel's jobsets, from 1, in the order of time.
-- column: job | Job that must succeed; null where a selection or a gate decides.
-- column: status | `rolling`, `stable` and so on; null if not told.
-- column: from_on | First day on which it held; null: from the beginning.
-- column: until_on | First day on which it no longer held; null: it holds.
-- column: evaluations | Evaluations that are known of it; 0: no source tells this jobset.
with declared as (
    select s.instance as source, s.channel, s.periods
    from staging.channel_declared as s
    inner join core.channel_declarations as d
        on s.instance = d.source
        and s.channel = d.channel
        and s.source = d.declared_by
        and (s.observed_at at time zone 'UTC')::date = d.declared_on
),

listed as (
    select source, channel, unnest(periods) as period, unnest(range(1, len(periods) + 1)) as place
    from declared
),

last_named as (
    select source, channel, period, place
    from listed
    qualify row_number() over (partition by source, channel, period.jobset order by place desc) = 1
),

counted as (
    select source, jobset, count(*) as evaluations
    from replay.evaluations
    group by source, jobset
)

select
    l.source,
    l.channel,
    l.period.jobset as jobset,
    l.place,
    l.period.job as job,
    l.period.status as status,
    l.period.from_on as from_on,
    l.period.until_on as until_on,
    coalesce(c.evaluations, 0) as evaluations
from last_named as l
left join counted as c on l.source = c.source and l.period.jobset = c.jobset
order by l.source, l.channel, l.place

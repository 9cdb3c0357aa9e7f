-- A channel's verdicts and stalls are all counted.
with
    verdicts as (
        select source, channel, count(*) as evaluations from core.channel_verdicts group by source, channel
    ),
    stalls as (
        select source, channel, count(*) as stalls from core.channel_stalls group by source, channel
    )
select t.source, t.channel, t.evaluations, t.stalls
from metrics.channel_stall_times as t
full outer join verdicts as v on t.source = v.source and t.channel = v.channel
left join stalls as s on coalesce(t.source, v.source) = s.source and coalesce(t.channel, v.channel) = s.channel
where t.evaluations is distinct from v.evaluations
    or t.evaluations <> t.green_evaluations + t.blocked_evaluations + t.unknown_evaluations
    or t.stalls <> coalesce(s.stalls, 0)
    or t.stalled_days > t.judged_days + 0.00001

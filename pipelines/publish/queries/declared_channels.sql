-- Every declared channel: where it stands now, how long it stood still, and what feeds it.
select
    c.source, c.channel, c.title, c.kind, c.status, c.as_of, c.basis, c.advances, c.first_advance_at,
    c.last_advance_at, c.last_revision, c.last_evaluation_id, c.judged_evaluation_id, c.judged_at, c.verdict, c.reason,
    c.stalled_at, d.decided_by, d.declared_by, d.declared_on, d.gate, d.attrs, d.excluded, d.aggregate, d.systems,
    d.is_maintained, d.with_dependencies, d.tolerance, d.minimum_age_seconds / 86400.0 as minimum_age_days,
    d.maintainers, d.teams, f.jobsets, f.jobs, f.evaluations as known_evaluations,
    t.first_at, t.last_at, t.judged_days, t.evaluations, t.green_evaluations, t.blocked_evaluations, t.unknown_evaluations,
    t.stalls, t.ended_stalls, t.median_stall_days, t.p90_stall_days, t.longest_stall_days, t.stalled_days, t.stalled_ratio,
    t.open_since_at, date_diff('second', t.open_since_at, t.last_at) / 86400.0 as open_days
from core.channels as c
inner join core.channel_declarations as d on c.source = d.source and c.channel = d.channel
inner join (
    select
        source, channel, list(jobset order by place) as jobsets, list(distinct job order by job) as jobs,
        sum(evaluations)::bigint as evaluations
    from core.channel_feeds
    group by source, channel
) as f on c.source = f.source and c.channel = f.channel
left join metrics.channel_stall_times as t on c.source = t.source and c.channel = t.channel
order by c.kind desc, t.evaluations is null, c.source, c.channel

-- Rebuilds in equal parts add up to all rebuilds whose triggers are known, and so do their seconds.
select t.source, t.jobset, t.system, t.shared_rebuilds, r.rebuilds
from (
    select
        source,
        jobset,
        system,
        sum(shared_rebuilds) as shared_rebuilds,
        sum(shared_wall_seconds) as wall_seconds,
        bool_and(strict_false_positives <= wide_false_positives and wide_false_positives <= with_verdict) as is_ordered
    from metrics.rebuild_triggers
    group by source, jobset, system
) as t
full outer join (
    select source, jobset, system, count(*) as rebuilds, sum(wall_seconds) as wall_seconds
    from core.rebuilds
    where trigger_count > 0
    group by source, jobset, system
) as r on t.source = r.source and t.jobset = r.jobset and t.system = r.system
where
    not coalesce(abs(t.shared_rebuilds - r.rebuilds) <= 1e-3, false)
    or abs(coalesce(t.wall_seconds, 0) - coalesce(r.wall_seconds, 0)) > 1e-3
    or not t.is_ordered

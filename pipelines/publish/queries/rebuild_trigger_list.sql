-- Triggers that have a page: the 300 costliest, over all systems of a jobset.
select
    t.source, t.jobset, t.trigger, t.source in (select source from core.sources where is_invented) as is_invented,
    min(t.place) as place,
    sum(t.rebuilds)::bigint as rebuilds, sum(t.executed)::bigint as executed, sum(t.sole_rebuilds)::bigint as sole_rebuilds,
    max(t.evaluations) as evaluations, sum(t.with_verdict)::bigint as with_verdict,
    sum(t.strict_false_positives)::bigint as strict_false_positives, sum(t.wide_false_positives)::bigint as wide_false_positives,
    sum(t.shared_wall_seconds) / 3600 as shared_wall_hours, sum(t.unknown_wall_seconds)::bigint as unknown_wall,
    sum(t.shared_nominal_seconds) / 3600 as shared_nominal_hours, sum(t.unknown_nominal_seconds)::bigint as unknown_nominal
from metrics.rebuild_triggers as t
group by t.source, t.jobset, t.trigger
order by is_invented, place, t.source, t.jobset, t.trigger
limit 300

-- A job to unmark is green by name in the newest complete evaluation, and the list of markers reaches to it.
select m.source, m.jobset, m.attr, m.system, m.variant, m.verdict, n.status_class, m.markers_until_at, m.as_of_at
from metrics.marked_jobs as m
left join core.jobs_now as n
    on m.source = n.source
    and m.jobset = n.jobset
    and m.attr = n.attr
    and m.system = n.system
    and m.variant = n.variant
where (m.verdict = 'unknown') <> (m.unknown_reason is not null)
    or (
        m.verdict = 'unmark'
        and (n.status_class is distinct from 'green' or m.markers_until_at + interval 1 day <= m.as_of_at or m.markers_until_at is null)
    )

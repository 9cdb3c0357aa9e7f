-- What is proven in the strict sense is proven in the wide one, about the same rebuilds.
select s.source, s.jobset, s.system, s.month, s.trigger, s.role
from metrics.false_positive_cost as s
left join metrics.false_positive_cost as w
    on s.source = w.source
    and s.jobset = w.jobset
    and s.system = w.system
    and s.month is not distinct from w.month
    and s.trigger = w.trigger
    and s.role = w.role
    and w.evidence = 'wide'
where
    s.evidence = 'strict'
    and (
        w.with_verdict is distinct from s.with_verdict
        or s.false_positives > w.false_positives
        or s.shared_wall_seconds > w.shared_wall_seconds + 1e-6
    )

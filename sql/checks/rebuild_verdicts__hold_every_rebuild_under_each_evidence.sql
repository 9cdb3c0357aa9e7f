-- Every rebuild has a row for each kind of evidence; what is the same in the strict sense is so in the wide one.
select r.source, r.jobset, r.system, r.attr, r.evaluation_id, count(v.evidence) as evidences
from core.rebuilds as r
left join core.rebuild_verdicts as v
    on r.source = v.source
    and r.jobset = v.jobset
    and r.system = v.system
    and r.attr = v.attr
    and r.variant = v.variant
    and r.evaluation_id = v.evaluation_id
group by r.source, r.jobset, r.system, r.attr, r.variant, r.evaluation_id
having count(v.evidence) <> 4
    or (
        bool_or(v.evidence = 'strict' and coalesce(v.is_false_positive, false))
        and not bool_or(v.evidence = 'wide' and coalesce(v.is_false_positive, false))
    )

-- Every jobset and system with two or more complete evaluations has a known gap between them.
-- severity: warn
select t.source, t.jobset, t.system
from metrics.time_to_fix as t
where t.kind = 'all'
    and t.resolution_days is null
    and (
        select count(*)
        from core.evaluation_systems as e
        where e.source = t.source and e.jobset = t.jobset and e.system = t.system and e.is_complete
    ) > 1

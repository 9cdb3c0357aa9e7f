-- Every jobset and system of core.evaluation_systems, and every jobset of core.evaluations, is there.
select e.source, e.jobset, e.system
from core.evaluation_systems as e
anti join metrics.coverage as c on e.source = c.source and e.jobset = c.jobset and e.system = c.system
union all
select e.source, e.jobset, null as system
from core.evaluations as e
anti join metrics.coverage as c on e.source = c.source and e.jobset = c.jobset

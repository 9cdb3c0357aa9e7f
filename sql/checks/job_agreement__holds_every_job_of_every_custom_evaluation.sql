-- Every job that a custom CI names in an evaluation is here once, and nothing else.
with told as (
    select source, jobset, evaluation_id, system, sum(listed_jobs) as jobs
    from core.evaluation_systems
    where source <> 'hydra.nixos.org'
    group by source, jobset, evaluation_id, system
),

here as (
    select source, jobset, evaluation_id, system, count(*) as jobs
    from core.job_agreement
    group by source, jobset, evaluation_id, system
)

select
    coalesce(t.source, h.source) as source,
    coalesce(t.evaluation_id, h.evaluation_id) as evaluation_id,
    coalesce(t.system, h.system) as system,
    t.jobs as told_jobs,
    h.jobs as jobs
from told as t
full join here as h
    on t.source = h.source
    and t.jobset = h.jobset
    and t.evaluation_id = h.evaluation_id
    and t.system = h.system
where coalesce(t.jobs, 0) <> coalesce(h.jobs, 0)

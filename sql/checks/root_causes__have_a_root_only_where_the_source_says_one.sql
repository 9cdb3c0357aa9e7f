-- A root comes with its evidence, and what is said to be a job's own derivation has that job.
select source, jobset, attr, system, variant, first_evaluation_id, root_build_id, evidence
from core.root_causes
where (root_build_id is null) <> (evidence is null)
    or (root_build_id is null and (root_attr is not null or root_derivation is not null))
    or (root_is_job and (root_derivation is null or root_attr is null))
    or (root_build_id = build_id and root_is_job)

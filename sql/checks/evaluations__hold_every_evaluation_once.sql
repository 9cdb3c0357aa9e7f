-- Every evaluation that an answer mentions, and that was not taken back, is one row.
with told as (
    select distinct source, jobset, evaluation_id
    from staging.evaluation_observed
    where id not in (select observation_id from staging.observation_retracted)
)

select t.source, t.jobset, t.evaluation_id, e.source as found_source, e.evaluation_id as found_evaluation_id
from told as t
full outer join core.evaluations as e
    on t.source = e.source and t.jobset = e.jobset and t.evaluation_id = e.evaluation_id
where t.source is null or e.source is null

-- Cohorts of one jobset that follow each other within a day are of one cluster, others are not.
with following as (
    select
        source,
        jobset,
        evaluation_id,
        system,
        cluster,
        began_at,
        lag(cluster) over w as cluster_before,
        lag(began_at) over w as began_before_at
    from core.cohorts
    window w as (partition by source, jobset order by began_at, ordinal, evaluation_id, system)
)
select source, jobset, evaluation_id, system, cluster, cluster_before, began_at, began_before_at
from following
where cluster <> coalesce(
    cluster_before + case when date_diff('second', began_before_at, began_at) > 86400 then 1 else 0 end,
    1
)

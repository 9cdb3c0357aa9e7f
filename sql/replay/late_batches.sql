-- A batch that brought something older than what the log already held of the jobset.
--
-- keep: no
-- grain: source, jobset, batch
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: batch | Number of the batch.
-- column: newest_before | Newest observation with a list in the batches before.
with seen as (
    select
        source,
        jobset,
        batch,
        min(observed_at) as oldest_at,
        max(observed_at) as newest_at
    from staging.evaluation_observed
    where listed_rows is not null
    group by source, jobset, batch
),

compared as (
    select
        source,
        jobset,
        batch,
        oldest_at,
        max(newest_at) over (
            partition by source, jobset
            order by batch
            rows between unbounded preceding and 1 preceding
        ) as newest_before
    from seen
)

select source, jobset, batch, newest_before
from compared
where oldest_at <= newest_before

-- A prediction rests on no more clusters than began before, has its ends in order, and an outcome that fits them.
with earlier as (
    select c.source, c.jobset, c.cluster, count(distinct b.cluster) as clusters
    from core.cohorts as c
    left join core.cohorts as b
        on c.source = b.source and c.jobset = b.jobset and b.cluster < c.cluster and not b.is_series_start
    group by c.source, c.jobset, c.cluster
)
select
    p.source, p.jobset, p.evaluation_id, p.system, p.target_ratio, p.age_seconds, p.earlier_clusters,
    p.low_seconds, p.high_seconds, p.took_seconds, p.outcome
from core.eta_predictions as p
left join earlier as e on p.source = e.source and p.jobset = e.jobset and p.cluster = e.cluster
where e.clusters is null
    or p.earlier_clusters not between 0 and e.clusters
    or (p.low_seconds is not null and p.earlier_clusters < 4)
    or p.low_seconds > p.high_seconds
    or p.level_ratio < 0.8
    or p.took_seconds > p.watched_seconds
    or (p.outcome = 'inside') is distinct from case
        when p.outcome is not null then coalesce(p.took_seconds between p.low_seconds and p.high_seconds, false)
    end

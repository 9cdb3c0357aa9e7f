-- Failures of the newest evaluations of other CIs that hydra.nixos.org does not see, those a channel advanced over first.
with newest as (
    select source, jobset, system, evaluation_id
    from (
        select
            source, jobset, system, evaluation_id,
            row_number() over (
                partition by source, jobset, system order by evaluation_at desc, evaluation_id desc
            ) as place
        from metrics.unseen_by_official
    )
    where place = 1
)
select
    a.source, a.jobset, a.attr as job, a.system, a.variant, a.status, coalesce(a.official_status, 'not built') as official_status,
    a.match, coalesce(a.channel, case when a.is_channel_advanced is null then 'unknown' else 'none' end) as channel_over,
    a.channel_basis, a.channel_advanced_at
from core.job_agreement as a
inner join newest as n
    on a.source = n.source and a.jobset = n.jobset and a.system = n.system and a.evaluation_id = n.evaluation_id
where a.is_unseen_failure
order by a.is_channel_advanced desc nulls last, a.channel_advanced_at, a.source, a.jobset, a.attr, a.system, a.variant
limit 100

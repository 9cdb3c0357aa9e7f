-- A failure that turned other jobs red, and how many.
--
-- Failures of which no other job is known to have failed are not here. Only what the source says counts: where it
-- names no roots (core.root_cause_coverage), a root may have turned more jobs red than these.
--
-- grain: source, root_build_id
-- column: source | Instance that built.
-- column: root_build_id | Build in which the failure happened.
-- column: root_attr | Job of that build, without the system; null where it was never seen.
-- column: root_system | System of that build; null likewise.
-- column: root_derivation | Derivation that failed; null where the source does not say.
-- column: root_is_job | Whether that derivation is what root_attr builds; null where the source does not say.
-- column: reach_jobs | Jobs that it ever turned red, in all jobsets, on all systems; its own job is not counted.
-- column: reach_jobs_now | Of those, jobs that are red because of it in the newest complete evaluation of their system.
-- column: jobsets | Number of jobsets in which it turned jobs red.
with reached as (
    select
        r.source,
        r.root_build_id,
        r.jobset,
        r.attr,
        r.system,
        r.variant,
        max(r.root_attr) as root_attr,
        max(r.root_system) as root_system,
        max(r.root_derivation) as root_derivation,
        bool_or(r.root_is_job) as root_is_job,
        max(case when n.build_id is null then 0 else 1 end) as is_now
    from core.root_causes as r
    left join core.jobs_now as n
        on r.source = n.source
        and r.jobset = n.jobset
        and r.attr = n.attr
        and r.system = n.system
        and r.variant = n.variant
        and r.build_id = n.build_id
        and n.status_class = 'red'
        and n.red_kind <> 'own'
    where r.root_build_id <> r.build_id
    group by r.source, r.root_build_id, r.jobset, r.attr, r.system, r.variant
)

select
    source,
    root_build_id,
    max(root_attr) as root_attr,
    max(root_system) as root_system,
    max(root_derivation) as root_derivation,
    bool_or(root_is_job) as root_is_job,
    count(*) as reach_jobs,
    sum(is_now)::bigint as reach_jobs_now,
    count(distinct jobset) as jobsets
from reached
group by source, root_build_id
order by source, root_build_id

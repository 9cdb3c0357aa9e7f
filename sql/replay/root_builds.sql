-- Where the failure of a build really happened, for builds that failed because of another one.
--
-- The select gives one link per build: the build that its source names as the place of the failure, and which
-- derivation failed there. `pipelines.replay.roots` follows the links to their ends. Of several failed derivations the
-- first counts that another build is known to have failed at, the same jobset first. A derivation that no build is of
-- failed within the build itself, which is then the root. An aggregate of which nothing is said has the root of its first
-- constituent that failed by itself, else of one whose root is known. The newest fact that says the build failed because of
-- another counts; one that says it failed by itself, later, takes the link away.
--
-- python: pipelines.replay.roots:followed
-- grain: source, build_id
-- column: source | Instance that built.
-- column: build_id | Build that failed because of another one.
-- column: root_build_id | Build in which the failure happened; null if the links go round in a circle.
-- column: root_attr | Job of that build; null if its job was never seen.
-- column: root_system | System of that build; null likewise.
-- column: root_derivation | Derivation that failed there; null if not told.
-- column: root_is_job | Whether that derivation is the build's own, or was before it was replaced; false: an input of it that is no job; null if not told.
-- column: evidence | `propagated`, `failed_derivations` or `aggregate`, of the first link.
with aggregates as (
    select source, aggregate_build_id as build_id, constituent_build_id
    from core.aggregate_constituents
),

naming as (
    select source, build_id
    from staging.build_observed
    where propagated_from_build is not null or len(failed_derivations) > 0
    union
    select source, build_id from aggregates
    union
    select source, constituent_build_id as build_id from aggregates
),

newest as (
    select
        b.source,
        b.jobset,
        b.build_id,
        b.cause,
        b.failed_derivations,
        b.propagated_from_build
    from staging.build_observed as b
    inner join naming as n on b.source = n.source and b.build_id = n.build_id
    inner join core.status_classes as k on b.status = k.status
    where b.is_finished and k.status_class = 'red'
    qualify row_number() over (
        partition by b.source, b.build_id order by b.observed_at desc, b.attempt desc, b.status desc, b.cause desc
    ) = 1
),

fallen as (
    select source, jobset, build_id, failed_derivations, propagated_from_build
    from newest
    where cause <> 'own' and (propagated_from_build is not null or len(failed_derivations) > 0)
),

-- An aggregate of which nothing is said waits for a constituent that failed, itself or because of a known one.
waiting as (
    select a.source, a.build_id, a.constituent_build_id
    from aggregates as a
    inner join newest as n on a.source = n.source and a.build_id = n.build_id
    inner join newest as c on a.source = c.source and a.constituent_build_id = c.build_id
    left join fallen as f on a.source = f.source and a.build_id = f.build_id
    left join fallen as cf on c.source = cf.source and c.build_id = cf.build_id
    where n.cause <> 'own'
        and f.build_id is null
        and a.build_id <> a.constituent_build_id
        and (c.cause = 'own' or cf.build_id is not null)
    qualify row_number() over (
        partition by a.source, a.build_id order by c.cause <> 'own', a.constituent_build_id
    ) = 1
),

derivations as (
    select source, jobset, build_id, unnest(failed_derivations) as derivation
    from fallen
    where propagated_from_build is null or propagated_from_build = build_id
),

-- Builds that are known to have failed by themselves, by their derivation.
own_failed as (
    select b.source, b.jobset, b.drv_path, min(b.build_id) as build_id
    from staging.build_observed as b
    inner join (select distinct source, derivation from derivations) as d
        on b.source = d.source and b.drv_path = d.derivation
    inner join core.status_classes as k on b.status = k.status
    where b.is_finished and b.cause = 'own' and k.status_class = 'red'
    group by b.source, b.jobset, b.drv_path
),

placed as (
    select
        d.source,
        d.build_id,
        d.derivation,
        f.build_id as failed_build_id
    from derivations as d
    left join own_failed as f on d.source = f.source and d.derivation = f.drv_path and d.build_id <> f.build_id
    qualify row_number() over (
        partition by d.source, d.build_id
        order by f.build_id is null, f.jobset <> d.jobset, f.jobset, d.derivation, f.build_id
    ) = 1
),

links as (
    select
        source,
        build_id,
        propagated_from_build as parent_build_id,
        case when len(failed_derivations) > 0 then failed_derivations[1] end as derivation,
        'propagated' as evidence
    from fallen
    where propagated_from_build is not null and propagated_from_build <> build_id
    union all
    select
        source,
        build_id,
        coalesce(failed_build_id, build_id) as parent_build_id,
        derivation,
        'failed_derivations' as evidence
    from placed
    union all
    select
        source,
        build_id,
        constituent_build_id as parent_build_id,
        null as derivation,
        'aggregate' as evidence
    from waiting
),

-- Jobs and derivations of the builds that are named.
parents as (
    select
        b.source,
        b.build_id,
        min(b.attr) as attr,
        min(b.system) as system,
        arg_max(b.drv_path, b.observed_at) filter (where b.drv_path is not null) as drv_path
    from staging.build_observed as b
    inner join (select distinct source, parent_build_id from links) as l
        on b.source = l.source and b.build_id = l.parent_build_id
    group by b.source, b.build_id
)

select
    l.source,
    l.build_id,
    l.parent_build_id,
    l.derivation,
    l.evidence,
    p.attr as parent_attr,
    p.system as parent_system,
    p.drv_path as parent_derivation
from links as l
left join parents as p on l.source = p.source and l.parent_build_id = p.build_id
order by l.source, l.build_id

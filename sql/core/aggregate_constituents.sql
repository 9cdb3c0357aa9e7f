-- A build on which the build of an aggregate (`tested`, `unstable`) waits.
--
-- Constituents do not change while the build exists; should a source tell others later, the newest answer counts. A
-- constituent that was never seen itself has no attribute.
--
-- grain: source, aggregate_build_id, constituent_build_id
-- column: source | Instance that built.
-- column: jobset | Jobset of the aggregate as project/name.
-- column: aggregate_build_id | Build of the aggregate.
-- column: aggregate_attr | Job of the aggregate, without the system; null where it was never seen.
-- column: aggregate_system | System of the aggregate; null likewise.
-- column: constituent_build_id | Build on which it waits.
-- column: constituent_attr | Job of that build, without the system; null where it was never seen.
-- column: constituent_system | System of that build; null likewise.
with newest as (
    select source, jobset, build_id, constituents
    from staging.aggregate_observed
    qualify row_number() over (partition by source, build_id order by observed_at desc, id desc) = 1
),

edges as (
    select distinct source, jobset, build_id as aggregate_build_id, unnest(constituents) as constituent_build_id
    from newest
),

wanted as (
    select source, aggregate_build_id as build_id from edges
    union
    select source, constituent_build_id as build_id from edges
),

names as (
    select b.source, b.build_id, min(b.attr) as attr, min(b.system) as system
    from staging.build_observed as b
    inner join wanted as w on b.source = w.source and b.build_id = w.build_id
    group by b.source, b.build_id
)

select
    e.source,
    e.jobset,
    e.aggregate_build_id,
    a.attr as aggregate_attr,
    a.system as aggregate_system,
    e.constituent_build_id,
    c.attr as constituent_attr,
    c.system as constituent_system
from edges as e
left join names as a on e.source = a.source and e.aggregate_build_id = a.build_id
left join names as c on e.source = c.source and e.constituent_build_id = c.build_id
order by e.source, e.aggregate_build_id, e.constituent_build_id

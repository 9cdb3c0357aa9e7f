-- Which packages triggered rebuilds, what those cost, and how many of them changed nothing, the costliest first.
--
-- A trigger is a package with a change of its own that a rebuild follows from (core.rebuilds); its own rebuild counts too.
-- `sole`: rebuilds with this trigger alone, what leaving out this change would have saved. `shared`: equal parts among all
-- triggers, the only ones that add up. `contributing`: all of it for each. Rebuilds of unknown triggers are in no row.
-- Unknown costs are left out of every sum and counted; a sum of unknown costs alone is null. False positives are told under
-- both proofs of metrics.false_positive_cost, side by side and never added up.
--
-- grain: source, jobset, system, trigger
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: system | Nix system.
-- column: trigger | Package with a change of its own.
-- column: place | Its place: by shared seconds, then by rebuilds in equal parts, then by name; unknown seconds come last.
-- column: evaluations | Evaluations in which it triggered a rebuild.
-- column: rebuilds | Rebuilds that it is a trigger of.
-- column: sole_rebuilds | Of them, those with no other.
-- column: shared_rebuilds | Rebuilds in equal parts.
-- column: executed | Of all, those for which something was built here.
-- column: derived | Of all, those without a change of their own.
-- column: sole_wall_seconds | Seconds of rebuilds with this trigger alone.
-- column: shared_wall_seconds | In equal parts.
-- column: contributing_wall_seconds | Of all its rebuilds.
-- column: unknown_wall_seconds | Rebuilds of which they are unknown.
-- column: sole_core_seconds | Seconds times processors of rebuilds with this trigger alone.
-- column: shared_core_seconds | In equal parts.
-- column: contributing_core_seconds | Of all its rebuilds.
-- column: unknown_core_seconds | Rebuilds of which they are unknown.
-- column: sole_nominal_seconds | Declared seconds of rebuilds with this trigger alone.
-- column: shared_nominal_seconds | In equal parts.
-- column: contributing_nominal_seconds | Of all its rebuilds.
-- column: unknown_nominal_seconds | Rebuilds of which they are unknown.
-- column: sole_stored_bytes | Bytes stored of rebuilds with this trigger alone.
-- column: shared_stored_bytes | In equal parts.
-- column: contributing_stored_bytes | Of all its rebuilds.
-- column: unknown_stored_bytes | Rebuilds of which they are unknown.
-- column: with_verdict | Derived rebuilds whose contents were compared, without noise.
-- column: strict_false_positives | Of them, those with the same content and all that it refers to.
-- column: wide_false_positives | Those, and those that differ in references alone.
-- column: definition_version | Version of this definition.
with
    parts as (
        select
            source,
            jobset,
            system,
            unnest(triggers) as trigger,
            evaluation_id,
            trigger_count = 1 as is_sole,
            is_executed,
            not has_own_change as is_derived,
            case
                when not has_own_change and not has_noise and content in ('cutoff', 'rewrite-only', 'changed') then content
            end as verdict,
            -- exact sums, whatever their order
            (1.0::double / trigger_count)::decimal(38, 12) as part,
            wall_seconds::decimal(38, 12) as wall,
            core_seconds::decimal(38, 12) as core,
            case when is_executed then nominal_seconds when not is_executed then 0 end::decimal(38, 12) as nominal,
            stored_bytes::decimal(38, 12) as bytes,
            (wall_seconds / trigger_count)::decimal(38, 12) as wall_part,
            (core_seconds / trigger_count)::decimal(38, 12) as core_part,
            (case when is_executed then nominal_seconds when not is_executed then 0 end / trigger_count)::decimal(38, 12) as nominal_part,
            (stored_bytes / trigger_count)::decimal(38, 12) as bytes_part
        from core.rebuilds
        where trigger_count > 0
    ),
    summed as (
        select
            source,
            jobset,
            system,
            trigger,
            count(distinct evaluation_id) as evaluations,
            count(*) as rebuilds,
            count(*) filter (where is_sole) as sole_rebuilds,
            sum(part) as shared_rebuilds,
            count(*) filter (where is_executed) as executed,
            count(*) filter (where is_derived) as derived,
            count(verdict) as with_verdict,
            count(*) filter (where verdict = 'cutoff') as strict_false_positives,
            count(*) filter (where verdict <> 'changed') as wide_false_positives,
            sum(wall) filter (where is_sole) as sole_wall,
            sum(wall_part) as shared_wall,
            sum(wall) as contributing_wall,
            count(*) filter (where wall is null) as unknown_wall,
            sum(core) filter (where is_sole) as sole_core,
            sum(core_part) as shared_core,
            sum(core) as contributing_core,
            count(*) filter (where core is null) as unknown_core,
            sum(nominal) filter (where is_sole) as sole_nominal,
            sum(nominal_part) as shared_nominal,
            sum(nominal) as contributing_nominal,
            count(*) filter (where nominal is null) as unknown_nominal,
            sum(bytes) filter (where is_sole) as sole_bytes,
            sum(bytes_part) as shared_bytes,
            sum(bytes) as contributing_bytes,
            count(*) filter (where bytes is null) as unknown_bytes
        from parts
        group by source, jobset, system, trigger
    )
select
    source,
    jobset,
    system,
    trigger,
    row_number() over (
        partition by source, jobset, system order by shared_wall desc nulls last, shared_rebuilds desc, trigger
    ) as place,
    evaluations,
    rebuilds,
    sole_rebuilds,
    round(shared_rebuilds::double, 9) as shared_rebuilds,
    executed,
    derived,
    case when sole_rebuilds > 0 then round(sole_wall::double, 9) else 0 end as sole_wall_seconds,
    round(shared_wall::double, 9) as shared_wall_seconds,
    round(contributing_wall::double, 9) as contributing_wall_seconds,
    unknown_wall as unknown_wall_seconds,
    case when sole_rebuilds > 0 then round(sole_core::double, 9) else 0 end as sole_core_seconds,
    round(shared_core::double, 9) as shared_core_seconds,
    round(contributing_core::double, 9) as contributing_core_seconds,
    unknown_core as unknown_core_seconds,
    case when sole_rebuilds > 0 then round(sole_nominal::double, 9) else 0 end as sole_nominal_seconds,
    round(shared_nominal::double, 9) as shared_nominal_seconds,
    round(contributing_nominal::double, 9) as contributing_nominal_seconds,
    unknown_nominal as unknown_nominal_seconds,
    case when sole_rebuilds > 0 then round(sole_bytes::double, 9) else 0 end as sole_stored_bytes,
    round(shared_bytes::double, 9) as shared_stored_bytes,
    round(contributing_bytes::double, 9) as contributing_stored_bytes,
    unknown_bytes as unknown_stored_bytes,
    with_verdict,
    strict_false_positives,
    wide_false_positives,
    1 as definition_version
from summed
order by source, jobset, system, place

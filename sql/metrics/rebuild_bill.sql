-- What rebuilds cost, and how much of it was for nothing, per month and kind of evidence.
--
-- All rebuilds are counted: those with a change of their own, derived ones, and those of which it is unknown. A share of false
-- positives is one of derived rebuilds with a verdict; what a verdict is stands with metrics.false_positive_cost, whose
-- shared costs add up to these. Strict and wide are about the same rebuilds and are never added up.
--
-- Unknown costs are left out of every sum and counted: with some of them a total is a lower bound. A sum of unknown costs
-- alone is null.
--
-- grain: source, jobset, system, month, evidence
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: system | Nix system.
-- column: month | First day of the month of the evaluations, in UTC.
-- column: evidence | `strict`, `wide`, `structural` or `suspected`.
-- column: evaluations | Evaluations with a rebuild: clusters, since rebuilds of one share a cause.
-- column: rebuilds | All rebuilds.
-- column: executed | Of them, those for which something was built here.
-- column: own_changes | Of all, those with a change of their own.
-- column: derived | Without one, and their triggers are known.
-- column: unattributed | Of unknown change or triggers.
-- column: with_verdict | Of derived ones, those with a verdict.
-- column: without_verdict | Of derived ones, those without.
-- column: verdict_evaluations | Evaluations of those with a verdict.
-- column: false_positives | Of those with a verdict, the false positives.
-- column: false_positive_ratio | False positives by rebuilds with a verdict; null without any.
-- column: false_positive_ratio_low | Lower end of its 95 % interval (Wilson, evaluations as clusters); null where all are of one evaluation.
-- column: false_positive_ratio_high | Upper end of it.
-- column: total_wall_seconds | Seconds of all rebuilds.
-- column: unknown_wall_seconds | Rebuilds of which they are unknown.
-- column: verdict_wall_seconds | Seconds of derived rebuilds with a verdict.
-- column: false_positive_wall_seconds | Seconds of false positives.
-- column: without_wall_seconds | False positives of which they are unknown.
-- column: wall_cost_ratio | Share of the false positives in those with a verdict, by seconds, unknown ones left out of both.
-- column: total_core_seconds | Seconds times processors of all rebuilds.
-- column: unknown_core_seconds | Rebuilds of which they are unknown.
-- column: verdict_core_seconds | Seconds times processors of derived rebuilds with a verdict.
-- column: false_positive_core_seconds | Seconds times processors of false positives.
-- column: without_core_seconds | False positives of which they are unknown.
-- column: core_cost_ratio | Share of the false positives in those with a verdict, by seconds times processors, unknown ones left out of both.
-- column: total_nominal_seconds | Declared seconds of all rebuilds.
-- column: unknown_nominal_seconds | Rebuilds of which they are unknown.
-- column: verdict_nominal_seconds | Declared seconds of derived rebuilds with a verdict.
-- column: false_positive_nominal_seconds | Declared seconds of false positives.
-- column: without_nominal_seconds | False positives of which they are unknown.
-- column: nominal_cost_ratio | Share of the false positives in those with a verdict, by declared seconds, unknown ones left out of both.
-- column: total_stored_bytes | Bytes stored of all rebuilds.
-- column: unknown_stored_bytes | Rebuilds of which they are unknown.
-- column: verdict_stored_bytes | Bytes stored of derived rebuilds with a verdict.
-- column: false_positive_stored_bytes | Bytes stored of false positives.
-- column: without_stored_bytes | False positives of which they are unknown.
-- column: bytes_cost_ratio | Share of the false positives in those with a verdict, by bytes stored, unknown ones left out of both.
-- column: definition_version | Version of this definition.
with
    judged as (
        select
            r.source,
            r.jobset,
            r.system,
            v.month,
            v.evidence,
            r.evaluation_id,
            r.is_executed,
            coalesce(r.has_own_change, false) as has_own_change,
            v.is_derived,
            v.is_false_positive,
            -- exact sums, whatever their order
            r.wall_seconds::decimal(38, 12) as wall,
            r.core_seconds::decimal(38, 12) as core,
            case when r.is_executed then r.nominal_seconds when not r.is_executed then 0 end::decimal(38, 12) as nominal,
            r.stored_bytes::decimal(38, 12) as bytes
        from core.rebuild_verdicts as v
        inner join core.rebuilds as r
            on v.source = r.source
            and v.jobset = r.jobset
            and v.system = r.system
            and v.attr = r.attr
            and v.variant = r.variant
            and v.evaluation_id = r.evaluation_id
    ),
    -- Rebuilds of one evaluation share a cause: they are one cluster.
    clusters as (
        select
            source,
            jobset,
            system,
            month,
            evidence,
            evaluation_id,
            count(is_false_positive) as n,
            count(*) filter (where is_false_positive) as k
        from judged
        where is_false_positive is not null
        group by source, jobset, system, month, evidence, evaluation_id
    ),
    sizes as (
        select
            source,
            jobset,
            system,
            month,
            evidence,
            effective_n(sum(k), sum(n), sum(k * k), sum(k * n), sum(n * n), count(*)) as effective
        from clusters
        group by source, jobset, system, month, evidence
    ),
    summed as (
        select
            source,
            jobset,
            system,
            month,
            evidence,
            count(distinct evaluation_id) as evaluations,
            count(*) as rebuilds,
            count(*) filter (where is_executed) as executed,
            count(*) filter (where has_own_change) as own_changes,
            count(*) filter (where is_derived) as derived,
            count(*) filter (where is_false_positive is not null) as with_verdict,
            count(distinct evaluation_id) filter (where is_false_positive is not null) as verdict_evaluations,
            count(*) filter (where is_false_positive) as false_positives,
            sum(wall) as total_wall,
            count(*) filter (where wall is null) as unknown_wall,
            sum(wall) filter (where is_false_positive is not null) as verdict_wall,
            sum(wall) filter (where is_false_positive) as false_wall,
            count(*) filter (where is_false_positive and wall is null) as without_wall,
            sum(core) as total_core,
            count(*) filter (where core is null) as unknown_core,
            sum(core) filter (where is_false_positive is not null) as verdict_core,
            sum(core) filter (where is_false_positive) as false_core,
            count(*) filter (where is_false_positive and core is null) as without_core,
            sum(nominal) as total_nominal,
            count(*) filter (where nominal is null) as unknown_nominal,
            sum(nominal) filter (where is_false_positive is not null) as verdict_nominal,
            sum(nominal) filter (where is_false_positive) as false_nominal,
            count(*) filter (where is_false_positive and nominal is null) as without_nominal,
            sum(bytes) as total_bytes,
            count(*) filter (where bytes is null) as unknown_bytes,
            sum(bytes) filter (where is_false_positive is not null) as verdict_bytes,
            sum(bytes) filter (where is_false_positive) as false_bytes,
            count(*) filter (where is_false_positive and bytes is null) as without_bytes
        from judged
        group by source, jobset, system, month, evidence
    )
select
    source,
    jobset,
    system,
    month,
    evidence,
    evaluations,
    rebuilds,
    executed,
    own_changes,
    derived,
    rebuilds - own_changes - derived as unattributed,
    with_verdict,
    derived - with_verdict as without_verdict,
    verdict_evaluations,
    false_positives,
    false_positives / nullif(with_verdict, 0) as false_positive_ratio,
    wilson_low(false_positives / nullif(with_verdict, 0), effective) as false_positive_ratio_low,
    wilson_high(false_positives / nullif(with_verdict, 0), effective) as false_positive_ratio_high,
    round(total_wall::double, 9) as total_wall_seconds,
    unknown_wall as unknown_wall_seconds,
    case when with_verdict > 0 then round(verdict_wall::double, 9) else 0 end as verdict_wall_seconds,
    case when false_positives > 0 then round(false_wall::double, 9) else 0 end as false_positive_wall_seconds,
    without_wall as without_wall_seconds,
    case when false_positives = 0 then 0 else false_wall::double end / nullif(verdict_wall::double, 0) as wall_cost_ratio,
    round(total_core::double, 9) as total_core_seconds,
    unknown_core as unknown_core_seconds,
    case when with_verdict > 0 then round(verdict_core::double, 9) else 0 end as verdict_core_seconds,
    case when false_positives > 0 then round(false_core::double, 9) else 0 end as false_positive_core_seconds,
    without_core as without_core_seconds,
    case when false_positives = 0 then 0 else false_core::double end / nullif(verdict_core::double, 0) as core_cost_ratio,
    round(total_nominal::double, 9) as total_nominal_seconds,
    unknown_nominal as unknown_nominal_seconds,
    case when with_verdict > 0 then round(verdict_nominal::double, 9) else 0 end as verdict_nominal_seconds,
    case when false_positives > 0 then round(false_nominal::double, 9) else 0 end as false_positive_nominal_seconds,
    without_nominal as without_nominal_seconds,
    case when false_positives = 0 then 0 else false_nominal::double end / nullif(verdict_nominal::double, 0) as nominal_cost_ratio,
    round(total_bytes::double, 9) as total_stored_bytes,
    unknown_bytes as unknown_stored_bytes,
    case when with_verdict > 0 then round(verdict_bytes::double, 9) else 0 end as verdict_stored_bytes,
    case when false_positives > 0 then round(false_bytes::double, 9) else 0 end as false_positive_stored_bytes,
    without_bytes as without_stored_bytes,
    case when false_positives = 0 then 0 else false_bytes::double end / nullif(verdict_bytes::double, 0) as bytes_cost_ratio,
    1 as definition_version
from summed
left join sizes using (source, jobset, system, month, evidence)
order by source, jobset, system, month, evidence

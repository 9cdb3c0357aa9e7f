-- What rebuilds cost that changed nothing: by trigger and by kind of edge, per month, under each kind of evidence.
--
-- Derived rebuilds only, those without a change of their own whose triggers are known. `strict` and `wide` are proven: the
-- content is the same with all that it refers to (`cutoff`), or the same but for references to something that changed
-- (`rewrite-only`); wide holds strict. The four kinds of evidence answer different questions about the same rebuilds and
-- are never added up.
--
-- Strict and wide have a verdict where contents were compared and builds of the package do not differ from each other;
-- structural and suspected where they are known and the build is green: a rebuild that failed has found something out, and
-- is no false positive. `without_verdict` counts the others.
--
-- A rebuild stands in the row of each of its triggers. `sole` is about rebuilds with this trigger alone: what leaving out
-- this one change would have saved. `shared` gives each trigger an equal part, and alone adds up. `contributing` counts all
-- of it for each, and adds up to more than there is. Costs are those of core.rebuilds: nothing where nothing ran here, also
-- for declared seconds. Unknown costs are left out of every sum and counted; a sum of unknown costs alone is null.
--
-- grain: source, jobset, system, month, evidence, trigger, role
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: system | Nix system.
-- column: month | First day of the month of the evaluation, in UTC.
-- column: evidence | `strict`, `wide`, `structural` (all changes came through inputs for tests only) or `suspected` (size and references are equal).
-- column: trigger | Package with a change of its own.
-- column: role | Kind of edge without which nothing would have changed, `several` if no single one, `unknown` if not told.
-- column: with_verdict | Rebuilds with a verdict.
-- column: without_verdict | Rebuilds without one.
-- column: false_positives | Of those with a verdict, the false positives.
-- column: sole_false_positives | Of them, those with this trigger alone.
-- column: shared_with_verdict | Rebuilds with a verdict, in equal parts.
-- column: shared_false_positives | False positives, in equal parts.
-- column: false_positive_ratio | False positives by rebuilds with a verdict; null without any.
-- column: false_positive_ratio_low | Lower end of its 95 % interval (Wilson, evaluations as clusters); null where all are of one evaluation.
-- column: false_positive_ratio_high | Upper end of it.
-- column: sole_wall_seconds | Seconds of false positives with this trigger alone.
-- column: shared_wall_seconds | Seconds of false positives, in equal parts.
-- column: contributing_wall_seconds | Seconds of all its false positives.
-- column: verdict_wall_seconds | Seconds of all its rebuilds with a verdict, in equal parts: the denominator of a share of cost.
-- column: without_wall_seconds | False positives of unknown seconds.
-- column: sole_core_seconds | As above, seconds times processors.
-- column: shared_core_seconds | In equal parts.
-- column: contributing_core_seconds | All of it.
-- column: verdict_core_seconds | Of all with a verdict, in equal parts.
-- column: without_core_seconds | False positives of unknown seconds times processors.
-- column: sole_nominal_seconds | As above, seconds that the source declares.
-- column: shared_nominal_seconds | In equal parts.
-- column: contributing_nominal_seconds | All of it.
-- column: verdict_nominal_seconds | Of all with a verdict, in equal parts.
-- column: without_nominal_seconds | False positives without declared seconds.
-- column: sole_stored_bytes | As above, bytes stored.
-- column: shared_stored_bytes | In equal parts.
-- column: contributing_stored_bytes | All of it.
-- column: verdict_stored_bytes | Of all with a verdict, in equal parts.
-- column: without_stored_bytes | False positives of unknown size.
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
            r.triggers,
            r.trigger_count,
            coalesce(r.role, 'unknown') as role,
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
        where v.is_derived
    ),
    parts as (
        select
            source,
            jobset,
            system,
            month,
            evidence,
            evaluation_id,
            unnest(triggers) as trigger,
            role,
            is_false_positive is not null as has_verdict,
            coalesce(is_false_positive, false) as is_false_positive,
            coalesce(is_false_positive, false) and trigger_count = 1 as is_sole,
            (1.0::double / trigger_count)::decimal(38, 12) as part,
            wall,
            core,
            nominal,
            bytes,
            (wall::double / trigger_count)::decimal(38, 12) as wall_part,
            (core::double / trigger_count)::decimal(38, 12) as core_part,
            (nominal::double / trigger_count)::decimal(38, 12) as nominal_part,
            (bytes::double / trigger_count)::decimal(38, 12) as bytes_part
        from judged
    ),
    clusters as (
        select
            source,
            jobset,
            system,
            month,
            evidence,
            trigger,
            role,
            evaluation_id,
            count(*) as n,
            count(*) filter (where is_false_positive) as k
        from parts
        where has_verdict
        group by source, jobset, system, month, evidence, trigger, role, evaluation_id
    ),
    sizes as (
        select
            source,
            jobset,
            system,
            month,
            evidence,
            trigger,
            role,
            effective_n(sum(k), sum(n), sum(k * k), sum(k * n), sum(n * n), count(*)) as effective
        from clusters
        group by source, jobset, system, month, evidence, trigger, role
    ),
    summed as (
        select
            source,
            jobset,
            system,
            month,
            evidence,
            trigger,
            role,
            count(*) filter (where has_verdict) as with_verdict,
            count(*) filter (where not has_verdict) as without_verdict,
            count(*) filter (where is_false_positive) as false_positives,
            count(*) filter (where is_sole) as sole_false_positives,
            sum(part) filter (where has_verdict) as shared_with_verdict,
            sum(part) filter (where is_false_positive) as shared_false_positives,
            sum(wall) filter (where is_sole) as sole_wall,
            sum(wall_part) filter (where is_false_positive) as shared_wall,
            sum(wall) filter (where is_false_positive) as contributing_wall,
            sum(wall_part) filter (where has_verdict) as verdict_wall,
            count(*) filter (where is_false_positive and wall is null) as without_wall,
            sum(core) filter (where is_sole) as sole_core,
            sum(core_part) filter (where is_false_positive) as shared_core,
            sum(core) filter (where is_false_positive) as contributing_core,
            sum(core_part) filter (where has_verdict) as verdict_core,
            count(*) filter (where is_false_positive and core is null) as without_core,
            sum(nominal) filter (where is_sole) as sole_nominal,
            sum(nominal_part) filter (where is_false_positive) as shared_nominal,
            sum(nominal) filter (where is_false_positive) as contributing_nominal,
            sum(nominal_part) filter (where has_verdict) as verdict_nominal,
            count(*) filter (where is_false_positive and nominal is null) as without_nominal,
            sum(bytes) filter (where is_sole) as sole_bytes,
            sum(bytes_part) filter (where is_false_positive) as shared_bytes,
            sum(bytes) filter (where is_false_positive) as contributing_bytes,
            sum(bytes_part) filter (where has_verdict) as verdict_bytes,
            count(*) filter (where is_false_positive and bytes is null) as without_bytes
        from parts
        group by source, jobset, system, month, evidence, trigger, role
    )
select
    source,
    jobset,
    system,
    month,
    evidence,
    trigger,
    role,
    with_verdict,
    without_verdict,
    false_positives,
    sole_false_positives,
    round(coalesce(shared_with_verdict, 0)::double, 9) as shared_with_verdict,
    round(coalesce(shared_false_positives, 0)::double, 9) as shared_false_positives,
    false_positives / nullif(with_verdict, 0) as false_positive_ratio,
    wilson_low(false_positives / nullif(with_verdict, 0), effective) as false_positive_ratio_low,
    wilson_high(false_positives / nullif(with_verdict, 0), effective) as false_positive_ratio_high,
    case when sole_false_positives > 0 then round(sole_wall::double, 9) else 0 end as sole_wall_seconds,
    case when false_positives > 0 then round(shared_wall::double, 9) else 0 end as shared_wall_seconds,
    case when false_positives > 0 then round(contributing_wall::double, 9) else 0 end as contributing_wall_seconds,
    case when with_verdict > 0 then round(verdict_wall::double, 9) else 0 end as verdict_wall_seconds,
    without_wall as without_wall_seconds,
    case when sole_false_positives > 0 then round(sole_core::double, 9) else 0 end as sole_core_seconds,
    case when false_positives > 0 then round(shared_core::double, 9) else 0 end as shared_core_seconds,
    case when false_positives > 0 then round(contributing_core::double, 9) else 0 end as contributing_core_seconds,
    case when with_verdict > 0 then round(verdict_core::double, 9) else 0 end as verdict_core_seconds,
    without_core as without_core_seconds,
    case when sole_false_positives > 0 then round(sole_nominal::double, 9) else 0 end as sole_nominal_seconds,
    case when false_positives > 0 then round(shared_nominal::double, 9) else 0 end as shared_nominal_seconds,
    case when false_positives > 0 then round(contributing_nominal::double, 9) else 0 end as contributing_nominal_seconds,
    case when with_verdict > 0 then round(verdict_nominal::double, 9) else 0 end as verdict_nominal_seconds,
    without_nominal as without_nominal_seconds,
    case when sole_false_positives > 0 then round(sole_bytes::double, 9) else 0 end as sole_stored_bytes,
    case when false_positives > 0 then round(shared_bytes::double, 9) else 0 end as shared_stored_bytes,
    case when false_positives > 0 then round(contributing_bytes::double, 9) else 0 end as contributing_stored_bytes,
    case when with_verdict > 0 then round(verdict_bytes::double, 9) else 0 end as verdict_stored_bytes,
    without_bytes as without_stored_bytes,
    1 as definition_version
from summed
left join sizes using (source, jobset, system, month, evidence, trigger, role)
order by source, jobset, system, month, evidence, trigger, role

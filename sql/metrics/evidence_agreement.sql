-- How often weaker evidence agrees with what contents prove: precision and recall per kind of evidence and truth.
--
-- Derived rebuilds whose contents were compared, without noise, and of which the evidence is known. True under `strict` is
-- `cutoff`, under `wide` also `rewrite-only`. Weighted figures count each rebuild by the seconds that its source declares,
-- those without any left out. All systems of a jobset together.
--
-- grain: source, jobset, evidence, truth
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: evidence | `structural`, `suspected`, `suspected_narrow`, `suspected_tolerant` or `structural_and_suspected` (core.rebuilds).
-- column: truth | `strict` or `wide`.
-- column: compared | Rebuilds with both.
-- column: evaluations | Evaluations that they are of.
-- column: true_positives | Called a false-positive rebuild, and one in truth.
-- column: false_positives | Called one, and none.
-- column: false_negatives | Not called one, and one in truth.
-- column: true_negatives | Not called one, and none.
-- column: precision_ratio | True ones among those called so; null where none is called so.
-- column: precision_ratio_low | Lower end of its 95 % interval (Wilson, evaluations as clusters); null where all are of one evaluation.
-- column: precision_ratio_high | Upper end of it.
-- column: recall_ratio | Called so among true ones; null where there is none.
-- column: recall_ratio_low | Lower end of its 95 % interval.
-- column: recall_ratio_high | Upper end of it.
-- column: weighted_precision_ratio | Precision by declared seconds; null where none is called so.
-- column: weighted_recall_ratio | Recall by declared seconds; null where there is none.
-- column: without_nominal_seconds | Rebuilds without declared seconds.
-- column: changed | Rebuilds whose content did change, in the wide sense.
-- column: changed_called | Of them, those called false positives.
-- column: changed_called_ratio | changed_called by changed: for `suspected` how often a changed build keeps its size and references.
-- column: definition_version | Version of this definition.
with
    judged as (
        select
            r.source,
            r.jobset,
            r.evaluation_id,
            e.evidence,
            t.truth,
            r.content = 'changed' as is_changed,
            case t.truth when 'strict' then r.content = 'cutoff' else r.content <> 'changed' end as is_true,
            case e.evidence
                when 'structural' then r.is_structural
                when 'suspected' then r.is_suspected
                when 'suspected_narrow' then r.is_suspected_narrow
                when 'suspected_tolerant' then r.is_suspected_tolerant
                when 'structural_and_suspected' then
                    case when r.is_structural is not null and r.is_suspected is not null then r.is_structural and r.is_suspected end
            end as is_called,
            -- exact sums, whatever their order
            r.nominal_seconds::decimal(38, 12) as nominal
        from core.rebuilds as r
        cross join (
            values ('structural'), ('suspected'), ('suspected_narrow'), ('suspected_tolerant'), ('structural_and_suspected')
        ) as e(evidence)
        cross join (values ('strict'), ('wide')) as t(truth)
        where
            not r.has_own_change
            and r.trigger_count > 0
            and not r.has_noise
            and r.content in ('cutoff', 'rewrite-only', 'changed')
    ),
    clusters as (
        select
            source,
            jobset,
            evidence,
            truth,
            evaluation_id,
            count(*) filter (where is_called and is_true) as k,
            count(*) filter (where is_called) as n_called,
            count(*) filter (where is_true) as n_true
        from judged
        where is_called is not null
        group by source, jobset, evidence, truth, evaluation_id
    ),
    sizes as (
        select
            source,
            jobset,
            evidence,
            truth,
            effective_n(
                sum(k), sum(n_called), sum(k * k), sum(k * n_called), sum(n_called * n_called), count(*) filter (where n_called > 0)
            ) as effective_called,
            effective_n(sum(k), sum(n_true), sum(k * k), sum(k * n_true), sum(n_true * n_true), count(*) filter (where n_true > 0))
                as effective_true
        from clusters
        group by source, jobset, evidence, truth
    ),
    counted as (
        select
            source,
            jobset,
            evidence,
            truth,
            count(*) as compared,
            count(distinct evaluation_id) as evaluations,
            count(*) filter (where is_called and is_true) as tp,
            count(*) filter (where is_called and not is_true) as fp,
            count(*) filter (where not is_called and is_true) as fn,
            count(*) filter (where not is_called and not is_true) as tn,
            count(*) filter (where is_called) as called,
            count(*) filter (where is_true) as positives,
            sum(nominal) filter (where is_called and is_true)::double as nominal_tp,
            sum(nominal) filter (where is_called)::double as nominal_called,
            sum(nominal) filter (where is_true)::double as nominal_true,
            count(*) filter (where nominal is null) as without_nominal_seconds,
            count(*) filter (where is_changed) as changed,
            count(*) filter (where is_changed and is_called) as changed_called
        from judged
        where is_called is not null
        group by source, jobset, evidence, truth
    )
select
    source,
    jobset,
    evidence,
    truth,
    compared,
    evaluations,
    tp as true_positives,
    fp as false_positives,
    fn as false_negatives,
    tn as true_negatives,
    tp / nullif(called, 0) as precision_ratio,
    wilson_low(tp / nullif(called, 0), effective_called) as precision_ratio_low,
    wilson_high(tp / nullif(called, 0), effective_called) as precision_ratio_high,
    tp / nullif(positives, 0) as recall_ratio,
    wilson_low(tp / nullif(positives, 0), effective_true) as recall_ratio_low,
    wilson_high(tp / nullif(positives, 0), effective_true) as recall_ratio_high,
    coalesce(nominal_tp, 0) / nullif(nominal_called, 0) as weighted_precision_ratio,
    coalesce(nominal_tp, 0) / nullif(nominal_true, 0) as weighted_recall_ratio,
    without_nominal_seconds,
    changed,
    changed_called,
    changed_called / nullif(changed, 0) as changed_called_ratio,
    1 as definition_version
from counted
left join sizes using (source, jobset, evidence, truth)
order by source, jobset, evidence, truth

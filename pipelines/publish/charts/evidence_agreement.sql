-- Precision and recall of weaker evidence against what contents prove, with 95 % intervals.
with told as (
    select
        *,
        case truth when 'strict' then 'Against strict: same content' else 'Against wide: or references alone differ' end as against,
        case evidence
            when 'structural' then 'for tests only (roles)'
            when 'suspected' then 'same size and references'
            when 'suspected_narrow' then '… none of them changed'
            when 'suspected_tolerant' then '… size may follow names'
            else 'roles and size'
        end as called_by,
        case evidence
            when 'structural' then 1 when 'suspected' then 2 when 'suspected_narrow' then 3 when 'suspected_tolerant' then 4 else 5
        end as place
    from metrics.evidence_agreement
    where source = $source and jobset = $jobset
)
select
    against, truth, evidence, called_by, place, m.measure,
    case m.measure when 'precision' then precision_ratio else recall_ratio end as ratio,
    case m.measure when 'precision' then precision_ratio_low else recall_ratio_low end as ratio_low,
    case m.measure when 'precision' then precision_ratio_high else recall_ratio_high end as ratio_high,
    case m.measure when 'precision' then weighted_precision_ratio else weighted_recall_ratio end as weighted_ratio,
    case m.measure when 'precision' then true_positives + false_positives else true_positives + false_negatives end as n,
    compared, evaluations
from told
cross join (values ('precision'), ('recall')) as m(measure)
order by truth, place, m.measure

-- Right and wrong calls add up to what was compared, and what was called true does not depend on the truth.
select a.source, a.jobset, a.evidence, a.truth
from metrics.evidence_agreement as a
inner join metrics.evidence_agreement as w
    on a.source = w.source and a.jobset = w.jobset and a.evidence = w.evidence and w.truth = 'wide'
where
    a.true_positives + a.false_positives + a.false_negatives + a.true_negatives <> a.compared
    or a.true_positives + a.false_positives <> w.true_positives + w.false_positives
    or a.changed_called <> w.false_positives
    or a.changed <> w.false_positives + w.true_negatives

-- Every rebuild is in one row of each kind of evidence, and is its own, derived or unattributed.
select b.source, b.jobset, b.system, b.evidence, b.rebuilds, r.rebuilds as of_core
from (
    select
        source,
        jobset,
        system,
        evidence,
        sum(rebuilds) as rebuilds,
        min(unattributed) as unattributed,
        min(without_verdict) as without_verdict,
        min(with_verdict - false_positives) as true_positives
    from metrics.rebuild_bill
    group by source, jobset, system, evidence
) as b
full outer join (
    select source, jobset, system, evidence, count(*) as rebuilds
    from core.rebuilds
    cross join (values ('strict'), ('wide'), ('structural'), ('suspected')) as e(evidence)
    group by source, jobset, system, evidence
) as r
    on b.source = r.source and b.jobset = r.jobset and b.system = r.system and b.evidence = r.evidence
where
    b.rebuilds is distinct from r.rebuilds
    or b.unattributed < 0
    or b.without_verdict < 0
    or b.true_positives < 0

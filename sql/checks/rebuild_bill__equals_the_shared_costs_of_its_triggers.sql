-- Costs in equal parts add up to the bill, under every kind of evidence; so do counts.
select b.source, b.jobset, b.system, b.month, b.evidence, b.with_verdict, c.with_verdict as shared_with_verdict
from metrics.rebuild_bill as b
left join (
    select
        source,
        jobset,
        system,
        month,
        evidence,
        sum(shared_with_verdict) as with_verdict,
        sum(shared_false_positives) as false_positives,
        sum(shared_wall_seconds) as wall_seconds,
        sum(shared_core_seconds) as core_seconds,
        sum(shared_nominal_seconds) as nominal_seconds,
        sum(shared_stored_bytes) as stored_bytes,
        sum(verdict_wall_seconds) as verdict_wall_seconds
    from metrics.false_positive_cost
    group by source, jobset, system, month, evidence
) as c
    on b.source = c.source
    and b.jobset = c.jobset
    and b.system = c.system
    and b.month is not distinct from c.month
    and b.evidence = c.evidence
where
    abs(b.with_verdict - coalesce(c.with_verdict, 0)) > 1e-3
    or abs(b.false_positives - coalesce(c.false_positives, 0)) > 1e-3
    or abs(coalesce(b.false_positive_wall_seconds, 0) - coalesce(c.wall_seconds, 0)) > 1e-3
    or abs(coalesce(b.false_positive_core_seconds, 0) - coalesce(c.core_seconds, 0)) > 1e-3
    or abs(coalesce(b.false_positive_nominal_seconds, 0) - coalesce(c.nominal_seconds, 0)) > 1e-3
    or abs(coalesce(b.false_positive_stored_bytes, 0) - coalesce(c.stored_bytes, 0)) > 1
    or abs(coalesce(b.verdict_wall_seconds, 0) - coalesce(c.verdict_wall_seconds, 0)) > 1e-3

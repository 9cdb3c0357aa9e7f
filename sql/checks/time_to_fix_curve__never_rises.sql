-- Survival and the number at risk never rise with days, and stay within their bounds.
with
    steps as (
        select
            source,
            jobset,
            system,
            kind,
            days,
            at_risk,
            survival_ratio,
            survival_ratio_low,
            survival_ratio_high,
            lag(at_risk) over (partition by source, jobset, system, kind order by days) as at_risk_before,
            lag(survival_ratio) over (partition by source, jobset, system, kind order by days) as survival_before
        from metrics.time_to_fix_curve
    )
select source, jobset, system, kind, days
from steps
where
    at_risk > at_risk_before
    or survival_ratio > survival_before
    or survival_ratio not between 0 and 1
    or survival_ratio_low > survival_ratio_high

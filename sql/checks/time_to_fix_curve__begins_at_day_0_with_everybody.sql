-- Every curve begins at day 0 with all n episodes at risk, and no group with episodes lacks a curve.
with
    beginnings as (
        select source, jobset, system, kind, at_risk
        from metrics.time_to_fix_curve
        where days = 0
    )
select estimates.source, estimates.jobset, estimates.system, estimates.kind, estimates.n, beginnings.at_risk
from metrics.time_to_fix as estimates
left join beginnings
    on beginnings.source = estimates.source
    and beginnings.jobset = estimates.jobset
    and beginnings.system = estimates.system
    and beginnings.kind = estimates.kind
where estimates.n > 0 and beginnings.at_risk is distinct from estimates.n

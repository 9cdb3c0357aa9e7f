-- Each curve begins at day 0 with every job of its cohort and never rises, and its interval holds it.
with steps as (
    select
        c.source,
        c.jobset,
        c.evaluation_id,
        c.system,
        c.days,
        c.at_risk,
        c.ended,
        c.still_failing_ratio,
        c.still_failing_ratio_low,
        c.still_failing_ratio_high,
        k.jobs,
        lag(c.still_failing_ratio, 1, cast(1 as double)) over w as before_ratio,
        row_number() over w as place
    from metrics.cohort_curves as c
    left join core.cohorts as k
        on c.source = k.source and c.jobset = k.jobset and c.evaluation_id = k.evaluation_id and c.system = k.system
    window w as (partition by c.source, c.jobset, c.evaluation_id, c.system order by c.days)
)
select source, jobset, evaluation_id, system, days, at_risk, jobs, still_failing_ratio, before_ratio
from steps
where still_failing_ratio > before_ratio
    or still_failing_ratio not between 0 and 1
    or ended > at_risk
    or (place = 1 and (days <> 0 or at_risk is distinct from jobs))
    or still_failing_ratio not between still_failing_ratio_low and still_failing_ratio_high

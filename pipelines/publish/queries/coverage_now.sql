-- How many answers there are over every jobset and system, how many of them cannot be used, and both for the newest 30
-- days and the 30 days before those, counted back from the newest evaluation of all.
with
    answers as (
        select
            is_complete,
            evaluation_at > max(evaluation_at) over () - interval 30 days as is_new,
            evaluation_at > max(evaluation_at) over () - interval 60 days as is_recent
        from core.evaluation_systems
    ),
    months as (
        select
            count(*) filter (where is_new) as now_answers,
            count(*) filter (where is_new and not is_complete) as now_incomplete,
            count(*) filter (where is_recent and not is_new) as before_answers,
            count(*) filter (where is_recent and not is_new and not is_complete) as before_incomplete
        from answers
    ),
    totals as (
        select
            sum(evaluations_seen)::bigint as answers,
            sum(incomplete_evaluations)::bigint as incomplete_answers,
            sum(provisional_verdicts)::bigint as provisional_answers,
            (select count(*) from core.gaps where not is_superseded) as gaps,
            min(first_at) as first_at,
            max(last_at) as last_at
        from metrics.coverage
    )
select totals.*, months.*
from totals
cross join months

-- How many answers there are over every jobset and system, and how many of them cannot be used.
select
    sum(evaluations_seen)::bigint as answers,
    sum(incomplete_evaluations)::bigint as incomplete_answers,
    sum(provisional_verdicts)::bigint as provisional_answers,
    (select count(*) from core.gaps where not is_superseded) as gaps,
    min(first_at) as first_at,
    max(last_at) as last_at
from metrics.coverage

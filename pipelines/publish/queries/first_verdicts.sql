-- How good first verdicts on completeness were, over all systems of each jobset whose lists are judged by look-ahead.
select
    source, jobset, sum(judged_evaluations)::bigint as judged, sum(incomplete_by_lookahead)::bigint as incomplete,
    sum(incomplete_at_once)::bigint as called, sum(incomplete_by_both)::bigint as rightly,
    sum(incomplete_by_both) / nullif(sum(incomplete_at_once), 0) as precision_ratio,
    sum(incomplete_by_both) / nullif(sum(incomplete_by_lookahead), 0) as recall_ratio
from metrics.coverage
where judged_evaluations is not null
group by source, jobset
having sum(incomplete_by_lookahead) > 0
order by source, jobset

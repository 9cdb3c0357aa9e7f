-- Verdicts that agree are no more than those of either judgement, these no more than the final ones, and ratios lie from 0 to 1.
select source, jobset, system, judged_evaluations, incomplete_at_once, incomplete_by_lookahead, incomplete_by_both
from metrics.coverage
where incomplete_by_both > least(incomplete_at_once, incomplete_by_lookahead)
    or greatest(incomplete_at_once, incomplete_by_lookahead) > judged_evaluations
    or judged_evaluations > evaluations_seen
    or provisional_precision_ratio not between 0 and 1
    or provisional_recall_ratio not between 0 and 1

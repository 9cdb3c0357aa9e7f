-- Evaluations seen are complete or incomplete, no more than expected, and incomplete ones have reasons.
select source, jobset, system, evaluations_expected, evaluations_seen, complete_evaluations, incomplete_evaluations, reasons
from metrics.coverage
where evaluations_seen <> complete_evaluations + incomplete_evaluations
    or evaluations_seen > evaluations_expected
    or provisional_verdicts > evaluations_seen
    or (incomplete_evaluations > 0) <> (reasons is not null)

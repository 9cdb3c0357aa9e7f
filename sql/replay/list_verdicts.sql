-- Whether an evaluation's list of failures is complete, judged from the lists around it, for sources without totals.
--
-- `P` = failures listed in the previous evaluation judged complete. By look-ahead an evaluation is incomplete if
-- at least 5 and at least 2 % of `P` vanished and return with the same build, or at least 20 and at least 10 % of
-- `P` vanished and return, each within 15 evaluations. At once, without look-ahead: if at least 20 of `P` vanished
-- and the list is under 60 % of `P`. Each verdict decides what the next is compared with, so the verdicts are
-- made one after the other, in `pipelines.replay.completeness`. The first evaluation counts as complete.
--
-- python: pipelines.replay.completeness:list_verdicts
-- grain: series, chain, step
-- column: series | Jobset and system.
-- column: chain | `published`: not yet final verdicts are made at once; `lookahead`: by look-ahead as far as the data goes.
-- column: step | Number of the evaluation within the series.
-- column: listed_jobs | Failures listed.
-- column: listed_before | Failures listed in the previous complete evaluation.
-- column: vanished_jobs | Of those, not listed here.
-- column: returned_same_build | Of those, listed again within 15 evaluations with the same build.
-- column: returned_jobs | Of those, listed again within 15 evaluations.
-- column: is_incomplete_by_lookahead | Verdict by look-ahead.
-- column: is_incomplete_at_once | Verdict without look-ahead.
-- column: is_incomplete | The verdict of this chain.
-- column: is_final | Whether no later evaluation can change the verdict.
select
    s.series,
    s.step,
    j.job,
    j.build_id,
    j.first_step,
    j.last_step
from replay.steps as s
left join replay.job_steps as j on s.series = j.series and s.step = j.first_step
where s.series in (select f.series from replay.steps as f where f.coverage = 'failures_only')
order by s.series, s.step, j.job

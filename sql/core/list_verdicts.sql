-- What the lists around an evaluation say about whether its own list of failures is complete.
--
-- Only for failure lists that come without totals. Each list is compared with that of the evaluation judged complete
-- before it. By look-ahead it is incomplete if at least 5 and at least 2 % of the failures listed before vanished and
-- return with the same build, or at least 20 and at least 10 % vanished and return, each within 15 evaluations. At
-- once it is incomplete if at least 20 vanished and it has under 60 % of the length of the one before. The verdict at
-- once decides until 15 later evaluations are there. The first list of a series has none before it and counts as complete.
--
-- grain: source, jobset, evaluation_id, system
-- kind: view
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | The source's own id of the evaluation.
-- column: system | Nix system.
-- column: listed_jobs | Failures listed.
-- column: listed_before_jobs | Failures listed in the evaluation judged complete before it.
-- column: vanished_jobs | Of those listed before, not listed here.
-- column: returned_jobs | Of the vanished, listed again within 15 evaluations.
-- column: returned_same_build_jobs | Of the vanished, listed again within 15 evaluations with the same build, so nothing had changed.
-- column: is_incomplete_at_once | Verdict without look-ahead.
-- column: is_incomplete_by_lookahead | Verdict by look-ahead, as far as later evaluations are there.
-- column: is_incomplete | The verdict that counts now.
-- column: is_final | Whether no later evaluation can change it.
select
    s.source,
    s.jobset,
    e.evaluation_id,
    s.system,
    v.listed_jobs,
    v.listed_before as listed_before_jobs,
    v.vanished_jobs,
    v.returned_jobs,
    v.returned_same_build as returned_same_build_jobs,
    v.is_incomplete_at_once,
    v.is_incomplete_by_lookahead,
    v.is_incomplete,
    v.is_final
from replay.list_verdicts as v
inner join replay.steps as p on v.series = p.series and v.step = p.step
inner join replay.evaluations as e on p.evaluation = e.evaluation
inner join replay.series as s on v.series = s.series
where v.chain = 'published'

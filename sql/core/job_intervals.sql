-- A job that kept one build in one status over a run of evaluations.
--
-- One row per build and contiguous run; a build whose status changed has several. Evaluations in between that do not
-- name the job have no row: absence is not a status.
--
-- kind: view
-- grain: source, jobset, attr, system, variant, first_evaluation_id
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: build_id | The source's own id of the build.
-- column: status | Our status word.
-- column: status_class | `green`, `red`, `neutral` or `refused`; an unknown word is neutral.
-- column: red_kind | `own`, `dependency`, `timed_out`, `eval_error` or `unknown_cause`; null for other classes.
-- column: status_basis | `as_observed` or `latest`: whose status counts.
-- column: first_evaluation_id | First evaluation of the run.
-- column: last_evaluation_id | Last evaluation of the run.
-- column: first_at | Time of the first evaluation.
-- column: last_at | Time of the last evaluation.
select
    s.source,
    s.jobset,
    j.attr,
    s.system,
    j.variant,
    i.build_id,
    i.status,
    coalesce(k.status_class, 'neutral') as status_class,
    k.red_kind,
    i.status_basis,
    ef.evaluation_id as first_evaluation_id,
    el.evaluation_id as last_evaluation_id,
    f.evaluation_at as first_at,
    l.evaluation_at as last_at
from replay.intervals as i
inner join replay.jobs as j on i.job = j.job
inner join replay.series as s on i.series = s.series
inner join replay.steps as f on i.series = f.series and i.first_step = f.step
inner join replay.steps as l on i.series = l.series and i.last_step = l.step
inner join replay.evaluations as ef on f.evaluation = ef.evaluation
inner join replay.evaluations as el on l.evaluation = el.evaluation
left join core.status_kinds as k on i.status = k.status and i.cause = k.cause

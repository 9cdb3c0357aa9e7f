-- A job that was red because of another build over a run of evaluations, and the failure that it was because of.
--
-- One row per red interval of core.job_intervals that is not known to be a failure of the job itself. Where the source
-- does not say which build it was because of (a report history, an answer over HTTP), the root is null and counts as
-- unknown: core.root_cause_coverage has how many. A root need not be red any more: it may have been built again since
-- and be green, while what waited on it was not tried again. A root whose jobset was never seen has no attribute.
--
-- kind: view
-- grain: source, jobset, attr, system, variant, first_evaluation_id
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: build_id | Build of the job.
-- column: red_kind | `dependency`, `timed_out` or `unknown_cause`, as in core.job_intervals.
-- column: first_evaluation_id | First evaluation of the run.
-- column: last_evaluation_id | Last evaluation of the run.
-- column: root_build_id | Build in which the failure happened; null where the source does not say.
-- column: root_attr | Job of that build, without the system; null where it was never seen.
-- column: root_system | System of that build; null likewise.
-- column: root_derivation | Derivation that failed; null where the source does not say.
-- column: root_is_job | Whether that derivation is what root_attr builds; false where it is an input of it that is no job itself, so that root_attr is only where it was tried; null where the source does not say.
-- column: evidence | `propagated`: named by the steps of a database; `failed_derivations`: named by its derivation; `aggregate`: a constituent of it that failed, of several the first; null: not told.
select
    s.source,
    s.jobset,
    j.attr,
    s.system,
    j.variant,
    i.build_id,
    k.red_kind,
    ef.evaluation_id as first_evaluation_id,
    el.evaluation_id as last_evaluation_id,
    r.root_build_id,
    r.root_attr,
    r.root_system,
    r.root_derivation,
    r.root_is_job,
    case when r.root_build_id is not null then r.evidence end as evidence
from replay.intervals as i
inner join core.status_kinds as k on i.status = k.status and i.cause = k.cause
inner join replay.jobs as j on i.job = j.job
inner join replay.series as s on i.series = s.series
inner join replay.steps as f on i.series = f.series and i.first_step = f.step
inner join replay.steps as l on i.series = l.series and i.last_step = l.step
inner join replay.evaluations as ef on f.evaluation = ef.evaluation
inner join replay.evaluations as el on l.evaluation = el.evaluation
left join replay.root_builds as r on s.source = r.source and i.build_id = r.build_id
where k.status_class = 'red' and k.red_kind <> 'eval_error' and i.cause <> 'own'

-- A job that a channel's selection names, over a run of evaluations in which it kept one build in one status.
--
-- Which jobs a selection names at an evaluation follows from the runs that hold it. Roles: `job`, the gating job of an
-- official channel; `constituent`, a build on which that job or the selection's aggregate waits; `named`, a job that the
-- selection names by its attribute, by who looks after it or because it is maintained; `needed`, for a selection with
-- everything these need: a job because of which one of them is red, and, at evaluations of whose commit a derivation
-- graph is recorded, every job in the closure of one of them. At others the closure is unknown and not here. It could not change a verdict: that a
-- package is green proves that all it needs was built.
--
-- kind: view
-- grain: source, channel, role, jobset, attr, system, variant, first_evaluation_id
-- column: source | Instance that evaluates the jobset.
-- column: channel | Name of the channel.
-- column: role | `job`, `constituent`, `named` or `needed`.
-- column: jobset | Jobset as project/name.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: build_id | Build that the job had.
-- column: status_class | `green`, `red`, `neutral` or `refused`.
-- column: red_kind | Kind of red as in core.job_intervals; null for others.
-- column: first_evaluation_id | First evaluation of the run.
-- column: last_evaluation_id | Last evaluation of the run.
-- column: first_at | Time of the first evaluation.
-- column: last_at | Time of the last evaluation.
select
    m.source,
    m.channel,
    m.role,
    s.jobset,
    j.attr,
    s.system,
    j.variant,
    m.build_id,
    m.status_class,
    m.red_kind,
    ef.evaluation_id as first_evaluation_id,
    el.evaluation_id as last_evaluation_id,
    f.evaluation_at as first_at,
    l.evaluation_at as last_at
from replay.channel_members as m
inner join replay.jobs as j on m.job = j.job
inner join replay.series as s on m.series = s.series
inner join replay.steps as f on m.series = f.series and m.first_step = f.step
inner join replay.steps as l on m.series = l.series and m.last_step = l.step
inner join replay.evaluations as ef on f.evaluation = ef.evaluation
inner join replay.evaluations as el on l.evaluation = el.evaluation

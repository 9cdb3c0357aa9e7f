-- A job that is failing at the newest complete evaluation of its system, and since when.
--
-- The open episodes of core.failure_episodes on systems that are still told (core.jobset_systems): a platform that has
-- vanished from the jobset for 30 days is left out, since nobody knows what fails there now. "Now" is the time of the
-- data, as_of_at, never the clock's; where the verdict on the newest evaluation is not final, the row is provisional.
-- A neutral status, or absence for less than 15 evaluations and 30 days where every job is told, does not end an
-- episode: such a job is here with the status that it has now. One that is refused now (marked broken, unfree) is not
-- built, and is left out.
--
-- grain: source, jobset, attr, system, variant
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: failing_since_at | Time of the evaluation in which the failure was first seen.
-- column: failing_days | Days from there to as_of_at; a lower bound if is_left_censored.
-- column: evaluations | Complete evaluations in which it was red.
-- column: has_own_failure | Whether it failed by itself in one of them.
-- column: status | Status in the newest complete evaluation; null if the job is absent from it.
-- column: red_kind | `own`, `dependency`, `timed_out`, `eval_error` or `unknown_cause`; null while a neutral status or absence is bridged.
-- column: build_id | Build of the newest red evaluation.
-- column: broken_evaluation_id | Evaluation in which the failure was first seen.
-- column: is_left_censored | Already red in the first complete evaluation: it has failed for longer than anybody saw.
-- column: is_provisional | Whether a verdict on completeness that is not final touches it.
-- column: as_of_evaluation_id | Newest complete evaluation of the system.
-- column: as_of_at | Time of that evaluation.
-- column: definition_version | Version of this definition.
select
    e.source,
    e.jobset,
    e.attr,
    e.system,
    e.variant,
    e.broken_at as failing_since_at,
    date_diff('second', e.broken_at, s.newest_complete_at) / 86400 as failing_days,
    e.evaluations,
    e.has_own_failure,
    n.status,
    n.red_kind,
    e.last_build_id as build_id,
    e.broken_evaluation_id,
    e.is_left_censored,
    e.is_provisional,
    s.newest_complete_evaluation_id as as_of_evaluation_id,
    s.newest_complete_at as as_of_at,
    1 as definition_version
from core.failure_episodes as e
inner join core.jobset_systems as s
    on e.source = s.source and e.jobset = s.jobset and e.system = s.system
left join core.jobs_now as n
    on e.source = n.source
    and e.jobset = n.jobset
    and e.attr = n.attr
    and e.system = n.system
    and e.variant = n.variant
where e.outcome = 'open' and s.is_current and coalesce(n.status_class, '') <> 'refused'
order by e.source, e.jobset, e.broken_at, e.attr, e.system, e.variant

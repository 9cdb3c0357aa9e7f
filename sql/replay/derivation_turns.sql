-- An evaluation that counts for rebuilds: a complete one of a jobset, or a revision of a package set.
--
-- keep: no
-- grain: source, jobset, system, turn
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: system | Nix system.
-- column: turn | Number in their order, from 1.
-- column: evaluation_id | The source's own id of the evaluation; for a package set its revision.
-- column: evaluated_at | Time of the evaluation.
-- column: is_package_set | Whether it is a revision of a package set.
select
    s.source,
    s.jobset,
    s.system,
    row_number() over (partition by p.series order by p.step) as turn,
    ev.evaluation_id,
    p.evaluation_at as evaluated_at,
    false as is_package_set
from replay.steps as p
inner join replay.series as s on p.series = s.series
inner join replay.evaluations as ev on p.evaluation = ev.evaluation
inner join core.evaluation_systems as e on p.series = e.series and p.step = e.step
where e.is_complete
union all
select
    source,
    package_set as jobset,
    system,
    row_number() over (partition by source, package_set, system order by evaluated_at, revision) as turn,
    revision as evaluation_id,
    evaluated_at,
    true as is_package_set
from core.package_sets
group by source, package_set, system, revision, evaluated_at

-- Every red run of a job that is not known to have failed by itself has one row, and no other run has.
with told as (
    select s.source, s.jobset, s.system, count(*) as runs
    from replay.intervals as i
    inner join replay.series as s on i.series = s.series
    inner join core.status_classes as k on i.status = k.status
    where k.status_class = 'red' and k.red_kind <> 'eval_error' and i.cause <> 'own'
    group by s.source, s.jobset, s.system
)

select t.source, t.jobset, t.system, t.runs, c.fallen_runs
from told as t
full join core.root_cause_coverage as c
    on t.source = c.source and t.jobset = c.jobset and t.system = c.system
where t.runs is distinct from c.fallen_runs

-- A job that was red because of a known root, over a run of complete evaluations.
--
-- Turns count the complete evaluations of a jobset and system.
--
-- keep: no
-- grain: job, first_turn
-- column: job | Number of the job.
-- column: series | Jobset and system.
-- column: build_id | Build of the job.
-- column: root_build_id | Build in which the failure happened.
-- column: root_attr | Job of that build; null if it was never seen.
-- column: root_system | System of that build; null likewise.
-- column: root | Name of the root: its job, else the name of the derivation, else its build.
-- column: root_is_job | Whether the root is a job; null where the source does not say.
-- column: first_turn | First complete evaluation of the run.
-- column: last_turn | Last complete evaluation of the run.
with counted as (
    select
        series,
        step,
        is_complete,
        count(*) filter (where is_complete) over (partition by series order by step rows unbounded preceding) as turn
    from core.evaluation_systems
)

select
    i.job,
    i.series,
    i.build_id,
    r.root_build_id,
    r.root_attr,
    r.root_system,
    case
        when r.root_is_job is not false and r.root_attr is not null then r.root_attr
        when r.root_derivation is not null
            then regexp_replace(regexp_replace(r.root_derivation, '^.*/[0-9a-z]{32}-', ''), '[.]drv$', '')
        else 'build ' || r.root_build_id
    end as root,
    r.root_is_job,
    f.turn + case when f.is_complete then 0 else 1 end as first_turn,
    l.turn as last_turn
from replay.intervals as i
inner join core.status_classes as k on i.status = k.status
inner join replay.series as s on i.series = s.series
inner join replay.root_builds as r on s.source = r.source and i.build_id = r.build_id
inner join counted as f on i.series = f.series and i.first_step = f.step
inner join counted as l on i.series = l.series and i.last_step = l.step
where k.status_class = 'red'
    and k.red_kind <> 'eval_error'
    and i.cause <> 'own'
    and r.root_build_id is not null
    and f.turn + case when f.is_complete then 0 else 1 end <= l.turn
order by i.job, first_turn

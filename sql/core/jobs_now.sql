-- A job that the newest complete evaluation of its system names, with its status there and since when it is in it.
--
-- "The same" is the same class and, for red ones, the same kind, in every complete evaluation: a single one in which the
-- job was absent, neutral or red for another reason starts it anew. Systems that are not told any more are included;
-- core.jobset_systems says which are current. Where the newest verdict is not final, "now" rests on it all the same.
--
-- grain: source, jobset, attr, system, variant
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: evaluation_id | Newest complete evaluation of the system.
-- column: evaluation_at | Time of that evaluation.
-- column: build_id | Build that the job has in it.
-- column: status | Our status word.
-- column: status_class | `green`, `red`, `neutral` or `refused`; an unknown word is neutral.
-- column: red_kind | `own`, `dependency`, `timed_out`, `eval_error` or `unknown_cause`; null for other classes.
-- column: same_since_evaluation_id | First complete evaluation since which class and kind are the same.
-- column: same_since_at | Time of that evaluation.
-- column: same_evaluations | Complete evaluations from that one on.
-- column: is_same_since_first | Whether that is the first complete evaluation of the system, so that it may have been so for longer.
with counted as (
    select
        series,
        step,
        evaluation_id,
        evaluation_at,
        is_complete,
        count(*) filter (where is_complete) over (
            partition by series order by step rows unbounded preceding
        ) as turn
    from core.evaluation_systems
),

newest as (
    select series, max(turn) as turn, max(step) as step
    from counted
    where is_complete
    group by series
),

named as (
    select job
    from replay.intervals as i
    inner join newest as n on i.series = n.series and n.step between i.first_step and i.last_step
),

-- Runs in complete evaluations only.
placed as (
    select
        i.job,
        i.series,
        i.build_id,
        i.status,
        coalesce(k.status_class, 'neutral') as status_class,
        k.red_kind,
        f.turn + case when f.is_complete then 0 else 1 end as first_turn,
        l.turn as last_turn
    from replay.intervals as i
    inner join named as n on i.job = n.job
    inner join counted as f on i.series = f.series and i.first_step = f.step
    inner join counted as l on i.series = l.series and i.last_step = l.step
    left join core.status_kinds as k on i.status = k.status and i.cause = k.cause
),

here as (
    select p.job, p.series, p.build_id, p.status, p.status_class, p.red_kind, n.turn
    from placed as p
    inner join newest as n on p.series = n.series and n.turn between p.first_turn and p.last_turn
),

alike as (
    select
        h.job,
        p.first_turn,
        lag(p.last_turn) over (partition by h.job order by p.first_turn) as before_turn
    from here as h
    inner join placed as p
        on h.job = p.job
        and h.status_class = p.status_class
        and h.red_kind is not distinct from p.red_kind
    where p.first_turn <= p.last_turn
),

began as (
    select job, max(first_turn) as turn
    from alike
    where before_turn is null or before_turn < first_turn - 1
    group by job
)

select
    s.source,
    s.jobset,
    j.attr,
    s.system,
    j.variant,
    c.evaluation_id,
    c.evaluation_at,
    h.build_id,
    h.status,
    h.status_class,
    h.red_kind,
    f.evaluation_id as same_since_evaluation_id,
    f.evaluation_at as same_since_at,
    h.turn - b.turn + 1 as same_evaluations,
    b.turn = 1 as is_same_since_first
from here as h
inner join began as b on h.job = b.job
inner join counted as c on h.series = c.series and h.turn = c.turn and c.is_complete
inner join counted as f on h.series = f.series and b.turn = f.turn and f.is_complete
inner join replay.jobs as j on h.job = j.job
inner join replay.series as s on h.series = s.series
order by s.source, s.jobset, j.attr, s.system, j.variant

-- An evaluation on one system: whether it is complete, and its jobs by class of status.
--
-- Complete: with totals, if at most 2 % are unfinished and at most 2 % cancelled; with full coverage the same
-- from rows; for failure lists without totals as judged from the lists around (`replay.list_verdicts`); where only
-- some jobs are named, always: what is named is known, and absence says nothing.
-- Counts are null where the source does not tell them. Where it counts packages, one package may count in two
-- statuses.
--
-- grain: source, jobset, evaluation_id, system
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | The source's own id of the evaluation.
-- column: system | Nix system.
-- column: ordinal | The source's own order of evaluations.
-- column: evaluation_at | Time of the evaluation used for every duration.
-- column: first_observed_at | First answer about the evaluation.
-- column: unit | What the counts count: `job`, `package`, or `derivation` (names without attribute).
-- column: coverage | `full`, `named`, `failures_with_totals` or `failures_only`.
-- column: is_complete | Whether the evaluation may begin and end failure episodes.
-- column: incomplete_reason | Why not; null if complete.
-- column: is_verdict_final | Whether no later evaluation can change the verdict.
-- column: is_complete_by_lookahead | The verdict without any guess made at once (differs only while not final).
-- column: listed_jobs | Jobs of this system named by the source.
-- column: green_jobs | Succeeded.
-- column: own_jobs | Failed by themselves.
-- column: dependency_jobs | Failed because a dependency failed.
-- column: timed_out_jobs | Timed out.
-- column: eval_error_jobs | Could not be evaluated.
-- column: unknown_cause_jobs | Failed, own or dependency unknown.
-- column: neutral_jobs | Queued, running, aborted, cancelled, unsupported, unknown.
-- column: unfinished_jobs | Of the neutral ones: queued or running.
-- column: cancelled_jobs | Of the neutral ones: cancelled.
-- column: unknown_status_jobs | Of the neutral ones: in a status that we do not know.
-- column: refused_jobs | Refused by a meta check (broken, unfree, insecure, platform).
-- column: total_jobs | All of them; null where the source gives no totals.
-- column: series | Internal number of jobset and system.
-- column: step | Internal number of the evaluation within them.
with counts as (
    select
        c.series,
        c.step,
        bool_or(c.basis = 'list') as is_list,
        sum(c.jobs) filter (where k.status_class = 'green') as green,
        sum(c.jobs) filter (where k.red_kind = 'own') as own,
        sum(c.jobs) filter (where k.red_kind = 'dependency') as dependency,
        sum(c.jobs) filter (where k.red_kind = 'timed_out') as timed_out,
        sum(c.jobs) filter (where k.red_kind = 'eval_error') as eval_error,
        sum(c.jobs) filter (where k.red_kind = 'unknown_cause') as unknown_cause,
        sum(c.jobs) filter (where k.status_class = 'neutral' or k.status is null) as neutral,
        sum(c.jobs) filter (where c.status in ('queued', 'running')) as unfinished,
        sum(c.jobs) filter (where c.status = 'cancelled') as cancelled,
        sum(c.jobs) filter (where c.status = 'unknown' or k.status is null) as unknown_status,
        sum(c.jobs) filter (where k.status_class = 'refused') as refused,
        sum(c.jobs) as total
    from replay.step_counts as c
    left join core.status_kinds as k on c.status = k.status and c.cause = k.cause
    group by c.series, c.step
),

-- Difference array over the runs of jobs: +1 where one begins, -1 after it ends, summed along the steps.
listed_changes as (
    select series, step, sum(n) as n
    from (
        select series, first_step as step, count(*) as n
        from replay.job_steps
        group by series, first_step
        union all
        select series, last_step + 1 as step, -count(*) as n
        from replay.job_steps
        group by series, last_step + 1
    )
    group by series, step
),

listed as (
    select
        p.series,
        p.step,
        sum(coalesce(c.n, 0)) over (partition by p.series order by p.step rows unbounded preceding) as jobs
    from replay.steps as p
    left join listed_changes as c on p.series = c.series and p.step = c.step
),

last_steps as (
    select series, max(step) as step from replay.steps group by series
),

judged as (
    select
        p.series,
        p.step,
        p.evaluation,
        p.coverage,
        p.evaluation_at,
        c.is_list,
        n.jobs as listed,
        c.green,
        c.own,
        c.dependency,
        c.timed_out,
        c.eval_error,
        c.unknown_cause,
        c.neutral,
        c.unfinished,
        c.cancelled,
        c.unknown_status,
        c.refused,
        c.total,
        case
            when p.coverage = 'failures_only' and not v.is_incomplete then null
            when p.coverage = 'failures_only' and v.is_incomplete_by_lookahead then 'failures vanished and returned'
            when p.coverage = 'failures_only' then 'list shrank below 60 % of the one before'
            when p.coverage = 'named' and n.jobs > 0 then null
            when coalesce(c.total, 0) = 0 then 'no totals and no jobs'
            when coalesce(c.unfinished, 0) > 0.02 * c.total then 'more than 2 % unfinished'
            when coalesce(c.cancelled, 0) > 0.02 * c.total then 'more than 2 % cancelled'
        end as incomplete_reason,
        case p.coverage when 'failures_only' then v.is_final when 'named' then true else p.step < l.step end as is_final,
        case when p.coverage = 'failures_only' then not ahead.is_incomplete end as is_complete_by_lookahead
    from replay.steps as p
    inner join listed as n on p.series = n.series and p.step = n.step
    inner join last_steps as l on p.series = l.series
    left join counts as c on p.series = c.series and p.step = c.step
    left join replay.list_verdicts as v
        on p.series = v.series and p.step = v.step and v.chain = 'published'
    left join replay.list_verdicts as ahead
        on p.series = ahead.series and p.step = ahead.step and ahead.chain = 'lookahead'
)

select
    s.source,
    s.jobset,
    e.evaluation_id,
    s.system,
    e.ordinal,
    j.evaluation_at,
    e.first_observed_at,
    e.unit,
    j.coverage,
    j.incomplete_reason is null as is_complete,
    j.incomplete_reason,
    j.is_final as is_verdict_final,
    coalesce(j.is_complete_by_lookahead, j.incomplete_reason is null) as is_complete_by_lookahead,
    j.listed::bigint as listed_jobs,
    case when not j.is_list then coalesce(j.green, 0) end::bigint as green_jobs,
    coalesce(j.own, 0)::bigint as own_jobs,
    case when not j.is_list then coalesce(j.dependency, 0) end::bigint as dependency_jobs,
    case when not j.is_list then coalesce(j.timed_out, 0) end::bigint as timed_out_jobs,
    case when not j.is_list then coalesce(j.eval_error, 0) end::bigint as eval_error_jobs,
    case when not j.is_list then coalesce(j.unknown_cause, 0) end::bigint as unknown_cause_jobs,
    case when not j.is_list then coalesce(j.neutral, 0) end::bigint as neutral_jobs,
    case when not j.is_list then coalesce(j.unfinished, 0) end::bigint as unfinished_jobs,
    case when not j.is_list then coalesce(j.cancelled, 0) end::bigint as cancelled_jobs,
    case when not j.is_list then coalesce(j.unknown_status, 0) end::bigint as unknown_status_jobs,
    case when not j.is_list then coalesce(j.refused, 0) end::bigint as refused_jobs,
    case when not j.is_list then j.total end::bigint as total_jobs,
    j.series,
    j.step
from judged as j
inner join replay.series as s on j.series = s.series
inner join replay.evaluations as e on j.evaluation = e.evaluation
order by s.source, s.jobset, e.ordinal, e.evaluation_id, s.system

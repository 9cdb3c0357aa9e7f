-- A job that kept a channel from advancing: since when, because of what, and how many days a fix would have saved.
--
-- One row for each red job of the selection in each stall of core.channel_stalls. Days saved are counted evaluation by
-- evaluation: the time from each that would have been clear to the next one of the channel. So one red job among
-- others saves nothing by itself; `cause_saved_days` counts what a fix of the cause, and so of every job that is red
-- because of it, would have saved. The cause of a job in a stall is that of most of its evaluations there.
-- For an official channel the jobs are the constituents of its gating job. Where the source names failures only, all is
-- about named failures, and "would have advanced" means "would not have been blocked by a named failure".
-- The first bad evaluation is that in which the job's failure episode began (core.failure_episodes), and the last
-- good one the complete one just before, if that does not name the job and names failures only, else the newest in
-- which it was green.
--
-- grain: source, channel, stall_evaluation_id, attr, system, variant
-- column: source | Instance that evaluates the jobsets.
-- column: channel | Name of the channel.
-- column: stall_evaluation_id | First blocked evaluation of the stall.
-- column: stalled_at | Time of that evaluation.
-- column: is_open | Whether the stall lasts.
-- column: stall_days | Days of the whole stall, to the newest judged evaluation while it lasts.
-- column: rank_in_stall | Place among the stall's jobs: by the days that a fix of the cause would have saved, then of the job.
-- column: jobset | Jobset of the job.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: build_id | Build that was red first in the stall.
-- column: red_kind | Kind of red of that build.
-- column: evaluations | Evaluations of the stall in which the job was red.
-- column: evaluations_alone | Of them, those that would have been clear without it.
-- column: first_bad_evaluation_id | Evaluation in which its failure began; null where no episode holds it.
-- column: first_bad_at | Time of that evaluation.
-- column: first_bad_revision | Commit of that evaluation; null if not told.
-- column: last_good_evaluation_id | Complete evaluation before it in which the job was green, or not named; null if none.
-- column: last_good_revision | Commit of that evaluation: the break lies after it, up to first_bad_revision; null if not told.
-- column: last_good_basis | `green` or `not named`: how good it is known to have been; null if there is none.
-- column: cause | Job and system, or derivation, that it was red because of; the job itself where it failed by itself.
-- column: cause_basis | `own`, `propagated`, `failed_derivations`, or `unknown`: not told, so that the job stands for its cause.
-- column: cause_build_id | Build in which that failure happened; null where unknown.
-- column: cause_reach_jobs | Jobs that this failure ever turned red besides its own; null where unknown, 0 where none is known.
-- column: cause_jobs | Jobs of the selection that were red because of it in this stall.
-- column: saved_days | Days of stall that would have been saved had this one job been left out.
-- column: would_advance_evaluation_id | First evaluation to which the channel would have advanced without this job; null if none.
-- column: would_advance_at | Time of that evaluation; null if none.
-- column: cause_saved_days | Days of stall that a fix of the cause would have saved.
-- column: cause_would_advance_at | When the channel would have advanced with the cause fixed; null if never in this stall.
-- column: definition_version | Version of this definition.
select
    n.source,
    n.channel,
    n.stall_evaluation_id,
    t.stalled_at,
    t.is_open,
    round(t.stall_seconds / cast(86400 as double), 6) as stall_days,
    row_number() over (
        partition by n.source, n.channel, n.stall_evaluation_id
        order by
            n.cause_saved_seconds desc,
            n.saved_seconds desc,
            n.evaluations desc,
            n.attr,
            n.system,
            n.variant
    ) as rank_in_stall,
    n.jobset,
    n.attr,
    n.system,
    n.variant,
    n.build_id,
    n.red_kind,
    n.evaluations,
    n.evaluations_alone,
    n.first_bad_evaluation_id,
    n.first_bad_at,
    eb.revision as first_bad_revision,
    n.last_good_evaluation_id,
    eg.revision as last_good_revision,
    n.last_good_basis,
    n.cause,
    n.cause_basis,
    n.cause_build_id,
    case when n.cause_build_id is not null then coalesce(r.reach_jobs, 0) end as cause_reach_jobs,
    n.cause_jobs,
    round(n.saved_seconds / cast(86400 as double), 6) as saved_days,
    vw.evaluation_id as would_advance_evaluation_id,
    vw.evaluation_at as would_advance_at,
    round(n.cause_saved_seconds / cast(86400 as double), 6) as cause_saved_days,
    vc.evaluation_at as cause_would_advance_at,
    1 as definition_version
from core.channel_stall_jobs as n
inner join core.channel_stalls as t
    on n.source = t.source and n.channel = t.channel and n.stall_evaluation_id = t.stall_evaluation_id
left join core.evaluations as eb
    on n.source = eb.source and n.jobset = eb.jobset and n.first_bad_evaluation_id = eb.evaluation_id
left join core.evaluations as eg
    on n.source = eg.source and n.jobset = eg.jobset and n.last_good_evaluation_id = eg.evaluation_id
left join core.root_cause_reach as r on n.source = r.source and n.cause_build_id = r.root_build_id
left join core.channel_verdicts as vw
    on n.source = vw.source and n.channel = vw.channel and n.would_advance_turn = vw.turn
left join core.channel_verdicts as vc
    on n.source = vc.source and n.channel = vc.channel and n.cause_would_advance_turn = vc.turn
order by n.source, n.channel, t.stalled_at, n.stall_evaluation_id, rank_in_stall

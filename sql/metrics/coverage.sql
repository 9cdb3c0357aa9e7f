-- What was seen of one system of a jobset: evaluations expected, seen, complete and not, and what is missing.
--
-- Expected are all evaluations of the jobset that any answer mentions, also those without a list for this system. Gaps and
-- rejected inputs are known by jobset, so they are equal on all its systems and must not be added up; what no jobset
-- can be told of is in core.gaps only.
-- For lists of failures without totals the completeness of an evaluation is judged at once, and finally when 15 later
-- evaluations are there. Over the final verdicts, provisional_precision_ratio and provisional_recall_ratio say how good
-- the judgement at once is; they are null for other coverages, where totals decide. For several systems add up the
-- counts first.
--
-- grain: source, jobset, system
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system; null where no answer of the jobset tells any.
-- column: first_at | Time of the first evaluation seen; null if none was.
-- column: last_at | Time of the newest evaluation seen.
-- column: newest_complete_at | Time of the newest complete evaluation.
-- column: is_current | Whether the system is still told: newest_complete_at is at most 30 days older than the jobset's newest evaluation.
-- column: observations | Answers with a list that cover the system.
-- column: evaluations_expected | Evaluations of the jobset that any answer mentions.
-- column: evaluations_seen | Of those, with a usable list for the system.
-- column: complete_evaluations | Of those seen, complete. Where only some jobs are named (coverage `named`), every one that names any: they begin and end episodes of the jobs that they name, and do not say that all jobs were seen.
-- column: incomplete_evaluations | Of those seen, incomplete: they neither begin nor end an episode.
-- column: reasons | Why they are incomplete, each with its number; null if none is.
-- column: unknown_status_evaluations | Evaluations seen with jobs in a status that we do not know; those jobs count as neutral.
-- column: provisional_verdicts | Evaluations seen whose verdict a later one may still change.
-- column: judged_evaluations | Evaluations with a final verdict by look-ahead; null where totals decide.
-- column: incomplete_at_once | Of those, incomplete as judged at once.
-- column: incomplete_by_lookahead | Of those, incomplete as judged by look-ahead.
-- column: incomplete_by_both | Of those, incomplete by both judgements.
-- column: provisional_precision_ratio | incomplete_by_both / incomplete_at_once, from 0 to 1.
-- column: provisional_recall_ratio | incomplete_by_both / incomplete_by_lookahead, from 0 to 1.
-- column: gaps | Gaps known for the jobset, rejected inputs not counted.
-- column: rejected_inputs | Rows or objects of the jobset that were rejected on the way in.
-- column: median_gap_days | Median days between consecutive complete evaluations: what no duration is known better than.
-- column: longest_gap_days | Longest time between two consecutive complete evaluations, in days.
-- column: definition_version | Version of this definition.
with
    expected as (
        select source, jobset, count(*) as evaluations_expected
        from core.evaluations
        group by source, jobset
    ),
    by_reason as (
        select source, jobset, system, incomplete_reason, count(*) as evaluations
        from core.evaluation_systems
        where not is_complete
        group by source, jobset, system, incomplete_reason
    ),
    reasons as (
        select
            source,
            jobset,
            system,
            string_agg(evaluations || ' × ' || incomplete_reason, '; ' order by evaluations desc, incomplete_reason) as reasons
        from by_reason
        group by source, jobset, system
    ),
    verdicts as (
        select
            source,
            jobset,
            system,
            count(*) filter (where not is_verdict_final) as provisional_verdicts,
            count(*) filter (where unknown_status_jobs > 0) as unknown_status_evaluations
        from core.evaluation_systems
        group by source, jobset, system
    ),
    judged as (
        select
            source,
            jobset,
            system,
            count(*) filter (where is_final) as judged_evaluations,
            count(*) filter (where is_final and is_incomplete_at_once) as incomplete_at_once,
            count(*) filter (where is_final and is_incomplete_by_lookahead) as incomplete_by_lookahead,
            count(*) filter (where is_final and is_incomplete_at_once and is_incomplete_by_lookahead) as incomplete_by_both
        from core.list_verdicts
        group by source, jobset, system
    ),
    steps as (
        select
            source,
            jobset,
            system,
            date_diff(
                'second',
                lag(evaluation_at) over (partition by source, jobset, system order by ordinal, evaluation_id),
                evaluation_at
            ) as gap_seconds
        from core.evaluation_systems
        where is_complete
    ),
    distances as (
        select
            source,
            jobset,
            system,
            median(gap_seconds) / 86400 as median_gap_days,
            max(gap_seconds) / 86400 as longest_gap_days
        from steps
        group by source, jobset, system
    ),
    missing as (
        select
            source,
            jobset,
            count(*) filter (where kind <> 'input_rejected') as gaps,
            sum(missing_rows) filter (where kind = 'input_rejected') as rejected_inputs
        from core.gaps
        where not is_superseded
        group by source, jobset
    )
select
    x.source,
    x.jobset,
    s.system,
    s.first_at,
    s.last_at,
    s.newest_complete_at,
    coalesce(s.is_current, false) as is_current,
    coalesce(s.observations, 0) as observations,
    x.evaluations_expected,
    coalesce(s.evaluations, 0) as evaluations_seen,
    coalesce(s.complete_evaluations, 0) as complete_evaluations,
    coalesce(s.evaluations - s.complete_evaluations, 0) as incomplete_evaluations,
    r.reasons,
    coalesce(p.unknown_status_evaluations, 0) as unknown_status_evaluations,
    coalesce(p.provisional_verdicts, 0) as provisional_verdicts,
    j.judged_evaluations,
    j.incomplete_at_once,
    j.incomplete_by_lookahead,
    j.incomplete_by_both,
    j.incomplete_by_both / nullif(j.incomplete_at_once, 0) as provisional_precision_ratio,
    j.incomplete_by_both / nullif(j.incomplete_by_lookahead, 0) as provisional_recall_ratio,
    coalesce(m.gaps, 0) as gaps,
    coalesce(m.rejected_inputs, 0)::bigint as rejected_inputs,
    d.median_gap_days,
    d.longest_gap_days,
    1 as definition_version
from expected as x
left join core.jobset_systems as s on x.source = s.source and x.jobset = s.jobset
left join reasons as r on s.source = r.source and s.jobset = r.jobset and s.system = r.system
left join verdicts as p on s.source = p.source and s.jobset = p.jobset and s.system = p.system
left join judged as j on s.source = j.source and s.jobset = j.jobset and s.system = j.system
left join distances as d on s.source = d.source and s.jobset = d.jobset and s.system = d.system
left join missing as m on x.source = m.source and x.jobset = m.jobset
order by x.source, x.jobset, s.system nulls first

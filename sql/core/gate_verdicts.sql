-- What a gate of a jobset said of an evaluation, in the newest answer about it that reports gates.
--
-- A gate is a verdict that the source itself reports. A report that remarks on gates only where something is wrong says
-- by its own verdict (the gate `report`) whether silence means that all is well: where it says `ready`, or that there
-- are but potential issues, a gate without a remark passed; where it says that nothing may be merged, silence about a
-- gate says nothing. A report of potential issues has passed if the jobset's gate `mergeable` has no remark.
--
-- grain: source, jobset, evaluation_id, gate
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | The source's own id of the evaluation.
-- column: gate | Name of the gate.
-- column: verdict | `passed`, `failed`, `unfinished` or `unknown`.
-- column: source_verdict | The source's own word; null where it made no remark.
with reported as (
    select source, jobset, evaluation_id, gates
    from staging.evaluation_observed
    where len(gates) > 0 and id not in (select observation_id from staging.observation_retracted)
    qualify row_number() over (
        partition by source, jobset, evaluation_id order by observed_at desc, id desc
    ) = 1
),

remarks as (
    select source, jobset, evaluation_id, gate.name as gate, gate.verdict as word
    from (select source, jobset, evaluation_id, unnest(gates) as gate from reported)
),

named as (
    select distinct source, jobset, gate from remarks
),

folded as (
    select
        r.source,
        r.jobset,
        r.evaluation_id,
        n.gate,
        max(m.word) filter (where m.gate = n.gate) as word,
        max(m.word) filter (where m.gate = 'report') as report,
        max(m.word) filter (where m.gate = 'mergeable') as mergeable
    from reported as r
    inner join named as n on r.source = n.source and r.jobset = n.jobset
    left join remarks as m
        on r.source = m.source and r.jobset = m.jobset and r.evaluation_id = m.evaluation_id
    group by r.source, r.jobset, r.evaluation_id, n.gate
)

select
    source,
    jobset,
    evaluation_id,
    gate,
    case
        when word in ('failed', 'not_mergeable') then 'failed'
        when word in ('ready', 'passed', 'succeeded') then 'passed'
        when word = 'not_finished' then 'unfinished'
        when word = 'potential_issues' then case when mergeable is null then 'passed' else 'unfinished' end
        when word is null and report in ('ready', 'potential_issues') then 'passed'
        else 'unknown'
    end as verdict,
    word as source_verdict
from folded
order by source, jobset, evaluation_id, gate

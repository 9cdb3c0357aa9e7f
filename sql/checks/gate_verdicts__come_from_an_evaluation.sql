-- A gate's verdict is one of four words, and its evaluation is known.
select g.source, g.jobset, g.evaluation_id, g.gate, g.verdict
from core.gate_verdicts as g
left join staging.evaluation_observed as e
    on g.source = e.source and g.jobset = e.jobset and g.evaluation_id = e.evaluation_id
where e.evaluation_id is null or g.verdict not in ('passed', 'failed', 'unfinished', 'unknown')

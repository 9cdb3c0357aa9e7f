-- What a declared wave rests on: its jobsets, their evaluations and what they are compared with.
select
    e.source, e.jobset, e.system, count(*) as evaluations, count(*) filter (where e.is_complete) as complete_evaluations,
    min(e.evaluation_at) as first_at, max(e.evaluation_at) as last_at, max(e.baseline_evaluation_id) as baseline_evaluation_id,
    max(e.baseline_at) as baseline_at, max(e.baseline_basis) as baseline_basis,
    string_agg(distinct e.coverage, ', ' order by e.coverage) as coverage
from core.wave_evaluations as e
where e.wave = $wave
group by e.source, e.jobset, e.system
order by e.jobset, e.system

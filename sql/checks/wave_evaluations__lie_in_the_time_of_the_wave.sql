-- Every evaluation of a wave lies between its first and its last day, and the newest is the last one counted.
select e.wave, e.jobset, e.evaluation_id, e.system
from core.wave_evaluations as e
left join core.waves as w on e.wave = w.wave
where w.wave is null
    or w.started_at is null
    or e.evaluation_at < w.started_at
    or e.evaluation_at >= w.ended_at + interval 1 day
    or (e.next_at is null) <> (e.turn = e.turns)

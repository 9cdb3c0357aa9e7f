-- A queued package of a declared wave that, in one evaluation, needs a build of the wave that is not green yet.
--
-- Known only where a graph is. What it needs may lie any way down, but not behind an input with a fixed output.
--
-- keep: no
-- grain: wave, series, attr, variant, turn
-- column: wave | Declared wave.
-- column: series | Jobset and system.
-- column: attr | Attribute path of the job, without the system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: turn | Evaluation, as in core.wave_evaluations.
with recursive
    queued as (
        select r.wave, r.series, r.attr, r.variant, g.derivation_id, r.first_turn, r.last_turn
        from replay.wave_runs as r
        inner join replay.wave_graph as g on r.wave = g.wave and r.series = g.series and r.attr = g.attr
        where r.is_reached and r.status = 'queued'
    ),
    turns as (
        select distinct e.wave, e.series, e.turn
        from queued as q
        inner join core.wave_evaluations as e
            on q.wave = e.wave and q.series = e.series and e.turn between q.first_turn and q.last_turn
    ),
    -- Builds of the wave that are not green, among its packages or not: whatever needs them waits.
    lacking as (
        select distinct t.wave, t.series, t.turn, g.derivation_id
        from turns as t
        inner join replay.wave_runs as r
            on t.wave = r.wave and t.series = r.series and t.turn between r.first_turn and r.last_turn
        inner join replay.wave_graph as g on r.wave = g.wave and r.series = g.series and r.attr = g.attr
        left join core.status_classes as k on r.status = k.status
        where r.is_reached and k.status_class is distinct from 'green'
    ),
    waiting as (
        select l.wave, l.series, l.turn, i.derivation_id
        from lacking as l
        inner join core.derivation_inputs as i on l.derivation_id = i.input_id
        inner join core.derivations as d on i.derivation_id = d.derivation_id
        where not coalesce(d.is_fixed_output, false)
        union
        select w.wave, w.series, w.turn, i.derivation_id
        from waiting as w
        inner join core.derivation_inputs as i on w.derivation_id = i.input_id
        inner join core.derivations as d on i.derivation_id = d.derivation_id
        where not coalesce(d.is_fixed_output, false)
    )
select distinct q.wave, q.series, q.attr, q.variant, w.turn
from queued as q
inner join waiting as w
    on q.wave = w.wave
    and q.series = w.series
    and q.derivation_id = w.derivation_id
    and w.turn between q.first_turn and q.last_turn
order by q.wave, q.series, q.attr, q.variant, w.turn

-- In every evaluation of a wave each of its packages is in exactly one of the ten states.
with
    wanted as (
        select m.wave, m.series, m.attr, m.variant, max(e.turns) as turns
        from replay.wave_members as m
        inner join core.wave_evaluations as e on m.wave = e.wave and m.series = e.series
        group by m.wave, m.series, m.attr, m.variant
    ),
    stated as (
        select
            p.wave,
            s.series,
            p.attr,
            p.variant,
            p.first_turn,
            p.last_turn,
            p.state,
            lag(p.last_turn, 1, 0) over (
                partition by p.wave, s.series, p.attr, p.variant order by p.first_turn
            ) as before_turn
        from core.wave_package_states as p
        inner join replay.series as s on p.source = s.source and p.jobset = s.jobset and p.system = s.system
    )
select w.wave, w.series, w.attr, w.variant
from wanted as w
left join stated as s on w.wave = s.wave and w.series = s.series and w.attr = s.attr and w.variant = s.variant
group by w.wave, w.series, w.attr, w.variant, w.turns
having coalesce(max(s.last_turn), 0) <> w.turns
    or bool_or(s.first_turn <> s.before_turn + 1 or s.last_turn < s.first_turn)
    or bool_or(s.state not in (
        'not_reached', 'awaiting_inputs', 'building', 'pass', 'failing_own', 'failing_dependency', 'wont_fix', 'cant_fix',
        'marked_broken', 'removed'
    ))

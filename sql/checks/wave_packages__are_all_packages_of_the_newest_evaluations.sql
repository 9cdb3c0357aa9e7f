-- Every package of a wave is there once, with the state that lasts to the newest evaluation of its system.
select coalesce(m.attr, p.attr) as attr, p.wave, m.wave as member_of
from (
    select w.wave, s.source, s.jobset, s.system, w.attr, w.variant
    from replay.wave_members as w
    inner join replay.series as s on w.series = s.series
) as m
full outer join core.wave_packages as p
    on m.wave = p.wave
    and m.source = p.source
    and m.jobset = p.jobset
    and m.system = p.system
    and m.attr = p.attr
    and m.variant = p.variant
where m.wave is null or p.wave is null or p.state_since_at > p.evaluation_at or p.state_evaluations < 1

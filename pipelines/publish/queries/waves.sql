-- Declared waves with where they stand, those under way first.
select
    s.*, w.major, w.minor, w.jobsets, w.roots, w.exclusions, w.channels, w.baseline, w.is_paused, w.started_at, w.ended_at,
    w.declared_at, w.tag, w.tag_revision, array_to_string(w.roots, ', ') as root_names
from metrics.wave_standing as s
inner join core.waves as w on s.wave = w.wave
order by
    case s.standing when 'under_way' then 1 when 'paused' then 2 when 'planned' then 3 else 4 end,
    w.started_at desc nulls last, s.wave

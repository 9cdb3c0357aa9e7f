-- Every declared wave is there, with the text of the newest date.
select d.wave, d.declared_at, w.declared_at as shown_at
from (select wave, max(declared_at) as declared_at from staging.wave_declared group by wave) as d
full outer join core.waves as w on d.wave = w.wave
where w.declared_at is null or d.declared_at is null or w.declared_at <> d.declared_at

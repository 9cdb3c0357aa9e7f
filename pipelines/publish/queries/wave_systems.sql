-- The newest counts of a declared wave per system, and in the worst state of any.
select *
from metrics.wave_progress
where wave = $wave and is_newest
order by jobset, system <> 'worst-of', system

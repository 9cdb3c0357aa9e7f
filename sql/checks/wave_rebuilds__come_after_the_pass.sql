-- What is called a rebuild is another build than the one that passed, and a later one.
select wave, attr, system, build_id, passed_build_id
from core.wave_rebuilds
where rebuilt_at < passed_at or build_id = passed_build_id

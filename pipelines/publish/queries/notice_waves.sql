-- The packages of declared waves.
select distinct source, wave as name, jobset, attr
from core.wave_packages
order by source, name, jobset, attr

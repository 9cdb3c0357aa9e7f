-- What the ledger decides for packages of a declared wave now.
select *, count(*) over () as all_rows
from core.wave_packages
where wave = $wave and resolution_id is not null
order by decided_at desc, attr, system, variant, jobset
limit 100

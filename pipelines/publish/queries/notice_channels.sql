-- The jobs that channels name or wait for.
select distinct source, channel as name, jobset, attr
from core.channel_selections
where role <> 'needed'
order by source, name, jobset, attr

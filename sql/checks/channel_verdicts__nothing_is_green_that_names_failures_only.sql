-- Green asks for full coverage, or for a gate whose verdict the source itself reports.
select v.source, v.channel, v.evaluation_id, v.coverage
from core.channel_verdicts as v
inner join core.channel_declarations as d on v.source = d.source and v.channel = d.channel
where v.verdict = 'green' and v.coverage <> 'full' and d.decided_by <> 'gate'

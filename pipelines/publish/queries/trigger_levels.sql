-- Rebuilds of one trigger by the level of what was rebuilt, with what each kind of evidence says of the derived ones.
select
    d.level,
    count(*) as all_rebuilds,
    count(*) filter (where not r.has_own_change) as derived,
    count(*) filter (where not r.has_own_change and r.content in ('cutoff', 'rewrite-only', 'changed') and not r.has_noise) as with_verdict,
    count(*) filter (where not r.has_own_change and r.content = 'cutoff' and not r.has_noise) as strict_false_positives,
    count(*) filter (where not r.has_own_change and r.content in ('cutoff', 'rewrite-only') and not r.has_noise) as wide_false_positives,
    count(*) filter (where not r.has_own_change and r.status_class = 'green' and r.is_structural) as structural_calls,
    count(*) filter (where not r.has_own_change and r.status_class = 'green' and r.is_suspected) as suspects
from core.rebuilds as r
left join core.derivations as d on r.derivation_id64 = d.derivation_id64
where r.source = $source and r.jobset = $jobset and list_contains(r.triggers, $trigger)
group by d.level
order by d.level nulls last

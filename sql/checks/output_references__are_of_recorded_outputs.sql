-- References are those of recorded outputs, never of the output to itself.
select r.derivation_id64, r.output, r.path
from core.output_references as r
left join core.outputs as o on r.derivation_id64 = o.derivation_id64 and r.output = o.output
where o.output is null or r.path = o.path

-- An input has a smaller number and a lower depth than what needs it, where they do not need each other in a circle.
select i.derivation_id, i.input_id
from core.derivation_inputs as i
inner join core.derivations as d on i.derivation_id = d.derivation_id
inner join core.derivations as n on i.input_id = n.derivation_id
where d.depth is not null and (i.input_id >= i.derivation_id or n.depth is null or n.depth >= d.depth)

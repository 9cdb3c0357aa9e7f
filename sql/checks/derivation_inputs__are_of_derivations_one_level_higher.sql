-- A level is 0 with a fixed output or without inputs, else one more than that of the highest input.
with
    highest as (
        select
            i.derivation_id,
            max(n.level) as level,
            count(*) = count(n.level) as is_known
        from core.derivation_inputs as i
        inner join core.derivations as n on i.input_id = n.derivation_id
        group by i.derivation_id
    )
select d.derivation_id, d.name, d.level, h.level as highest_input
from core.derivations as d
left join highest as h on d.derivation_id = h.derivation_id
where d.level is distinct from case
    when not d.is_recorded or d.depth is null then null
    when d.is_fixed_output or h.derivation_id is null then 0
    when h.is_known then h.level + 1
end

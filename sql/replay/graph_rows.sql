-- The graph of derivations and the newest package sets as rows of numbers, for what is computed in arrays.
--
-- Derivations that need each other in a circle are left out, with their edges and attributes.
--
-- keep: no
-- grain: kind, first, second, flag, amount
-- column: kind | 1: a derivation, 2: one of its inputs, 3: a derivation of a package set.
-- column: first | Number of the derivation; of the package set in rows of kind 3.
-- column: second | Its depth; number of the input; number of the derivation.
-- column: flag | Whether it has a fixed output; false in rows of another kind.
-- column: amount | Level, -1 where it is unknown; 0; number of attributes.
with
    sets as (
        select source, package_set, revision, row_number() over (order by source, package_set) as set_number
        from core.package_sets
        where is_newest
        group by source, package_set, revision
    )
select
    1 as kind,
    derivation_id as first,
    depth as second,
    coalesce(is_fixed_output, false) as flag,
    coalesce(level, -1) as amount
from core.derivations
where depth is not null
union all
select 2 as kind, i.derivation_id as first, i.input_id as second, false as flag, 0 as amount
from core.derivation_inputs as i
inner join core.derivations as d on i.derivation_id = d.derivation_id
where d.depth is not null
union all
select 3 as kind, s.set_number as first, p.derivation_id as second, false as flag, count(*) as amount
from core.package_sets as p
inner join sets as s on p.source = s.source and p.package_set = s.package_set and p.revision = s.revision
inner join core.derivations as d on p.derivation_id = d.derivation_id
where d.depth is not null
group by s.set_number, p.derivation_id
order by kind, first, second

-- An input of a derivation by hash, with everything that a source says of it in one row.
--
-- Where several sources tell of a derivation, the first by name counts.
--
-- keep: no
-- grain: derivation_id64, input_id64
-- column: derivation_id64 | First 64 bits of the derivation's hash.
-- column: input_id64 | First 64 bits of the input's hash.
-- column: role | Variables that hold a path of it, space between; of several rows the first by text; null if not told.
-- column: several_roles | The roles of all rows, where they differ; null otherwise, which is nearly always.
-- column: has_roles | Whether every row tells its role.
-- column: is_check_only | Whether it is there for tests only, in every row; null if one does not tell.
with
    recorded as (
        select derivation_id64, inputs
        from staging.derivation_observed
        qualify row_number() over (partition by derivation_id64 order by source) = 1
    ),
    items as (
        select derivation_id64, unnest(inputs) as item
        from recorded
    )
select
    derivation_id64,
    item.derivation_id64 as input_id64,
    min(item.role) as role,
    case when min(item.role) <> max(item.role) then list(item.role) end as several_roles,
    count(*) = count(item.role) as has_roles,
    case when count(*) = count(item.is_check_only) then bool_and(item.is_check_only) end as is_check_only
from items
group by derivation_id64, item.derivation_id64

-- Every output that somebody saw has a row, and only those.
select coalesce(t.derivation_id64, o.derivation_id64) as derivation_id64, coalesce(t.output, o.output) as output
from (
    select distinct derivation_id64, output
    from staging.output_observed
) as t
full outer join core.outputs as o on t.derivation_id64 = o.derivation_id64 and t.output = o.output
where t.output is null or o.output is null

-- A derivation: a recipe of one build, with its place in the graph of everything that is built.
--
-- Told are derivations that a source recorded, and those that they name as inputs (`is_recorded` false: nothing but the
-- hash is known). Where several sources tell of one, the first by name counts. Package and version are split by Nix's
-- rule: the version begins after the first dash that no letter follows.
--
-- The level is 0 without inputs or with a fixed output (a download: its hash is known before it is made), else one
-- more than the highest level of the inputs. It is null where something on the way down was not recorded.
--
-- grain: derivation_id
-- column: derivation_id | Number within this warehouse, smaller than that of everything that needs it; not stable between builds.
-- column: derivation_id64 | First 64 bits of the hash in its path, as a signed integer: the stable identity.
-- column: name | Name with version; null if not recorded.
-- column: pname | Name without version.
-- column: version | Version; empty if the name has none.
-- column: system | Nix system, or `builtin`.
-- column: is_recorded | Whether a source recorded it.
-- column: is_fixed_output | Whether its output is known by hash; null if not told.
-- column: outputs | Names of its outputs.
-- column: required_features | Features that a machine must have to build it.
-- column: does_check | Whether it runs its own tests while it is built; null if not told.
-- column: recipe_id64 | Identity of what it says besides the paths of its inputs and its own; null if not told.
-- column: outputs_id64 | Identity of its output paths; null if not told, or not known before it is built.
-- column: inputs | Number of derivations that it needs directly; null if not recorded.
-- column: level | Level, from 0; null where it is unknown.
-- column: depth | Longest way down along all inputs; null where derivations need each other in a circle.
with
    recorded as (
        select
            derivation_id64,
            name,
            system,
            is_fixed_output,
            outputs,
            required_features,
            does_check,
            recipe_id64,
            outputs_id64
        from staging.derivation_observed
        qualify row_number() over (partition by derivation_id64 order by source) = 1
    ),
    counted as (
        select derivation_id64, count(*) as inputs
        from replay.derivation_edges
        group by derivation_id64
    )
select
    o.derivation_id,
    o.derivation_id64,
    r.name,
    case
        when regexp_matches(r.name, '^.*?-[^a-zA-Z]') then regexp_extract(r.name, '^(.*?)-[^a-zA-Z]', 1)
        else r.name
    end as pname,
    regexp_extract(r.name, '^.*?-([^a-zA-Z].*)$', 1) as version,
    r.system,
    r.derivation_id64 is not null as is_recorded,
    r.is_fixed_output,
    r.outputs,
    r.required_features,
    r.does_check,
    r.recipe_id64,
    r.outputs_id64,
    case when r.derivation_id64 is not null then coalesce(c.inputs, 0) end as inputs,
    o.level,
    o.depth
from replay.derivation_order as o
left join recorded as r on o.derivation_id64 = r.derivation_id64
left join counted as c on o.derivation_id64 = c.derivation_id64
order by o.derivation_id

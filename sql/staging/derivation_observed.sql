-- A derivation as a source told it, once per source.
--
-- A derivation cannot change, so that rows of one hash differ only in how much they know: the one that knows most is
-- taken, of equal ones the earliest. (The log takes a second telling only if it knows more.)
--
-- grain: source, derivation_id64
-- column: source | Who told of it.
-- column: derivation_id64 | First 64 bits of the hash in its path, as a signed integer.
-- column: observed_at | When it was seen; the instant of the commit where nobody noted when it was evaluated.
-- column: drv_hash | The 32 characters before the name in its path; null if not told.
-- column: drv_path | Its path; null where neither path nor hash is told.
-- column: name | Name with version.
-- column: system | Nix system, or `builtin`; null if not told.
-- column: is_fixed_output | Whether its output is known by hash: a change of its inputs does not change it; null if not told.
-- column: outputs | Names of its outputs.
-- column: required_features | Features that a machine must have to build it.
-- column: prefers_local | Whether it asks to be built where it is needed.
-- column: does_check | Whether it runs its own tests while it is built.
-- column: inputs | Its inputs: hash, role, outputs used, whether it is there for tests only.
-- column: recipe_id64 | Identity of what it says besides the paths of its inputs and its own; null if not told.
-- column: outputs_id64 | Identity of its output paths; null if not told, or not known before it is built.
with
    told as (
        select
            *,
            (recipe_id64 is not null)::int
            + (outputs_id64 is not null)::int
            + (does_check is not null)::int
            + (len(inputs) > 0)::int
            + len(list_filter(inputs, lambda one: one.role is not null))
            + len(list_filter(inputs, lambda one: one.is_check_only is not null)) as knows
        from log.derivation_observed
    )
select
    source,
    derivation_id64,
    observed_at,
    drv_hash,
    coalesce(drv_path, '/nix/store/' || drv_hash || '-' || name || '.drv') as drv_path,
    name,
    system,
    is_fixed_output,
    outputs,
    required_features,
    prefers_local,
    does_check,
    inputs,
    recipe_id64,
    outputs_id64
from told
qualify row_number() over (partition by source, derivation_id64 order by knows desc, observed_at, name, batch) = 1

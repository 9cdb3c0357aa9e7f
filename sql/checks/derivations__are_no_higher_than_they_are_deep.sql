-- A level is known only of what is recorded and in no circle, is at most the depth, and 0 with a fixed output.
select derivation_id, name, level, depth
from core.derivations
where (level is not null and (depth is null or not is_recorded or level > depth))
    or (is_fixed_output and depth is not null and level <> 0)

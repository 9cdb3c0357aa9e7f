-- An attribute of a package set at one revision, and the derivation that it evaluates to.
--
-- grain: id, system, attr
-- column: id | Identity of the evaluation: source, set, revision and a digest of its content.
-- column: source | Whose package set it is.
-- column: package_set | Name of the set.
-- column: revision | Commit that was evaluated, 40 hex digits.
-- column: committed_at | Instant of that commit; null if not told.
-- column: observed_at | When it was evaluated; the instant of the commit where nobody noted it.
-- column: is_partial | Whether attributes are known to be missing besides those that do not evaluate; null: unknown.
-- column: system | Nix system.
-- column: attr | Attribute path.
-- column: derivation_id64 | First 64 bits of the derivation's hash.
select distinct
    id,
    source,
    package_set,
    revision,
    occurred_at as committed_at,
    observed_at,
    is_partial,
    system,
    attr,
    derivation_id64
from log.package_set_evaluated

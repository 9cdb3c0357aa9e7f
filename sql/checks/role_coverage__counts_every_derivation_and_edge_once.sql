-- Edges are with a role, unnamed or unknown, and derivations are all that the source recorded.
select r.source, r.derivations, s.derivations as recorded
from (
    select
        source,
        sum(derivations) as derivations,
        bool_and(with_role + unnamed + role_unknown = edges and check_only <= with_role) as is_split
    from metrics.role_coverage
    group by source
) as r
full outer join (
    select source, count(*) as derivations from core.derivation_sources group by source
) as s on r.source = s.source
where r.derivations is distinct from s.derivations or not r.is_split

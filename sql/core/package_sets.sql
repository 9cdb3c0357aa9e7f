-- An attribute of a package set at one revision, and its derivation in the graph.
--
-- A revision that was evaluated more than once counts as in the newest evaluation; of those of one instant, as in the
-- one with most attributes; of equal ones, as in the one that is not partial.
--
-- grain: source, package_set, revision, system, attr
-- column: source | Whose package set it is.
-- column: package_set | Name of the set.
-- column: revision | Commit that was evaluated.
-- column: committed_at | Instant of that commit; null if not told.
-- column: is_newest | Whether it is the newest revision of the set that is recorded.
-- column: is_partial | Whether attributes are known to be missing besides those that do not evaluate; null: unknown.
-- column: system | Nix system.
-- column: attr | Attribute path.
-- column: derivation_id | Its derivation (`core.derivations`).
with
    evaluations as (
        select id, source, package_set, revision, committed_at, observed_at, is_partial, count(*) as attrs
        from staging.package_set_evaluated
        group by id, source, package_set, revision, committed_at, observed_at, is_partial
    ),
    chosen as (
        select *
        from evaluations
        qualify row_number() over (
            partition by source, package_set, revision order by observed_at desc, attrs desc, is_partial nulls last, id
        ) = 1
    ),
    ranked as (
        select
            id,
            row_number() over (
                partition by source, package_set order by coalesce(committed_at, observed_at) desc, revision desc
            ) = 1 as is_newest
        from chosen
    )
select
    s.source,
    s.package_set,
    s.revision,
    s.committed_at,
    r.is_newest,
    s.is_partial,
    s.system,
    s.attr,
    d.derivation_id
from staging.package_set_evaluated as s
inner join ranked as r on s.id = r.id
inner join core.derivations as d on s.derivation_id64 = d.derivation_id64
order by s.source, s.package_set, s.revision, s.system, s.attr

-- How often a package of the newest package set was updated in the year before its commit.
--
-- Counted are commits on the branch of the unstable channels whose subject says so (`attr: old -> new`); a subject that
-- reads otherwise is not seen, so that a count is a lower bound. Attributes are as authors wrote them: those of Python
-- package sets of any version count as one, all others have to agree to the letter.
--
-- grain: source, package_set, revision, system, attr
-- column: source | Whose package set it is.
-- column: package_set | Name of the set.
-- column: revision | Commit of the set.
-- column: system | Nix system.
-- column: attr | Attribute path.
-- column: derivation_id | Its derivation (`core.derivations`).
-- column: updates | Updates in the 365 days to the commit; null where no history of updates covers that year.
-- column: last_updated_at | The last of them; null without one.
with
    sets as (
        select source, package_set, revision, committed_at
        from core.package_sets
        where is_newest
        group by source, package_set, revision, committed_at
    ),
    covered as (
        select s.source, s.package_set, s.committed_at
        from sets as s
        where exists (
            select 1
            from staging.source_declared as d
            where d.source = s.source and d.covers = 'package_updated'
                and d.first_at <= s.committed_at - interval 365 days and d.last_at >= s.committed_at
        )
    ),
    counted as (
        select
            c.source,
            c.package_set,
            regexp_replace(u.attr, '^python[0-9]*(Packages|\.pkgs)\.', 'python.') as package,
            count(*) as updates,
            max(u.committed_at) as last_updated_at
        from covered as c
        inner join staging.package_updated as u
            on c.source = u.source
            and u.committed_at > c.committed_at - interval 365 days and u.committed_at <= c.committed_at
        where u.is_on_main_branch
        group by c.source, c.package_set, package
    )
select
    p.source,
    p.package_set,
    p.revision,
    p.system,
    p.attr,
    p.derivation_id,
    case when v.source is not null then coalesce(n.updates, 0) end as updates,
    n.last_updated_at
from core.package_sets as p
left join covered as v on p.source = v.source and p.package_set = v.package_set
left join counted as n
    on p.source = n.source and p.package_set = n.package_set
    and regexp_replace(p.attr, '^python[0-9]*(Packages|\.pkgs)\.', 'python.') = n.package
where p.is_newest
order by p.source, p.package_set, p.system, p.attr

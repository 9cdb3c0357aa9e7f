-- How many attributes of a package set an update of a package reaches, by the edges that are followed: a few packages.
--
-- Which derivations change is more than what is built again: nothing is built again behind a fixed output (a download).
-- Of that, how much is only for tests: as far as it is recorded, and by a guess from names. The graph is of one revision;
-- for a change of another one these numbers are an estimate, and can be far off. A package of Python sets stands for all
-- of its attributes in them.
--
-- grain: source, package_set, revision, package
-- column: source | Whose package set it is.
-- column: package_set | Name of the set.
-- column: revision | Commit of the set.
-- column: package | Package that is updated.
-- column: roots | Attributes that are it.
-- column: derivation_changes | Attributes whose derivation changes.
-- column: output_changes | Attributes that are built again, itself among them.
-- column: without_check_only | Of them, those still reached without inputs recorded as for tests only.
-- column: without_test_tools | Of those, the ones still reached without test tools by name: a guess.
with sets as (
    select source, package_set, revision, row_number() over (order by source, package_set) as set_number
    from core.package_sets
    where is_newest
    group by source, package_set, revision
)
select
    s.source,
    s.package_set,
    s.revision,
    r.package,
    r.roots,
    r.derivation_changes,
    r.output_changes,
    r.without_check_only,
    r.without_test_tools
from replay.update_reach as r
inner join sets as s on r.set_number = s.set_number
order by s.source, s.package_set, r.output_changes desc, r.package

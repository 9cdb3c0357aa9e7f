-- How many attributes an update of a few packages reaches, following four kinds of edges, in numbers.
--
-- The packages stand for kinds of edges: test tools, libraries that are needed for little, and what nearly everything needs.
-- One that Python sets hold is asked about in all of them at once. Computed in `pipelines.graph.update_reach`.
--
-- keep: no
-- python: pipelines.graph.update_reach:reached
-- grain: set_number, package
-- column: set_number | Number of the package set, by source and name.
-- column: package | Name of the package.
-- column: roots | Attributes that are it.
-- column: derivation_changes | Attributes whose recipe changes, also behind fixed outputs.
-- column: output_changes | Attributes that are built again.
-- column: without_check_only | Of those, the ones still reached without inputs recorded as for tests only.
-- column: without_test_tools | Of those, the ones still reached without test tools by name.
with
    asked as (
        select *
        from (
            values
                ('pytest', 'pytest'), ('hypothesis', 'hypothesis'), ('pillow', 'pillow'), ('pyyaml', 'pyyaml'), ('numpy', 'numpy'),
                ('fontconfig', 'fontconfig'), ('alsa-lib', 'alsa-lib'), ('alsa-lib', 'alsaLib'), ('cudatoolkit', 'cudatoolkit'),
                ('setuptools', 'setuptools'), ('openssl', 'openssl'), ('glibc', 'glibc')
        ) as packages(package, attr)
    ),
    sets as (
        select source, package_set, revision, row_number() over (order by source, package_set) as set_number
        from core.package_sets
        where is_newest
        group by source, package_set, revision
    ),
    placed as (
        select s.set_number, p.derivation_id, regexp_replace(p.attr, '^python[0-9]*Packages\.', '') as attr
        from core.package_sets as p
        inner join sets as s on p.source = s.source and p.package_set = s.package_set and p.revision = s.revision
        inner join core.derivations as d on p.derivation_id = d.derivation_id
        where d.depth is not null
    )
select
    'node' as kind,
    derivation_id as first,
    depth as second,
    coalesce(is_fixed_output, false) as flag,
    false as is_guess,
    null::varchar as package
from core.derivations
where depth is not null
union all
select 'edge', i.derivation_id, i.input_id, coalesce(i.is_check_only, false), i.is_test_tool_by_name, null
from core.derivation_inputs as i
inner join core.derivations as d on i.derivation_id = d.derivation_id
where d.depth is not null
union all
select 'attr', set_number, derivation_id, false, false, null
from placed
union all
select 'root', p.set_number, p.derivation_id, false, false, a.package
from placed as p
inner join asked as a on p.attr = a.attr
order by kind, first, second, package

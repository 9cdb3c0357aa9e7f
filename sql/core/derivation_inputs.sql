-- An input of a derivation, and what it is used for.
--
-- Roles are the variables of the derivation that hold a path of the input's outputs, as `buildInputs`; also `builder`
-- and `args`. They tell where an input is named, never whether the product needs it.
--
-- grain: derivation_id, input_id
-- column: derivation_id | The derivation (`core.derivations`).
-- column: input_id | What it needs, another derivation.
-- column: roles | Its roles, sorted, space between; empty: no variable holds it; null: the source cannot tell.
-- column: edge_role | Kind of edge: `check` for tests only, else by where it is named alone: `native` (nativeBuildInputs), `propagated`, `build` (buildInputs), `stdenv`, `source` (src, patches), `other` or in several; `unnamed`: nowhere; `unknown`: the source cannot tell.
-- column: is_check_only | Whether all roles are those of inputs for the package's own tests; null: the source cannot tell.
-- column: is_test_tool_by_name | A guess: both are Python packages, the input is named as a build or check input only and has the name of a known test tool.
with
    named as (
        select
            derivation_id,
            derivation_id64,
            pname like 'python%' as is_python,
            pname like 'python%' and regexp_replace(pname, '^python[0-9.]*-', '') in (
                'pytest', 'nose', 'mock', 'hypothesis', 'coverage', 'tox', 'unittest2', 'testfixtures', 'pytest-cov', 'pytestcov',
                'pytest-runner', 'pytestrunner', 'flake8', 'pytest-timeout', 'pytest-xdist', 'pytest-mock', 'pytest-django',
                'freezegun', 'httpretty', 'webtest', 'nosexcover', 'nose-parameterized', 'parameterized', 'testtools',
                'fixtures', 'betamax', 'vcrpy', 'requests-mock'
            ) as is_test_tool
        from core.derivations
    ),
    placed as (
        select
            d.derivation_id,
            i.derivation_id as input_id,
            case
                when not e.has_roles then null
                when e.several_roles is null then e.role
                else array_to_string(list_sort(list_distinct(string_split(trim(array_to_string(e.several_roles, ' ')), ' '))), ' ')
            end as roles,
            e.is_check_only,
            coalesce(d.is_python and i.is_test_tool, false) as is_of_test_tool
        from replay.derivation_edges as e
        inner join named as d on e.derivation_id64 = d.derivation_id64
        inner join named as i on e.input_id64 = i.derivation_id64
    )
select
    derivation_id,
    input_id,
    roles,
    case
        when is_check_only then 'check'
        when roles is null then 'unknown'
        when roles = '' then 'unnamed'
        when roles = 'nativeBuildInputs' then 'native'
        when roles in ('propagatedBuildInputs', 'propagatedNativeBuildInputs') then 'propagated'
        when roles = 'buildInputs' then 'build'
        when roles = 'stdenv' then 'stdenv'
        when roles in ('src', 'srcs', 'patches') then 'source'
        else 'other'
    end as edge_role,
    is_check_only,
    case
        when is_of_test_tool then
            coalesce(regexp_matches(roles, '^((buildInputs|nativeBuildInputs|checkInputs)( |$))+$'), false)
        else false
    end as is_test_tool_by_name
from placed
order by derivation_id, input_id

-- How much of a graph of derivations says what its inputs are for, per source and system.
--
-- Evidence from roles (`structural`) is no better than this: an input for tests that is recorded as another kind, or not
-- at all, is missed. What runs its own tests without one input recorded as for tests only shows how much must be missing.
-- An edge is one input of one derivation, however often it is named. Where several sources recorded a derivation, its
-- inputs are those that the first of them by name tells.
--
-- grain: source, system
-- column: source | Who recorded the derivations.
-- column: system | Nix system, `builtin`, or empty if not told.
-- column: derivations | Derivations.
-- column: fixed_outputs | Of them, those with a fixed output.
-- column: testing | Of them, those that run their own tests.
-- column: testing_unknown | Of them, those of which that is not told.
-- column: testing_without_check_inputs | Of those that run their own tests, those without an input recorded as for tests only.
-- column: edges | Inputs of derivations.
-- column: with_role | Of them, those that are named in a known place.
-- column: unnamed | Those that no variable names.
-- column: role_unknown | Those of which the source cannot tell.
-- column: check_only | Of those with a role, the ones for tests only.
-- column: test_tools_by_name | A guess: inputs of Python packages that are known test tools by name, in whatever role.
-- column: with_role_ratio | with_role by edges; null without edges.
-- column: check_only_ratio | check_only by edges.
-- column: testing_without_check_inputs_ratio | testing_without_check_inputs by testing; null without any.
-- column: definition_version | Version of this definition.
with
    edges as (
        select
            derivation_id,
            count(*) as edges,
            count(*) filter (where edge_role not in ('unnamed', 'unknown')) as with_role,
            count(*) filter (where edge_role = 'unnamed') as unnamed,
            count(*) filter (where edge_role = 'unknown') as role_unknown,
            count(*) filter (where edge_role = 'check') as check_only,
            count(*) filter (where is_test_tool_by_name) as test_tools_by_name
        from core.derivation_inputs
        group by derivation_id
    ),
    counted as (
        select
            s.source,
            coalesce(d.system, '') as system,
            count(*) as derivations,
            count(*) filter (where d.is_fixed_output) as fixed_outputs,
            count(*) filter (where d.does_check) as testing,
            count(*) filter (where d.does_check is null) as testing_unknown,
            count(*) filter (where d.does_check and coalesce(e.check_only, 0) = 0) as testing_without_check_inputs,
            coalesce(sum(e.edges), 0)::bigint as edges,
            coalesce(sum(e.with_role), 0)::bigint as with_role,
            coalesce(sum(e.unnamed), 0)::bigint as unnamed,
            coalesce(sum(e.role_unknown), 0)::bigint as role_unknown,
            coalesce(sum(e.check_only), 0)::bigint as check_only,
            coalesce(sum(e.test_tools_by_name), 0)::bigint as test_tools_by_name
        from core.derivation_sources as s
        inner join core.derivations as d on s.derivation_id = d.derivation_id
        left join edges as e on s.derivation_id = e.derivation_id
        group by s.source, coalesce(d.system, '')
    )
select
    source,
    system,
    derivations,
    fixed_outputs,
    testing,
    testing_unknown,
    testing_without_check_inputs,
    edges,
    with_role,
    unnamed,
    role_unknown,
    check_only,
    test_tools_by_name,
    with_role / nullif(edges, 0) as with_role_ratio,
    check_only / nullif(edges, 0) as check_only_ratio,
    testing_without_check_inputs / nullif(testing, 0) as testing_without_check_inputs_ratio,
    1 as definition_version
from counted
order by source, system

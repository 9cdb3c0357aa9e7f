-- What a counterfactual changes for a pair of derivations of `replay.job_changes`: a rebuild avoided, or tests run again.
--
-- Computed in `pipelines.graph.what_if`, which says what each scenario is.
--
-- keep: no
-- python: pipelines.graph.what_if:effects
-- grain: scenario, package, input, older, newer, effect
-- column: scenario | `split_tests` or `drop_input`.
-- column: package | Package whose input is dropped; null for tests.
-- column: input | Package of that input; null for tests.
-- column: older | Derivation before.
-- column: newer | Derivation after.
-- column: effect | `avoided` or `test_run`.
with wanted as (
    select distinct older, newer
    from replay.job_changes
    where span <= 1
)
select
    'pair' as kind,
    older,
    newer,
    null::varchar as package,
    null::bigint as recipe,
    null::bigint as outputs,
    null::boolean as is_fixed,
    null::varchar as role
from wanted
union all
select 'node', null, derivation_id64, pname, recipe_id64, outputs_id64, is_fixed_output, null
from core.derivations
where is_recorded and exists (select 1 from wanted)
union all
select 'edge', i.derivation_id64, d.derivation_id64, null, null, null, null, e.edge_role
from core.derivation_inputs as e
inner join core.derivations as d on e.derivation_id = d.derivation_id
inner join core.derivations as i on e.input_id = i.derivation_id
where exists (select 1 from wanted)

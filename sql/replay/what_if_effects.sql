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
select kind, older, newer, package, recipe, outputs, is_fixed, role
from replay.derivation_graph

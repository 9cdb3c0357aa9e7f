-- A job whose derivation is another one than before, with the derivation of its last successful build: the baseline.
--
-- Nothing is rebuilt where the outputs keep their paths although the recipe of a download changed, nor where a job
-- returns to its baseline.
--
-- keep: no
-- grain: source, jobset, system, attr, variant, turn
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: system | Nix system.
-- column: attr | Attribute path.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: turn | Evaluation in which the derivation first stood (replay.derivation_turns).
-- column: derivation_id64 | The derivation.
-- column: previous_id64 | Derivation in the evaluation just before; null: the job was not in it.
-- column: baseline_id64 | Derivation of the last successful build before; null: none is known.
-- column: baseline_turn | Last evaluation in which the baseline stood.
with
    succeeded as (
        select source, derivation_id64
        from core.derivation_builds
        where status_class = 'green'
        union
        select source, derivation_id64
        from staging.output_observed
    ),
    judged as (
        select
            r.*,
            s.derivation_id64 is not null as has_succeeded,
            d.outputs_id64
        from replay.derivation_runs as r
        left join succeeded as s on r.source = s.source and r.derivation_id64 = s.derivation_id64
        left join core.derivations as d on r.derivation_id64 = d.derivation_id64
    ),
    placed as (
        select
            *,
            lag(last_turn) over w as before_turn,
            lag(derivation_id64) over w as before_id64,
            lag(outputs_id64) over w as before_outputs,
            last_value(case when has_succeeded then (derivation_id64, outputs_id64, last_turn) end ignore nulls) over (
                partition by source, jobset, system, attr, variant
                order by first_turn rows between unbounded preceding and 1 preceding
            ) as baseline
        from judged
        window w as (partition by source, jobset, system, attr, variant order by first_turn)
    )
select
    source,
    jobset,
    system,
    attr,
    variant,
    first_turn as turn,
    derivation_id64,
    case when before_turn = first_turn - 1 then before_id64 end as previous_id64,
    baseline[1] as baseline_id64,
    baseline[3] as baseline_turn
from placed
where (before_turn = first_turn - 1 or baseline is not null)
    and derivation_id64 is distinct from baseline[1]
    and coalesce(outputs_id64 <> baseline[2], true)
    and not (before_turn = first_turn - 1 and coalesce(outputs_id64 = before_outputs, false))
order by source, jobset, system, attr, variant, turn

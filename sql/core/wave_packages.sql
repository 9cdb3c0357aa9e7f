-- A package of a declared wave on one system, with its state in the newest evaluation of the wave.
--
-- Which packages: its roots, and where a graph of dependencies is known at a revision of the wave (core.package_sets),
-- every job that needs one of them there (basis `graph`). Without a graph, every job whose build differs from that of
-- the baseline in some evaluation of the wave, that is new since then, or that left (`changed`); where no baseline is
-- known either, every job named (`no_baseline`). A job that the graph does not hold is judged as without one.
-- Exclusions are left out. What the states mean and how they are told is in core.wave_package_states.
--
-- grain: wave, source, jobset, attr, system, variant
-- column: wave | Declared wave.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name: the first of the wave's jobsets that names the job.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: basis | Why it is part of the wave: `root`, `graph`, `changed` or `no_baseline`.
-- column: level | Level in the graph of derivations, from 0; null where it is not known.
-- column: state | State in the newest evaluation of the wave.
-- column: is_open | Whether the wave waits for it.
-- column: is_untold | Whether it is `not_reached` only because the source does not tell.
-- column: evidence | What the state rests on.
-- column: state_since_at | Time of the first evaluation since which the state is the same.
-- column: state_evaluations | Evaluations of the wave since then, with it.
-- column: evaluation_id | Newest evaluation of the wave on this system.
-- column: evaluation_at | Time of that evaluation.
-- column: build_id | Build that the job has in it; null where it is absent.
-- column: red_kind | `own`, `dependency`, `timed_out`, `eval_error` or `unknown_cause`; null where it is not red.
-- column: root_build_id | Build in which the failure happened; null where it is not told.
-- column: root_attr | Job of that build; null where it is not told.
-- column: root_system | System of that build; null where it is not told.
-- column: resolution_id | Entry of the ledger that decides; null where none does.
-- column: author | Who decided.
-- column: reason | Why.
-- column: url | Where it is discussed.
-- column: decided_at | Day of the decision.
-- column: first_passed_at | Time of the first evaluation of the wave in which it passed; null if it never did.
-- column: rebuilds | Builds since it had passed in the same major wave (core.wave_rebuilds), all of that wave.
with
    changes as (
        select
            *,
            case
                when state = lag(state) over (
                    partition by wave, source, jobset, attr, system, variant order by first_turn
                ) then 0
                else 1
            end as is_change
        from core.wave_package_states
    ),
    since as (
        select
            wave,
            source,
            jobset,
            attr,
            system,
            variant,
            arg_max(from_at, first_turn) filter (where is_change = 1) as state_since_at,
            max(last_turn) - max(first_turn) filter (where is_change = 1) + 1 as state_evaluations,
            min(from_at) filter (where state = 'pass') as first_passed_at
        from changes
        group by wave, source, jobset, attr, system, variant
    ),
    rebuilt as (
        select wave, source, jobset, attr, system, variant, count(*) as rebuilds
        from core.wave_rebuilds
        group by wave, source, jobset, attr, system, variant
    )
select
    p.wave,
    p.source,
    p.jobset,
    p.attr,
    p.system,
    p.variant,
    m.basis,
    m.level,
    p.state,
    p.is_open,
    p.is_untold,
    p.evidence,
    c.state_since_at,
    c.state_evaluations,
    p.last_evaluation_id as evaluation_id,
    e.evaluation_at,
    p.build_id,
    p.red_kind,
    p.root_build_id,
    p.root_attr,
    p.root_system,
    p.resolution_id,
    d.author,
    d.reason,
    d.url,
    d.decided_at,
    c.first_passed_at,
    coalesce(r.rebuilds, 0) as rebuilds
from core.wave_package_states as p
inner join replay.series as s on p.source = s.source and p.jobset = s.jobset and p.system = s.system
inner join replay.wave_members as m
    on p.wave = m.wave and s.series = m.series and p.attr = m.attr and p.variant = m.variant
inner join since as c
    on p.wave = c.wave
    and p.source = c.source
    and p.jobset = c.jobset
    and p.attr = c.attr
    and p.system = c.system
    and p.variant = c.variant
inner join core.wave_evaluations as e
    on p.wave = e.wave and s.series = e.series and p.last_turn = e.turn
left join staging.wave_package_resolved as d on p.resolution_id = d.id
left join rebuilt as r
    on p.wave = r.wave
    and p.source = r.source
    and p.jobset = r.jobset
    and p.attr = r.attr
    and p.system = r.system
    and p.variant = r.variant
where p.is_current
order by p.wave, p.source, p.jobset, p.attr, p.system, p.variant

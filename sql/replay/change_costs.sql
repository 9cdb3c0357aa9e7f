-- What each changed job of `replay.job_changes` costs to build, each derivation counted once.
--
-- keep: no
-- grain: source, jobset, system, attr, variant, span, turn
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: system | Nix system.
-- column: attr | Attribute path.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: span | As in replay.job_changes.
-- column: turn | As there.
-- column: older | Derivation before.
-- column: newer | Derivation after.
-- column: seconds | Seconds of its attempts; 0 where it never ran or is counted in another row; null if unknown.
-- column: nominal_seconds | Seconds that a source declares, for every row; null if none does.
-- column: bytes | Archives of its outputs; 0 where it is counted in another row, or if unknown.
-- column: is_unknown | Whether it ran for an unknown time.
with
    nominal as (
        select c.source, c.newer, max(n.seconds) as seconds
        from replay.job_changes as c
        inner join staging.build_cost_declared as n on c.source = n.source and c.attr = n.attr and c.system = n.system
        group by c.source, c.newer
    ),
    stored as (
        select derivation_id64, case when count(*) = count(nar_bytes) then sum(nar_bytes)::bigint end as bytes
        from core.outputs
        group by derivation_id64
    ),
    changes as (
        select
            c.*,
            n.seconds as nominal_seconds,
            coalesce(b.is_executed, false) as is_executed,
            b.wall_seconds,
            case when b.is_executed and b.status_class = 'green' then s.bytes end as bytes,
            row_number() over (
                partition by c.source, c.jobset, c.system, c.span, c.newer order by c.turn, c.attr, c.variant
            ) = 1 as is_first
        from replay.job_changes as c
        left join nominal as n on c.source = n.source and c.newer = n.newer
        left join core.derivation_builds as b on c.source = b.source and c.newer = b.derivation_id64
        left join stored as s on c.newer = s.derivation_id64
    )
select
    source,
    jobset,
    system,
    attr,
    variant,
    span,
    turn,
    older,
    newer,
    case when is_first and is_executed then wall_seconds else 0 end as seconds,
    nominal_seconds,
    case when is_first then coalesce(bytes, 0) else 0 end as bytes,
    is_first and is_executed and wall_seconds is null as is_unknown
from changes
order by source, jobset, system, attr, variant, span, turn

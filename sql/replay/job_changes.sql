-- A job with another derivation than so many evaluations before, within the newest 100 evaluations of its jobset or package set.
--
-- With a span of k only every k-th evaluation is looked at, from the first on: what would be built if changes came k at a
-- time. A span of 0 compares the last of the 100 with the first. Jobs whose outputs keep their paths are left out, and so
-- are those that are missing in one of the two.
--
-- keep: no
-- grain: source, jobset, system, attr, variant, span, turn
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: system | Nix system.
-- column: attr | Attribute path.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: span | Evaluations between the two: 1, 2, 4 or 8; 0: from the first to the last.
-- column: turn | The later of the two (replay.derivation_turns).
-- column: older | Derivation before.
-- column: newer | Derivation at the turn.
with
    bounds as (
        select source, jobset, system, greatest(max(turn) - 99, 1) as window_turn, max(turn) as newest_turn
        from replay.derivation_turns
        group by source, jobset, system
    ),
    runs as (
        select r.*, b.window_turn, b.newest_turn
        from replay.derivation_runs as r
        inner join bounds as b on r.source = b.source and r.jobset = b.jobset and r.system = b.system
        where r.last_turn >= b.window_turn
    ),
    spans as (
        select span
        from (values (1), (2), (4), (8)) as s (span)
    ),
    cells as (
        select distinct
            r.source,
            r.jobset,
            r.system,
            r.attr,
            r.variant,
            s.span,
            r.window_turn + ((r.first_turn - r.window_turn + s.span - 1) // s.span) * s.span as turn,
            s.span as turns_back,
            r.newest_turn
        from runs as r
        cross join spans as s
        where r.first_turn > r.window_turn
        union all
        select source, jobset, system, attr, variant, 0, newest_turn, newest_turn - window_turn, newest_turn
        from runs
        where first_turn > window_turn and last_turn = newest_turn
    )
select
    c.source,
    c.jobset,
    c.system,
    c.attr,
    c.variant,
    c.span,
    c.turn,
    o.derivation_id64 as older,
    n.derivation_id64 as newer
from cells as c
inner join runs as n
    on c.source = n.source
    and c.jobset = n.jobset
    and c.system = n.system
    and c.attr = n.attr
    and c.variant = n.variant
    and c.turn between n.first_turn and n.last_turn
inner join runs as o
    on c.source = o.source
    and c.jobset = o.jobset
    and c.system = o.system
    and c.attr = o.attr
    and c.variant = o.variant
    and c.turn - c.turns_back between o.first_turn and o.last_turn
left join core.derivations as dn on n.derivation_id64 = dn.derivation_id64
left join core.derivations as d on o.derivation_id64 = d.derivation_id64
where c.turn <= c.newest_turn
    and o.derivation_id64 <> n.derivation_id64
    and coalesce(dn.outputs_id64 <> d.outputs_id64, true)
order by c.source, c.jobset, c.system, c.attr, c.variant, c.span, c.turn

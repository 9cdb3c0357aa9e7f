-- What is built in an evaluation as it was, and under a proposal of `metrics.what_if`.
--
-- grain: source, jobset, system, scenario, package, input, parameter, turn, before
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: system | Nix system.
-- column: scenario | As in metrics.what_if.
-- column: package | As there.
-- column: input | As there.
-- column: parameter | As there.
-- column: turn | Evaluation, or the last one of a batch.
-- column: before | Rebuilds as they were; 0 in the row that pinning adds at the end.
-- column: after | Rebuilds left.
-- column: test_runs | Runs of tests that are split off.
-- column: seconds_before | Measured seconds as they were.
-- column: saved_seconds | Seconds saved; null: none.
-- column: nominal_before | Declared seconds as they were; null where none are declared.
-- column: saved_nominal | Declared seconds saved; null: none.
-- column: saved_bytes | Archives that would not have been stored; null: none.
-- column: input_bytes | Archives of the largest version of the package that is pinned; null if unknown, and for other scenarios.
-- column: unknown_builds | Builds before of unknown time, or of unknown content of inputs.
with
    one_by_one as (
        select *
        from replay.change_costs
        where span = 1
    ),
    edges as (
        select distinct c.source, c.jobset, c.system, e.package, e.input
        from one_by_one as c
        inner join replay.what_if_effects as e on c.older = e.older and c.newer = e.newer
        where e.scenario = 'drop_input'
    ),
    effects as (
        select older, newer, scenario, package, input, bool_or(effect = 'avoided') as is_avoided, bool_or(effect = 'test_run') as runs_tests
        from replay.what_if_effects
        group by older, newer, scenario, package, input
    ),
    -- Per evaluation: before and after.
    -- Without recipes nothing is known of why anything changed.
    known as (
        select distinct c.source, c.jobset, c.system
        from one_by_one as c
        inner join core.derivations as d on c.newer = d.derivation_id64
        where d.recipe_id64 is not null
    ),
    split as (
        select
            c.source,
            c.jobset,
            c.system,
            'split_tests' as scenario,
            null::varchar as package,
            null::varchar as input,
            s.share as parameter,
            c.turn,
            count(*) as before,
            count(*) filter (where not coalesce(e.is_avoided, false)) as after,
            count(*) filter (where e.runs_tests) as test_runs,
            sum(c.seconds) as seconds_before,
            sum(case when e.is_avoided then c.seconds * case when e.runs_tests then 1 - s.share else 1 end end) as saved_seconds,
            sum(c.nominal_seconds) as nominal_before,
            sum(case when e.is_avoided then c.nominal_seconds * case when e.runs_tests then 1 - s.share else 1 end end) as saved_nominal,
            sum(case when e.is_avoided then c.bytes end) as saved_bytes,
            count(*) filter (where c.is_unknown) as unknown_builds
        from one_by_one as c
        inner join known as w on c.source = w.source and c.jobset = w.jobset and c.system = w.system
        cross join (values (0.0), (0.25), (0.5)) as s (share)
        left join effects as e on c.older = e.older and c.newer = e.newer and e.scenario = 'split_tests'
        group by c.source, c.jobset, c.system, s.share, c.turn
    ),
    dropped as (
        select
            c.source,
            c.jobset,
            c.system,
            'drop_input' as scenario,
            d.package,
            d.input,
            null::double as parameter,
            c.turn,
            count(*) as before,
            count(*) filter (where e.is_avoided is null) as after,
            0 as test_runs,
            sum(c.seconds) as seconds_before,
            sum(case when e.is_avoided then c.seconds end) as saved_seconds,
            sum(c.nominal_seconds) as nominal_before,
            sum(case when e.is_avoided then c.nominal_seconds end) as saved_nominal,
            sum(case when e.is_avoided then c.bytes end) as saved_bytes,
            count(*) filter (where c.is_unknown) as unknown_builds
        from one_by_one as c
        inner join edges as d on c.source = d.source and c.jobset = d.jobset and c.system = d.system
        left join effects as e
            on c.older = e.older
            and c.newer = e.newer
            and e.scenario = 'drop_input'
            and d.package = e.package
            and d.input = e.input
        group by c.source, c.jobset, c.system, d.package, d.input, c.turn
    ),
    -- At the end everything is built that follows from the pinned input's new version only.
    at_the_end as (
        select
            c.source,
            c.jobset,
            c.system,
            e.package,
            e.input,
            max(c.turn) as turn,
            count(*) as rebuilds,
            sum(c.seconds) as seconds,
            sum(c.nominal_seconds) as nominal_seconds,
            sum(c.bytes) as bytes
        from replay.change_costs as c
        inner join effects as e on c.older = e.older and c.newer = e.newer and e.scenario = 'drop_input' and e.is_avoided
        where c.span = 0
            and (c.source, c.jobset, c.system, e.package, e.input) in (select (source, jobset, system, package, input) from edges)
        group by c.source, c.jobset, c.system, e.package, e.input
    ),
    pinned as (
        select
            d.* replace ('pin_input' as scenario)
        from dropped as d
        union all
        select
            a.source,
            a.jobset,
            a.system,
            'pin_input',
            a.package,
            a.input,
            null,
            a.turn,
            0,
            a.rebuilds,
            0,
            0,
            -a.seconds,
            case when a.nominal_seconds is not null then 0 end,
            -a.nominal_seconds,
            -a.bytes,
            0
        from at_the_end as a
    ),
    batched as (
        select
            source,
            jobset,
            system,
            span,
            turn,
            count(*) as rebuilds,
            sum(seconds) as seconds,
            sum(nominal_seconds) as nominal_seconds,
            sum(bytes) as bytes
        from replay.change_costs
        where span > 1
        group by source, jobset, system, span, turn
    ),
    windows as (
        select source, jobset, system, greatest(max(turn) - 99, 1) as window_turn, max(turn) as newest_turn
        from replay.derivation_turns
        group by source, jobset, system
    ),
    -- Evaluations after the last whole batch are left out.
    cells as (
        select
            c.source,
            c.jobset,
            c.system,
            s.span,
            w.window_turn + ((c.turn - w.window_turn + s.span - 1) // s.span) * s.span as turn,
            count(*) as rebuilds,
            sum(c.seconds) as seconds,
            sum(c.nominal_seconds) as nominal_seconds,
            sum(c.bytes) as bytes,
            count(*) filter (where c.is_unknown) as unknown_builds
        from one_by_one as c
        inner join windows as w on c.source = w.source and c.jobset = w.jobset and c.system = w.system
        cross join (values (2), (4), (8)) as s (span)
        where w.window_turn + ((c.turn - w.window_turn + s.span - 1) // s.span) * s.span <= w.newest_turn
        group by all
    ),
    batch as (
        select
            c.source,
            c.jobset,
            c.system,
            'batch' as scenario,
            null::varchar as package,
            null::varchar as input,
            c.span::double as parameter,
            c.turn,
            c.rebuilds as before,
            coalesce(b.rebuilds, 0) as after,
            0 as test_runs,
            c.seconds as seconds_before,
            c.seconds - coalesce(b.seconds, 0) as saved_seconds,
            c.nominal_seconds as nominal_before,
            c.nominal_seconds - case when b.rebuilds is null then 0 else b.nominal_seconds end as saved_nominal,
            c.bytes - coalesce(b.bytes, 0) as saved_bytes,
            c.unknown_builds
        from cells as c
        left join batched as b
            on c.source = b.source and c.jobset = b.jobset and c.system = b.system and c.span = b.span and c.turn = b.turn
    ),
    cutoff as (
        select
            r.source,
            r.jobset,
            r.system,
            'early_cutoff' as scenario,
            null::varchar as package,
            null::varchar as input,
            null::double as parameter,
            r.turn,
            count(*) as before,
            count(*) filter (where not coalesce(b.is_seen_before, false)) as after,
            0 as test_runs,
            sum(coalesce(r.wall_seconds, 0)) as seconds_before,
            sum(case when b.is_seen_before then r.wall_seconds end) as saved_seconds,
            sum(r.nominal_seconds) as nominal_before,
            sum(case when b.is_seen_before then r.nominal_seconds end) as saved_nominal,
            sum(case when b.is_seen_before then r.stored_bytes end) as saved_bytes,
            count(*) filter (where b.is_seen_before is null) as unknown_builds
        from core.rebuilds as r
        left join replay.resolved_builds as b on r.source = b.source and r.derivation_id64 = b.derivation_id64
        inner join windows as w on r.source = w.source and r.jobset = w.jobset and r.system = w.system
        where r.is_executed and not r.is_restart_only and r.turn > w.window_turn
        group by r.source, r.jobset, r.system, r.turn
        having count(b.is_seen_before) > 0
    ),
    told as (
        select * from split
        union all
        select * from dropped
        union all
        select * from pinned
        union all
        select * from batch
        union all
        select * from cutoff
    ),
    versions as (
        select t.source, t.jobset, t.system, d.pname as input, max(s.bytes) as bytes
        from replay.derivation_runs as t
        inner join core.derivations as d on t.derivation_id64 = d.derivation_id64
        inner join (
            select derivation_id64, sum(nar_bytes)::bigint as bytes
            from core.outputs
            group by derivation_id64
            having count(*) = count(nar_bytes)
        ) as s on t.derivation_id64 = s.derivation_id64
        group by t.source, t.jobset, t.system, d.pname
    )
select t.*, case when t.scenario = 'pin_input' then v.bytes end as input_bytes
from told as t
left join versions as v on t.source = v.source and t.jobset = v.jobset and t.system = v.system and t.input = v.input
order by t.source, t.jobset, t.system, t.scenario, t.package nulls first, t.input nulls first, t.parameter nulls first, t.turn, t.before

-- How many packages of a declared wave were in each state in one evaluation of it, per system and worst-of.
--
-- Per system: the packages of the jobset on that system; every one is in exactly one state, so that the ten counts add
-- up to `packages`. In the rows of system `worst-of` every package counts once, in the worst state that it has on any
-- system, as of the newest evaluation of each up to this one. From worst to best: failing_own, failing_dependency, not_reached, awaiting_inputs, building, cant_fix, wont_fix, removed,
-- marked_broken, pass. Ratios are full counts, not samples. Where a source lists failures only, what passed is unknown
-- (untold_packages of not_reached) and there is no ratio.
--
-- grain: wave, source, jobset, evaluation_id, system
-- column: wave | Declared wave.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | The source's own id of the evaluation.
-- column: system | Nix system, or `worst-of`.
-- column: ordinal | The source's own order of evaluations.
-- column: evaluation_at | Time of the evaluation.
-- column: is_complete | Whether the evaluation is complete on this system, or on all of them; else builds were still under way.
-- column: is_newest | Whether it is the newest evaluation of the wave on this system, or of all.
-- column: packages | Packages of the wave.
-- column: not_reached | Not reached by the wave, or not told.
-- column: awaiting_inputs | Waiting for another package of the wave.
-- column: building | Queued or running.
-- column: pass | Built by the wave, and green.
-- column: failing_own | Red, not because of another build as far as is told.
-- column: failing_dependency | Red because of another build.
-- column: wont_fix | Decided not to be fixed.
-- column: cant_fix | Decided that it cannot be fixed.
-- column: marked_broken | Marked broken.
-- column: removed | Gone, or refused on this system.
-- column: untold_packages | Of not_reached: those of which the source does not tell.
-- column: own_failures | Of failing_own: those known to have failed by themselves.
-- column: open_packages | Those that the wave waits for: not_reached, awaiting_inputs, building and both kinds of failing.
-- column: resolved_packages | All others: pass, wont_fix, cant_fix, marked_broken and removed.
-- column: decided_packages | pass, failing_own and failing_dependency.
-- column: green_ratio | pass / decided_packages, from 0 to 1; null where nothing is decided or the source does not tell what passed.
-- column: green_of_all_ratio | pass / packages, from 0 to 1; null where the source does not tell what passed.
-- column: green_of_own_ratio | pass / (pass + own_failures), from 0 to 1; null likewise.
-- column: resolved_ratio | resolved_packages / packages, from 0 to 1: how far the wave is from final; null likewise.
-- column: definition_version | Version of this definition.
with
    -- Numbers of the evaluations of a jobset, whatever their systems.
    ordered as (
        select
            w.wave,
            w.source,
            w.jobset,
            w.evaluation_id,
            e.ordinal,
            max(w.evaluation_at) as evaluation_at,
            bool_and(w.is_complete) as is_complete,
            row_number() over (partition by w.wave, w.source, w.jobset order by e.ordinal, w.evaluation_id) as place
        from core.wave_evaluations as w
        inner join core.evaluations as e
            on w.source = e.source and w.jobset = e.jobset and w.evaluation_id = e.evaluation_id
        group by w.wave, w.source, w.jobset, w.evaluation_id, e.ordinal
    ),
    newest as (
        select wave, source, jobset, max(place) as place from ordered group by wave, source, jobset
    ),
    starts as (
        select
            e.wave,
            e.source,
            e.jobset,
            e.system,
            e.turn,
            e.turns,
            o.place,
            coalesce(
                lead(o.place) over (partition by e.wave, e.source, e.jobset, e.system order by e.turn) - 1, n.place
            ) as until_place
        from core.wave_evaluations as e
        inner join ordered as o
            on e.wave = o.wave
            and e.source = o.source
            and e.jobset = o.jobset
            and e.evaluation_id = o.evaluation_id
        inner join newest as n on e.wave = n.wave and e.source = n.source and e.jobset = n.jobset
    ),
    ranks as (
        select unnest([
            'failing_own', 'failing_dependency', 'not_reached', 'awaiting_inputs', 'building', 'cant_fix', 'wont_fix',
            'removed', 'marked_broken', 'pass'
        ]) as state, unnest(range(1, 11)) as rank
    ),
    runs as (
        select
            p.wave,
            p.source,
            p.jobset,
            p.attr,
            p.system,
            p.state,
            k.rank,
            p.is_untold,
            p.red_kind is not distinct from 'own' and p.state = 'failing_own' as is_own,
            f.place as first_place,
            l.place as last_place,
            l.until_place
        from core.wave_package_states as p
        inner join ranks as k on p.state = k.state
        inner join starts as f
            on p.wave = f.wave
            and p.source = f.source
            and p.jobset = f.jobset
            and p.system = f.system
            and p.first_turn = f.turn
        inner join starts as l
            on p.wave = l.wave
            and p.source = l.source
            and p.jobset = l.jobset
            and p.system = l.system
            and p.last_turn = l.turn
    ),
    -- Of a package that several systems (or variants) have: the stretches between any changes, with the worst state.
    cuts as (
        select
            wave,
            source,
            jobset,
            attr,
            place,
            lead(place) over (partition by wave, source, jobset, attr order by place) - 1 as until_place
        from (
            select wave, source, jobset, attr, first_place as place from runs
            union
            select wave, source, jobset, attr, until_place + 1 as place from runs
        )
    ),
    stretches as (
        select
            c.wave,
            c.source,
            c.jobset,
            c.place as first_place,
            c.until_place,
            min(r.rank) as rank,
            bool_or(r.is_own) as is_own,
            bool_and(r.is_untold or r.rank > 3) and bool_or(r.is_untold) as is_untold
        from cuts as c
        inner join runs as r
            on c.wave = r.wave
            and c.source = r.source
            and c.jobset = r.jobset
            and c.attr = r.attr
            and r.first_place <= c.place
            and c.place <= r.until_place
        where c.until_place is not null
        group by c.wave, c.source, c.jobset, c.attr, c.place, c.until_place
    ),
    -- +1 where a run begins, -1 after it ends, summed along the evaluations.
    changes as (
        select wave, source, jobset, system, state, is_untold, is_own, first_place as place, 1 as n from runs
        union all
        select wave, source, jobset, system, state, is_untold, is_own, until_place + 1 as place, -1 as n from runs
        union all
        select s.wave, s.source, s.jobset, 'worst-of' as system, k.state, s.is_untold, s.is_own and s.rank = 1, s.first_place, 1
        from stretches as s
        inner join ranks as k on s.rank = k.rank
        union all
        select s.wave, s.source, s.jobset, 'worst-of' as system, k.state, s.is_untold, s.is_own and s.rank = 1, s.until_place + 1, -1
        from stretches as s
        inner join ranks as k on s.rank = k.rank
    ),
    stepped as (
        select
            wave,
            source,
            jobset,
            system,
            place,
            sum(n) filter (where state = 'not_reached') as not_reached,
            sum(n) filter (where state = 'awaiting_inputs') as awaiting_inputs,
            sum(n) filter (where state = 'building') as building,
            sum(n) filter (where state = 'pass') as pass,
            sum(n) filter (where state = 'failing_own') as failing_own,
            sum(n) filter (where state = 'failing_dependency') as failing_dependency,
            sum(n) filter (where state = 'wont_fix') as wont_fix,
            sum(n) filter (where state = 'cant_fix') as cant_fix,
            sum(n) filter (where state = 'marked_broken') as marked_broken,
            sum(n) filter (where state = 'removed') as removed,
            sum(n) filter (where is_untold) as untold,
            sum(n) filter (where is_own) as own,
            sum(n) as packages
        from changes
        group by wave, source, jobset, system, place
    ),
    wanted as (
        select
            e.wave,
            e.source,
            e.jobset,
            e.evaluation_id,
            e.system,
            o.ordinal,
            e.evaluation_at,
            e.is_complete,
            e.turn = e.turns as is_newest,
            e.coverage in ('failures_only', 'failures_with_totals') as is_list,
            o.place
        from core.wave_evaluations as e
        inner join ordered as o
            on e.wave = o.wave
            and e.source = o.source
            and e.jobset = o.jobset
            and e.evaluation_id = o.evaluation_id
        union all
        select
            o.wave,
            o.source,
            o.jobset,
            o.evaluation_id,
            'worst-of' as system,
            o.ordinal,
            o.evaluation_at,
            o.is_complete,
            o.place = n.place as is_newest,
            l.is_list,
            o.place
        from ordered as o
        inner join newest as n on o.wave = n.wave and o.source = n.source and o.jobset = n.jobset
        inner join (
            select wave, source, jobset, bool_or(coverage in ('failures_only', 'failures_with_totals')) as is_list
            from core.wave_evaluations
            group by wave, source, jobset
        ) as l
            on o.wave = l.wave and o.source = l.source and o.jobset = l.jobset
    ),
    counted as (
        select
            w.wave,
            w.source,
            w.jobset,
            w.evaluation_id,
            w.system,
            w.ordinal,
            w.evaluation_at,
            w.is_complete,
            w.is_newest,
            w.is_list,
            coalesce(sum(s.packages), 0)::bigint as packages,
            coalesce(sum(s.not_reached), 0)::bigint as not_reached,
            coalesce(sum(s.awaiting_inputs), 0)::bigint as awaiting_inputs,
            coalesce(sum(s.building), 0)::bigint as building,
            coalesce(sum(s.pass), 0)::bigint as pass,
            coalesce(sum(s.failing_own), 0)::bigint as failing_own,
            coalesce(sum(s.failing_dependency), 0)::bigint as failing_dependency,
            coalesce(sum(s.wont_fix), 0)::bigint as wont_fix,
            coalesce(sum(s.cant_fix), 0)::bigint as cant_fix,
            coalesce(sum(s.marked_broken), 0)::bigint as marked_broken,
            coalesce(sum(s.removed), 0)::bigint as removed,
            coalesce(sum(s.untold), 0)::bigint as untold_packages,
            coalesce(sum(s.own), 0)::bigint as own_failures
        from wanted as w
        left join stepped as s
            on w.wave = s.wave
            and w.source = s.source
            and w.jobset = s.jobset
            and w.system = s.system
            and s.place <= w.place
        group by
            w.wave, w.source, w.jobset, w.evaluation_id, w.system, w.ordinal, w.evaluation_at, w.is_complete,
            w.is_newest, w.is_list
    )
select
    wave,
    source,
    jobset,
    evaluation_id,
    system,
    ordinal,
    evaluation_at,
    is_complete,
    is_newest,
    packages,
    not_reached,
    awaiting_inputs,
    building,
    pass,
    failing_own,
    failing_dependency,
    wont_fix,
    cant_fix,
    marked_broken,
    removed,
    untold_packages,
    own_failures,
    not_reached + awaiting_inputs + building + failing_own + failing_dependency as open_packages,
    pass + wont_fix + cant_fix + marked_broken + removed as resolved_packages,
    pass + failing_own + failing_dependency as decided_packages,
    case when not is_list then pass / nullif(pass + failing_own + failing_dependency, 0) end as green_ratio,
    case when not is_list then pass / nullif(packages, 0) end as green_of_all_ratio,
    case when not is_list then pass / nullif(pass + own_failures, 0) end as green_of_own_ratio,
    case
        when not is_list then (pass + wont_fix + cant_fix + marked_broken + removed) / nullif(packages, 0)
    end as resolved_ratio,
    1 as definition_version
from counted
order by wave, source, jobset, ordinal, evaluation_id, system

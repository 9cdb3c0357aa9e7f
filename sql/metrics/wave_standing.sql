-- Where a declared wave stands: its packages in the worst state of any system, what is open, final or not and what is missing.
--
-- Every package (attribute) counts once a jobset, in the worst state that it has on any system; the counts per system are
-- in metrics.wave_progress. A wave is final when it has begun, each of its jobsets was evaluated in its
-- time, no package is open, and the source tells what passed; what is not so is said in `missing`. A final wave of which
-- something is built anew is open again.
--
-- grain: wave
-- column: wave | Declared wave.
-- column: source | Instance whose jobsets it is carried through.
-- column: title | Its title.
-- column: standing | `planned` (no first day, or no evaluation since), `paused`, `final` or `under_way`.
-- column: is_final | Whether nothing is open or missing.
-- column: missing | What it is not final for, in words; null where it is.
-- column: evaluation_at | Time of the newest evaluation; null where there is none.
-- column: is_complete | Whether the newest evaluations of all systems are complete; null where there is none.
-- column: evaluations | Evaluations in the time of the wave, over all jobsets.
-- column: systems | Systems on which they told jobs.
-- column: packages | Packages, each counted once a jobset.
-- column: package_systems | Packages, each counted on every system.
-- column: not_reached | Not reached by the wave, or not told.
-- column: awaiting_inputs | Waiting for another package of the wave.
-- column: building | Queued or running.
-- column: pass | Built by the wave, and green on every system that has it.
-- column: failing_own | Red, not because of another build as far as is told.
-- column: failing_dependency | Red because of another build.
-- column: wont_fix | Decided not to be fixed.
-- column: cant_fix | Decided that it cannot be fixed.
-- column: marked_broken | Marked broken.
-- column: removed | Gone, or refused.
-- column: untold_packages | Of not_reached: those of which the source does not tell.
-- column: own_failures | Of failing_own: those known to have failed by themselves.
-- column: open_packages | Those that the wave waits for.
-- column: green_ratio | pass / (pass + failing_own + failing_dependency), from 0 to 1; null where nothing is decided or the source does not tell what passed.
-- column: green_of_all_ratio | pass / packages, from 0 to 1; null where the source does not tell what passed.
-- column: green_of_own_ratio | pass / (pass + own_failures), from 0 to 1; null likewise.
-- column: resolved_ratio | Share of packages that are not open, from 0 to 1; null likewise.
-- column: rebuilds | Builds of packages that had passed in the major wave already.
-- column: unseen_jobsets | Its jobsets without an evaluation in its time, by name.
-- column: unseen_roots | Its roots that are no package of it, since no jobset names them or they are excluded, by name.
-- column: undeclared_baselines | Jobsets whose declared baseline was not found, by name.
-- column: definition_version | Version of this definition.
with
    counted as (
        select
            wave,
            max(evaluation_at) as evaluation_at,
            bool_and(is_complete) as is_complete,
            sum(packages) as packages,
            sum(not_reached) as not_reached,
            sum(awaiting_inputs) as awaiting_inputs,
            sum(building) as building,
            sum(pass) as pass,
            sum(failing_own) as failing_own,
            sum(failing_dependency) as failing_dependency,
            sum(wont_fix) as wont_fix,
            sum(cant_fix) as cant_fix,
            sum(marked_broken) as marked_broken,
            sum(removed) as removed,
            sum(untold_packages) as untold_packages,
            sum(own_failures) as own_failures,
            sum(open_packages) as open_packages,
            bool_and(green_of_all_ratio is not null or packages = 0) as is_told
        from metrics.wave_progress
        where is_newest and system = 'worst-of'
        group by wave
    ),
    seen as (
        select
            wave,
            count(distinct jobset || chr(31) || evaluation_id) as evaluations,
            count(distinct system) as systems
        from core.wave_evaluations
        group by wave
    ),
    each_system as (
        select wave, count(*) as package_systems from core.wave_packages group by wave
    ),
    rebuilt as (
        select wave, count(*) as rebuilds from core.wave_rebuilds group by wave
    ),
    jobsets as (
        select w.wave, string_agg(w.jobset, ', ' order by w.jobset) as unseen
        from (select wave, source, unnest(jobsets) as jobset from core.waves) as w
        left join (select distinct wave, source, jobset from core.wave_evaluations) as e
            on w.wave = e.wave and w.source = e.source and w.jobset = e.jobset
        where e.wave is null
        group by w.wave
    ),
    roots as (
        select w.wave, string_agg(w.attr, ', ' order by w.attr) as unseen
        from (select wave, unnest(roots) as attr from core.waves) as w
        left join (select distinct wave, attr from core.wave_packages) as r
            on w.wave = r.wave and w.attr = r.attr
        where r.wave is null
        group by w.wave
    ),
    baselines as (
        select e.wave, string_agg(distinct e.jobset, ', ' order by e.jobset) as undeclared
        from core.wave_evaluations as e
        inner join core.waves as w on e.wave = w.wave
        where w.baseline is not null and e.baseline_basis <> 'declared'
        group by e.wave
    ),
    missed as (
        select
            w.wave,
            w.source,
            w.title,
            w.is_paused,
            w.started_at,
            c.* exclude (wave),
            s.evaluations,
            s.systems,
            p.package_systems,
            r.rebuilds,
            j.unseen as unseen_jobsets,
            o.unseen as unseen_roots,
            b.undeclared as undeclared_baselines,
            nullif(concat_ws(
                '; ',
                case when w.started_at is null then 'it has no first day' end,
                case when w.started_at is not null and j.unseen is not null then 'no evaluation of ' || j.unseen end,
                case when c.packages = 0 then 'no package is known' end,
                case when c.open_packages > 0 then c.open_packages || ' packages are open' end,
                case when c.packages > 0 and not c.is_told then 'the source does not tell what passed' end
            ), '') as missing
        from core.waves as w
        left join counted as c on w.wave = c.wave
        left join seen as s on w.wave = s.wave
        left join each_system as p on w.wave = p.wave
        left join rebuilt as r on w.wave = r.wave
        left join jobsets as j on w.wave = j.wave
        left join roots as o on w.wave = o.wave
        left join baselines as b on w.wave = b.wave
    )
select
    wave,
    source,
    title,
    case
        when started_at is null or evaluations is null then 'planned'
        when missing is null then 'final'
        when is_paused then 'paused'
        else 'under_way'
    end as standing,
    missing is null as is_final,
    missing,
    evaluation_at,
    is_complete,
    coalesce(evaluations, 0) as evaluations,
    coalesce(systems, 0) as systems,
    coalesce(packages, 0)::bigint as packages,
    coalesce(package_systems, 0) as package_systems,
    coalesce(not_reached, 0)::bigint as not_reached,
    coalesce(awaiting_inputs, 0)::bigint as awaiting_inputs,
    coalesce(building, 0)::bigint as building,
    coalesce(pass, 0)::bigint as pass,
    coalesce(failing_own, 0)::bigint as failing_own,
    coalesce(failing_dependency, 0)::bigint as failing_dependency,
    coalesce(wont_fix, 0)::bigint as wont_fix,
    coalesce(cant_fix, 0)::bigint as cant_fix,
    coalesce(marked_broken, 0)::bigint as marked_broken,
    coalesce(removed, 0)::bigint as removed,
    coalesce(untold_packages, 0)::bigint as untold_packages,
    coalesce(own_failures, 0)::bigint as own_failures,
    coalesce(open_packages, 0)::bigint as open_packages,
    case when is_told then pass / nullif(pass + failing_own + failing_dependency, 0) end as green_ratio,
    case when is_told then pass / nullif(packages, 0) end as green_of_all_ratio,
    case when is_told then pass / nullif(pass + own_failures, 0) end as green_of_own_ratio,
    case when is_told then 1 - open_packages / nullif(packages, 0) end as resolved_ratio,
    coalesce(rebuilds, 0) as rebuilds,
    unseen_jobsets,
    unseen_roots,
    undeclared_baselines,
    1 as definition_version
from missed
order by wave

-- Where a declared wave stands on each level of the graph of dependencies, with the package that holds back most.
--
-- A package on a level needs only what lies on lower ones, so that a wave comes level by level. Known only where a graph
-- is known at a revision of the wave (core.wave_packages, `level`); packages without a level are in no row. Each package
-- counts once a system, in its newest state.
--
-- grain: wave, source, jobset, system, level
-- column: wave | Declared wave.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
-- column: level | Level in the graph of derivations, from 0.
-- column: packages | Packages of the wave on it.
-- column: pass | Of them, those that pass.
-- column: failing_own | Red, not because of another build as far as is told.
-- column: failing_dependency | Red because of another build.
-- column: under_way | Building, or waiting for inputs.
-- column: not_reached | Not reached, or not told.
-- column: decided_packages | Decided not to be fixed.
-- column: gone_packages | Marked broken, or removed.
-- column: open_packages | Those that the wave waits for.
-- column: worst_attr | Failing package of the level that holds back most packages, the first by name of equals; null where none fails.
-- column: worst_held_packages | Packages of the wave that are red because of it; null where none fails.
-- column: definition_version | Version of this definition.
with
    held as (
        select wave, source, jobset, root_attr, root_system, max(held_packages) as held_packages
        from metrics.wave_blockers
        where is_in_wave
        group by wave, source, jobset, root_attr, root_system
    ),
    placed as (
        select p.*, h.held_packages
        from core.wave_packages as p
        left join held as h
            on p.state = 'failing_own'
            and p.wave = h.wave
            and p.source = h.source
            and p.jobset = h.jobset
            and p.attr = h.root_attr
            and p.system = h.root_system
        where p.level is not null
    ),
    worst as (
        select wave, source, jobset, system, level, attr, held_packages
        from placed
        where state = 'failing_own'
        qualify row_number() over (
            partition by wave, source, jobset, system, level order by held_packages desc, attr, variant
        ) = 1
    ),
    counted as (
        select
            wave,
            source,
            jobset,
            system,
            level,
            count(*) as packages,
            count(*) filter (where state = 'pass') as pass,
            count(*) filter (where state = 'failing_own') as failing_own,
            count(*) filter (where state = 'failing_dependency') as failing_dependency,
            count(*) filter (where state in ('building', 'awaiting_inputs')) as under_way,
            count(*) filter (where state = 'not_reached') as not_reached,
            count(*) filter (where state in ('wont_fix', 'cant_fix')) as decided_packages,
            count(*) filter (where state in ('marked_broken', 'removed')) as gone_packages,
            count(*) filter (where is_open) as open_packages
        from placed
        group by wave, source, jobset, system, level
    )
select
    c.wave,
    c.source,
    c.jobset,
    c.system,
    c.level,
    c.packages,
    c.pass,
    c.failing_own,
    c.failing_dependency,
    c.under_way,
    c.not_reached,
    c.decided_packages,
    c.gone_packages,
    c.open_packages,
    w.attr as worst_attr,
    w.held_packages as worst_held_packages,
    1 as definition_version
from counted as c
left join worst as w
    on c.wave = w.wave
    and c.source = w.source
    and c.jobset = w.jobset
    and c.system = w.system
    and c.level = w.level
order by c.wave, c.source, c.jobset, c.system, c.level

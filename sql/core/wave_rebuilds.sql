-- A build of a package that had passed in the same major wave already and is locked for the rest of it.
--
-- The first pass of a package in any declared wave of the major one, on each jobset and system, locks it. Every later
-- build of another derivation (of another build, where the source tells no derivations) is a row, once. A minor wave
-- whose root reaches the package needs its rebuild; one that comes from elsewhere is work that the lock was to save.
--
-- grain: major, source, jobset, attr, system, variant, build_id
-- column: major | Major wave.
-- column: wave | Declared wave in whose time it was rebuilt.
-- column: passed_wave | Declared wave in whose time it had passed.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: build_id | The later build.
-- column: evaluation_id | First evaluation of the wave that holds it.
-- column: rebuilt_at | Time of that evaluation.
-- column: status | Status of the later build.
-- column: status_class | `green`, `red`, `neutral` or `refused`.
-- column: passed_build_id | Build that passed first.
-- column: passed_at | Time of the first evaluation of the wave that holds that.
with
    runs as (
        select
            w.major,
            r.wave,
            r.series,
            r.attr,
            r.variant,
            r.build_id,
            r.recipe,
            r.status,
            coalesce(k.status_class, 'neutral') as status_class,
            e.step,
            e.evaluation_id,
            e.evaluation_at,
            e.source,
            e.jobset,
            e.system
        from replay.wave_runs as r
        inner join replay.wave_members as m
            on r.wave = m.wave and r.series = m.series and r.attr = m.attr and r.variant = m.variant
        inner join core.waves as w on r.wave = w.wave
        inner join core.wave_evaluations as e
            on r.wave = e.wave and r.series = e.series and r.first_turn = e.turn
        left join core.status_classes as k on r.status = k.status
        where r.is_reached
    ),
    passed as (
        select *
        from runs
        where status_class = 'green'
        qualify row_number() over (partition by major, series, attr, variant order by step, wave) = 1
    )
select
    r.major,
    r.wave,
    p.wave as passed_wave,
    r.source,
    r.jobset,
    r.attr,
    r.system,
    r.variant,
    r.build_id,
    r.evaluation_id,
    r.evaluation_at as rebuilt_at,
    r.status,
    r.status_class,
    p.build_id as passed_build_id,
    p.evaluation_at as passed_at
from runs as r
inner join passed as p
    on r.major = p.major and r.series = p.series and r.attr = p.attr and r.variant = p.variant
where r.step > p.step and r.recipe <> p.recipe
qualify row_number() over (
    partition by r.major, r.series, r.attr, r.variant, r.build_id order by r.step, r.wave
) = 1
order by r.major, r.source, r.jobset, r.attr, r.system, r.variant, r.evaluation_at, r.build_id

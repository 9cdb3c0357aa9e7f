-- What holds packages of a declared wave back now: a failure, and how many of them are red because of it.
--
-- A row is a failing package of the wave itself (reach 0 or more), or a failure elsewhere that packages of the wave
-- wait for: another job, or an input that is no job. Packages whose root the source does not tell are one row a wave
-- and jobset, without a root, so that held_packages add up to all failing_dependency packages. Only the newest
-- evaluation of each system counts, and packages with a decision in the ledger are not held back any more.
--
-- grain: wave, source, jobset, root_system, root_attr, root_build_id
-- column: wave | Declared wave.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: place | Place in the wave by held_packages, from 1; what is not told comes last.
-- column: root_attr | Job in which the failure happened; empty where the source does not tell.
-- column: root_system | System of that job; empty where the source does not tell.
-- column: root_build_id | Build that failed; empty where the source does not tell.
-- column: is_told | Whether the source tells the root.
-- column: is_in_wave | Whether the root is a failing package of the wave itself.
-- column: held_packages | Packages of the wave that are red because of it, each system counted; itself not counted.
-- column: example_attr | First of those packages by name; null where there is none.
-- column: failing_since_at | Since when the root fails in the wave; null where it is no package of it.
-- column: red_kind | Kind of its own failure; null where it is no package of the wave.
-- column: definition_version | Version of this definition.
with
    held as (
        select
            wave,
            source,
            jobset,
            coalesce(root_attr, '') as root_attr,
            coalesce(root_system, '') as root_system,
            coalesce(root_build_id, '') as root_build_id,
            count(*) as held_packages,
            min(attr) as example_attr
        from core.wave_packages
        where state = 'failing_dependency'
        group by wave, source, jobset, coalesce(root_attr, ''), coalesce(root_system, ''), coalesce(root_build_id, '')
    ),
    own as (
        select
            wave,
            source,
            jobset,
            attr as root_attr,
            system as root_system,
            build_id as root_build_id,
            min(state_since_at) as failing_since_at,
            max(red_kind) as red_kind
        from core.wave_packages
        where state = 'failing_own'
        group by wave, source, jobset, attr, system, build_id
    ),
    both_kinds as (
        select
            coalesce(h.wave, o.wave) as wave,
            coalesce(h.source, o.source) as source,
            coalesce(h.jobset, o.jobset) as jobset,
            coalesce(h.root_attr, o.root_attr) as root_attr,
            coalesce(h.root_system, o.root_system) as root_system,
            coalesce(h.root_build_id, o.root_build_id) as root_build_id,
            o.wave is not null as is_in_wave,
            coalesce(h.held_packages, 0) as held_packages,
            h.example_attr,
            o.failing_since_at,
            o.red_kind
        from held as h
        full outer join own as o
            on h.wave = o.wave
            and h.source = o.source
            and h.jobset = o.jobset
            and h.root_build_id = o.root_build_id
            and h.root_attr = o.root_attr
            and h.root_system = o.root_system
    )
select
    wave,
    source,
    jobset,
    row_number() over (
        partition by wave
        order by root_build_id = '', held_packages desc, root_attr, root_system, root_build_id, source, jobset
    ) as place,
    root_attr,
    root_system,
    root_build_id,
    root_build_id <> '' as is_told,
    is_in_wave,
    held_packages,
    example_attr,
    failing_since_at,
    red_kind,
    1 as definition_version
from both_kinds
order by wave, place

"""Declared waves of the invented world: one under way with every state and hostile names, one that is only planned."""

_WAVE = "invented-1"
_LAST = 36
"""Evaluations in the time of the wave."""

WAVES = {
    "core.waves": f"""
        select wave, 'invented' as major, minor, title, source, ['nixpkgs/haskell-updates'] as jobsets,
            [attr, 'no-such-root'] as roots, []::varchar[][] as groups, '1800000' as baseline,
            []::varchar[] as exclusions,
            ['<i>channel</i>'] as channels, false as is_paused, started_at, null::timestamptz as ended_at,
            timestamptz '2026-01-01' as declared_at, 2::bigint as texts,
            case when minor = 1 then 'wave-{_WAVE}' end as tag,
            case when minor = 1 then repeat('a', 40) end as tag_revision
        from (select any_value(source) as source, min(attr) as attr from core.failure_episodes)
        cross join (values
            ('{_WAVE}', 1, '<script>alert(7)</script> | `GCC` 15', timestamptz '2026-01-01'),
            ('invented-2', 2, 'Planned', null)
        ) as declared(wave, minor, title, started_at)""",
    "core.wave_evaluations": f"""
        select '{_WAVE}' as wave, source, jobset, evaluation_id, system,
            row_number() over (partition by system order by ordinal) as turn,
            count(*) over (partition by system) as turns, evaluation_at,
            lead(evaluation_at) over (partition by system order by ordinal) as next_at, 'full' as coverage, is_complete,
            '1800000' as baseline_evaluation_id, min(evaluation_at) over () as baseline_at,
            'declared' as baseline_basis, 1 as place, 0 as series, ordinal as step, 0 as baseline_step
        from (
            select * from core.evaluation_systems
            where jobset = 'nixpkgs/haskell-updates'
            qualify row_number() over (partition by system order by ordinal desc) <= {_LAST}
        )""",
    "core.wave_package_states": f"""
        with packages as (
            select source, jobset, attr, system, row_number() over (order by attr, system) as n
            from (select distinct source, jobset, attr, system from core.failure_episodes
                where jobset = 'nixpkgs/haskell-updates')
        ),
        runs as (
            select *, 1 as first_turn, 1 + n % 20 as last_turn, 'not_reached' as state from packages
            union all
            select *, 2 + n % 20 as first_turn, {_LAST} as last_turn,
                case when n % 3 > 0 then 'pass' else ['building', 'awaiting_inputs', 'failing_own',
                    'failing_dependency', 'failing_dependency', 'wont_fix', 'cant_fix', 'marked_broken', 'removed',
                    'not_reached'][1 + (n // 3) % 10] end as state
            from packages
        )
        select '{_WAVE}' as wave, r.source, r.jobset, r.attr, r.system, '' as variant, r.first_turn, r.last_turn,
            b.evaluation_id as first_evaluation_id, e.evaluation_id as last_evaluation_id, b.evaluation_at as from_at,
            e.next_at as until_at, r.last_turn = {_LAST} as is_current, r.state,
            r.state in ('not_reached', 'awaiting_inputs', 'building', 'failing_own', 'failing_dependency') as is_open,
            false as is_untold, 'build' as evidence, cast(300000000 + r.n as varchar) as build_id, 'failed' as status,
            case r.state when 'failing_own' then 'own' when 'failing_dependency' then 'dependency' end as red_kind,
            case when r.state = 'failing_dependency' and r.n % 2 = 0 then '300000009' end as root_build_id,
            case when r.state = 'failing_dependency' and r.n % 2 = 0 then 'haskellPackages.{{{{ 7 * 7 }}}}<b>' end
                as root_attr,
            case when r.state = 'failing_dependency' and r.n % 2 = 0 then 'x86_64-linux' end as root_system,
            case when r.state in ('wont_fix', 'cant_fix') then 'entry' end as resolution_id
        from runs as r
        inner join core.wave_evaluations as b on r.system = b.system and r.first_turn = b.turn
        inner join core.wave_evaluations as e on r.system = e.system and r.last_turn = e.turn""",
    "core.wave_packages": """
        select p.wave, p.source, p.jobset, p.attr, p.system, p.variant, 'graph' as basis,
            (length(p.attr) % 9)::integer as level, p.state, p.is_open, p.is_untold, p.evidence,
            p.from_at as state_since_at, p.last_turn - p.first_turn + 1 as state_evaluations,
            p.last_evaluation_id as evaluation_id, e.evaluation_at, p.build_id, p.red_kind, p.root_build_id,
            p.root_attr, p.root_system, p.resolution_id,
            case when p.resolution_id is not null then '<u>somebody</u>' end as author,
            case when p.resolution_id is not null then '[gone](javascript:alert(8)) | **upstream**' end as reason,
            case when p.resolution_id is not null then 'javascript:alert(9)' end as url,
            case when p.resolution_id is not null then timestamptz '2026-01-05' end as decided_at,
            case when p.state = 'pass' then p.from_at end as first_passed_at, 0::bigint as rebuilds
        from core.wave_package_states as p
        inner join core.wave_evaluations as e on p.system = e.system and p.last_turn = e.turn
        where p.is_current""",
    "core.wave_rebuilds": """
        select 'invented' as major, wave, wave as passed_wave, source, jobset, attr, system, variant,
            build_id || '1' as build_id, evaluation_id, evaluation_at as rebuilt_at, 'failed' as status,
            'red' as status_class, build_id as passed_build_id, first_passed_at as passed_at
        from core.wave_packages
        where state = 'pass' and length(attr) % 5 = 0""",
}

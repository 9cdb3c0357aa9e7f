"""Declared channels of the invented world: one that is blocked, one that names failures only, one without data."""

NAME = "<i>science</i> & `more`"
"""A name that no file could declare, but a log may hold."""

CHANNELS = {
    "core.channel_declarations": f"""
        select
            'hydra.nixos.org' as source, channel, title, kind, decided_by, 'channels.toml' as declared_by,
            date '2026-01-01' as declared_on, 1 as versions, 'rolling' as status, gate,
            attrs, ['<b>excluded</b>'] as excluded, null::varchar as aggregate, []::varchar[] as maintainers,
            []::varchar[] as teams, false as is_maintained, ['x86_64-linux'] as systems, true as with_dependencies,
            1 as tolerance, 86400 as minimum_age_seconds
        from (values
            ('{NAME}', '</td><script>alert(4)</script>', 'community', 'selection', null, ['haskellPackages.**', '|x|']),
            ('named-failures', 'Of failures only', 'community', 'selection', null, ['python3Packages.*']),
            ('nixos-unheard', 'Never heard', 'official', 'job', null, []::varchar[])
        ) as declared(channel, title, kind, decided_by, gate, attrs)""",
    "core.channel_feeds": """
        select
            d.source, d.channel, f.jobset, 1 as place, case when d.decided_by = 'job' then 'tested' end as job,
            d.status, null::date as from_on, null::date as until_on,
            (
                select count(*) from core.evaluations as e where e.source = d.source and e.jobset = f.jobset
            ) as evaluations
        from core.channel_declarations as d
        inner join (values
            ('selection', 'haskell', 'nixpkgs/haskell-updates'), ('selection', 'python3', 'nixpkgs/trunk'),
            ('job', '', 'nixos/unheard')
        ) as f(decided_by, begins, jobset)
            on d.decided_by = f.decided_by and (len(d.attrs) = 0 or starts_with(d.attrs[1], f.begins))""",
    "core.channel_verdicts": """
        with placed as (
            select
                f.source, f.channel, f.jobset, e.evaluation_id, e.ordinal, e.evaluation_at, e.revision, e.coverage,
                row_number() over (partition by f.source, f.channel order by e.ordinal) as turn,
                count(*) over (partition by f.source, f.channel) as turns
            from core.channel_feeds as f
            inner join core.evaluations as e using (source, jobset)
        ),
        judged as (
            select *, case
                when turn % 40 between 20 and 26 then 'red jobs'
                when turn > turns - 5 and jobset = 'nixpkgs/haskell-updates' then 'red jobs'
                when turn % 40 between 27 and 30 then 'undecided jobs'
                when jobset = 'nixpkgs/trunk' then 'not blocked by a named failure'
            end as reason
            from placed
        )
        select
            source, channel, jobset, evaluation_id, turn, ordinal, evaluation_at, revision, coverage,
            case when reason is null then 'green' when reason = 'red jobs' then 'blocked' else 'unknown' end as verdict,
            reason, reason is null or reason = 'not blocked by a named failure' as is_clear, false as is_provisional,
            20 as selected_jobs, 15 as green_jobs, case when reason = 'red jobs' then 3 else 0 end as red_jobs,
            2 as neutral_jobs, 0 as refused_jobs, 0 as missing_jobs, 3 as blocking_red_jobs, 2 as blocking_neutral_jobs,
            0 as unfinished_jobs, 1 as tolerance
        from judged""",
    "core.channel_selections": """
        select distinct
            f.source, f.channel, 'named' as role, f.jobset, e.attr, e.system, e.variant, e.first_build_id as build_id,
            'red' as status_class, 'own' as red_kind, e.broken_evaluation_id as first_evaluation_id,
            e.broken_evaluation_id as last_evaluation_id, e.broken_at as first_at, e.broken_at as last_at
        from core.channel_feeds as f
        inner join core.failure_episodes as e using (source, jobset)
        where e.system = 'x86_64-linux' and length(e.attr) % 7 = 0""",
    "core.gate_verdicts": """
        select source, jobset, evaluation_id, 'merge' as gate, 'passed' as verdict, 'ready' as source_verdict
        from core.evaluations where jobset = 'nixpkgs/haskell-updates'""",
    "core.aggregate_constituents": """
        select
            'hydra.nixos.org' as source, 'nixpkgs/trunk' as jobset, '1' as aggregate_build_id,
            'tested' as aggregate_attr, 'x86_64-linux' as aggregate_system, '2' as constituent_build_id,
            '<b>part</b>' as constituent_attr, 'x86_64-linux' as constituent_system""",
    "metrics.channel_blockers": """
        with stalls as (
            select source, channel, jobset, evaluation_id, evaluation_at, turn,
                row_number() over (partition by source, channel order by turn desc) as place
            from core.channel_verdicts
            where verdict = 'blocked' and (turn % 40 = 20 and turn < 210 or turn = 216)
        ),
        jobs as (
            select distinct jobset, attr, system, variant, first_build_id, broken_evaluation_id, broken_at
            from core.failure_episodes
            where system = 'x86_64-linux'
            qualify row_number() over (partition by jobset order by attr, broken_at) <= 15
        )
        select
            s.source, s.channel, s.evaluation_id as stall_evaluation_id, s.evaluation_at as stalled_at,
            s.turn > 210 as is_open, 7.5::double as stall_days,
            row_number() over (partition by s.source, s.channel, s.turn order by j.attr) as rank_in_stall,
            s.jobset, j.attr, j.system, j.variant, j.first_build_id as build_id, 'own' as red_kind, 7 as evaluations,
            length(j.attr) % 3 as evaluations_alone, j.broken_evaluation_id as first_bad_evaluation_id,
            j.broken_at as first_bad_at, repeat('a', 40) as first_bad_revision,
            j.broken_evaluation_id as last_good_evaluation_id, repeat('b', 40) as last_good_revision,
            case when length(j.attr) % 2 = 0 then 'green' else 'not named' end as last_good_basis,
            j.attr || ' ' || j.system as cause,
            ['own', 'propagated', 'failed_derivations', 'unknown'][1 + length(j.attr) % 4] as cause_basis,
            j.first_build_id as cause_build_id, 12 as cause_reach_jobs, 3 as cause_jobs, 1.25::double as saved_days,
            s.evaluation_id as would_advance_evaluation_id, s.evaluation_at as would_advance_at,
            2.5::double as cause_saved_days, s.evaluation_at as cause_would_advance_at, 1 as definition_version
        from stalls as s
        inner join jobs as j on s.jobset = j.jobset
        qualify row_number() over (
            partition by s.source, s.channel, s.turn, j.attr, j.variant order by j.broken_at
        ) = 1""",
}

"""A package set of the invented world: ten levels of four packages, each needing all of the levels below."""

_LEVELS, _WIDTH = 10, 4
_SET = "'github.com/NixOS/nixpkgs' as source, '<b>invented</b>' as package_set, repeat('b', 40) as revision"
_OF_SYSTEM = f"{_SET}, 'x86_64-linux' as system"
_PACKAGE = f"""
    (select n, 1 + n // {_WIDTH} as level,
        case when n = 0 then '<script>alert(9)</script>' else 'package' || n end as attr
    from range({_LEVELS * _WIDTH}) as packages(n))"""

GRAPH = {
    "core.package_sets": f"""
        select {_OF_SYSTEM}, timestamptz '2026-01-05' as committed_at,
            timestamptz '2026-01-05' as evaluated_at, true as is_newest, true as is_partial, attr,
            n::integer as derivation_id
        from {_PACKAGE}""",
    "core.package_reach": f"""
        select {_OF_SYSTEM}, n::bigint as derivation_id, attr, 1::bigint as attrs, attr || '-1.0' as name,
            level::integer as level,
            ({_WIDTH} * ({_LEVELS} - level) + 1)::bigint as rebuilt_packages,
            ({_WIDTH} * ({_LEVELS} - level) + 1)::bigint as rebuilt_attrs,
            ({_WIDTH} * (level - 1) + 1)::bigint as needed_packages, level::bigint as levels_reaching
        from {_PACKAGE}""",
    "core.level_reach": f"""
        select {_SET}, level::integer as level, count(*) as packages,
            ({_WIDTH} * ({_LEVELS} - level + 1))::bigint as rebuilt_packages
        from {_PACKAGE}
        group by level""",
    "core.package_moves": f"""
        select {_OF_SYSTEM}, attr, n::integer as derivation_id, (n * 2)::bigint as updates,
            case when n > 0 then timestamptz '2026-01-01' end as last_updated_at
        from {_PACKAGE}""",
    "core.build_seconds": f"""
        select attr, 'x86_64-linux' as system, 60.0 * (n + 1) as seconds, 3::bigint as builds,
            timestamptz '2026-01-04' as last_stopped_at
        from {_PACKAGE}
        where n % 2 = 0""",
    "core.build_rates": """
        select source, 'nixpkgs/haskell-updates' as jobset, 'x86_64-linux' as system, max(last_observed_at) as until_at,
            30.0 as window_days, 12000::bigint as finished_builds, 400.0 as builds_per_day,
            900::bigint as busiest_day_builds
        from core.evaluations
        group by source""",
}

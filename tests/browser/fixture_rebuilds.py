"""Rebuilds of the invented world: two package sets, one of them called invented, over three months."""

_JOBS = """
    (select n, m, 1 + n % 5 as kind, n = 0 as is_own
    from range(24) as jobs(n) cross join range(3) as months(m))"""
_ATTR = "case when n = 1 then '<img src=x onerror=alert(10)>' else 'package' || n end"
_TRIGGERS = """
    case
        when n % 7 = 0 then ['package0', '<b>trigger</b>']
        when n % 3 = 0 then ['"] | `tick`']
        else ['package0']
    end"""

REBUILDS = {
    "core.rebuilds": f"""
        select s.source, s.jobset, 'x86_64-linux' as system, {_ATTR} as attr, '' as variant,
            repeat(m::varchar, 40) as evaluation_id,
            timestamptz '2025-11-15' + to_months(m::integer) as evaluated_at, m + 2 as turn,
            (1000 * m + n)::bigint as derivation_id64, {_ATTR} as package,
            (1000 * (m - 1) + n)::bigint as previous_derivation_id64,
            (1000 * (m - 1) + n)::bigint as baseline_derivation_id64,
            'before' as baseline_evaluation_id, case when n % 11 = 10 then 'failed' else 'succeeded' end as status,
            case when n % 11 = 10 then 'red' else 'green' end as status_class,
            case when n % 13 = 12 then null else is_own end as has_own_change,
            case when n % 13 = 12 then null else {_TRIGGERS} end as triggers,
            case when n % 13 = 12 then null else len({_TRIGGERS}) end as trigger_count,
            case
                when not is_own and n % 13 <> 12 then ['check', 'build', 'several', 'propagated', 'stdenv'][kind]
            end as role,
            true as is_executed, 1::bigint as attempts, false as is_restart_only,
            case when n % 9 = 8 then null else 600.0 * (n + 1) end as wall_seconds,
            case when n % 9 = 8 then 'unknown' else 'measured' end as seconds_basis,
            case when n % 9 = 8 then null else 2400.0 * (n + 1) end as core_seconds,
            case when s.has_declared then 3600.0 * (n + 1) end as nominal_seconds,
            (1000000 * (n + 1))::bigint as stored_bytes, null::bigint as transferred_bytes,
            case
                when n % 11 = 10 then 'not-finished'
                when n % 6 <> 5 then ['cutoff', 'rewrite-only', 'changed'][1 + n % 3]
            end as content,
            n % 9 = 0 as is_same_self_blanked, n % 3 <> 2 and n % 2 = 0 as is_same_hashes_blanked,
            n % 3 <> 2 as is_same_names_keyed,
            n % 3 = 0 as is_same_content, not is_own and kind = 1 as is_structural,
            not is_own and n % 3 <> 2 as is_suspected,
            not is_own and n % 6 = 0 as is_suspected_narrow, not is_own and n % 3 <> 2 as is_suspected_tolerant,
            false as has_noise
        from {_JOBS}
        cross join (
            values ('ci.example.org', 'set/<i>main</i>', false), ('hydra.example.org', 'set', true)
        ) as s(source, jobset, has_declared)""",
    "core.derivations": """
        select n::integer as derivation_id, n::bigint as derivation_id64, 'package' || n || '-1.0' as name,
            'package' || n as pname, '1.0' as version, 'x86_64-linux' as system,
            true as is_recorded, n % 10 = 9 as is_fixed_output,
            ['out'] as outputs,
            []::varchar[] as required_features, n % 2 = 0 as does_check, n::bigint as recipe_id64,
            n::bigint as outputs_id64,
            least(n, 1)::bigint as inputs, (n % 6)::integer as level, (n % 6)::integer as depth
        from range(3000) as derivations(n)""",
    "core.derivation_sources": "select 'ci.example.org' as source, derivation_id from core.derivations",
    "core.derivation_inputs": """
        select derivation_id, derivation_id - 1 as input_id, 'buildInputs' as roles,
            case when derivation_id % 20 = 0 then 'check' when derivation_id % 9 = 0 then 'unnamed' else 'build'
            end as edge_role,
            derivation_id % 20 = 0 as is_check_only, derivation_id % 10 = 0 as is_test_tool_by_name
        from core.derivations where derivation_id > 0""",
    "core.update_reach": """
        select source, package_set, revision, 'package' || n as package, 1::bigint as roots,
        (40 - n)::bigint as derivation_changes,
            (38 - n)::bigint as output_changes, (37 - n)::bigint as without_check_only,
            (1 + n)::bigint as without_test_tools
        from (select distinct source, package_set, revision from core.package_sets) cross join range(1,
        6) as packages(n)""",
    "metrics.what_if": """
        select source, jobset, 'x86_64-linux' as system, p.scenario, p.package, p.input,
            p.parameter::double as parameter,
            3::bigint as evaluations, 72::bigint as rebuilds_before, (72 - 12 * p.place)::bigint as rebuilds_after,
            case when p.scenario = 'split_tests' then 20 else 0 end::bigint as test_runs,
            12 * p.place / 72 as saved_rebuild_ratio, 8 * p.place / 72 as saved_rebuild_ratio_low,
            14 * p.place / 72 as saved_rebuild_ratio_high, 36000.0::double as seconds_before,
            (6000 * p.place)::double as saved_seconds,
            case when source = 'hydra.example.org' then 72000.0::double end as nominal_seconds_before,
            case when source = 'hydra.example.org' then (9000 * p.place)::double end as saved_nominal_seconds,
            (1000000 * p.place)::bigint as saved_bytes,
            case when p.scenario = 'pin_input' then 5000 else 0 end::bigint as added_bytes,
            2::bigint as unknown_builds, 1 as definition_version
        from (values ('ci.example.org', 'set/<i>main</i>'), ('hydra.example.org', 'set')) as s(source, jobset)
        cross join (
            values ('split_tests', null, null, 0.0, 3), ('split_tests', null, null, 0.5, 3),
                ('batch', null, null, 4.0, 4), ('early_cutoff', null, null, null, 2),
                ('drop_input', '<img src=x onerror=alert(11)>', '"] | `tick`', null, 1),
                ('pin_input', 'package1', 'package0', null, 1)
        ) as p(scenario, package, input, parameter, place)""",
}

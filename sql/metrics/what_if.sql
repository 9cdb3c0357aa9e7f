-- What would have been built instead, in the newest 100 evaluations, had something been otherwise: one row a proposal.
--
-- `split_tests`: tests are derivations of their own, run again when the package or an input for tests changes; their
-- share of a build's time is unknown, so it is given for 0, 25 and 50 %. `drop_input`: a package does without one of its
-- inputs, which is only right if it builds without. `early_cutoff`: a build is skipped if one with the same recipe and
-- the same content of all inputs ran before; builds whose inputs' content is unknown run. `batch`: only every 2nd, 4th
-- or 8th evaluation is built, so that changes come later to their users and a failure has more suspects. `pin_input`: a
-- package keeps an input's version from the first of these evaluations to the last, then takes the newest one; both
-- versions are then in closures.
--
-- All are runs of one recursion over recorded graphs: a derivation changes if its recipe does or a matched input does.
-- Seconds are those of builds that ran, each derivation once; nominal seconds are counted for every rebuild, executed or
-- not. Tried are the 192 inputs of packages through which most rebuilds came; those that would save nothing have no row.
-- What is saved by two proposals does not add up. Where no recipes are known only `batch` has rows.
--
-- `early_cutoff` is about executed rebuilds relative to the last successful build, without those of which only a
-- restart ran; the others are about jobs in two evaluations one after the other.
--
-- grain: source, jobset, system, scenario, package, input, parameter
-- column: source | Who evaluated.
-- column: jobset | Jobset, or package set.
-- column: system | Nix system.
-- column: scenario | `split_tests`, `drop_input`, `early_cutoff`, `batch` or `pin_input`.
-- column: package | Package whose input is dropped or pinned; null for others.
-- column: input | Package of that input; null for others.
-- column: parameter | Share of a build's time that its tests take, from 0 to 1; evaluations in a batch; null for others.
-- column: evaluations | Evaluations in which something is rebuilt: the clusters of the interval.
-- column: rebuilds_before | Rebuilds as they were.
-- column: rebuilds_after | Rebuilds left; for `pin_input` with those at the end.
-- column: test_runs | Runs of tests that are split off; 0 for others.
-- column: saved_rebuild_ratio | Rebuilds saved by rebuilds before, from 0 to 1 (below 0 where more are built).
-- column: saved_rebuild_ratio_low | Lower end of its 95 % interval, evaluations as clusters; null for a single one.
-- column: saved_rebuild_ratio_high | Upper end.
-- column: seconds_before | Measured seconds of the builds that ran.
-- column: saved_seconds | Seconds saved.
-- column: nominal_seconds_before | Declared seconds of all rebuilds; null where none are declared.
-- column: saved_nominal_seconds | Declared seconds saved.
-- column: saved_bytes | Archives that would not have been stored.
-- column: added_bytes | Archives of the largest version of the pinned input, kept beside the newest one; null if unknown; 0 for others.
-- column: unknown_builds | Builds before that ran for an unknown time, or whose inputs' content is unknown (`early_cutoff`): counted, not zero.
-- column: definition_version | Version of this definition.
with
    rated as (
        select
            *,
            sum(before - after) over w / nullif(sum(before) over w, 0) as ratio
        from core.what_if_clusters
        window w as (partition by source, jobset, system, scenario, package, input, parameter)
    ),
    summed as (
        select
            source,
            jobset,
            system,
            scenario,
            package,
            input,
            parameter,
            count(distinct turn) filter (where before > 0) as evaluations,
            sum(before)::bigint as rebuilds_before,
            sum(after)::bigint as rebuilds_after,
            sum(test_runs)::bigint as test_runs,
            any_value(ratio) as ratio,
            round(sqrt(sum((before - after - ratio * before) ** 2)) / nullif(sum(before), 0), 12) as spread,
            round(sum(seconds_before), 6) as seconds_before,
            round(coalesce(sum(saved_seconds), 0), 6) as saved_seconds,
            sum(nominal_before) as nominal_seconds_before,
            case when sum(nominal_before) is not null then coalesce(sum(saved_nominal), 0) end as saved_nominal_seconds,
            coalesce(sum(saved_bytes), 0)::bigint as saved_bytes,
            max(input_bytes) as input_bytes,
            sum(unknown_builds)::bigint as unknown_builds
        from rated
        group by source, jobset, system, scenario, package, input, parameter
    )
select
    s.source,
    s.jobset,
    s.system,
    s.scenario,
    s.package,
    s.input,
    s.parameter,
    s.evaluations,
    rebuilds_before,
    rebuilds_after,
    test_runs,
    ratio as saved_rebuild_ratio,
    case when evaluations > 1 then greatest(ratio - 1.96 * spread * sqrt(evaluations / (evaluations - 1)), -1) end
        as saved_rebuild_ratio_low,
    case when evaluations > 1 then least(ratio + 1.96 * spread * sqrt(evaluations / (evaluations - 1)), 1) end
        as saved_rebuild_ratio_high,
    seconds_before,
    saved_seconds,
    nominal_seconds_before,
    saved_nominal_seconds,
    saved_bytes,
    case when s.scenario = 'pin_input' then s.input_bytes else 0 end as added_bytes,
    unknown_builds,
    1 as definition_version
from summed as s
order by s.source, s.jobset, s.system, s.scenario, s.package nulls first, s.input nulls first, s.parameter nulls first

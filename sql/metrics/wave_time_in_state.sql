-- How long packages of a declared wave were in a state, per system.
--
-- A stay is a stretch of evaluations of the wave in which a package was in one state, whatever its builds. It lasts from
-- the first of them to the first evaluation in another state. Stays that last to the newest evaluation are unfinished: their days so far count in total_days,
-- to the newest evaluation, and not in the median. A change is seen at the next evaluation only, so that stays are as
-- coarse as the distance of evaluations.
--
-- grain: wave, source, jobset, system, state
-- column: wave | Declared wave.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
-- column: state | State as in core.wave_package_states.
-- column: packages | Packages that ever were in it.
-- column: stays | Stays of all of them.
-- column: unfinished_stays | Stays that last to the newest evaluation.
-- column: total_days | Days of all stays together, unfinished ones to the newest evaluation.
-- column: median_days | Half of the finished stays were shorter, in days; null where none is finished.
-- column: longest_days | Longest stay in days, unfinished ones to the newest evaluation.
-- column: definition_version | Version of this definition.
with
    changes as (
        select
            *,
            case
                when state = lag(state) over (
                    partition by wave, source, jobset, attr, system, variant order by first_turn
                ) then 0
                else 1
            end as is_change
        from core.wave_package_states
    ),
    numbered as (
        select
            *,
            sum(is_change) over (
                partition by wave, source, jobset, attr, system, variant order by first_turn rows unbounded preceding
            ) as stay
        from changes
    ),
    newest as (
        select wave, source, jobset, system, max(evaluation_at) as newest_at
        from core.wave_evaluations
        group by wave, source, jobset, system
    ),
    stays as (
        select
            s.wave,
            s.source,
            s.jobset,
            s.system,
            s.attr,
            s.variant,
            s.state,
            bool_or(s.is_current) as is_unfinished,
            date_diff(
                'second', min(s.from_at), max(case when s.is_current then n.newest_at else s.until_at end)
            ) as seconds
        from numbered as s
        inner join newest as n
            on s.wave = n.wave and s.source = n.source and s.jobset = n.jobset and s.system = n.system
        group by s.wave, s.source, s.jobset, s.system, s.attr, s.variant, s.state, s.stay
    )
select
    wave,
    source,
    jobset,
    system,
    state,
    count(distinct attr || chr(31) || variant) as packages,
    count(*) as stays,
    count(*) filter (where is_unfinished) as unfinished_stays,
    sum(seconds)::bigint / 86400 as total_days,
    quantile_cont(seconds, 0.5) filter (where not is_unfinished) / 86400 as median_days,
    max(seconds) / 86400 as longest_days,
    1 as definition_version
from stays
group by wave, source, jobset, system, state
order by wave, source, jobset, system, state

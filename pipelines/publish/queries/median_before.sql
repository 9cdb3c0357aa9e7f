-- Median time to fix of one system as it stood at the last complete evaluation 30 days or more before the newest one.
--
-- Kaplan-Meier as in core.time_to_fix_walk, over the failures that had begun by then; what ended later is open. Which
-- evaluations are complete is judged by what is known today. Null where half had not ended by then.
with
    complete as (
        select evaluation_at, max(evaluation_at) over () as newest_at
        from core.evaluation_systems
        where source = $source and jobset = $jobset and system = $system and is_complete
    ),
    earlier as (
        select max(evaluation_at) as before_at from complete where evaluation_at <= newest_at - interval 30 days
    ),
    lasting as (
        select
            date_diff('second', episodes.broken_at, least(coalesce(episodes.cleared_at, earlier.before_at), earlier.before_at))
                as seconds,
            coalesce(episodes.cleared_at <= earlier.before_at, false) as has_ended
        from core.failure_episodes as episodes
        inner join earlier on episodes.broken_at <= earlier.before_at
        where
            episodes.source = $source and episodes.jobset = $jobset and episodes.system = $system
            and not episodes.is_left_censored
    ),
    counted as (
        select seconds, count(*) filter (where has_ended) as ended, sum(count(*)) over (order by seconds desc) as at_risk
        from lasting
        group by seconds
    ),
    survivals as (
        select
            seconds,
            -- whole numbers, so that the sum does not depend on the order of additions
            exp(
                sum(cast(round(1e17 * ln(1 - ended / cast(at_risk as double))) as bigint)) over (order by seconds) / 1e17
            ) as survival_ratio
        from counted
        where ended < at_risk
        union all
        select seconds, 0 from counted where ended = at_risk
    )
select
    (select before_at from earlier) as before_at,
    min(seconds) / 86400 as before_days
from survivals
where round(survival_ratio, 12) <= 0.5
having (select before_at from earlier) is not null

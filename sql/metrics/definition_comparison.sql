-- What a definition of a failure episode makes of a jobset on a system.
--
-- The same history under the headline definition and under the reference definitions of `models.presets`: how many
-- episodes there are and how long those that ended took. Means and medians here are of episodes that ended, as others
-- report them; they leave out what still fails and are no estimates of time to fix (see `metrics.time_to_fix`).
-- Left-censored episodes are counted and left out of durations. Negative durations come from raw first sights,
-- which do not grow with the order of evaluations.
--
-- grain: source, jobset, system, preset
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
-- column: preset | Name of the definition.
-- column: episodes | All episodes.
-- column: left_censored | Of those, already red in the first complete evaluation.
-- column: open | Of the others, not ended by the last complete evaluation.
-- column: closed | Of the others, ended.
-- column: own_failures | Episodes with a failure of the job's own.
-- column: closed_mean_days | Mean duration of the closed ones, days; null if none.
-- column: closed_median_days | Median duration of the closed ones, days; null if none.
-- column: negative_durations | Closed ones that end before they begin.
-- column: definition_version | Version of this definition.
with stacked as (
    select
        'headline' as preset,
        source,
        jobset,
        system,
        is_left_censored,
        has_own_failure,
        broken_at,
        cleared_at
    from core.failure_episodes
    union all
    select
        preset,
        source,
        jobset,
        system,
        is_left_censored,
        has_own_failure,
        broken_at,
        cleared_at
    from core.reference_episodes
),

timed as (
    select
        *,
        case when not is_left_censored then date_diff('second', broken_at, cleared_at) end as seconds
    from stacked
)

select
    source,
    jobset,
    system,
    preset,
    count(*) as episodes,
    count(*) filter (where is_left_censored) as left_censored,
    count(*) filter (where not is_left_censored and cleared_at is null) as open,
    count(seconds) as closed,
    count(*) filter (where has_own_failure) as own_failures,
    sum(seconds)::double / nullif(count(seconds), 0) / 86400.0 as closed_mean_days,
    median(seconds) / 86400.0 as closed_median_days,
    count(*) filter (where seconds < 0) as negative_durations,
    1 as definition_version
from timed
group by source, jobset, system, preset
order by source, jobset, system, preset

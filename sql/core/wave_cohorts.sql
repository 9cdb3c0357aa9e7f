-- A failure that began in a wave that was found.
--
-- Of a burst or the start of a series: every failure that began in its evaluation, on any system, also on those where fewer
-- than 250 began. Of an iteration of staging-next: every failure that began from its first to its last evaluation, in the
-- jobset of staging-next. Left-censored failures are in none. One job may be in several waves, a failure in one burst and one
-- iteration at most.
--
-- kind: view
-- grain: source, jobset, wave, attr, system, variant, broken_evaluation_id
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: wave | Wave, as in core.found_waves.
-- column: kind | `burst`, `series_start` or `staging_next`.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: broken_evaluation_id | Evaluation in which the failure began.
-- column: broken_at | Time of that evaluation.
-- column: cleared_at | When it ended; null while open.
-- column: observed_until_at | Last complete evaluation of the jobset and system: where open failures are censored.
-- column: outcome | How it ended, as in core.failure_episodes.
-- column: has_own_failure | Whether the job failed by itself at some time in it.
with failures as (
    select w.wave, w.kind, e.*
    from core.found_waves as w
    inner join core.failure_episodes as e
        on w.source = e.source and w.jobset = e.jobset and w.first_evaluation_id = e.broken_evaluation_id
    where w.kind <> 'staging_next' and not e.is_left_censored
    union all
    select w.wave, w.kind, e.*
    from core.found_waves as w
    inner join core.failure_episodes as e
        on w.source = e.source
        and w.jobset = e.jobset
        and e.broken_at between w.began_at and w.last_evaluation_at
    where w.kind = 'staging_next' and not e.is_left_censored
)
select
    source,
    jobset,
    wave,
    kind,
    attr,
    system,
    variant,
    broken_evaluation_id,
    broken_at,
    cleared_at,
    observed_until_at,
    outcome,
    has_own_failure
from failures

-- When half, and when nine in ten, of a cohort will be off the failing list: predicted once, and what became of it.
--
-- Each cohort of core.cohorts is predicted 0, 7, 14 and 30 days after its evaluation, as if nothing later were known, and as of
-- now (is_now) while it has not got there. Only clusters that began earlier count, each once: with its cohort on the same
-- system, else with its largest. An earlier cohort tells how long it took, from the same age on, until the same share of those
-- failing at that age had left. The interval lies between ranks of these times (pipelines.estimates.eta), at level_ratio: with m
-- of them the truth falls between two ranks with probability nominal_ratio, if cohorts are exchangeable. From 9 on it has two
-- ends; 4 to 8 bound it from above only; fewer carry none. An earlier cohort that has not got there yet is censored
-- (Kaplan-Meier weights). level_ratio is 0.8 and grows where predictions of the past did not hold, as known at that time. Cohorts
-- at the start of a series are left out, and a cohort with fewer than 10 jobs left says nothing. Whether evaluations were
-- complete is taken as it is known today.
--
-- grain: source, jobset, evaluation_id, system, target_ratio, age_seconds, is_now
-- python: pipelines.estimates.cohorts:predictions
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: evaluation_id | Evaluation in which the cohort began.
-- column: system | Nix system.
-- column: cluster | Its cluster, as in core.cohorts.
-- column: target_ratio | Share of the cohort that has left, from 0 to 1.
-- column: age_seconds | Age of the cohort at which it is predicted.
-- column: is_now | Whether it is predicted as of its last observation; else a test on the past.
-- column: left_jobs | Jobs that still failed at that age.
-- column: left_ratio | Share of the cohort that still failed at that age.
-- column: earlier_clusters | Earlier clusters that say something, each one independent time.
-- column: level_ratio | Level that the interval was asked for: 0.8, or more where earlier predictions did not hold.
-- column: nominal_ratio | Probability of the interval by its ranks; null without one.
-- column: low_seconds | Lower end, from that age on; 0 where earlier cohorts give none.
-- column: middle_seconds | By then half of the earlier cohorts had got there; null if fewer had.
-- column: high_seconds | Upper end; null if too few earlier cohorts had got there, or if there is no interval.
-- column: took_seconds | How long it took in truth; null while it has not got there.
-- column: watched_seconds | How long it has been watched since that age.
-- column: outcome | `inside`, `before` or `after` the interval, `unknown` while that cannot be told; null without an upper end.
select
    c.source,
    c.jobset,
    c.evaluation_id,
    c.system,
    c.cluster,
    c.jobs,
    cast(epoch(c.began_at) as bigint) as began_epoch,
    cast(epoch(c.observed_until_at) as bigint) as until_epoch,
    d.duration_seconds,
    d.episodes,
    d.ended
from core.cohorts as c
inner join core.time_to_fix_durations as d
    on c.source = d.source
    and c.jobset = d.jobset
    and c.system = d.system
    and c.evaluation_id = d.broken_evaluation_id
where d.kind = 'all' and not c.is_series_start

-- How many notices a week of a jobset gives, before folding and after each step of it.
--
-- A week runs from Monday to Sunday in UTC and holds what began in it. Before folding, every job of every system that begins to
-- fail is a notice. First, what failed because of another job is folded into its root; where the source does not tell the root,
-- nobody can be told of a regression, and such failures are left out and counted beside. Then systems, variants and returns
-- within a week are folded into the job, then the jobs of a burst into its cohort; what is left waits for a second complete
-- evaluation that shows it with a derivation that is not known to be flaky. Failures of the first complete evaluation of a
-- system began at an unknown time and are in no week.
--
-- grain: source, jobset, week_on
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: week_on | Monday of the week.
-- column: failures | Failures of single jobs that began: notices before folding.
-- column: untold_root_failures | Of those, failures of which neither an own cause nor the root is known: left out from here on.
-- column: root_failures | Jobs that failed by themselves, or roots where they failed elsewhere, on each system: after folding into roots.
-- column: root_jobs | The same with systems, variants and returns within a week folded.
-- column: entries | The same with the cohorts of bursts folded: metrics.regressions.
-- column: notices | Entries that a second complete evaluation confirmed: what people are told.
-- column: is_whole | Whether the jobset was observed to the end of the week.
-- column: definition_version | Version of this definition.
with
    begun as (
        select
            e.source,
            e.jobset,
            date_trunc('week', e.broken_at at time zone 'UTC')::date as week_on,
            count(*) as failures,
            count(*) filter (where not e.has_own_failure and f.source is null) as untold_root_failures
        from core.failure_episodes as e
        left join (
            select distinct source, jobset, attr, system, variant, build_id
            from core.root_causes
            where root_build_id is not null
        ) as f
            on e.source = f.source
            and e.jobset = f.jobset
            and e.attr = f.attr
            and e.system = f.system
            and e.variant = f.variant
            and e.first_build_id = f.build_id
        where not e.is_left_censored
        group by e.source, e.jobset, week_on
    ),
    roots as (
        select
            source,
            jobset,
            date_trunc('week', began_at at time zone 'UTC')::date as week_on,
            count(distinct case when role = 'own' then (attr, system, variant, began_evaluation_id) end)
                + count(distinct case when role <> 'own' then (root, system, began_evaluation_id) end) as root_failures
        from core.regression_jobs
        where role = 'own' or kind in ('derivation', 'elsewhere')
        group by source, jobset, week_on
    ),
    jobs as (
        select source, jobset, entry, count(distinct root) filter (where role = 'own' or kind <> 'burst') as root_jobs
        from core.regression_jobs
        group by source, jobset, entry
    ),
    entries as (
        select
            r.source,
            r.jobset,
            date_trunc('week', r.first_bad_at at time zone 'UTC')::date as week_on,
            sum(j.root_jobs)::bigint as root_jobs,
            count(*) as entries,
            count(r.confirmed_at) as notices
        from metrics.regressions as r
        inner join jobs as j on r.source = j.source and r.jobset = j.jobset and r.entry = j.entry
        group by r.source, r.jobset, week_on
    ),
    observed as (
        select source, jobset, max(evaluation_at) as until_at
        from core.evaluation_systems
        where is_complete
        group by source, jobset
    )
select
    b.source,
    b.jobset,
    b.week_on,
    b.failures,
    b.untold_root_failures,
    coalesce(r.root_failures, 0) as root_failures,
    coalesce(e.root_jobs, 0) as root_jobs,
    coalesce(e.entries, 0) as entries,
    coalesce(e.notices, 0) as notices,
    (o.until_at at time zone 'UTC')::date > b.week_on + 6 as is_whole,
    1 as definition_version
from begun as b
inner join observed as o on b.source = o.source and b.jobset = o.jobset
left join roots as r on b.source = r.source and b.jobset = r.jobset and b.week_on = r.week_on
left join entries as e on b.source = e.source and b.jobset = e.jobset and b.week_on = e.week_on
order by b.source, b.jobset, b.week_on

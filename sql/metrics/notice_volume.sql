-- How many notices a week of a jobset gives, before folding and after each step of it.
--
-- A week runs from Monday to Sunday in UTC and holds what began in it. Before folding, every job of every system that begins to
-- fail is a notice. First, what failed because of another job is folded into its root; where the source does not tell the root,
-- nobody can be told of a regression, and such failures are left out and counted beside. Then systems, variants and returns
-- within a week are folded into the job, then the jobs of a burst into its cohort; what is left waits for a second complete
-- evaluation that shows it with a derivation that is not known to be flaky. Failures of the first complete evaluation of a
-- system began at an unknown time and are in no week. A week without a complete evaluation has no row: what began in it shows in a
-- later one.
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
    weeks as (
        select distinct source, jobset, date_trunc('week', evaluation_at at time zone 'UTC')::date as week_on
        from core.evaluation_systems
        where is_complete
    ),
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
    w.source,
    w.jobset,
    w.week_on,
    coalesce(b.failures, 0) as failures,
    coalesce(b.untold_root_failures, 0) as untold_root_failures,
    coalesce(r.root_failures, 0) as root_failures,
    coalesce(e.root_jobs, 0) as root_jobs,
    coalesce(e.entries, 0) as entries,
    coalesce(e.notices, 0) as notices,
    (o.until_at at time zone 'UTC')::date > w.week_on + 6 as is_whole,
    1 as definition_version
from weeks as w
inner join observed as o on w.source = o.source and w.jobset = o.jobset
left join begun as b on w.source = b.source and w.jobset = b.jobset and w.week_on = b.week_on
left join roots as r on w.source = r.source and w.jobset = r.jobset and w.week_on = r.week_on
left join entries as e on w.source = e.source and w.jobset = e.jobset and w.week_on = e.week_on
order by w.source, w.jobset, w.week_on

-- A regression: failures of one cause that began while somebody looked, told once, with all that fell because of it.
--
-- core.regression_jobs says which failures are one entry. Nobody is told of an entry before it is confirmed: a second complete
-- evaluation shows it red with a derivation that is not known to be flaky (confirmed_at). It stays the same entry, with the same
-- name, when more jobs join it and when it is green again. Counts are of jobs: each system and variant is one. The commit range
-- is of the job that is told first, of several the shortest: after the revision of last_good_evaluation_id up to that of the
-- first bad one; unknown where the source tells no revisions. Where a list names failures only, the last good evaluation is
-- one whose list does not have the job.
--
-- grain: source, jobset, entry
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: entry | Name of the entry, which never changes: kind, first bad evaluation and root.
-- column: kind | `job`, `burst`, `derivation` (an input that is no job) or `elsewhere` (a job that failed in another jobset, or that is green by now).
-- column: root | Attribute of the job that began to fail, or name of the derivation; null for a burst.
-- column: systems | Systems on which it failed, separated by blanks.
-- column: first_bad_evaluation_id | Evaluation in which it began.
-- column: first_bad_at | Time of that evaluation.
-- column: first_bad_revision | Commit of that evaluation; null where the source tells none.
-- column: last_good_evaluation_id | Last complete evaluation before it in which the job was green, or off the list of failures; null where none is known.
-- column: last_good_at | Time of that evaluation.
-- column: last_good_revision | Commit of that evaluation; null where the source tells none.
-- column: is_last_good_seen | Whether it was green by name there; false: only not on a list of failures; null where none is known.
-- column: own_jobs | Jobs that failed by themselves.
-- column: fallout_jobs | Jobs that failed because of the root, as far as the source tells.
-- column: open_jobs | Of both, jobs that are failing still.
-- column: example_attr | An attribute that failed, the first by name.
-- column: first_build_id | A build that shows it: of the root, else of the first that fell.
-- column: confirmed_evaluation_id | Second complete evaluation that shows it; null: nobody is told of it yet.
-- column: confirmed_at | Time of that evaluation.
-- column: is_flaky | Whether a derivation that failed in it is known to be flaky.
-- column: is_maintained | Whether the source says that one of its packages has a maintainer; null if not told.
-- column: green_at | When the last of its roots had ended failing; null while one is open.
-- column: outcome | `open`, else how they ended: `fixed`, `cleared`, `removed`, `marked_broken`, or `mixed`.
-- column: is_series_start | Whether it may have begun long before: its evaluation is as old as the first complete one of a system.
-- column: is_provisional | Whether a verdict on completeness that is not final touches it.
-- column: updated_at | When something of it last changed that readers are told: confirmed, joined by another system, green again; null until it is confirmed.
-- column: definition_version | Version of this definition.
with
    -- Where no root failed by itself in the jobset, what fell stands for it.
    told as (
        select *, role = 'own' or kind in ('derivation', 'elsewhere') as is_root
        from core.regression_jobs
    ),
    first_ones as (
        select source, jobset, system, min(evaluation_at) as first_complete_at
        from core.evaluation_systems
        where is_complete
        group by source, jobset, system
    ),
    starts as (
        select source, jobset, max(first_complete_at) as last_start_at
        from first_ones
        group by source, jobset
    ),
    counted as (
        select
            source,
            jobset,
            entry,
            string_agg(distinct system, ' ' order by system) filter (where is_root) as systems,
            count(distinct (attr, system, variant)) filter (where role = 'own') as own_jobs,
            count(distinct (attr, system, variant)) filter (where role = 'fallout') as fallout_jobs,
            count(distinct (attr, system, variant)) filter (where cleared_at is null) as open_jobs,
            min(attr) filter (where is_root) as example_attr,
            max(case when confirmed_at is not null then began_at end) filter (where is_root) as joined_at,
            bool_or(is_flaky) as is_flaky,
            bool_or(is_maintained) filter (where is_root) as is_maintained,
            bool_or(cleared_at is null) filter (where is_root) as is_open,
            max(cleared_at) filter (where is_root) as last_cleared_at,
            case
                when bool_or(cleared_at is null) filter (where is_root) then 'open'
                when count(distinct outcome) filter (where is_root) = 1 then min(outcome) filter (where is_root)
                else 'mixed'
            end as outcome,
            bool_or(is_provisional) as is_provisional
        from told
        group by source, jobset, entry
    ),
    -- The job that is told first: with the shortest range, then by name.
    first_jobs as (
        select
            t.source,
            t.jobset,
            t.entry,
            t.kind,
            case when t.kind <> 'burst' then t.root end as root,
            t.first_bad_evaluation_id,
            b.evaluation_at as first_bad_at,
            t.build_id,
            t.good_evaluation_id,
            t.is_good_seen,
            b.revision as first_bad_revision,
            g.evaluation_at as last_good_at,
            g.revision as last_good_revision
        from told as t
        inner join core.evaluations as b
            on t.source = b.source and t.jobset = b.jobset and t.first_bad_evaluation_id = b.evaluation_id
        left join core.evaluations as g
            on t.source = g.source and t.jobset = g.jobset and t.good_evaluation_id = g.evaluation_id
        where t.is_root
        qualify row_number() over (
            partition by t.source, t.jobset, t.entry
            order by t.began_ordinal, t.began_evaluation_id, g.ordinal desc nulls last, t.attr, t.system, t.variant
        ) = 1
    ),
    confirmed as (
        select source, jobset, entry, confirmed_evaluation_id, confirmed_at
        from told
        where is_root and confirmed_at is not null
        qualify row_number() over (
            partition by source, jobset, entry order by confirmed_at, confirmed_evaluation_id
        ) = 1
    )
select
    c.source,
    c.jobset,
    c.entry,
    l.kind,
    l.root,
    c.systems,
    l.first_bad_evaluation_id,
    l.first_bad_at,
    l.first_bad_revision,
    l.good_evaluation_id as last_good_evaluation_id,
    l.last_good_at,
    l.last_good_revision,
    l.is_good_seen as is_last_good_seen,
    c.own_jobs,
    c.fallout_jobs,
    c.open_jobs,
    c.example_attr,
    l.build_id as first_build_id,
    f.confirmed_evaluation_id,
    f.confirmed_at,
    c.is_flaky,
    c.is_maintained,
    case when not c.is_open then c.last_cleared_at end as green_at,
    c.outcome,
    l.first_bad_at <= s.last_start_at as is_series_start,
    c.is_provisional,
    case
        when f.confirmed_at is not null
            then greatest(f.confirmed_at, c.joined_at, case when not c.is_open then c.last_cleared_at end)
    end as updated_at,
    1 as definition_version
from counted as c
inner join first_jobs as l on c.source = l.source and c.jobset = l.jobset and c.entry = l.entry
inner join starts as s on c.source = s.source and c.jobset = s.jobset
left join confirmed as f on c.source = f.source and c.jobset = f.jobset and c.entry = f.entry
order by c.source, c.jobset, l.first_bad_at, c.entry

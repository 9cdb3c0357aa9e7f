-- A job that has failed by itself in every complete evaluation for 90 days or more: a candidate for a broken marker.
--
-- Seen from the newest complete evaluation backwards, on systems that are still told. One complete evaluation in which
-- the job was green, neutral, absent or red for another reason starts the count anew, so a job whose dependency also
-- breaks now and then is missing here; metrics.failing_now has it.
-- A list of failures does not name what is green or gone. There, systems_unnamed is how many systems are unknown, and
-- whether the job fails everywhere cannot be said. What is shown rests on provisional verdicts where no final ones are.
-- A candidate is a question to the maintainers, not a verdict.
--
-- grain: source, jobset, attr, system, variant
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: own_failure_since_at | Time of the first complete evaluation since which it has failed by itself in all of them.
-- column: failing_days | Days from there to as_of_at; a lower bound if is_left_censored.
-- column: evaluations | Complete evaluations from there on.
-- column: is_left_censored | Failing in the first complete evaluation already: it has failed for longer than anybody saw.
-- column: build_id | Build of the newest complete evaluation.
-- column: systems_told | Systems of the jobset that are still told.
-- column: systems_failing | Of those, systems on which the job fails by itself in their newest complete evaluation, for however long.
-- column: systems_unnamed | Of those, systems whose newest complete evaluation does not name the job: green or absent, unknown.
-- column: is_everywhere | Whether it fails by itself on every system that names it; null unless every job of every system is told.
-- column: marked_at | First broken marker of the attribute dated since own_failure_since_at and not taken away; null: none known, also where no marker source covers it.
-- column: as_of_evaluation_id | Newest complete evaluation of the system.
-- column: as_of_at | Time of that evaluation.
-- column: definition_version | Version of this definition.
with
    told as (
        select source, jobset, count(*) as systems_told, bool_and(coverage = 'full') as is_full
        from core.jobset_systems
        where is_current
        group by source, jobset
    ),
    named as (
        select
            n.source,
            n.jobset,
            n.attr,
            n.variant,
            count(*) filter (where n.red_kind = 'own') as systems_failing,
            count(*) filter (where n.status_class <> 'refused') as systems_built,
            count(*) as systems_named
        from core.jobs_now as n
        inner join core.jobset_systems as s
            on n.source = s.source and n.jobset = s.jobset and n.system = s.system
        where s.is_current
        group by n.source, n.jobset, n.attr, n.variant
    ),
    candidates as (
        select
            n.*,
            s.newest_complete_at as as_of_at,
            date_diff('second', n.same_since_at, s.newest_complete_at) as failing_seconds
        from core.jobs_now as n
        inner join core.jobset_systems as s
            on n.source = s.source and n.jobset = s.jobset and n.system = s.system
        where s.is_current
            and n.red_kind = 'own'
            and date_diff('second', n.same_since_at, s.newest_complete_at) >= 90 * 86400
    ),
    -- one row a candidate: several markers of a package must not multiply it
    markers as (
        select c.source, c.jobset, c.attr, c.system, c.variant, min(m.marked_at) as marked_at
        from candidates as c
        inner join core.package_markers as m
            on c.attr = m.attr
            and m.marker = 'broken'
            and m.unmarked_on is null
            and m.marked_on >= (c.same_since_at at time zone 'UTC')::date
            and (m.systems = '' or list_contains(string_split(m.systems, ' '), c.system))
        group by c.source, c.jobset, c.attr, c.system, c.variant
    )
select
    c.source,
    c.jobset,
    c.attr,
    c.system,
    c.variant,
    c.same_since_at as own_failure_since_at,
    c.failing_seconds / 86400 as failing_days,
    c.same_evaluations as evaluations,
    c.is_same_since_first as is_left_censored,
    c.build_id,
    t.systems_told,
    n.systems_failing,
    t.systems_told - n.systems_named as systems_unnamed,
    case when t.is_full then n.systems_failing = n.systems_built end as is_everywhere,
    m.marked_at,
    c.evaluation_id as as_of_evaluation_id,
    c.as_of_at,
    1 as definition_version
from candidates as c
inner join told as t on c.source = t.source and c.jobset = t.jobset
inner join named as n
    on c.source = n.source and c.jobset = n.jobset and c.attr = n.attr and c.variant = n.variant
left join markers as m
    on c.source = m.source
    and c.jobset = m.jobset
    and c.attr = m.attr
    and c.system = m.system
    and c.variant = m.variant
order by c.source, c.jobset, c.same_since_at, c.attr, c.system, c.variant

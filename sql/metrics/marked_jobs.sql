-- A job of a jobset that carries a broken marker, and how it stands in the newest complete evaluation of its system.
--
-- A marked job that is green by name is a candidate to have the marker taken away. That can only be said where every job, or this
-- one by name, is told as green, and where the list of markers reaches to that evaluation: a marker that was set before its end
-- may have been taken away since. Everything else is unknown, with the reason. Several markings of a job
-- count once, the newest. Systems that are no longer told are left out.
--
-- grain: source, jobset, attr, system, variant
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: marked_on | UTC date of the newest marking that is not known to have ended.
-- column: verdict | `unmark` (green in spite of it), `red`, `refused` (not built because of it), `neutral`, or `unknown`.
-- column: unknown_reason | Why it is unknown: `markers end before` the evaluation, or `not named` by it; null for other verdicts.
-- column: markers_until_at | To when the list of markers reaches; null where it does not say.
-- column: build_id | Build of the newest complete evaluation; null where it does not name the job.
-- column: same_since_at | Time of the evaluation since which it stands so; null where it is not named.
-- column: as_of_evaluation_id | Newest complete evaluation of the system.
-- column: as_of_at | Time of that evaluation.
-- column: definition_version | Version of this definition.
with
    markers as (
        select
            m.attr,
            m.source as marker_source,
            m.systems,
            m.marked_on
        from core.package_markers as m
        where m.marker = 'broken' and m.unmarked_on is null and m.attr is not null and m.marked_on is not null
    ),
    windows as (
        select source as marker_source, max(last_at) as last_at
        from core.sources
        where covers = 'package_marked_broken'
        group by source
    ),
    -- Jobs that the jobset ever named as failing or names now: only of those is it known that they are jobs.
    known as (
        select distinct source, jobset, attr, system, variant
        from core.failure_episodes
        union
        select source, jobset, attr, system, variant
        from core.jobs_now
    ),
    marked as (
        select
            k.source,
            k.jobset,
            k.attr,
            k.system,
            k.variant,
            max(m.marked_on) as marked_on,
            max(w.last_at) as markers_until_at
        from known as k
        inner join markers as m
            on k.attr = m.attr and (m.systems = '' or list_contains(string_split(m.systems, ' '), k.system))
        left join windows as w on m.marker_source = w.marker_source
        group by k.source, k.jobset, k.attr, k.system, k.variant
    ),
    judged as (
        select
            d.source,
            d.jobset,
            d.attr,
            d.system,
            d.variant,
            d.marked_on,
            case
                when d.markers_until_at is null or d.markers_until_at + interval 1 day <= s.newest_complete_at
                    then 'markers end before'
                when n.build_id is null then 'not named'
            end as unknown_reason,
            d.markers_until_at,
            n.status_class,
            n.build_id,
            n.same_since_at,
            s.newest_complete_evaluation_id,
            s.newest_complete_at
        from marked as d
        inner join core.jobset_systems as s
            on d.source = s.source and d.jobset = s.jobset and d.system = s.system
        left join core.jobs_now as n
            on d.source = n.source
            and d.jobset = n.jobset
            and d.attr = n.attr
            and d.system = n.system
            and d.variant = n.variant
        where s.is_current and cast(d.marked_on as timestamp) at time zone 'UTC' <= s.newest_complete_at
    )
select
    source,
    jobset,
    attr,
    system,
    variant,
    marked_on,
    case
        when unknown_reason is not null then 'unknown'
        when status_class = 'green' then 'unmark'
        else status_class
    end as verdict,
    unknown_reason,
    markers_until_at,
    build_id,
    same_since_at,
    newest_complete_evaluation_id as as_of_evaluation_id,
    newest_complete_at as as_of_at,
    1 as definition_version
from judged
order by source, jobset, attr, system, variant

-- How many jobs of one maintainer or team fail now, and how many of them have for 30 days or more.
--
-- Owners are those of core.package_owners, by attribute. The jobs are those of metrics.failing_now: each system and variant
-- is a job. A package of several owners counts for each, so that rows do not add up to all. Jobs of which no list tells an
-- owner share one row of the kind `untold`: nobody looks after them, or the list does not hold them. Owners of whose packages none
-- fails have no row, and where no list is known there is none at all.
--
-- grain: source, jobset, owner_kind, owner
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: owner_kind | `maintainer`, `team` or `untold`.
-- column: owner | Public handle; empty for `untold`.
-- column: failing_jobs | Jobs that are failing now, for however long.
-- column: long_jobs | Of those, jobs that have failed for 30 days or more.
-- column: long_own_jobs | Of the long ones, jobs that failed by themselves at some time since.
-- column: long_attrs | Attributes among the long ones, whatever the system.
-- column: left_censored_jobs | Of the long ones, jobs that failed from the first complete evaluation on: their days are a lower bound.
-- column: longest_days | Days of the longest failure.
-- column: longest_attr | Attribute of the longest failure; of several the first by name.
-- column: as_of_at | Newest complete evaluation of a system of the jobset that is still told.
-- column: listed_at | Date of the newest list of owners.
-- column: definition_version | Version of this definition.
with owners as (
    select distinct attr, owner_kind, owner from core.package_owners
),

list as (
    select max(listed_at) as listed_at from core.package_owners
),

failing as (
    select
        f.source,
        f.jobset,
        coalesce(o.owner_kind, 'untold') as owner_kind,
        coalesce(o.owner, '') as owner,
        f.attr,
        f.failing_days,
        f.failing_days >= 30 as is_long,
        f.has_own_failure,
        f.is_left_censored,
        f.as_of_at,
        l.listed_at,
        row_number() over (
            partition by f.source, f.jobset, coalesce(o.owner_kind, 'untold'), coalesce(o.owner, '')
            order by f.failing_days desc, f.attr, f.system, f.variant
        ) as place
    from metrics.failing_now as f
    inner join list as l on l.listed_at is not null
    left join owners as o on f.attr = o.attr
)

select
    source,
    jobset,
    owner_kind,
    owner,
    count(*) as failing_jobs,
    count(*) filter (where is_long) as long_jobs,
    count(*) filter (where is_long and has_own_failure) as long_own_jobs,
    count(distinct attr) filter (where is_long) as long_attrs,
    count(*) filter (where is_long and is_left_censored) as left_censored_jobs,
    max(failing_days) as longest_days,
    max(case when place = 1 then attr end) as longest_attr,
    max(as_of_at) as as_of_at,
    max(listed_at) as listed_at,
    1 as definition_version
from failing
group by source, jobset, owner_kind, owner
order by source, jobset, owner_kind, owner

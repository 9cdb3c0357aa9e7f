-- How many jobs of one attribute set have failed for 30 days or more, and for how long.
--
-- The attribute set (what stands before the first dot, as in `python313Packages`) takes the place of an owner where no list of
-- owners is known (metrics.failing_by_owner); packages of the top level share the empty one. The jobs are those of metrics.failing_now: each system and
-- variant is a job. Sets of which no job has failed for so long are here too, with zero.
--
-- grain: source, jobset, attribute_set
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: attribute_set | Attribute up to the first dot; empty for packages of the top level.
-- column: failing_jobs | Jobs that are failing now, for however long.
-- column: long_jobs | Of those, jobs that have failed for 30 days or more.
-- column: long_own_jobs | Of the long ones, jobs that failed by themselves at some time since.
-- column: long_attrs | Attributes among the long ones, whatever the system.
-- column: maintained_attrs | Of those attributes, how many have a maintainer, as the source says.
-- column: unmaintained_attrs | Of those attributes, how many have none, as the source says; of the others it says nothing.
-- column: left_censored_jobs | Of the long ones, jobs that failed from the first complete evaluation on: their days are a lower bound.
-- column: longest_days | Days of the longest failure.
-- column: longest_attr | Attribute of the longest failure; of several the first by name.
-- column: as_of_at | Newest complete evaluation of a system of the jobset that is still told.
-- column: definition_version | Version of this definition.
with failing as (
    select
        f.source,
        f.jobset,
        case when contains(f.attr, '.') then split_part(f.attr, '.', 1) else '' end as attribute_set,
        f.attr,
        f.failing_days,
        f.failing_days >= 30 as is_long,
        f.has_own_failure,
        f.is_left_censored,
        f.as_of_at,
        m.is_maintained,
        row_number() over (
            partition by f.source, f.jobset, case when contains(f.attr, '.') then split_part(f.attr, '.', 1) else '' end
            order by f.failing_days desc, f.attr, f.system, f.variant
        ) as place
    from metrics.failing_now as f
    left join core.maintained_jobs as m on f.source = m.source and f.jobset = m.jobset and f.attr = m.attr
)
select
    source,
    jobset,
    attribute_set,
    count(*) as failing_jobs,
    count(*) filter (where is_long) as long_jobs,
    count(*) filter (where is_long and has_own_failure) as long_own_jobs,
    count(distinct attr) filter (where is_long) as long_attrs,
    count(distinct attr) filter (where is_long and is_maintained) as maintained_attrs,
    count(distinct attr) filter (where is_long and not is_maintained) as unmaintained_attrs,
    count(*) filter (where is_long and is_left_censored) as left_censored_jobs,
    max(failing_days) as longest_days,
    max(case when place = 1 then attr end) as longest_attr,
    max(as_of_at) as as_of_at,
    1 as definition_version
from failing
group by source, jobset, attribute_set
order by source, jobset, attribute_set

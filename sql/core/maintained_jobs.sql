-- Whether a job's package has a maintainer, as far as its source says.
--
-- The newest word of the source counts; of several at one instant "has one" does. Jobs of which it says nothing are not here.
-- Nobody's name is told or kept.
--
-- grain: source, jobset, attr
-- column: source | Instance that built.
-- column: jobset | Jobset as project/name.
-- column: attr | Attribute path of the job, without the system.
-- column: is_maintained | Whether the package has a maintainer.
-- column: told_at | When the source was last heard about it.
select
    source,
    jobset,
    attr,
    arg_max(is_maintained, (observed_at, is_maintained)) as is_maintained,
    max(observed_at) as told_at
from staging.build_observed
where is_maintained is not null
group by source, jobset, attr
order by source, jobset, attr

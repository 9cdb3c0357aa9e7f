-- A job of a series: dictionary of names.
--
-- grain: job
-- column: job | Number, from 1, in the order of series, attr, variant.
-- column: series | Jobset and system.
-- column: attr | Attribute path of the job, without the system.
-- column: variant | Configuration variant of a custom CI; empty for none.
with names as (
    select distinct source, jobset, system, attr, variant
    from staging.membership_changed
)

select
    row_number() over (order by s.series, n.attr, n.variant)::integer as job,
    s.series,
    n.attr,
    n.variant
from names as n
inner join replay.series as s
    on n.source = s.source and n.jobset = s.jobset and n.system = s.system

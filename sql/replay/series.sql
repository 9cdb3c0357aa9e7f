-- A system of a jobset: the unit in which completeness is judged and episodes run.
--
-- grain: series
-- column: series | Number, from 1.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
with systems as (
    select distinct source, jobset, unnest(systems) as system
    from replay.observations
)

select
    row_number() over (order by source, jobset, system)::integer as series,
    source,
    jobset,
    system
from systems

-- How many failures because of other builds a source has told the root of, and of how many it has not.
--
-- Counts are runs of evaluations in which a job kept one build (core.root_causes), over the whole history.
--
-- grain: source, jobset, system
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: system | Nix system.
-- column: fallen_runs | Runs in which a job was red and not known to have failed by itself.
-- column: rooted_runs | Of those, runs of which the root is known.
-- column: unknown_runs | Of those, runs of which it is not.
select
    source,
    jobset,
    system,
    count(*) as fallen_runs,
    count(root_build_id) as rooted_runs,
    count(*) - count(root_build_id) as unknown_runs
from core.root_causes
group by source, jobset, system
order by source, jobset, system

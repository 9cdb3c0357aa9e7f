-- One job by which the listing of an observation differs from that of its base.
--
-- grain: observation_id, system, attr, variant
-- column: observation_id | Observation whose listing it is.
-- column: base_observation_id | Observation that it differs from; null: the rows are the whole listing.
-- column: source | Instance that evaluated and built.
-- column: jobset | Jobset as project/name.
-- column: attr | Attribute path of the job, without the system.
-- column: system | Nix system.
-- column: variant | Configuration variant of a custom CI; empty for none.
-- column: change | `listed`, `unlisted` or `rebuilt`.
-- column: build_id | Build that the job has from here on; null when it left the list.
select
    observation_id,
    base_observation_id,
    source,
    jobset,
    attr,
    system,
    coalesce(variant, '') as variant,
    change,
    build_id
from log.membership_changed

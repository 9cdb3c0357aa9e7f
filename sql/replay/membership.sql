-- Changes of listings, each against the observation just before it, or whole at a key frame.
--
-- The select gives the changes as recorded, with one row per observation that says what it covers;
-- `pipelines.replay.membership` restates whole the listings that were recorded against another observation than
-- the one before them, and leaves out those whose base is not there.
--
-- python: pipelines.replay.membership:in_order
-- keep: no
-- grain: observation, job
-- column: observation | Number of the observation.
-- column: is_key_frame | Whether the observation states its whole listing.
-- column: job | Number of the job.
-- column: change | `listed`, `unlisted` or `rebuilt`.
-- column: build_id | Build that the job has from here on; null when it left the list.
select
    o.observation,
    e.base,
    e.edge,
    j.series,
    j.job,
    m.change,
    m.build_id
from staging.membership_changed as m
inner join replay.observations as o on m.observation_id = o.id
inner join replay.edges as e on o.observation = e.observation
inner join replay.series as s
    on o.source = s.source and o.jobset = s.jobset and m.system = s.system
inner join replay.jobs as j on s.series = j.series and m.attr = j.attr and m.variant = j.variant
union all
select
    o.observation,
    e.base,
    e.edge,
    s.series,
    null as job,
    'covers' as change,
    null as build_id
from replay.observations as o
inner join replay.edges as e on o.observation = e.observation
left join replay.series as s
    on o.source = s.source and o.jobset = s.jobset and list_contains(o.systems, s.system)
order by 1, 4, 5

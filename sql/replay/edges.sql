-- From which observation the listing of an observation follows.
--
-- `key_frame`: its rows are the whole listing (or it lists nothing). `in_order`: it differs from the observation
-- just before it, or equals it. `out_of_order`: it differs from another one, since something arrived late.
-- `pending`: the observation that it differs from is not there.
--
-- grain: observation
-- column: observation | Number of the observation.
-- column: base | Number of the observation that its listing derives from; null for a key frame and while pending.
-- column: edge | `key_frame`, `in_order`, `out_of_order` or `pending`.
with changed as (
    select
        observation_id,
        min(base_observation_id) as base_id,
        bool_and(base_observation_id is null) as is_whole
    from staging.membership_changed
    group by observation_id
),

-- An observation without changes equals its base, which is not recorded. The first one written with that listing
-- stands for it: it has changes, and none of the observations that it follows from follows from this one.
written as (
    select
        o.source,
        o.jobset,
        o.listed_rows,
        o.listing_checksum,
        arg_min(o.observation, (e.batch, o.observation)) as observation
    from replay.observations as o
    inner join staging.evaluation_observed as e on o.id = e.id
    group by o.source, o.jobset, o.listed_rows, o.listing_checksum
),

found as (
    select
        o.observation,
        o.previous,
        o.listed_rows = 0 or coalesce(c.is_whole, false) as is_key_frame,
        c.observation_id is null
            and p.listed_rows = o.listed_rows
            and p.listing_checksum = o.listing_checksum as equals_previous,
        case when c.observation_id is not null then b.observation else w.observation end as base
    from replay.observations as o
    left join changed as c on o.id = c.observation_id
    left join replay.observations as b on c.base_id = b.id
    left join replay.observations as p on o.previous = p.observation
    inner join written as w
        on o.source = w.source
        and o.jobset = w.jobset
        and o.listed_rows = w.listed_rows
        and o.listing_checksum = w.listing_checksum
)

select
    observation,
    case when not is_key_frame and base <> observation then base end as base,
    case
        when is_key_frame then 'key_frame'
        when coalesce(equals_previous, false) then 'in_order'
        when base is null or base = observation then 'pending'
        when base = previous then 'in_order'
        else 'out_of_order'
    end as edge
from found

-- Whether the replayed listing of an observation agrees with what was recorded of it.
--
-- Rows and checksum are recomputed from the runs by a difference array. Observations that disagree are not used.
--
-- grain: observation
-- column: observation | Number of the observation.
-- column: listed_rows | Rows of the listing, as recorded.
-- column: replayed_rows | Rows of the listing, as replayed.
-- column: is_usable | Whether rows and checksum agree.
with hashed as (
    select
        l.first_observation,
        l.last_observation,
        md5_number_upper(concat_ws('|', j.attr, s.system, j.variant, l.build_id))::hugeint as row_hash
    from replay.listings as l
    inner join replay.jobs as j on l.job = j.job
    inner join replay.series as s on j.series = s.series
),

steps as (
    select observation, sum(jobs) as jobs, sum(row_hash) as row_hash
    from (
        select first_observation as observation, count(*) as jobs, sum(row_hash) as row_hash
        from hashed
        group by first_observation
        union all
        select last_observation + 1 as observation, -count(*) as jobs, -sum(row_hash) as row_hash
        from hashed
        group by last_observation + 1
    )
    group by observation
),

running as (
    select
        o.observation,
        o.listed_rows,
        o.listing_checksum,
        sum(coalesce(s.jobs, 0)) over w as replayed_rows,
        sum(coalesce(s.row_hash, 0)) over w as replayed_sum
    from replay.observations as o
    left join steps as s on o.observation = s.observation
    window w as (order by o.observation rows unbounded preceding)
)

select
    observation,
    listed_rows,
    replayed_rows::bigint as replayed_rows,
    listed_rows = replayed_rows
        and (listing_checksum::hugeint + 18446744073709551616) % 18446744073709551616
            = replayed_sum % 18446744073709551616 as is_usable
from running

-- Something that is missing from the picture: rejected input, what a source could not tell, and what the replay could not use.
--
-- Gaps declared in the log stand beside those that only the replay finds: an observation whose listing disagrees with
-- its own number of rows or checksum is not used (`listing_disagrees`); one that differs from an observation that is
-- not there waits for it (`observation_pending`); one that its source took back counts as never made
-- (`observation_retracted`). A gap that is filled later, as by a base that arrives late, is gone from here.
--
-- grain: gap_id
-- column: gap_id | Identity of the gap, derived from the source and what was seen.
-- column: source | Source concerned.
-- column: jobset | Jobset concerned, as project/name; null: not known, or not about one jobset.
-- column: evaluation_id | Evaluation concerned; null if none.
-- column: kind | `input_rejected`, `listing_disagrees`, `observation_pending`, `observation_retracted`, or a source's own word.
-- column: detail | What was seen, in words.
-- column: missing_rows | Rows or objects that are missing because of it; null where nobody can tell.
-- column: declared_at | Instant of the answer that shows the gap; null where the input told no time.
-- column: is_superseded | Whether a later copy of the same input declared it again, with these rows among its own: not to be added up.
with replayed as (
    select
        o.id as observation_id,
        o.source,
        o.jobset,
        o.evaluation_id,
        case when e.edge = 'pending' then 'observation_pending' else 'listing_disagrees' end as kind,
        case
            when e.edge = 'pending' then 'differs from an observation that is not in the log: '
                || coalesce(c.base_id, 'unknown, it lists ' || l.listed_rows || ' jobs')
            when l.replayed_rows <> l.listed_rows
                then 'its list has ' || l.listed_rows || ' jobs, the changes give ' || l.replayed_rows
            else 'its list has ' || l.listed_rows || ' jobs, other ones than the changes give'
        end as detail,
        o.listed_rows as missing_rows,
        o.observed_at
    from replay.observations as o
    inner join replay.edges as e on o.observation = e.observation
    inner join replay.listing_checks as l on o.observation = l.observation
    left join (
        select observation_id, min(base_observation_id) as base_id
        from staging.membership_changed
        where base_observation_id is not null
        group by observation_id
    ) as c on o.id = c.observation_id and e.edge = 'pending'
    where e.edge = 'pending' or not l.is_usable
),

-- An observation may be retracted twice.
retracted as (
    select observation_id, min(reason) as reason, min(observed_at) as observed_at
    from staging.observation_retracted
    group by observation_id
),

found as (
    select
        id as gap_id,
        source,
        jobset,
        evaluation_id,
        kind,
        detail,
        rows_missing as missing_rows,
        -- 1970-01-01 stands for input that told no time.
        nullif(observed_at, timestamptz '1970-01-01 00:00:00+00') as declared_at,
        observed_at < max(observed_at) over (
            partition by source, jobset, evaluation_id, kind, detail
        ) as is_superseded
    from staging.gap_declared
    union all
    select
        observation_id || ':' || kind as gap_id,
        source,
        jobset,
        evaluation_id,
        kind,
        detail,
        missing_rows,
        observed_at as declared_at,
        false as is_superseded
    from replayed
    union all
    select
        r.observation_id || ':observation_retracted' as gap_id,
        o.source,
        o.jobset,
        o.evaluation_id,
        'observation_retracted' as kind,
        r.reason as detail,
        o.listed_rows as missing_rows,
        r.observed_at as declared_at,
        false as is_superseded
    from retracted as r
    inner join staging.evaluation_observed as o on r.observation_id = o.id
)

select
    gap_id,
    source,
    jobset,
    evaluation_id,
    kind,
    detail,
    missing_rows,
    declared_at,
    is_superseded
from found
order by source, jobset nulls first, declared_at nulls first, kind, gap_id

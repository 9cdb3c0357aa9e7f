-- A package carried a marker (broken, or not to be built): from which day, until which day, for what reason.
--
-- One row per marking, so a package may have several: joins must not multiply. A marking ends with the first removal
-- of the same marker after it; most sources tell no removals, so a null end means "not known to have ended". A removal
-- without a marking before it (marked before the source began) has a row without a beginning.
-- Dates have no time of day: marked_at is their midnight in UTC. Where the source keeps only the latest marking of a
-- package, earlier ones are missing; what a list covers at all is told by staging.source_declared.
--
-- grain: marker_id
-- kind: table
-- column: marker_id | Identity of the event that set the marker, or took it away where the beginning is unknown.
-- column: source | Where the marker lies.
-- column: marker | broken, or dont-distribute (not to be built).
-- column: package | Name of the package in its own package set.
-- column: attr | Attribute in nixpkgs; null where unknown.
-- column: marked_on | UTC date of the marking; null where it was before the source began.
-- column: marked_at | Midnight UTC of that date.
-- column: unmarked_on | UTC date of the removal; null where none is known.
-- column: reason_kind | What is named as the reason: hydra_failure, other; null where nothing is.
-- column: reason_build_id | Failed build that is named as the reason; null where none is.
-- column: systems | Systems that the marker names, separated by blanks; empty: all.
with
    changes as (
        select
            id,
            source,
            marker,
            package,
            attr,
            observed_at,
            marked_on,
            cast(null as date) as unmarked_on,
            reason_kind,
            reason_build_id,
            systems
        from staging.package_marked_broken
        union all
        select
            id,
            source,
            marker,
            package,
            attr,
            observed_at,
            null as marked_on,
            unmarked_on,
            null as reason_kind,
            null as reason_build_id,
            systems
        from staging.package_unmarked_broken
    ),
    -- A removal and a marking of one instant (an entry that was replaced): the removal is of what was there before.
    numbered as (
        select
            id,
            source,
            marker,
            package,
            attr,
            marked_on,
            unmarked_on,
            reason_kind,
            reason_build_id,
            systems,
            row_number() over (
                partition by source, marker, package
                order by coalesce(marked_on, unmarked_on), observed_at, marked_on is not null, id
            ) as place
        from changes
    ),
    paired as (
        select
            id,
            source,
            marker,
            package,
            attr,
            marked_on,
            unmarked_on,
            reason_kind,
            reason_build_id,
            systems,
            min(unmarked_on) over (
                partition by source, marker, package
                order by place
                rows between 1 following and unbounded following
            ) as ended_on,
            lag(marked_on) over (partition by source, marker, package order by place) as begun_on
        from numbered
    )
select
    id as marker_id,
    source,
    marker,
    package,
    attr,
    marked_on,
    cast(marked_on as timestamp) at time zone 'UTC' as marked_at,
    coalesce(unmarked_on, ended_on) as unmarked_on,
    reason_kind,
    reason_build_id,
    array_to_string(systems, ' ') as systems
from paired
where marked_on is not null or begun_on is null
order by source, marker, package, coalesce(marked_on, unmarked_on), id

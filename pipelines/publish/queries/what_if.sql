-- The proposals of a jobset that save most, in declared hours where any are declared, with what each costs besides.
with proposals as (
    select
        *,
        case scenario
            when 'split_tests' then 'tests as derivations of their own, ' || (parameter * 100)::integer || ' % of build time'
            when 'early_cutoff' then 'skip builds of equal inputs'
            when 'batch' then 'build every ' || parameter::integer || ' evaluations only'
            when 'drop_input' then 'drop from ' || package || ': ' || input
            else 'pin for ' || package || ': ' || input
        end as proposal,
        coalesce(saved_nominal_seconds, saved_seconds) / 3600 as saved_hours
    from metrics.what_if
    where source = $source and jobset = $jobset
)
select
    proposal,
    rebuilds_before,
    rebuilds_after,
    test_runs,
    saved_hours,
    saved_bytes / 1e6 as saved_megabytes,
    added_bytes / 1e6 as added_megabytes,
    unknown_builds
from proposals
where saved_hours > 0 or rebuilds_after < rebuilds_before
order by saved_hours desc, rebuilds_before - rebuilds_after desc, proposal
limit 25

-- The proposals of one jobset or package set that save most rebuilds, named in words.
select
    *,
    case scenario
        when 'split_tests' then 'tests as derivations of their own'
        when 'early_cutoff' then 'skip builds of equal inputs'
        when 'batch' then 'build every ' || parameter::integer || ' evaluations only'
        when 'drop_input' then 'drop from ' || package || ': ' || input
        else 'pin for ' || package || ': ' || input
    end as proposal
from metrics.what_if
where source = $source
    and jobset = $jobset
    -- Rebuilds are the same whatever share of the time tests take.
    and (scenario <> 'split_tests' or parameter = 0)
    and saved_rebuild_ratio > 0
order by saved_rebuild_ratio desc, scenario, package, input, parameter
limit 14

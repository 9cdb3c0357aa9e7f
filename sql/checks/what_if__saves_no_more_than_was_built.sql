-- What a proposal saves is at most what was built; only pinning may build more than before.
select source, jobset, scenario, package, input, parameter, rebuilds_before, rebuilds_after
from metrics.what_if
where rebuilds_after < 0
    or test_runs < 0
    or (rebuilds_after > rebuilds_before and scenario <> 'pin_input')
    or saved_seconds > seconds_before + 0.001
    or saved_nominal_seconds > nominal_seconds_before + 0.001

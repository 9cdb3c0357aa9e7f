-- Proposals about the same evaluations start from the same rebuilds; a larger share of tests saves no more.
select a.source, a.jobset, a.system, a.scenario, a.rebuilds_before, b.rebuilds_before as others
from metrics.what_if as a
inner join metrics.what_if as b on a.source = b.source and a.jobset = b.jobset and a.system = b.system
where a.scenario = 'split_tests'
    and b.scenario in ('split_tests', 'drop_input', 'pin_input')
    and (
        a.rebuilds_before <> b.rebuilds_before
        or (b.scenario = 'split_tests' and a.parameter < b.parameter and a.saved_seconds < b.saved_seconds - 0.001)
    )

-- No proposal leaves more rebuilds in an evaluation than there were, but what a pinned input brings at the end.
select source, jobset, scenario, package, input, parameter, turn, before, after
from core.what_if_clusters
where after < 0 or (after > before and not (scenario = 'pin_input' and before = 0))

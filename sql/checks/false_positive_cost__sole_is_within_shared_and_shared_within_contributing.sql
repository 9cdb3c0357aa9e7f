-- What one trigger alone costs is part of its share, and its share part of all that it takes part in.
select source, jobset, system, month, evidence, trigger, role
from metrics.false_positive_cost
where
    sole_false_positives > shared_false_positives + 1e-6
    or shared_false_positives > false_positives + 1e-6
    or false_positives > with_verdict
    or sole_wall_seconds > shared_wall_seconds + 1e-6
    or shared_wall_seconds > contributing_wall_seconds + 1e-6
    or shared_wall_seconds > verdict_wall_seconds + 1e-6
    or sole_stored_bytes > shared_stored_bytes + 1e-6
    or shared_stored_bytes > contributing_stored_bytes + 1e-6
    or not coalesce(false_positive_ratio between false_positive_ratio_low and false_positive_ratio_high, true)

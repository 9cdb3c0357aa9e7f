-- Every episode that ended did so with one of the four outcomes.
select source, jobset, system, kind, broken_evaluation_id, duration_seconds
from core.time_to_fix_durations
where ended <> fixed + cleared + removed + marked_broken or ended > episodes

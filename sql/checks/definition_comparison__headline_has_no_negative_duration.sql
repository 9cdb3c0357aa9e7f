-- No episode of the headline definition ends before it begins.
select *
from metrics.definition_comparison
where preset = 'headline' and negative_durations > 0

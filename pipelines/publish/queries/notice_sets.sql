-- Attribute sets by the failures that ever began in them: who follows one must not lose its feed in a quiet season.
select split_part(attr, '.', 1) as name, count(*) as failures
from core.failure_episodes
where not is_left_censored and contains(attr, '.')
group by name
order by failures desc, name

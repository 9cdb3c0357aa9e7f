-- How do own failures end where broken markers are known?
select jobset, system, outcome, count(*) as episodes
from core.failure_episodes
where has_own_failure and has_marker_window and not is_left_censored
group by jobset, system, outcome
order by jobset, system, episodes desc, outcome

-- What began to fail within the last seven days of each jobset?
select jobset, system, attr, failing_since_at, build_id
from metrics.failing_now
where failing_days <= 7 and not is_left_censored
order by jobset, failing_since_at desc, attr, system

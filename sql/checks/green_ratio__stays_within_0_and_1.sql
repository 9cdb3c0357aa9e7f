-- Every ratio lies from 0 to 1, and the ratio of all is never above the ratio of decided, nor that above the ratio of own.
select source, jobset, evaluation_id, system, green_ratio, green_of_all_ratio, green_of_own_ratio
from metrics.green_ratio
where green_of_all_ratio < 0
    or green_of_own_ratio > 1
    or green_of_all_ratio > green_ratio
    or green_ratio > green_of_own_ratio

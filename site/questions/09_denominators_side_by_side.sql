-- How much does the denominator matter for the green ratio?
select jobset, system, evaluation_at, green_ratio, green_of_all_ratio, green_of_own_ratio
from metrics.green_ratio
where is_complete and green_ratio is not null
qualify row_number() over (partition by jobset, system order by ordinal desc) = 1
order by jobset, system

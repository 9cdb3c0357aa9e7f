-- No aggregate waits for itself.
select source, aggregate_build_id, constituent_build_id
from core.aggregate_constituents
where aggregate_build_id = constituent_build_id

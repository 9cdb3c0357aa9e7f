-- Every replayed list has the rows and the checksum that were recorded of it; those that have not are not used.
-- severity: warn
select observation, listed_rows, replayed_rows
from replay.listing_checks
where not is_usable

-- The data sets that the report was made from, with their licences.
select title, covers, scope, first_at, last_at, licence, url as origin
from core.sources
order by title, covers, scope nulls first

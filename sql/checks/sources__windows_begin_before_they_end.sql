-- No data set's window ends before it begins, and each names a licence.
select *
from core.sources
where last_at < first_at or licence = ''

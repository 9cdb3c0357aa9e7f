-- No marking ends before it begins, and each row has a beginning or an end.
select marker_id, source, marker, package, marked_on, unmarked_on
from core.package_markers
where unmarked_on < marked_on or (marked_on is null and unmarked_on is null)

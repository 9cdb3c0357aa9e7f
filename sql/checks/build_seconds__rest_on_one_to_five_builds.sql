-- A build time rests on one to five builds and is not negative.
select attr, system, seconds, builds
from core.build_seconds
where builds not between 1 and 5 or seconds < 0

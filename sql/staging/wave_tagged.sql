-- A tag named a revision as the state of a wave, once per event.
--
-- grain: id
-- kind: view
-- column: id | Identity of the event: tag and revision.
-- column: source | Where it comes from.
-- column: observed_at | When the tag was first seen.
-- column: tagged_at | The tag's own date; null if not told.
-- column: wave | Wave that it is of.
-- column: tag | Name of the tag.
-- column: revision | Commit that it names.
select
    id,
    source,
    observed_at,
    occurred_at as tagged_at,
    wave,
    tag,
    revision
from log.wave_tagged
qualify row_number() over (partition by id order by observed_at, occurred_at nulls last) = 1

-- What a data set of a source covers, from when to when, and under which licence, once per declaration.
--
-- A longer copy of a data set declares a longer window beside the shorter one: take the earliest first_at and the
-- latest last_at of a source, data set, covers and scope.
--
-- grain: id
-- kind: view
-- column: id | Identity of the declaration.
-- column: source | Who declares.
-- column: observed_at | Newest instant that the declaration rests on.
-- column: dataset | Name of the data set.
-- column: title | What it is, for readers.
-- column: covers | Event type or relation whose window this is.
-- column: scope | What the window is limited to, as a prefix of attributes; null: nothing.
-- column: first_at | Beginning of the window; null: unknown.
-- column: last_at | End of the window; null: unknown.
-- column: licence | Licence of the data.
-- column: url | Where it comes from; null: unknown.
-- column: is_invented | Whether it is an invented world, which says nothing about nixpkgs.
select
    id,
    source,
    observed_at,
    dataset,
    title,
    covers,
    scope,
    first_at,
    last_at,
    licence,
    url,
    coalesce(is_invented, false) as is_invented
from log.source_declared
qualify row_number() over (
    partition by id
    order by observed_at, first_at nulls last, last_at nulls last, title, licence, url nulls last
) = 1

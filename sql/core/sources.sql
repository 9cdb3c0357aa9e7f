-- A data set that the log was fed from: what it covers and under which licence.
--
-- kind: table
-- grain: id
-- column: id | Derived from the source and the data set.
-- column: source | Instance or repository that the facts come from.
-- column: dataset | Name of the data set.
-- column: title | What it is.
-- column: covers | Event type or relation whose window this is.
-- column: scope | What the window is limited to: a jobset or a prefix of attributes; null: nothing.
-- column: first_at | Beginning of the window; null: unknown.
-- column: last_at | End of the window; null: unknown, or still going on.
-- column: licence | Licence of the data.
-- column: url | Where it comes from; null: unknown.
-- column: is_invented | Whether it is an invented world: it proves a method and says nothing about nixpkgs.
select
    id,
    source,
    dataset,
    title,
    covers,
    scope,
    first_at,
    last_at,
    licence,
    url,
    is_invented
from staging.source_declared

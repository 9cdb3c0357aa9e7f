-- A package was marked, as broken or with another marker, once per event.
--
-- grain: id
-- kind: view
-- column: id | Identity of the event.
-- column: source | Where the marker lies.
-- column: observed_at | When the marker was seen; for histories the instant or day that they name.
-- column: marker | Which marker: broken, or dont-distribute (not to be built).
-- column: package | Name of the package in its own package set.
-- column: attr | Attribute in nixpkgs; null where unknown.
-- column: marked_on | UTC date on which the package was marked; the latest marking where a list keeps only that.
-- column: reason_kind | What is named as the reason: hydra_failure, other; null where nothing is.
-- column: reason_build_id | Failed build that is named as the reason; null where none is.
-- column: systems | Systems that the marker names; empty: all.
-- column: revision | Commit that set the marker; null where unknown.
select
    id,
    source,
    observed_at,
    marker,
    package,
    attr,
    marked_on,
    reason_kind,
    reason_build_id,
    systems,
    revision
from log.package_marked_broken
qualify row_number() over (
    partition by id
    order by observed_at, marked_on, reason_kind nulls last, reason_build_id nulls last, systems
) = 1

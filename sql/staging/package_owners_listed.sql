-- One attribute and one of those who look after it, as one list says.
--
-- grain: id, attr, owner_kind, owner
-- column: id | Identity of the list: source, date and a digest of its content.
-- column: source | Whose list it is.
-- column: observed_at | Date of the list.
-- column: left_out_rows | Rows of the list about those who asked to be left out, of whom nothing is kept.
-- column: attr | Attribute path.
-- column: owner_kind | `maintainer` or `team`.
-- column: owner | Public handle.
select distinct
    id,
    source,
    observed_at,
    left_out_rows,
    attr,
    owner_kind,
    owner
from log.package_owners_listed

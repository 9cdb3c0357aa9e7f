-- Who looks after a package: a maintainer or a team, as the newest list of each source says.
--
-- Of lists of one date the one from which most was left out on request holds, whatever the order of arrival. Lists are
-- of packages, whoever builds them, so that they say the same of every jobset. A package of which no list tells an owner is in no
-- row: nobody, or not known.
--
-- grain: source, attr, owner_kind, owner
-- column: source | Whose list it is.
-- column: attr | Attribute path.
-- column: owner_kind | `maintainer` or `team`.
-- column: owner | Public handle.
-- column: listed_at | Date of the list.
select source, attr, owner_kind, owner, observed_at as listed_at
from staging.package_owners_listed
qualify dense_rank() over (partition by source order by observed_at desc, left_out_rows desc, id desc) = 1
order by source, attr, owner_kind, owner

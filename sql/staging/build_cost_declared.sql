-- What a build of a package counts for, as a source declares it: the newest statement of each source, attribute and system.
--
-- grain: source, attr, system
-- column: source | Who declares it.
-- column: attr | Attribute path.
-- column: system | Nix system.
-- column: observed_at | Date of the statement.
-- column: seconds | Seconds of one build.
-- column: basis | Where the number comes from.
select source, attr, system, observed_at, seconds, basis
from log.build_cost_declared
qualify row_number() over (partition by source, attr, system order by observed_at desc, id desc) = 1
